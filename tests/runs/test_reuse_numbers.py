"""Tracebacks name the cells of this run (`Cell In[3]`), also of what an earlier one made."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from ipykernel.compiler import get_file_name
from reusing import ran, run

from jupyterlab_dossier.dataflow.traits import traits
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.history.compare import differences, text

DEFINES = {
    "function": "def f(n):\n    return 1 / n",
    "lambda in a list": "f = [lambda n: 1 / n][0]",
    "method": "class C:\n    def f(self, n):\n        return 1 / n\nf = C().f",
    "closure": "def outer():\n    def f(n):\n        return 1 / n\n    return f\nf = outer()",
}
FAILS = frozenset({"raises-exception"})


def fails(source: str) -> dict[str, Any]:
    return {"source": source, "tags": FAILS}


def numbers(outputs: dict[str, list[Any]], cell: str) -> list[str]:
    """The cells that a traceback names."""
    lines = text("\n".join(outputs[cell][0]["traceback"])).splitlines()
    return [line.partition(",")[0] for line in lines if line.startswith("Cell In[")]


async def same_as_fresh(engine: Engine, folder: Path, sources: Any, **asked: Any) -> Any:
    record, outputs = await run(engine, folder, sources, **asked)
    _, fresh = await run(engine, folder, sources, fresh=True, **asked)
    for cell, wanted in fresh.items():
        assert not differences(outputs[cell], wanted), cell
    return record, outputs


@pytest.mark.parametrize("kind", DEFINES)
async def test_a_traceback_that_names_a_moved_cell_is_not_reused(
    engine: Engine, tmp_path: Path, kind: str
) -> None:
    await run(engine, tmp_path, [DEFINES[kind], "x = 1", fails("f(0)"), "x + 1"])
    moved = ["x = 1", DEFINES[kind], fails("f(0)"), "x + 1"]
    record, outputs = await same_as_fresh(engine, tmp_path, moved)
    assert ran(record) == ["c2"], [task.why for task in record.tasks]
    assert record.tasks[2].why == "it ran: the numbers of cells, which it shows, changed"
    assert numbers(outputs, "c2") == ["Cell In[3]", "Cell In[2]"]


@pytest.mark.parametrize("kind", DEFINES)
async def test_a_function_of_an_earlier_run_has_its_cells_number_of_now(
    engine: Engine, tmp_path: Path, kind: str
) -> None:
    await run(engine, tmp_path, [DEFINES[kind], "f(1)"])
    record, outputs = await same_as_fresh(engine, tmp_path, ["'new'", DEFINES[kind], "f(0)"])
    assert record.tasks[1].state == "reused"
    assert numbers(outputs, "c2") == ["Cell In[3]", "Cell In[2]"]


async def test_one_text_in_two_cells_is_numbered_as_in_a_kernel(
    engine: Engine, tmp_path: Path
) -> None:
    define, keep = DEFINES["function"], "g = f"
    await run(engine, tmp_path, [define, keep, "g(1)"])
    cells = [define, keep, fails("g(0)"), define, fails("g(0)"), fails("f(0)")]
    _, outputs = await same_as_fresh(engine, tmp_path, cells)
    # The kernel knows a cell by its text, and the last one with it is meant.
    assert numbers(outputs, "c2") == ["Cell In[3]", "Cell In[1]"]
    assert numbers(outputs, "c4") == ["Cell In[5]", "Cell In[4]"]


async def test_an_output_that_names_no_cell_is_reused_whatever_its_number(
    engine: Engine, tmp_path: Path
) -> None:
    cells = ["import warnings", "warnings.warn('look')", "print(1)", "def f(n):\n    return n",
             "f(2)"]  # fmt: skip
    await run(engine, tmp_path, cells)
    record, outputs = await same_as_fresh(engine, tmp_path, ["'new'", *cells])
    assert ran(record) == ["c0"], [task.why for task in record.tasks]
    assert "UserWarning: look" in outputs["c2"][0]["text"]


async def test_a_traceback_that_a_cell_shows_and_survives_names_cells_too(
    engine: Engine, tmp_path: Path
) -> None:
    shows = "try:\n    f(0)\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()"
    await run(engine, tmp_path, [DEFINES["function"], "x = 1", shows])
    moved = ["x = 1", DEFINES["function"], shows]
    _, outputs = await same_as_fresh(engine, tmp_path, moved)
    assert numbers(outputs, "c2") == ["Cell In[3]", "Cell In[2]"]


@pytest.mark.parametrize(
    "source",
    [
        "print(get_ipython().execution_count)",
        "def number():\n    return get_ipython().execution_count\nn = number()",
        "print(len(get_ipython().history_manager.input_hist_raw))",
    ],
)
async def test_a_cell_that_asks_for_its_number_is_told_the_one_of_now(
    engine: Engine, tmp_path: Path, source: str
) -> None:
    show = "'n' in globals() and n"
    await run(engine, tmp_path, ["x = 1", source, show, "x"])
    record, _ = await same_as_fresh(engine, tmp_path, ["'new'", "x = 1", source, show, "x"])
    assert {task.id: task.state for task in record.tasks}["c4"] == "reused"


async def test_a_kernel_that_is_not_ours_numbers_cells_alike(
    engine: Engine, tmp_path: Path, wrapped: str
) -> None:
    define = DEFINES["function"]
    await run(engine, tmp_path, [define, "f(1)"], kernelspec=wrapped)
    moved = ["'new'", define, "f(0)"]
    record, outputs = await same_as_fresh(engine, tmp_path, moved, kernelspec=wrapped)
    assert record.tasks[1].state == "reused"
    assert numbers(outputs, "c2") == ["Cell In[3]", "Cell In[2]"]


@pytest.mark.parametrize(
    "source",
    ["", "def f(): pass", "f = lambda: 'é∞'", "class C:\n    x = '\U0001f600'\n", "f=lambda:1\r\n"],
)
def test_the_file_of_a_cell_is_called_as_ipykernel_does(source: str) -> None:
    for text_of_cell in (source + end for end in ("", "#", "##", "###")):
        found = traits(ast.parse(text_of_cell), text_of_cell).file
        wanted = Path(get_file_name(text_of_cell)).stem
        assert found == (wanted if source else None)
