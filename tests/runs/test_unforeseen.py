"""What analysis does not see: found by the worker kernel's check, and put right by the engine."""

from __future__ import annotations

import asyncio
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support import assert_equal_outputs, restart_and_run_all, started, targets, workflow

from jupyterlab_dossier.link import LinkServer
from jupyterlab_dossier.runs import Engine, RunRecord
from jupyterlab_dossier.runs.engine.revision import Revision
from jupyterlab_dossier.runs.reuse.reuse import Reuse

# What no analysis of the notebook sees: an installed module that nobody has described.
HELPER = """
    import threading

    gate = threading.Event()


    def append(items):
        items.append(5)


    def wait_for(path):
        import os
        import time

        while not os.path.exists(path):
            time.sleep(0.01)


    def append_later(items):
        import os
        import time

        while not os.path.exists("go"):
            time.sleep(0.01)
        items.append(5)


    def leave_later(items):
        append_later([])
        return len(items)


    def lock():
        return threading.Lock()


    def append_lock_later(items):
        append_later(items)
        items.append(lock())


    def note(path, text):
        with open(path, "a") as file:
            file.write(text)


    def setting():
        import os
        os.environ["UNFORESEEN"] = "1"


    def draw():
        import random
        return random.random()


    def define(namespace):
        namespace["made"] = 3

"""

EVERYTHING = "getattr(__import__('g' + 'c'), 'get_' + 'objects')()"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook's folder; the module is not in it."""
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "helper.py").write_text(textwrap.dedent(HELPER))
    monkeypatch.setenv("PYTHONPATH", f"{installed}:{os.environ.get('PYTHONPATH', '')}")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return folder


async def run(
    engine: Engine, folder: Path, cells: Sequence[str | dict[str, Any]], **asked: Any
) -> tuple[RunRecord, dict[str, list[Any]], list[str]]:
    """The run's record, its outputs, and why cells were queued again."""
    name = await engine.submit(workflow(folder, cells, **asked))
    record = await engine.wait(name)
    again = [
        e.cell or "run"
        for e in await engine.logs(name)
        if e.kind == "state" and e.body["state"] in ("queued", "running") and e.body["why"]
    ]
    return record, (await engine.outputs(name))[0], again


async def same(
    folder: Path, cells: list[str], turns: int = 1, seed: int | None = None
) -> list[tuple[RunRecord, list[str]]]:
    """Asserts that runs of the cells, one after another, show what Restart & Run All shows."""
    expected = restart_and_run_all(folder, cells)
    found = []
    async with started(folder / "data", targets(slots=4)) as engine:
        for _ in range(turns):
            record, ours, again = await run(engine, folder, cells, shuffle=seed)
            assert record.state == "done", record.why
            assert_equal_outputs(ours, expected)
            found.append((record, again))
    return found


async def test_readers_that_started_early_run_again_where_the_value_changed(folder: Path) -> None:
    cells = ["a = [1]", "import helper\nhelper.append(a)", "print(a)", "print(len(a))"]
    (_, first), (_, second) = await same(folder, cells, turns=2)
    assert set(first) <= {"c2", "c3"}
    # The first run saw the change, so that nobody starts early again.
    assert second == []


async def test_readers_that_started_early_stand_where_it_did_not(folder: Path) -> None:
    cells = ["a = [1]", "import helper\nhelper.leave_later(a)", "print(a)"]
    async with started(folder / "data", targets(slots=4)) as engine:
        name = await engine.submit(workflow(folder, cells))
        async for event in engine.watch(name):
            if event.cell == "c2" and event.kind == "done":
                (folder / "go").touch()
                break
        record = await engine.wait(name)
        events = await engine.logs(name)
        outputs, _ = await engine.outputs(name)
    assert record.state == "done"
    assert outputs["c2"][0]["text"] == "[1]\n"
    ends = {e.cell: e.seq for e in events if e.kind == "done"}
    assert ends["c2"] < ends["c1"]
    assert not [e for e in events if e.cell == "c2" and e.body.get("state") == "queued"]


