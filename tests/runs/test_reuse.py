"""What a run takes from earlier ones, and why the rest of it ran."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from reusing import PLAIN, edited, ran, run
from support import started, targets, workflow

from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.ledger.keys import Key


async def test_an_unchanged_notebook_executes_nothing(engine: Engine, tmp_path: Path) -> None:
    first, before = await run(engine, tmp_path, PLAIN)
    again, after = await run(engine, tmp_path, PLAIN)
    assert ran(first) == [f"c{n}" for n in range(6)] and ran(again) == []
    assert after == before and again.state == "done"
    assert [t.execution_count for t in again.tasks] == [1, 2, 3, 4, 5, 6]
    words = f"reused from run {first.run}: nothing it depends on has changed"
    assert {task.why for task in again.tasks} == {words}
    third, _ = await run(engine, tmp_path, PLAIN)
    assert third.tasks[0].why == words  # the run that executed it, not the one between


@pytest.mark.parametrize("asked", [{"fresh": True}, {"shuffle": 1}])
async def test_fresh_takes_nothing(engine: Engine, tmp_path: Path, asked: Any) -> None:
    await run(engine, tmp_path, PLAIN)
    record, _ = await run(engine, tmp_path, PLAIN, **asked)
    assert len(ran(record)) == 6


@pytest.mark.parametrize(
    ("index", "source", "executed", "words"),
    [
        (0, "import math\nx = 3", ["c0", "c3", "c4"], "input `x` from cell 0 changed"),
        (1, "def g(n):\n    return n + 2", ["c1", "c3", "c4"], "helper `g` changed"),
        (4, "z = [y, y]\nprint(z)", ["c4"], None),
        (0, "import math\nx = 1 + 1", ["c0"], None),
        (0, "# two\nimport math\nx = 2  # the same", [], None),
    ],
)
async def test_after_an_edit(
    engine: Engine, tmp_path: Path, index: int, source: str, executed: list[str], words: str | None
) -> None:
    await run(engine, tmp_path, PLAIN)
    sources = edited(PLAIN, index, source)
    record, outputs = await run(engine, tmp_path, sources)
    assert ran(record) == executed
    if executed:
        assert record.tasks[index].why == "it ran: its code changed"
    if words:
        assert record.tasks[3].why == f"it ran: {words}"
    _, fresh = await run(engine, tmp_path, sources, fresh=True)
    assert outputs == fresh


async def test_a_run_ends_when_the_keys_of_all_its_results_are_kept(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a cell whose key is written after the last cell has ended."""
    sources = ["print(1)", "print(2)"]
    add, first = engine.ledger.keys.add, list[str]()

    async def slow(key: Key) -> None:
        if not first:
            first.append(key.cell)
            (active,) = engine._active.values()
            (other,) = (t for t in active.state.tasks.values() if t.cell.id != key.cell)
            while other.running is not None:
                await asyncio.sleep(0)
            for _ in range(10):  # turns of the loop, in which the run could be taken for over
                await asyncio.sleep(0)
        await add(key)

    monkeypatch.setattr(engine.ledger.keys, "add", slow)
    record, _ = await run(engine, tmp_path, sources)
    assert first and (await engine.ledger.keys.of_run(record.run)).keys() == {"c0", "c1"}
    again, _ = await run(engine, tmp_path, sources)
    assert ran(again) == []


async def test_a_copy_elsewhere_takes_what_the_original_left(
    engine: Engine, tmp_path: Path
) -> None:
    sources = [*PLAIN, "import os\nprint(os.path.basename(os.getcwd()))"]
    for name, executed in (("one", 7), ("two", 1), ("one", 0)):
        (tmp_path / name).mkdir(exist_ok=True)
        record, outputs = await run(engine, tmp_path / name, sources)
        assert len(ran(record)) == executed
        assert outputs["c6"][0]["text"] == f"{name}\n"


async def test_a_key_is_of_what_the_task_was_given(tmp_path: Path) -> None:
    """Also where it began early, waited for its worker, and others changed its inputs meanwhile."""
    cells = (
        "class A:\n    n = 0",
        "a = A()",
        "b = A()",
        "import time\nA.n = 4\ntime.sleep(0.7)",
        "print(a.n, b.n)",
        "print(a.n + b.n)",
    )
    async with started(tmp_path / "one", targets(slots=1)) as engine:
        run = await engine.submit(workflow(tmp_path, cells, jobs=4))
        assert (await engine.wait(run)).state == "done"
        outputs, _ = await engine.outputs(run)
        assert [outputs[c][0]["text"] for c in ("c4", "c5")] == ["4 4\n", "8\n"]
        for cell, key in (await engine.ledger.keys.of_run(run)).items():
            given = await engine.ledger.tasks.given(run, cell)
            known = {n: v for n, v in key.met["versions"].items() if not n.startswith("set-up")}
            assert known == given, cell


async def test_a_cell_that_looks_back_finds_what_was_shown(engine: Engine, tmp_path: Path) -> None:
    """`_` and `Out` live in the kernel in which the cells before it ran."""
    sources = ["n = 4", "n + 1", "print(_, Out[2], sorted(Out))", "print(n)"]
    _, before = await run(engine, tmp_path, sources)
    assert before["c2"][0]["text"] == "5 5 [2]\n"
    record, after = await run(engine, tmp_path, sources)
    assert after == before and ran(record) == ["c0", "c1", "c2", "c3"]
    assert record.tasks[1].why == "it ran: it shares a worker kernel with cells that run"


async def test_a_file_written_anew_is_told(engine: Engine, tmp_path: Path) -> None:
    """What `%%writefile` says depends on whether the file is there."""
    sources = ["%%writefile note.txt\none", "print(open('note.txt').read())", "print(1)"]
    _, first = await run(engine, tmp_path, sources)
    assert first["c0"][0]["text"] == "Writing note.txt\n"
    record, second = await run(engine, tmp_path, sources)
    assert ran(record) == ["c0"]
    assert record.tasks[0].why == "it ran: file `note.txt` is there now"
    assert second["c0"][0]["text"] == "Overwriting note.txt\n" and second["c1"] == first["c1"]
    record, third = await run(engine, tmp_path, sources)
    assert ran(record) == [] and third == second
