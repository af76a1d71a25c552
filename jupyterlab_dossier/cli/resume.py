"""Takes up a run whose process ended: finished cells stay finished, the rest goes on."""

from __future__ import annotations

import argparse
import asyncio

from .console import document, say


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id, as `jupyter dossier runs` lists it")
    parser.add_argument("--json", action="store_true", help="print the run as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_resume(asked))


async def _resume(asked: argparse.Namespace) -> int:
    from .follow import follow, run_json, summary
    from .host import hosted

    async with hosted() as engine:
        await engine.resume(asked.run)
        record, interrupted = await follow(engine, asked.run, {})
    say(summary(record))
    if asked.json:
        document(run_json(record))
    if interrupted:
        return 130
    return 0 if record.state == "done" else 1