@pytest.mark.parametrize("changed", [False, True])
async def test_readers_are_taken_before_those_they_wait_for_have_ended(
    folder: Path, changed: bool
) -> None:
    """On the value of before, as they would be started; what comes of it is judged as ever."""
    cells = ["a = [1]", "import helper\nhelper.leave_later(a)", "print(a)"]
    (folder / "go").touch()
    async with started(folder / "data", targets(slots=4)) as engine:
        await run(engine, folder, cells)
        (folder / "go").unlink()
        cells[1] = f"import helper\nhelper.{'append' if changed else 'leave'}_later(a) or 0"
        name = await engine.submit(workflow(folder, cells))
        async for event in engine.watch(name):
            if event.cell == "c2" and event.kind == "state" and event.body["state"] == "reused":
                (folder / "go").touch()
                break
        record = await engine.wait(name)
        outputs, _ = await engine.outputs(name)
    assert record.state == "done", record.why
    assert [t.state for t in record.tasks] == ["reused", "done", "done" if changed else "reused"]
    assert outputs["c2"][0]["text"] == ("[1, 5]\n" if changed else "[1]\n")


@pytest.mark.parametrize("committed", [False, True])
async def test_early_readers_are_judged_by_the_engine_that_takes_the_run_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """Also where the first engine has committed what changed their value, but has not judged."""
    cells = ["a = [1]", "import helper\nhelper.append_later(a)", "print(a)", "print(len(a))"]
    first = Engine(folder / "data", targets(slots=4))
    link = LinkServer(first.store, first.pool)
    await first.start(await link.listen_loopback())
    name = await first.submit(workflow(folder, cells))
    read = set()
    async for event in first.watch(name):
        if event.kind == "done":
            read.add(event.cell)
        if {"c2", "c3"} <= read:
            break
    if committed:
        judging = asyncio.Event()

        async def review(self: Revision, task: Any, seen: Any) -> None:
            judging.set()
            await asyncio.Event().wait()

        with monkeypatch.context() as patched:
            patched.setattr(Revision, "review", review)
            (folder / "go").touch()
            await judging.wait()
            await first.stop(leave_runs=True)
    else:
        await first.stop(leave_runs=True)
    await link.close()
    async with started(folder / "data", targets(slots=4), recover=True) as second:
        (folder / "go").touch()
        record = await second.wait(name)
        outputs, _ = await second.outputs(name)
    assert record.state == "done", record.why
    assert outputs["c2"][0]["text"] == "[1, 5]\n"
    assert outputs["c3"][0]["text"] == "2\n"


async def test_values_bound_to_two_kernels_are_made_again_in_one(folder: Path) -> None:
    cells = [
        "import helper",
        "a = helper.lock()",
        "b = helper.lock()",
        "with a, b:\n    print(a.locked(), b.locked())",
        "print(a.locked())",
    ]
    (_, first), (_, second) = await same(folder, cells, turns=2)
    assert first and second == []


async def test_values_bound_to_their_kernel_are_made_where_they_are_used_together(
    folder: Path,
) -> None:
    (folder / "text.txt").write_text("one\ntwo\n")
    cells = [
        "f = open('text.txt')",
        "g = (i for i in range(9))",
        "print(repr(f.readline()), next(g))",
        "print(next(g))",
    ]
    assert [again for _, again in await same(folder, cells)] == [[]]


