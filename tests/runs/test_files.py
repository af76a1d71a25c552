"""Cells where the notebook's folder is not: files go there, and what they write comes back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support import assert_equal_outputs, away, restart_and_run_all, started, workflow

from jupyterlab_dossier.runs import Engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with started(tmp_path / "dossier", away()) as engine:
        yield engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The notebook's."""
    made = tmp_path / "nb"
    made.mkdir()
    return made


def contents(folder: Path) -> dict[str, bytes | None]:
    """All files and folders, but what tools keep for themselves."""
    found: dict[str, bytes | None] = {}
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in folders:
            found[os.path.relpath(os.path.join(top, name), folder)] = None
        for name in names:
            path = os.path.join(top, name)
            found[os.path.relpath(path, folder)] = Path(path).read_bytes()
    return found


async def test_a_file_goes_there_and_one_comes_back(engine: Engine, folder: Path) -> None:
    (folder / "given.txt").write_text("given")
    source = "text = open('given.txt').read()\nwith open('made.txt', 'w') as f: f.write(text + '!')"
    asked = workflow(folder, [source, "print(open('made.txt').read())"], default_target="away")
    run = await engine.submit(asked)
    record = await engine.wait(run)
    assert record.state == "done", record.to_json()
    outputs, _ = await engine.outputs(run)
    assert outputs["c1"][0]["text"] == "given!\n"
    assert contents(folder) == {"given.txt": b"given", "made.txt": b"given!"}


CELLS = {
    "a csv, read by pandas": ["import pandas as pd", "print(pd.read_csv('data/t.csv').sum())"],
    "a name bound before": ["NAME = 'data/t.csv'", "print(open(NAME).read())"],
    "a name made while it runs": [
        "for i in range(2): print(open(f'data/part-{i}.txt').read())",
    ],
    "arrays, saved and loaded": [
        "import numpy as np\nnp.save('x.npy', np.arange(5))",
        "import numpy as np\nprint(np.load('x.npy').sum())",
    ],
    "a database": [
        "import sqlite3\nwith sqlite3.connect('d.sqlite') as c:\n"
        "    c.execute('create table t (n)')\n    c.execute('insert into t values (7)')",
        "import sqlite3\nprint(sqlite3.connect('d.sqlite').execute('select n from t').fetchall())",
    ],
    "the notebook's own modules": [
        "import helper\nfrom pkg.sub import twice",
        "print(helper.greet(), twice(4))",
        "import pkg\nprint(pkg.table())",
    ],
    "many files in folders": [
        "import os\nos.makedirs('out/deep', exist_ok=True)\nos.makedirs('empty')\n"
        "for i in range(60):\n    with open(f'out/deep/{i}.txt', 'w') as f: f.write(str(i))",
        "import os\nprint(sorted(os.listdir('out/deep'))[:3], len(os.listdir('out/deep')))",
    ],
    "a child process that writes": [
        "import subprocess\nsubprocess.run(['cp', 'data/t.csv', 'copied.csv'], check=True)",
        "print(open('copied.csv').read())",
        "!echo from the shell > shell.txt",
        "%%bash\ncat shell.txt",
    ],
    "an input, written over": [
        "text = open('given.txt').read()\nwith open('given.txt', 'w') as f: f.write(text * 2)",
        "with open('given.txt', 'a') as f: f.write('more')",
        "print(open('given.txt').read())",
    ],
    "a folder, listed": ["import os\nprint(sorted(os.listdir('data')))"],
    "patterns": ["import glob\nprint(sorted(glob.glob('data/*.txt')))"],
    "names of all kinds": [
        "names = ['with space.txt', 'ünïcödé.txt', 'new\\nline.txt', \"quote'.txt\"]\n"
        "for n in names:\n    with open('odd ' + n, 'w') as f: f.write(n)",
        "print(open('odd with space.txt').read())",
    ],
    "a name that is no text": [
        "with open(b'bad-\\xff.txt', 'w') as f: f.write('bad')",
        "import os\nprint(len(os.listdir()))\nprint(open(b'bad-\\xff.txt').read())",
    ],
    "files that are removed and renamed": [
        "import os\nos.remove('given.txt')\nos.rename('script.sh', 'data/moved.sh')",
        "import os\nprint(os.path.exists('given.txt'), open('data/moved.sh').read())",
    ],
    "a file magic": ["%%writefile given.txt\nnew\n", "%%writefile fresh.txt\nnew\n"],
    "a failing cell": [
        "with open('half.txt', 'w') as f: f.write('half')\nraise ValueError('no')",
        "with open('never.txt', 'w') as f: f.write('never')",
    ],
    "a folder above": ["print(open('../above.txt').read())"],
    "a target elsewhere": [
        {"source": "with open('one.txt', 'w') as f: f.write('1')", "target": "away"},
        {"source": "with open('two.txt', 'w') as f: f.write(open('one.txt').read() + '2')",
         "target": "local"},
        {"source": "print(open('two.txt').read())", "target": "away"},
    ],
}  # fmt: skip


