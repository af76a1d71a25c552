"""Prints the cells of an edited notebook that must run again, and why.

Cells are known by their ids, else by their source, else by their place. What OLD shows counts:
after a cell that had failed the others have not run, and a comment is no edit where nothing quotes
its cell.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from .console import columns, document, say

if TYPE_CHECKING:
    from jupyterlab_dossier.runs.model import Json
    from jupyterlab_dossier.runs.notebooks import Notebook


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", type=Path, help="the notebook as it was run")
    parser.add_argument("new", metavar="NEW", type=Path, help="the notebook after the edit")
    parser.add_argument("--json", action="store_true", help="print the cells as JSON")


def main(asked: argparse.Namespace) -> int:
    from jupyterlab_dossier.runs import notebooks

    old, new = notebooks.read(asked.old), notebooks.read(asked.new)
    notebooks.check_kernelspec(new.kernelspec, new)
    for notebook in (old, new):
        for notice in notebook.notices:
            say(f"notice: {notebook.path.name}: {notice}")
    stale = _of_another_kernel(old, new) or asyncio.run(_stale(old, new))
    if asked.json:
        document({"stale": stale})
    elif stale:
        rows = [[str(cell["index"]), cell["id"], cell["why"]] for cell in stale]
        columns(["", "CELL", "WHY"], rows)
    return 0


def _of_another_kernel(old: Notebook, new: Notebook) -> list[Json]:
    if old.kernelspec == new.kernelspec:
        return []
    why = f"the notebook's kernel changed from {old.kernelspec} to {new.kernelspec}"
    cells = enumerate(new.code_cells)
    return [{"id": c.id, "index": n, "why": why} for n, c in cells if c.source.strip()]


async def _stale(old: Notebook, new: Notebook) -> list[Json]:
    from jupyterlab_dossier.runs import kernelspecs, notebooks
    from jupyterlab_dossier.runs.planning import analysis, plan

    from .host import remembered

    shown = {cell.id: [_kind(output) for output in cell.outputs] for cell in old.code_cells}
    # What runs saw of OLD's cells holds for those of NEW that are still the same.
    before, after = notebooks.workflow(old), notebooks.workflow(new)
    seen = await remembered(before)
    by_source = {c.source: seen[c.id] for c in before.cells if c.id in seen}
    seen_after = {c.id: by_source[c.source] for c in after.cells if c.source in by_source}
    async with analysis.client(kernelspecs.interpreter(new.kernelspec).python) as client:
        return await client.stale(
            plan.analysed(before.cells, seen),
            plan.analysed(after.cells, seen_after),
            failed=[name for name, kinds in shown.items() if "error" in kinds],
            quiet=[n for n, kinds in shown.items() if not {"error", "stderr"} & {*kinds}],
        )


def _kind(output: Json) -> str:
    return str(output.get("name") or output.get("output_type"))
