"""Prints what the cells of a run have shown."""

from __future__ import annotations

import argparse
import asyncio
import codecs
import json
import re
import sys
from typing import Any

from . import cells
from .console import document

# Colours of tracebacks, for readers that are not terminals.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id, as `jupyter dossier runs` lists it")
    parser.add_argument("cell", metavar="CELL", nargs="?", help="only this cell (id or index)")
    parser.add_argument("-f", dest="follow", action="store_true", help="go on until the run ends")
    parser.add_argument(
        "--json", action="store_true", help="print the events as JSON; with -f one in each line"
    )


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_logs(asked))


async def _logs(asked: argparse.Namespace) -> int:
    from .host import reading

    async with reading() as engine:
        record = await engine.record(asked.run)
        ids = [task.id for task in record.tasks]
        wanted = cells.find(asked.cell, ids) if asked.cell is not None else None
        printed = _Printer([] if wanted else ids)
        events = []
        if wanted and not asked.follow and not asked.json:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            async for piece in engine.whole_output(asked.run, wanted):
                printed.text(wanted, decoder.decode(piece))
            return 0
        # Without -f this stops at what has happened by now.
        if asked.follow or record.seq:
            async for event in engine.watch(asked.run):
                if wanted in (None, event.cell):
                    if asked.json and asked.follow:
                        print(json.dumps(event.to_json()), flush=True)
                    elif asked.json:
                        events.append(event.to_json())
                    elif event.kind == "output" and event.cell:
                        printed.show(event.cell, event.body)
                if not asked.follow and event.seq >= record.seq:
                    break
    if asked.json and not asked.follow:
        document({"run": asked.run, "events": events})
    return 0


class _Printer:
    """Texts of cells as they come, each cell's begun by its name where there are several."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids
        self._last: str | None = None

    def show(self, cell: str, body: dict[str, Any]) -> None:
        from jupyterlab_dossier.runs.history.outputs import text_of

        self.text(cell, text_of(body["msg_type"], body["content"]))

    def text(self, cell: str, text: str) -> None:
        if not text:
            return
        if self._ids and cell != self._last:
            print(f"--- cell {self._ids.index(cell)} [{cell}]")
            self._last = cell
        print(text if sys.stdout.isatty() else _COLOUR.sub("", text), end="", flush=True)