@pytest.mark.parametrize("how", ["named", "unnamed"])
async def test_a_file_that_a_cell_beside_it_wrote_is_not_its_own(folder: Path, how: str) -> None:
    """Bytes into a pipe may as well have been the file's, as far as its worker kernel knows."""
    (folder / "path.txt").write_text("other.json")
    path = "'other.json'" if how == "named" else "open('path.txt').read()"
    cells = [
        "import helper, os",
        f"helper.wait_for('both')\nopen({path}, 'w').write('x' * 10)",
        "r, w = os.pipe()\nos.write(w, b'x' * 200)\nprint('here', flush=True)\n"
        "helper.wait_for('go')\nx = 2",
        "print(x)",
    ]
    async with started(folder / "data", targets(slots=4)) as engine:
        name = await engine.submit(workflow(folder, cells))
        async for event in engine.watch(name):
            if event.cell == "c2" and event.kind == "output":
                (folder / "both").touch()
            if event.cell == "c1" and event.kind == "done":
                (folder / "go").touch()
                break
        record = await engine.wait(name)
    assert record.state == "done", record.why
    assert "other.json" not in (record.tasks[2].why or "")


async def test_values_are_made_again_where_cells_are_not_run_twice(folder: Path) -> None:
    """The kernel of a cell that touched the outside stays; what else is needed comes to it."""
    cells = [
        "import helper",
        "f = open('once.txt', 'a')\nprint('x', file=f, flush=True)",
        "a = helper.lock()",
        "print(f.closed, a.locked())",
        "f.close()",
    ]
    async with started(folder / "data", targets(slots=4)) as engine:
        record, ours, again = await run(engine, folder, cells)
    assert record.state == "done", record.why
    assert ours["c3"][0]["text"] == "False False\n"
    assert (folder / "once.txt").read_text() == "x\n"
    assert set(again) == {"c2", "c3"}


async def test_a_kernel_that_stays_concerns_only_those_who_meet_in_it(folder: Path) -> None:
    cells = [
        "import helper, os",
        "f = open('once.txt', 'a')\nprint('x', file=f, flush=True)",
        "os.environ['MADE'] = 'here'\na = helper.lock()",
        "b = helper.lock()",
        "print(f.closed, 1)",
        "print(a.locked(), b.locked(), os.environ['MADE'])",
        "f.close()",
    ]
    async with started(folder / "data", targets(slots=4)) as engine:
        record, ours, again = await run(engine, folder, cells)
    assert record.state == "done", record.why
    assert ours["c5"][0]["text"] == "False False here\n"
    assert (folder / "once.txt").read_text() == "x\n"
    assert set(again) == {"c2", "c3", "c5"}


async def test_two_kernels_that_must_both_stay_are_told_where_their_values_meet(
    folder: Path,
) -> None:
    cells = [
        "import helper",
        "f = open('first.txt', 'a')\nprint('x', file=f, flush=True)",
        "a = helper.lock()\nopen('second.txt', 'a').write('y')",
        "print(f.closed, a.locked())",
    ]
    async with started(folder / "data", targets(slots=4)) as engine:
        record, _, _ = await run(engine, folder, cells)
        assert [t.state for t in record.tasks] == ["done", "done", "done", "failed"]
        why = record.tasks[3].why or ""
        assert "cells 1, 2 touch the outside and cannot run twice" in why
        assert "`a` (_thread.lock), made by cell 2" in why
        # As it says: the next run knows it beforehand.
        record, ours, _ = await run(engine, folder, cells)
    assert record.state == "done", record.why
    assert ours["c3"][0]["text"] == "False False\n"
    assert (folder / "second.txt").read_text() == "yy"


async def test_a_file_left_closed_keeps_nobody_in_its_kernel(folder: Path) -> None:
    cells = [
        "import helper",
        "with open('once.txt', 'a') as f:\n    f.write('x')",
        "a = helper.lock()",
        "print(f.name, f.closed, a.locked())",
    ]
    async with started(folder / "data", targets(slots=4)) as engine:
        record, ours, _ = await run(engine, folder, cells)
    assert record.state == "done", record.why
    assert ours["c3"][0]["text"] == "once.txt True False\n"
    assert (folder / "once.txt").read_text() == "x"