def fill(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "t.csv").write_text("a,b\n1,2\n3,4\n")
    for number in range(2):
        (folder / "data" / f"part-{number}.txt").write_text(f"part {number}")
    (folder / "given.txt").write_text("given")
    (folder / "script.sh").write_text("#!/bin/sh\n")
    (folder / "script.sh").chmod(0o755)
    (folder / "helper.py").write_text("import inner\ndef greet():\n    return inner.WORD\n")
    (folder / "inner.py").write_text("WORD = open('given.txt').read()\n")
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").write_text(
        "from pathlib import Path\n"
        "def table():\n    return (Path(__file__).parent / 'table.json').read_text()\n"
    )
    (folder / "pkg" / "sub.py").write_text("def twice(n):\n    return 2 * n\n")
    (folder / "pkg" / "table.json").write_text("[1]")
    (folder.parent / "above.txt").write_text("above")


@pytest.mark.parametrize("name", CELLS)
async def test_as_restart_and_run_all(engine: Engine, tmp_path: Path, name: str) -> None:
    """Outputs and the folder's content are those of one kernel in a copy of the folder."""
    ours, theirs = tmp_path / "a" / "nb", tmp_path / "b" / "nb"
    fill(ours), fill(theirs)
    cells = CELLS[name]
    sources = [c if isinstance(c, str) else c["source"] for c in cells]
    expected = restart_and_run_all(theirs, sources)
    run = await engine.submit(workflow(ours, cells, default_target="away"))
    record = await engine.wait(run)
    outputs, _ = await engine.outputs(run)
    why = {task.id: task.why for task in record.tasks}
    assert_equal_outputs(outputs, expected)
    assert contents(ours) == contents(theirs), why
    assert record.state == ("failed" if name == "a failing cell" else "done"), why
    modes = {p: os.access(ours / p, os.X_OK) for p in contents(ours)}
    assert modes == {p: os.access(theirs / p, os.X_OK) for p in contents(theirs)}


async def ran(engine: Engine, folder: Path, *cells: Any, **asked: Any) -> list[Any]:
    """The tasks of a run on the target away."""
    run = await engine.submit(workflow(folder, cells, default_target="away", **asked))
    return (await engine.wait(run)).tasks


async def text(engine: Engine, cell: str = "c0") -> str:
    """What a cell printed in the newest run."""
    newest = (await engine.ledger.runs.newest())[0].run
    outputs, _ = await engine.outputs(newest)
    return "".join(output["text"] for output in outputs[cell])


async def test_what_changed_is_sent_again_and_what_vanished_is_not_there(
    engine: Engine, folder: Path
) -> None:
    """On one warm worker, by one session's folder, and by a run's own."""
    source = "import os\nprint(open('t.txt').read(), os.path.exists('u.txt'))"
    (folder / "t.txt").write_text("one")
    (folder / "u.txt").write_text("")
    await ran(engine, folder, source)
    assert await text(engine) == "one True\n"
    (folder / "t.txt").write_text("two")
    (folder / "u.txt").unlink()
    await ran(engine, folder, source)
    assert await text(engine) == "two False\n"
    assert len(engine.pool.workers) == 1


