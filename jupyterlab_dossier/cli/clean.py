"""Removes old runs, and values that no run needs any more.

Kept are runs that go on, the last run of each notebook and cell, and what those refer to.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from .console import document


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--days", metavar="N", type=_days,
        help="remove runs that ended more than N days ago (as configured, else 30)",
    )  # fmt: skip
    add(
        "--size", metavar="SIZE", type=_size,
        help="remove the oldest runs until the store is no larger, as 500M or 20G (as configured,"
        " else 50G)",
    )  # fmt: skip
    add("--all", action="store_true", help="the last run of each notebook may go, too")
    add("--dry-run", action="store_true", help="only say what would be removed")
    add("--json", action="store_true", help="print what was removed as JSON")


def _days(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < 1e6:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 0")


def _size(text: str) -> int:
    # Late: `--help` needs none of it.
    from jupyterlab_dossier.runs.ledger.limits import size_of

    try:
        return size_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_clean(asked))


async def _clean(asked: argparse.Namespace) -> int:
    from jupyterlab_dossier.runs.ledger.limits import configured
    from jupyterlab_dossier.store import bytes_text

    from .host import reading

    policy = configured().policy(asked.days, asked.size, not asked.all)
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