async def test_a_change_that_nobody_foresaw(folder: Path) -> None:
    """A value reached on ways that the analysis takes for harmless."""
    cells = [
        "import helper\nhelper.kept = []",
        "a = [1]\nd = {'a': a}",
        "(lambda **k: None)(**d) or helper.kept.extend([d.get('a')])",
        "getattr(helper, 'ap' + 'pend')(helper.kept[0])",
        "print(a)",
    ]
    await same(folder, cells, turns=2)


async def test_a_name_that_nobody_foresaw(folder: Path) -> None:
    cells = [
        "made = 1",
        "import helper\nimport inspect\nhelper.define(inspect.getmodule(print).__dict__)",
        "import sys\nhelper.define(vars(sys.modules['__main__']))",
        "print(made)",
    ]
    await same(folder, cells, turns=2)


async def test_process_state_that_nobody_foresaw(folder: Path) -> None:
    cells = [
        "import os",
        "import helper\nhelper.setting()",
        "print(os.environ.get('UNFORESEEN'))",
        "x = os.environ.get('UNFORESEEN')",
        "print(x)",
    ]
    (first, _), _ = await same(folder, cells, turns=2)
    assert "UNFORESEEN" in (first.tasks[1].why or "")


SET_UP = [
    "import matplotlib.pyplot as plt\nSTYLES = ['ggplot']\nplt.style.use(STYLES)",
    "import helper\nhelper.note('b.txt', 'x')\nn = 3",
    "print(n, plt.rcParams['axes.grid'])",
]


async def test_set_up_that_cannot_be_repeated_any_more(folder: Path) -> None:
    """It may read what a later cell was seen to write, and its process is gone."""
    expected = restart_and_run_all(folder, SET_UP)
    (folder / "b.txt").unlink()
    async with started(folder / "data", targets(slots=4)) as engine:
        record, _, _ = await run(engine, folder, SET_UP)
        assert [task.state for task in record.tasks] == ["done", "done", "failed"]
        why = record.tasks[2].why or ""
        assert "cell 2 needs the process of cell 0 (`plt.style.use(STYLES)` needs" in why
        assert "cell 1 touches the outside and is not run twice" in why
        assert (folder / "b.txt").read_text() == "x"
        record, ours, _ = await run(engine, folder, SET_UP)
        assert record.state == "done", record.why
        assert_equal_outputs(ours, expected)


async def test_set_up_that_cannot_be_repeated_any_more_where_all_may_run_again(
    folder: Path,
) -> None:
    """Also if its result is of an earlier run: then there was no process at all."""
    expected = restart_and_run_all(folder, SET_UP)
    async with started(folder / "data", targets(slots=4)) as engine:
        await run(engine, folder, SET_UP[:1])
        cells = [SET_UP[0], {"source": SET_UP[1], "idempotent": True}, SET_UP[2]]
        record, ours, again = await run(engine, folder, cells)
        told = [
            e.body["state"]
            for e in await engine.logs(record.run)
            if e.cell == "c0" and e.kind == "state"
        ]
    assert record.state == "done", record.why
    assert "reused" in told and {"run", "c0", "c1"} <= {*again}, told
    assert_equal_outputs(ours, expected)


async def test_random_numbers_that_nobody_foresaw(folder: Path) -> None:
    cells = [
        "import random\nrandom.seed(7)",
        "import helper",
        "print(helper.draw())",
        "print(random.random())",
        "print(random.random())",
    ]
    await same(folder, cells, turns=2)


async def test_what_stood_in_the_one_kernel_of_all_cells_before_was_given(folder: Path) -> None:
    cells = [
        "import random, helper\nrandom.seed(7)",
        "open('once.txt', 'a').write('x')",
        "print(helper.draw())",
        "print(random.random(), open('once.txt').read())",
        "print(_i1, random.random())",
    ]
    expected = restart_and_run_all(folder, cells)
    (folder / "once.txt").unlink()
    async with started(folder / "data", targets(slots=4)) as engine:
        record, ours, _ = await run(engine, folder, cells)
    assert record.state == "done", record.why
    assert_equal_outputs(ours, expected)
    assert (folder / "once.txt").read_text() == "x"


