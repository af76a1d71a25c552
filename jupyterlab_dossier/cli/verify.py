"""Executes a run again, with nothing reused, and names each cell that differs.

It happens in a copy of the notebook's folder: once under the recorded conditions, which decides the
exit status, and once under another hash seed and thread count. Cells that reach the network, submit
jobs or write outside of the folder are left out unless --outside is given.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from .console import document, say

if TYPE_CHECKING:
    from jupyterlab_dossier.runs import Engine
    from jupyterlab_dossier.runs.verification import Verdict, Verified

_EVERY = 0.5
# Of a cell, so many differences are shown; `--json` has all.
_MOST = 5
_OUTCOMES = {
    "identical": "identical",
    "differs": "differs",
    "unknown": "nothing differs, but not all could be compared",
}
_STATES = {
    "identical": "identical, as far as it can be compared",
    "differs": "differs",
    "follows": "differs, since a cell before it does",
    "unknown": "cannot be compared",
    "not verified": "not verified",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id, as `jupyter dossier runs` lists it")
    parser.add_argument(
        "--outside", action="store_true", help="execute cells that reach outside, too"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_verify(asked))


async def _verify(asked: argparse.Namespace) -> int:
    from .host import hosted

    async with hosted() as engine:
        await engine.record(asked.run)  # that it exists comes first
        say(f"run {asked.run} is executed again, twice …")
        telling = asyncio.create_task(_tell(engine, asked.run))
        try:
            found = await engine.verifier.verify(asked.run, asked.outside)
        finally:
            telling.cancel()
    if asked.json:
        document(found.to_json())
    else:
        _print(found)
    return 0 if found.state == "identical" else 1


async def _tell(engine: Engine, run: str) -> None:
    """Says how far it is whenever that has changed."""
    last = None
    while True:
        await asyncio.sleep(_EVERY)
        known = await engine.verifier.progress(run)
        if known is not None and known != last:
            last = known
            say(f"{known['ended']} of {known['total']} cells: {known['doing']}")


def _print(found: Verified) -> None:
    print(f"run {found.run}: {_OUTCOMES[found.state]}, {len(found.cells)} cells")
    for cell in found.cells:
        if cell.state != "identical" or cell.uncompared:
            _say_cell(cell)
    if found.other_cells:
        seed = found.other_conditions["PYTHONHASHSEED"]
        threads = found.other_conditions["OMP_NUM_THREADS"]
        print(f"with hash seed {seed} and {threads} thread(s) these differ, too:")
        for cell in found.other_cells:
            _say_cell(cell)


def _say_cell(cell: Verdict) -> None:
    why = f": {cell.cause}" if cell.cause else ""
    print(f"  cell {cell.index} [{cell.id}] {_STATES[cell.state]}{why}")
    for how in cell.how[:_MOST]:
        print(f"      {how}")
    for words in cell.uncompared[:_MOST]:
        print(f"      not compared: {words}")
