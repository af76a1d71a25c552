"""Shows a run and its cells."""

from __future__ import annotations

import argparse
import asyncio

from .console import columns, document, duration


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id, as `jupyter dossier runs` lists it")
    parser.add_argument("--json", action="store_true", help="print the run as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_show(asked))


async def _show(asked: argparse.Namespace) -> int:
    from .follow import run_json, summary
    from .host import reading

    async with reading() as engine:
        record = await engine.record(asked.run)
    if asked.json:
        document(run_json(record))
        return 0
    print(summary(record))
    print(record.path)
    rows = [
        [str(t.index), t.id, t.target, t.state, duration(t.started, t.ended), t.why or ""]
        for t in record.tasks
    ]
    columns(["", "CELL", "TARGET", "STATE", "TIME", "WHY"], rows)
    return 0
