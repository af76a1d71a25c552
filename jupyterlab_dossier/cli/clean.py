"""Removes old runs, and values that no run needs any more.

Kept are runs that go on, the last run of each notebook and cell, and what those refer to.
"""

from __future__ import annotations

import argparse
import asyncio

from .console import document


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--days", metavar="N", type=_days, default=30.0,
        help="remove runs that ended more than N days ago (30)",
    )  # fmt: skip
    add(
        "--size", metavar="SIZE", type=_size, default=50 << 30,
        help="remove the oldest runs until the store is no larger, as 500M or 20G (50G)",
    )  # fmt: skip
    add("--all", action="store_true", help="the last run of each notebook may go, too")
    add("--dry-run", action="store_true", help="only say what would be removed")
    add("--json", action="store_true", help="print what was removed as JSON")


def _days(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError("must be a number of days from 0")
    return value


def _size(text: str) -> int:
    units = {"K": 10, "M": 20, "G": 30, "T": 40}
    number = text.upper().removesuffix("B")
    shift = units.get(number[-1:], 0)
    try:
        value = float(number[:-1] if shift else number)
    except ValueError:
        value = -1
    if not 0 <= value < 1e15:
        raise argparse.ArgumentTypeError(f"{text!r} is no size, such as 500M or 20G")
    return int(value * (1 << shift))


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_clean(asked))


async def _clean(asked: argparse.Namespace) -> int:
    from jupyterlab_dossier.runs.cleaning import DAY, Policy
    from jupyterlab_dossier.store import bytes_text

    from .host import reading

    policy = Policy(asked.days * DAY, asked.size, not asked.all)
    async with reading() as engine:
        found = await engine.clean(policy, asked.dry_run)
    if asked.json:
        document(found.to_json())
        return 0
    verb = "would be removed" if asked.dry_run else "removed"
    print(f"{len(found.runs)} runs and {found.blobs} values {verb}: {bytes_text(found.freed)}")
    left = found.store - (0 if asked.dry_run else found.freed)
    print(f"store {bytes_text(left)}, ledger {bytes_text(found.ledger)}")
    return 0
