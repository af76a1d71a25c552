"""What preflight finds in a plan: errors only where a cell would fail for certain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support import started, workflow

from jupyterlab_dossier.dataflow import Cell, analyse
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.workers.environments import Environment
from jupyterlab_dossier.targets import Catalogue, Target
from jupyterlab_dossier.targets.local import LocalProvider


def needs(source: str) -> dict[str, Any]:
    return analyse([Cell("c", source)]).cells[0].needs


@pytest.mark.parametrize(
    "source",
    [
        "print(name)",
        "x = name + 1",
        "name += 1",
        "name.attribute = 1",
        "[n for n in name]",
        "if name: pass",
        "name and other",
        "def f(a=name): pass",
        "@name\ndef f(): pass",
        "class A(name): pass",
        "class A:\n    b = name",
        "f'{name}'",
        "with name: pass",
        "try:\n    name\nfinally:\n    pass\nname()",
        "try:\n    print(name)\nexcept KeyError:\n    pass",
        "print(name)\nname = 1",
        "await name",
    ],
)
def test_certain_reads(source: str) -> None:
    assert needs(source)["names"]["name"] is True


@pytest.mark.parametrize(
    "source",
    [
        "if input(): print(name)",
        "for n in range(3): print(name)",
        "True or name",
        "1 if True else name",
        "import contextlib\nwith contextlib.suppress(NameError):\n    print(name)",
        "name",  # may be a magic
        "while True:\n    print(name)",
    ],
)
def test_reads_that_may_not_happen(source: str) -> None:
    assert needs(source)["names"].get("name", False) is False


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    name\nexcept NameError:\n    name = 1\nname",
        "try:\n    name\nexcept Exception as error:\n    pass",
        "exec('name = 1')\nprint(name)",
        "from os.path import *\nprint(name)",
        "%run other.py\nprint(name)",
        "%%time\nprint(name)",
        "if 'name' not in globals():\n    name = 1\nprint(name)",
        "def f():\n    global name\n    name = 1\nf()\nprint(name)",
        "name = 1\ndel name\nname = 2\nprint(name)",
        "print((name := 1), name)",
        "for name in 'ab': pass\nprint(name)",
        "import os.path as name\nprint(name)",
        "def f(): return name",
        "f = lambda: name",
        "[name for name in 'ab']",
        "match 1:\n    case name: print(name)",
        "with open('f') as name: print(name)",
        "print(__name__, _, __, _1, _i2, In, Out, display, get_ipython, exit)",
        "x: name = 1",
    ],
)
def test_no_false_alarms(source: str) -> None:
    assert "name" not in needs(source)["names"]


async def found(engine: Engine, tmp_path: Path, *cells: Any, **asked: Any) -> list[Any]:
    problems = await engine.preflight(workflow(tmp_path, cells, **asked))
    return [(p.cell, p.level, p.kind) for p in problems]


async def test_what_would_work_is_not_stopped(engine: Engine, tmp_path: Path) -> None:
    """Names that code binds where nobody sees it; each of these runs without an error."""
    cells: list[Any] = [
        "import sys\ndef hide():\n    sys.modules['__main__'].__dict__['hidden'] = 1\nhide()",
        "hidden + 1",
        "exec('made = 1')",
        "made + 1",
        {"source": "never_there", "tags": frozenset({"raises-exception"})},
        "%time inside = 1\ninside + 1",
    ]
    problems = await found(engine, tmp_path, *cells)
    assert [p for p in problems if p[1] == "error"] == []
    run = await engine.submit(workflow(tmp_path, cells))
    assert (await engine.wait(run)).state == "done"


async def test_names_and_modules(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("value = 1\n")
    cells = [
        "import mine, json, numpy\nx = 1",
        "import no_such_module_of_mine",
        "try:\n    import no_such_module\nexcept ImportError:\n    pass",
        "print(x, y)",
        {"source": "print(y)", "tags": frozenset({"skip-execution"})},
    ]
    assert await found(engine, tmp_path, *cells) == [
        ("c1", "error", "package"),
        ("c3", "error", "undefined"),
    ]
    # Only what is asked for counts.
    assert await found(engine, tmp_path, *cells, only=frozenset({"c0"})) == []
    # Where a cell does not parse, the run ends: what it would have defined is not asked for.
    broken = "def f(:\n    pass"
    assert await found(engine, tmp_path, broken, "f()") == []
    tagged = {"source": broken, "tags": frozenset({"raises-exception"})}
    assert await found(engine, tmp_path, tagged, "f()") == [("c1", "error", "undefined")]
    # What is installed or found in another way by then is nobody's error.
    installed = await found(engine, tmp_path, "%pip install polarsx", "import polarsx")
    perhaps = installed[-1]
    assert perhaps == ("c1", "warning", "package")


@pytest.mark.parametrize(
    "writes",
    [
        "%%writefile made_here.py\nvalue = 1",
        "with open('made_here.py', 'w') as f:\n    f.write('value = 1')",
        "import pathlib\nname = 'made_here'\npathlib.Path(f'{name}.py').write_text('value = 1')",
        "!echo 'value = 1' > made_here.py",
        "%%bash\nmkdir made_here; echo 'value = 1' > made_here/__init__.py",
    ],
)
async def test_a_module_that_a_cell_writes(engine: Engine, tmp_path: Path, writes: str) -> None:
    cells = [writes, "import made_here\nprint(made_here.value)"]
    problems = await found(engine, tmp_path, *cells)
    assert [p for p in problems if p[1] == "error"] == []
    run = await engine.submit(workflow(tmp_path, cells))
    record = await engine.wait(run)
    assert [task.state for task in record.tasks] == ["done", "done"]


class Distant(LocalProvider):
    """A kind of target whose interpreter only its workers know."""

    kind = "distant"

    def interpreter(self, target: Target, python: str) -> str | None:
        return None


async def test_a_worker_is_asked_once_it_is_there(tmp_path: Path) -> None:
    settings = {"slots": 1, "shares_folder": False}
    catalogue = Catalogue(
        {"far": Target("far", "distant", settings)},
        {"local": LocalProvider(), "distant": Distant()},
    )
    async with started(tmp_path / "dossier", catalogue) as engine:
        cells = [
            {"source": "x = 1", "target": "far"},
            {"source": "import no_such_module_of_mine", "target": "far"},
        ]
        # Nothing is started only to ask.
        assert await found(engine, tmp_path, *cells) == []
        assert engine.pool.workers == {}
        record = await engine.wait(await engine.submit(workflow(tmp_path, cells)))
        assert record.state == "failed"
        assert record.tasks[0].state == "done"
        why = record.tasks[1].why or ""
        assert why.startswith("not run: `no_such_module_of_mine` is not installed on 'far'")
        # Now it is known, and told before.
        assert await found(engine, tmp_path, *cells) == [("c1", "error", "package")]
        (tmp_path / "here.csv").write_text("1")
        read = {"source": "open('here.csv').read()", "target": "far"}
        assert await found(engine, tmp_path, read) == []  # it is sent
        read = {"source": f"open({str(tmp_path / 'here.csv')!r}).read()", "target": "far"}
        assert await found(engine, tmp_path, read) == [("c0", "warning", "file")]


@pytest.mark.alone
async def test_facts_are_asked_for_once(engine: Engine, tmp_path: Path) -> None:
    cells = ["import numpy, pandas", "import sklearn"]
    await engine.preflight(workflow(tmp_path, cells))
    loop = asyncio.get_running_loop()
    spent = []
    for _ in range(10):
        begun = loop.time()
        await engine.preflight(workflow(tmp_path, cells))
        spent.append(loop.time() - begun)
    print(f"preflight of a workflow with cached facts: {min(spent) * 1000:.1f} ms")
    assert min(spent) < 0.05


def test_what_a_worker_says_of_itself_is_not_believed() -> None:
    assert Environment.of(None) is None
    assert Environment.of({"modules": 1}) is None
    told = {"python": 3, "modules": {"a" * 999: {"version": ["x"]}, "b": None}}
    read = Environment.of(told)
    assert read is not None
    assert read.modules["b"] is None
    assert max(map(len, read.modules)) == 200