async def test_files_that_nobody_foresaw(folder: Path) -> None:
    cells = [
        "import helper",
        "helper.note('note.txt', 'one')",
        "print(open('note.txt').read())",
        "import os\nos.remove('note.txt')",
    ]
    (first, _), _ = await same(folder, cells, turns=2)
    assert "note.txt" in (first.tasks[1].why or "")


async def test_hidden_ways_end_in_a_complete_rerun(folder: Path) -> None:
    cells = [
        "marked = ['a mark', 1]",
        "other = [2]",
        f"for o in {EVERYTHING}:\n"
        "    if type(o) is list and o[:1] == ['a mark'] and len(o) == 2:\n        o.append(3)",
        "print(marked, other)",
    ]
    (first, again), (second, none) = await same(folder, cells, turns=2)
    assert "run" in again
    assert none == []  # known from the first run: complete from the start
    assert first.state == second.state == "done"


async def test_a_complete_rerun_doubles_nothing_outside(folder: Path) -> None:
    cells = [
        "open('once.txt', 'a').write('x')",
        "a = [1]",
        f"n = len({EVERYTHING}) > 0",
        "print(a, n)",
    ]
    async with started(folder / "data", targets(slots=4)) as engine:
        record, _, _ = await run(engine, folder, cells)
        assert record.state == "failed"
        assert "cell 0 touches the outside and is not run twice" in (record.why or "")
        assert (folder / "once.txt").read_text() == "x"
        # Now it is known beforehand.
        record, ours, _ = await run(engine, folder, cells)
        assert record.state == "done"
        assert ours["c3"][0]["text"] == "[1] True\n"
        assert (folder / "once.txt").read_text() == "xx"


async def test_what_shares_with_a_change_that_nobody_foresaw(folder: Path) -> None:
    """It goes on sharing: a figure is changed by being drawn, and its axes are still its own."""
    cells = [
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(2, 1))\n"
        "line, = ax.plot([1, 2, 3])\nplt.close(fig)",
        "ax.set_title('first')",
        "%config InlineBackend.figure_format = 'png'",
        "ax.lines[0].set_linewidth(9)",
        "fig",
        "ax.set_title('last')",
        "print(fig.axes[0].get_title(), line.get_linewidth())",
    ]
    await same(folder, cells)


async def test_where_a_cell_runs_is_decided_when_its_worker_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it waited, a value may have come to live in one worker kernel only."""
    cells = ["a = [1]", "import helper\nhelper.append_lock_later(a)", "print(len(a))"]
    begin, running = Reuse.begin, asyncio.Event()

    async def after(self: Reuse, task: Any) -> Any:
        if task.cell.id == "c2":
            await running.wait()  # so that the only slot is taken
        return await begin(self, task)

    monkeypatch.setattr(Reuse, "begin", after)
    async with started(folder / "data", targets(slots=1)) as engine:
        name = await engine.submit(workflow(folder, cells, jobs=2))
        async for event in engine.watch(name):
            if event.cell == "c1" and event.body.get("state") == "running":
                running.set()
            if event.cell == "c2" and "waiting for a worker" in (event.body.get("why") or ""):
                (folder / "go").touch()
                break
        record = await engine.wait(name)
        outputs, _ = await engine.outputs(name)
    assert record.state == "done", record.why
    assert outputs["c2"][0]["text"] == "3\n"


async def test_temporary_folders_are_nothing_unforeseen(folder: Path) -> None:
    cells = [
        "import os, tempfile\nd = tempfile.mkdtemp()\ntd = tempfile.TemporaryDirectory()",
        "f = tempfile.NamedTemporaryFile()\nopen('a.txt', 'w').close()",
        "print(os.listdir(d), os.path.exists(td.name), os.path.exists(f.name))",
    ]
    for record, again in await same(folder, cells, turns=2):
        assert again == []
        assert not any("not foreseen" in (task.why or "") for task in record.tasks)
