"""Lists the runs of the ledger, newest first."""

from __future__ import annotations

import argparse
import asyncio

from .console import columns, document, moment

_SUMMARY = ("run", "kind", "path", "state", "why", "created", "ended")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the runs as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_runs(asked))


async def _runs(asked: argparse.Namespace) -> int:
    from .host import reading

    async with reading() as engine:
        records = await engine.runs()
    if asked.json:
        document({"runs": [{name: getattr(r, name) for name in _SUMMARY} for r in records]})
    else:
        rows = [[r.run, r.kind, r.state, moment(r.created), r.path] for r in records]
        columns(["RUN", "KIND", "STATE", "BEGAN", "NOTEBOOK"], rows)
    return 0
