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
    from jupyterlab_dossier.runs.verification import Verdict, Verified


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN")
    parser.add_argument(
        "--outside", action="store_true", help="execute cells that reach outside, too"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_verify(asked))


async def _verify(asked: argparse.Namespace) -> int:
    from .host import hosted

    async with hosted() as engine:
        say(f"run {asked.run} is executed again, twice …")
        found = await engine.verifier.verify(asked.run, asked.outside)
    if asked.json:
        document(found.to_json())
    else:
        _print(found)
    return 0 if found.state == "identical" else 1


def _print(found: Verified) -> None:
    different = [cell for cell in found.cells if cell.state != "identical"]
    print(f"run {found.run}: {found.state}, {len(found.cells)} cells")
    for cell in different:
        _say_cell(cell)
    if found.other_cells:
        seed = found.other_conditions["PYTHONHASHSEED"]
        threads = found.other_conditions["OMP_NUM_THREADS"]
        print(f"with hash seed {seed} and {threads} thread(s) these differ, too:")
        for cell in found.other_cells:
            _say_cell(cell)


def _say_cell(cell: Verdict) -> None:
    words = {
        "differs": "differs",
        "follows": "differs, since a cell before it does",
        "not verified": "not verified",
    }
    why = f": {cell.cause}" if cell.cause else ""
    print(f"  cell {cell.index} [{cell.id}] {words[cell.state]}{why}")
    for how in cell.how[:5]:
        print(f"      {how}")
