"""Lists the runs of the ledger, newest first, and says what they take on the disk."""

from __future__ import annotations

import argparse
import asyncio

from .console import columns, document, moment, say
from .run import number

_SUMMARY = ("run", "kind", "path", "state", "why", "created", "ended")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", metavar="N", type=number, help="list only the newest N runs")
    parser.add_argument("--json", action="store_true", help="print the runs as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_runs(asked))


async def _runs(asked: argparse.Namespace) -> int:
    from jupyterlab_dossier.runs.ledger.limits import configured
    from jupyterlab_dossier.store import bytes_text

    from .host import reading

    limits = configured()
    async with reading() as engine:
        records = await engine.runs(limit=asked.limit)
        store, ledger = await engine.disk_use()
    if asked.json:
        runs = [{name: getattr(r, name) for name in _SUMMARY} for r in records]
        document({"runs": runs, "storage": {"store": store, "ledger": ledger}})
    else:
        rows = [[r.run, r.kind, r.state, moment(r.created), r.path] for r in records]
        columns(["RUN", "KIND", "STATE", "BEGAN", "NOTEBOOK"], rows)
        say(
            f"store {bytes_text(store)}, ledger {bytes_text(ledger)}; `jupyter dossier clean` keeps"
            f" {limits.days:g} days and {bytes_text(limits.size)}"
        )
    return 0