async def test_two_runs_do_not_see_each_others_folders(engine: Engine, folder: Path) -> None:
    await ran(engine, folder, "name = 'mine'\nfor n in range(2): open(f'{name}{n}', 'w').close()")
    other = folder.parent / "other"
    other.mkdir()
    await ran(engine, other, "import os\nprint(os.listdir())")
    assert await text(engine) == "[]\n"
    assert len(engine.pool.workers) == 1


async def test_only_what_is_not_there_is_sent(engine: Engine, folder: Path) -> None:
    (folder / "big.bin").write_bytes(os.urandom(3 << 20))
    asked = "print(len(open('big.bin', 'rb').read()))"
    await ran(engine, folder, asked, asked + "  # again")
    (worker,) = engine.pool.workers.values()
    blob = engine.travel.blob_of(str(folder / "big.bin"))
    assert worker.connection is not None and blob is not None
    assert worker.connection.served(blob) == 3 << 20


async def test_a_file_that_nobody_named_is_told_of(engine: Engine, folder: Path) -> None:
    (folder / "secret-name.txt").write_text("x")
    (folder / "no_helper.py").write_text("")
    made = "name = 'secret' + '-' + 'name' + '.txt'\n"
    declare = '`effects.reads` (`"file:secret-name.txt"`)'
    (task,) = await ran(engine, folder, made + "open(name)")
    assert task.state == "failed" and declare in task.why, task.why
    quiet = "try:\n    open(name)\nexcept FileNotFoundError:\n    print('none')"
    (task,) = await ran(engine, folder, made + quiet)
    assert task.state == "done" and declare in task.why, task.why
    (task,) = await ran(engine, folder, "__import__('no_' + 'helper')")
    assert task.state == "failed" and '"file:no_helper.py"' in task.why, task.why
    absolute = str(folder.parent / "gone" / "x")
    (task,) = await ran(engine, folder, f"open({absolute!r})")
    assert "not sent" not in task.why
    (task,) = await ran(
        engine, folder, made + "try:\n    open('never-there.txt')\nexcept OSError: 1"
    )
    assert "not sent" not in (task.why or "")
    # Declared, it travels.
    said = {
        "source": made + "print(open(name).read())",
        "effects": {"reads": ["file:secret-name.txt"]},
    }
    (task,) = await ran(engine, folder, said)
    assert task.state == "done" and await text(engine) == "x\n"
    said = {"source": made + "print(open(name).read(), 1)", "effects": {"reads": ["file:*.txt"]}}
    (task,) = await ran(engine, folder, said)
    assert task.state == "done" and await text(engine) == "x 1\n"


async def test_too_much_is_not_sent(tmp_path: Path, folder: Path) -> None:
    (folder / "small.bin").write_bytes(b"x" * 400)
    (folder / "large.bin").write_bytes(b"x" * 700)
    source = "open('small.bin'); open('large.bin')"
    async with started(tmp_path / "dossier", away(files_size=1000)) as engine:
        (problem,) = await engine.preflight(workflow(folder, [source], default_target="away"))
        assert problem.level == "error"
        assert "needs 2 files of 1.1 kB, the largest is `large.bin` (700 bytes)" in problem.message
        made = "import os\nopen('it' + 's.bin', 'wb').write(b'x' * 1001)\nopen('l.bin', 'wb')"
        (task,) = await ran(engine, folder, made)
        assert task.state == "failed"
        assert "wrote 2 files of 1.0 kB, of which `its.bin` has 1.0 kB" in task.why
        assert "`files_size`" in task.why
    assert set(contents(folder)) == {"small.bin", "large.bin"}


