"""Prints the dataflow graph of a notebook: what each cell reads and writes, who waits for whom."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from .console import columns, document, say

if TYPE_CHECKING:
    from jupyterlab_dossier.runs import Workflow
    from jupyterlab_dossier.runs.model import Json

_CELL = ("id", "index", "reads", "writes", "barrier")
_EDGE = ("from", "to", "kind", "names", "why")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", metavar="NB", type=Path, help="the notebook's file")
    parser.add_argument("--json", action="store_true", help="print the graph as JSON")


def main(asked: argparse.Namespace) -> int:
    from jupyterlab_dossier.dataflow.words import listed
    from jupyterlab_dossier.runs import notebooks

    notebook = notebooks.read(asked.notebook)
    workflow = notebooks.workflow(notebook)
    for notice in notebook.notices:
        say(f"notice: {notice}")
    graph = asyncio.run(_graph(workflow))
    if asked.json:
        document(graph)
        return 0
    index = {cell["id"]: str(cell["index"]) for cell in graph["cells"]}
    rows = [
        [
            str(cell["index"]),
            cell["id"],
            listed(cell["reads"]),
            listed(cell["writes"]),
            cell["barrier"] or "",
        ]
        for cell in graph["cells"]
    ]
    columns(["", "CELL", "READS", "WRITES", "BARRIER"], rows)
    edges = [
        [index[e["from"]], index[e["to"]], e["kind"], listed(e["names"]), e["why"]]
        for e in graph["edges"]
    ]
    if edges:
        print()
        columns(["FROM", "TO", "KIND", "NAMES", "WHY"], edges)
    return 0


async def _graph(workflow: Workflow) -> Json:
    from jupyterlab_dossier.runs import kernelspecs
    from jupyterlab_dossier.runs.planning import analysis, plan

    from .host import remembered

    observed = await remembered(workflow)
    client = analysis.client(kernelspecs.interpreter(workflow.kernelspec).python)
    try:
        graph = await client.graph(
            plan.analysed(workflow.cells, observed), folder=str(Path(workflow.path).parent)
        )
    finally:
        await client.close()
    # The analysis knows more than is promised to other tools.
    cells = [{name: cell[name] for name in _CELL} for cell in graph["cells"]]
    edges = [{name: edge[name] for name in _EDGE} for edge in graph["edges"]]
    return {"cells": cells, "edges": edges}
