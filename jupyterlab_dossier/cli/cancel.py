"""Cancels a run; what it has finished is kept."""

from __future__ import annotations

import argparse
import asyncio

from .console import document, say


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id, as `jupyter dossier runs` lists it")
    parser.add_argument("--json", action="store_true", help="print the run as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_cancel(asked))


async def _cancel(asked: argparse.Namespace) -> int:
    from .follow import run_json
    from .host import reading

    async with reading() as engine:
        before = await engine.record(asked.run)
        await engine.cancel(asked.run)
        record = await engine.record(asked.run)
    ended = before.ended is not None
    say(f"run {asked.run} {f'has ended: {before.state}' if ended else 'is asked to end'}")
    if asked.json:
        document(run_json(record))
    return 0