async def test_what_was_changed_here_meanwhile_stays(engine: Engine, folder: Path) -> None:
    (folder / "t.txt").write_text("given")
    os.mkfifo(folder.parent / "gate")
    source = (
        "text = open('t.txt').read()\n"
        f"open({str(folder.parent / 'gate')!r}).read()\n"
        "with open('t.txt', 'w') as f: f.write(text + ' there')"
    )
    run = await engine.submit(workflow(folder, [source], default_target="away"))
    # Opens when the cell has read the file, and waits.
    gate = await asyncio.to_thread(open, folder.parent / "gate", "w")
    (folder / "t.txt").write_text("changed here")
    gate.close()
    (task,) = (await engine.wait(run)).tasks
    assert task.state == "done" and "`t (code cell 1).txt`" in task.why
    assert contents(folder) == {"t.txt": b"changed here", "t (code cell 1).txt": b"given there"}


async def test_a_cancelled_cell_leaves_nothing(engine: Engine, folder: Path) -> None:
    os.mkfifo(folder.parent / "gate")
    source = (
        "with open('half.txt', 'w') as f: f.write('half')\n"
        f"open({str(folder.parent / 'gate')!r}).read()"
    )
    run = await engine.submit(workflow(folder, [source], default_target="away"))
    gate = await asyncio.to_thread(open, folder.parent / "gate", "w")
    await engine.cancel(run)
    assert (await engine.wait(run)).state == "cancelled"
    gate.close()
    assert contents(folder) == {}


async def test_links_do_not_come_back(engine: Engine, folder: Path) -> None:
    (task,) = await ran(engine, folder, "import os\nos.symlink('/etc/passwd', 'pass' + 'wd')")
    assert task.state == "done" and "no file, and so it did not come back: `passwd`" in task.why
    assert contents(folder) == {}


async def test_cells_at_once_bring_back_their_own(engine: Engine, folder: Path) -> None:
    """Two in one folder: each brings what it wrote, whole, though the other still writes."""
    cells = [
        f"import time\nfor n in range(200):\n    with open(f'{name}-{{n}}.txt', 'w') as f:\n"
        f"        f.write('{name}' * 1000)"
        for name in "ab"
    ]
    effects = {"writes": [], "pure": True}
    asked = [{"source": source, "effects": effects} for source in cells]
    tasks = await ran(engine, folder, *asked)
    assert {task.state for task in tasks} == {"done"}, [task.why for task in tasks]
    assert len(contents(folder)) == 400
    assert {len(content or b"") for content in contents(folder).values()} == {1000}


async def test_results_are_taken_again_by_the_same_rules(engine: Engine, folder: Path) -> None:
    cells = [
        "text = open('given.txt').read()\nwith open('made.txt', 'w') as f: f.write(text)",
        "print(open('made.txt').read())",
        "import helper\nprint(helper.WORD)",
    ]

    async def executed() -> list[str]:
        return [task.id for task in await ran(engine, folder, *cells) if task.state != "reused"]

    (folder / "given.txt").write_text("one")
    (folder / "helper.py").write_text("WORD = 1")
    assert await executed() == ["c0", "c1", "c2"]
    assert await executed() == []
    (folder / "given.txt").write_text("two")
    assert await executed() == ["c0", "c1"]
    assert await text(engine, "c1") == "two\n"
    (folder / "made.txt").unlink()
    assert "c0" in await executed()
    assert (folder / "made.txt").read_text() == "two"
    assert await executed() == []
    (folder / "helper.py").write_text("WORD = 22")
    assert await executed() == ["c2"]
    assert await text(engine, "c2") == "22\n"


async def test_what_was_not_sent_bars_reuse(engine: Engine, folder: Path) -> None:
    (folder / "hidden-name.txt").write_text("x")
    source = (
        "name = '-'.join(['hidden', 'name']) + '.t' + 'xt'\n"
        "try:\n    print(open(name).read())\nexcept FileNotFoundError:\n    print('none')"
    )
    await ran(engine, folder, source)
    (task,) = await ran(engine, folder, source)
    assert task.state == "done" and "`hidden-name.txt` was not sent" in task.why


