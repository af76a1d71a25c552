"""A real engine with real local workers, in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from jupyterlab_dossier.link import LinkServer, Outside
from jupyterlab_dossier.runs import Cell, Engine, Workflow
from jupyterlab_dossier.runs.history.compare import differences
from jupyterlab_dossier.runs.planning.conditions import environment
from jupyterlab_dossier.targets import Catalogue, Target


def targets(**settings: Any) -> Catalogue:
    """The local target with these settings, and one that shares no store, as a distant one."""
    return Catalogue(
        {
            "local": Target("local", "local", settings),
            "apart": Target("apart", "local", {"shared": False, **settings}),
        }
    )


def away(**settings: Any) -> Catalogue:
    """A target that shares neither store nor folder, as a distant one, and the local one."""
    distant = {"shared": False, "shares_folder": False, "slots": 2, **settings}
    return Catalogue({"away": Target("away", "local", distant), "local": Target("local", "local")})


@asynccontextmanager
async def started(
    folder: Path,
    catalogue: Catalogue | None = None,
    recover: bool = False,
    leave: bool = False,
) -> AsyncIterator[Engine]:
    """With `recover` it takes up what an earlier one left with `leave`."""
    engine = Engine(folder, catalogue or targets(slots=2))
    link = LinkServer(engine.store, engine.pool)
    engine.pool.lives.forget = link.forget
    engine.pool.lives.outside = Outside(link, folder / "link", served=False)
    await engine.start(await link.listen_loopback(), recover)
    try:
        yield engine
    finally:
        await engine.stop(leave_runs=leave)
        await link.close()


def workflow(folder: Path, sources: Sequence[str | dict[str, Any]], **asked: Any) -> Workflow:
    """A workflow of cells named c0, c1, ...; a dict gives further fields of a cell."""
    cells = []
    for index, item in enumerate(sources):
        fields = {"source": item} if isinstance(item, str) else item
        cells.append(Cell(f"c{index}", index, **fields))
    return Workflow(path=str(folder / "notebook.ipynb"), cells=tuple(cells), **asked)


def restart_and_run_all(folder: Path, sources: Sequence[str]) -> dict[str, list[Any]]:
    """Outputs by cell of nbclient in one kernel, under the recorded conditions."""
    node = nbformat.v4.new_notebook()
    for index, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source)
        cell["id"] = f"c{index}"
        node.cells.append(cell)
    client = NotebookClient(
        node,
        kernel_name="python3",
        allow_errors=False,
        resources={"metadata": {"path": str(folder)}},
        timeout=120,
        iopub_timeout=60,
    )
    client.create_kernel_manager()
    try:
        client.execute(env={**os.environ, **environment(2)})
    except Exception as error:
        if type(error).__name__ != "CellExecutionError":
            raise
    return {cell.id: cell.outputs for cell in node.cells}


def assert_equal_outputs(ours: dict[str, list[Any]], theirs: dict[str, list[Any]]) -> None:
    found = {
        cell: words
        for cell, outputs in theirs.items()
        if (words := differences(ours.get(cell, []), outputs))
    }
    assert not found