async def test_a_kernel_that_is_not_ours(engine: Engine, folder: Path, wrapped: str) -> None:
    """The notebook's kernelspec may start another than the worker's own."""
    fill(folder / "nb")
    cells = [
        "import os, helper\nos.makedirs('out')\n"
        "with open('out/made.txt', 'w') as f: f.write(helper.greet())",
        "print(open('out/made.txt').read(), os.getppid() > 0)",
    ]
    tasks = await ran(engine, folder / "nb", *cells, kernelspec=wrapped)
    assert {task.state for task in tasks} == {"done"}, [task.why for task in tasks]
    assert await text(engine, "c1") == "given True\n"
    assert (folder / "nb" / "out" / "made.txt").read_text() == "given"


async def test_words_about_a_name_that_is_no_text(engine: Engine, folder: Path) -> None:
    (task,) = await ran(engine, folder, "import os\nos.symlink(b'x', b'bad-\\xff')")
    assert task.state == "done" and "did not come back: `bad-?`" in task.why, task.why


async def test_what_is_only_made_is_not_filled(engine: Engine, folder: Path) -> None:
    """A folder that a cell makes, where it is not, is no reason to send what is in it."""
    (folder / "out").mkdir()
    (folder / "out" / "big.bin").write_bytes(b"x" * (1 << 20))
    (folder.parent / "beside").mkdir()
    (folder.parent / "beside" / "x").write_text("x")
    source = "import os\nos.makedirs('out', exist_ok=True)\nprint('..'.join('ab'), 'out')"
    (task,) = await ran(engine, folder, source)
    assert task.state == "done", task.why
    (worker,) = engine.pool.workers.values()
    blob = engine.travel.blob_of(str(folder / "out" / "big.bin"))
    assert worker.connection is not None and blob is not None
    assert worker.connection.served(blob) == 0
    assert (folder / "out" / "big.bin").exists()
    listed = "print(os.listdir('out'), os.listdir('..'))"
    (task,) = await ran(engine, folder, f"import os\n{listed}")
    assert "beside" not in await text(engine)
    assert "['big.bin']" in await text(engine)


async def test_preflight_tells_what_cannot_be_known(engine: Engine, folder: Path) -> None:
    def found(source: str, **more: Any) -> Any:
        asked = workflow(folder, [{"source": source, **more}], default_target="away")
        return engine.preflight(asked)

    (folder / "t.csv").write_text("1")
    assert await found("print(open('t.csv').read())") == []
    (problem,) = await found("import sys\nname = sys.argv[-1]\nprint(open(name).read())")
    assert problem.level == "warning" and "none are sent to 'away'" in problem.message
    assert '"reads": ["file:x.csv"]' in problem.action
    (folder / "many").mkdir()
    for number in range(1001):
        (folder / "many" / str(number)).touch()
    problem = (await found("import os\nprint(len(os.listdir('many')))"))[0]
    assert "folder `many` was not sent" in problem.message
    declared = {"reads": ["file:many"]}
    (task,) = await ran(
        engine, folder, {"source": "import os\nprint(len(os.listdir('many')))", "effects": declared}
    )
    assert task.state == "done" and await text(engine) == "1001\n"


async def test_where_the_store_is_shared_and_the_folder_is_not(
    tmp_path: Path, folder: Path
) -> None:
    fill(folder / "nb")
    async with started(tmp_path / "dossier", away(shared=True)) as engine:
        source = "import helper\nwith open('made.txt', 'w') as f: f.write(helper.greet())"
        tasks = await ran(engine, folder / "nb", source, "print(open('made.txt').read())")
        assert {task.state for task in tasks} == {"done"}, [task.why for task in tasks]
        assert await text(engine, "c1") == "given\n"
    assert (folder / "nb" / "made.txt").read_text() == "given"
