"""Workflow runs on real workers: the outputs of Restart & Run All, in whatever order."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest
from support import assert_equal_outputs, restart_and_run_all, started, targets, workflow

from jupyterlab_dossier.runs import BadInput, Engine
from jupyterlab_dossier.targets import Catalogue, Target

# Of cells that are ready, which is first: the earliest, or one by chance.
SEEDS = (
    [None, *range(1, 6)]
    if os.environ.get("DOSSIER_FULL")
    else [int(os.environ.get("DOSSIER_SEED", "1"))]
)

NOTEBOOKS: dict[str, list[str]] = {
    "values": [
        "x = 1\nprint('hi')",
        "y = x + 1\nprint(y)",
        "z = x + 2\nz",
        "x = 10",
        "print(x, y + z)",
    ],
    "aliases": [
        "a = [1]\nb = a\nd = {'k': a}",
        "b.append(2)",
        "print(a, d, d['k'] is a)",
        "c = d['k']",
        "c.append(3)\nprint(a is c, len(b))",
    ],
    "late binding": [
        "def f():\n    return n * 2",
        "n = 2",
        "print(f())",
        "n = 5",
        "print(f())",
    ],
    "set-up": [
        "import pandas as pd\nimport numpy as np",
        "pd.set_option('display.precision', 2)",
        "df = pd.DataFrame({'a': np.arange(3) / 7})",
        "df",
        "pd.set_option('display.precision', 5)",
        "print(df)",
    ],
    "set-up of one moment": [
        "import os, time, uuid\nos.environ['RUN'] = uuid.uuid4().hex",
        "run = os.environ['RUN']",
        "os.environ['AT'] = str(time.time_ns())",
        "at = os.environ['AT']",
        "print(run == os.environ['RUN'], at == os.environ['AT'])",
    ],
    "set-up by chance": [
        "import random\nimport pandas as pd",
        "pd.options.display.width = random.randrange(60, 200)",
        "width = pd.options.display.width",
        "print(width == pd.options.display.width)",
    ],
    "set-up that makes a folder": [
        "import os, tempfile\nos.environ['WORK'] = tempfile.mkdtemp()",
        "open(os.environ['WORK'] + '/f.txt', 'w').write('1')",
        "print(open(os.environ['WORK'] + '/f.txt').read())",
    ],
    "set-up from a file that is another one later": [
        "import json, os\njson.dump({'ZED': '1'}, open('env.json', 'w'))",
        "os.environ.update(json.load(open('env.json')))",
        "json.dump({'ZED': '2'}, open('env.json', 'w'))",
        "print(os.environ['ZED'])",
    ],
    "set-up from a file that a cell makes": [
        "import os\nopen('one.mplstyle', 'w').write('lines.linewidth: 7')",
        "import matplotlib.pyplot as plt\nplt.style.use('./one.mplstyle')",
        "print(plt.rcParams['lines.linewidth'])",
        "print(2 * plt.rcParams['lines.linewidth'])",
    ],
    "a folder that a cell makes": [
        "import os, time\ntime.sleep(0.3)\nos.makedirs('out', exist_ok=True)",
        "os.chdir('out')",
        "print(open('r.txt', 'w').write('1'))",
        "print(os.path.basename(os.getcwd()), os.listdir())",
    ],
    "a folder that a cell makes, by magic": [
        "import os, time\ntime.sleep(0.3)\nos.mkdir('d1')",
        "%cd -q d1",
        "import os.path as p\nprint(p.basename(p.abspath('.')))",
        "print(p.exists('../d1'))",
    ],
    "a folder that is no more": [
        "import os\nos.mkdir('d1')",
        "os.chdir('d1')",
        "print(os.path.basename(os.getcwd()))",
        "os.chdir('..')",
        "os.rmdir('d1')",
        "print(os.path.exists('d1'))",
    ],
    "a folder that is not there": [
        "%cd -q nowhere",
        "import os\nprint(os.path.exists('nowhere'))",
        "print(os.path.exists('n.ipynb'))",
    ],
    "random": [
        "import numpy as np\nimport random",
        "np.random.seed(3)\nrandom.seed(4)",
        "print(np.random.rand(2))",
        "print(np.random.rand(2), random.random())",
        "print(random.random())",
    ],
    "generator kept where it is": [
        "g = (i * i for i in range(5))",
        "print(next(g))",
        "x = 5",
        "print(next(g), x)",
        "print(list(g))",
    ],
    "classes": [
        "class A:\n    n = 0\n    def __eq__(self, o):\n        return isinstance(o, A)",
        "a = A()",
        "b = A()\nprint(a == b, type(a) is type(b))",
        "class E(Exception):\n    pass",
        "try:\n    raise E('x')\nexcept E as e:\n    print(repr(e))",
        "A.n = 4",
        "print(a.n, b.n)",
    ],
    "failing cell": ["print('before')", "print('bad')\n1 / 0", "print('after')", "x = 3"],
    "syntax error": ["x = 1", "print(x", "print('after')"],
    "displays": [
        "from IPython.display import display, clear_output\nh = display('a', display_id='one')",
        "display('b', display_id='one', update=True)",
        "print(1)\nclear_output()\nprint(2)",
    ],
    "files": [
        "open('note.txt', 'w').write('one')",
        "print(open('note.txt').read())",
        "f = open('note.txt', 'a')\nf.write('two')\nf.close()",
        "print(open('note.txt').read())",
    ],
    "registered and shown": [
        "import abc, functools, math\n@functools.singledispatch\ndef show(x):\n    return 0\n"
        "class Base(abc.ABC):\n    pass\n"
        "class P:\n    def __repr__(self):\n        return f'P{math.sqrt(4)}'",
        "ps = [P()]",
        "ps",
        "@show.register(int)\ndef _i(x):\n    return 1",
        "print(len(show.registry), show(3), show(''))",
        "Base.register(int)",
        "print(isinstance(3, Base))",
    ],
    "registered with what is older": [
        "import abc, functools\nclass Base(abc.ABC):\n    pass\nclass Sub(Base):\n    pass\n"
        "class Own:\n    pass\nown, sub = Own(), Sub()\n"
        "@functools.singledispatch\ndef show(x):\n    return 'any'",
        "other = Own()",
        "@Base.register\nclass Late:\n    pass\nlate = Late()",
        "Base.register(Own)",
        "print([isinstance(x, Base) for x in (own, sub, other, late, 3)], issubclass(Own, Sub))",
        "@show.register\ndef _own(x: Own):\n    return 'own'\nask = show.register(str)",
        "ask(lambda x: f'{x} in {word}')",
        "word = 'text'",
        "print(show(own), show(other), show(''), show(late), isinstance(late, Base))",
    ],
    "the end of an object that one cell makes and deletes": [
        "import weakref\nclass D:\n    def __del__(self):\n        print('gone')",
        "x = D()\nw = weakref.ref(x)\ndel x\nprint(w())",
        "def f():\n    y = D()\nf()\nprint('after')",
    ],
    "a temporary folder": [
        "import os, tempfile\nfolder = tempfile.TemporaryDirectory()\np = folder.name",
        "open(p + '/x', 'w').write('one')",
        "print(open(p + '/x').read())",
        "folder.cleanup()",
        "print(os.path.exists(p))",
    ],
    "logging configured by a file": [
        "open('l.ini', 'w').write('[loggers]\\nkeys=root\\n[handlers]\\nkeys=h\\n'\n"
        "    '[formatters]\\nkeys=\\n'\n"
        "    '[logger_root]\\nlevel=DEBUG\\nhandlers=h\\n'\n"
        "    '[handler_h]\\nclass=StreamHandler\\nargs=(sys.stdout,)\\n')",
        "import logging.config\nimport sys",
        "logging.config.fileConfig('l.ini')",
        "logging.info('x')",
    ],
    "what shares": [
        "import numpy as np, pandas as pd\na = np.arange(4.0)\nb = a[::2]\nmeta = {'n': 0}\n"
        "df = pd.DataFrame({'cart': [['tea']]})\ndf.attrs['meta'] = meta",
        "np.add(1, 2, a)",
        "print(b)",
        "df.to_dict('records')[0]['cart'].append('milk')",
        "print(df)",
        "df.attrs['meta']['n'] += 1",
        "print(meta)",
        "m = np.memmap('m.bin', dtype='f8', mode='w+', shape=3)",
        "m[0] = 1",
        "m.flush()",
        "print(np.fromfile('m.bin'))",
    ],
}


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("seed", SEEDS)
async def test_equal_to_restart_and_run_all(
    engine: Engine, tmp_path: Path, name: str, seed: int | None
) -> None:
    sources = NOTEBOOKS[name]
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
    run = await engine.submit(workflow(tmp_path / "ours", sources, shuffle=seed))
    await engine.wait(run)
    outputs, _ = await engine.outputs(run)
    assert_equal_outputs(outputs, restart_and_run_all(tmp_path / "theirs", sources))


MODULES = {
    "the folder after it": ["import os, utils", "os.chdir('data')", "print(utils.f())"],
    "the folder after it, in one cell": ["import os, utils\nos.chdir('data')", "print(utils.f())"],
    "the environment after it": [
        "import os, conf",
        "x = 1",
        "os.environ['MODE'] = 'prod'",
        "print(x)",
        "print(conf.MODE)",
    ],
    "the environment before it, in one cell": [
        "import os\nos.environ['MODE'] = 'prod'\nimport conf",
        "print(conf.MODE)",
    ],
    "the path before it, in one cell": [
        "import sys\nsys.path.insert(0, 'data')\nimport deep",
        "print(deep.f())",
    ],
}


@pytest.mark.parametrize("name", MODULES)
async def test_modules_are_imported_in_the_order_of_the_set_up(
    engine: Engine, tmp_path: Path, name: str
) -> None:
    """What a module finds when it is imported is what set-up before it left, and no more."""
    (tmp_path / "data").mkdir()
    (tmp_path / "utils.py").write_text("def f():\n    return 1\n")
    (tmp_path / "data/deep.py").write_text("def f():\n    return 2\n")
    (tmp_path / "conf.py").write_text("import os\nMODE = os.environ.get('MODE', 'dev')\n")
    # With one job, cells are given worker kernels that others have left clean.
    run = await engine.submit(workflow(tmp_path, MODULES[name], jobs=1))
    await engine.wait(run)
    outputs, _ = await engine.outputs(run)
    assert_equal_outputs(outputs, restart_and_run_all(tmp_path, MODULES[name]))


async def test_a_folder_that_is_gone_is_no_place_to_run_in(engine: Engine, tmp_path: Path) -> None:
    """`%cd` itself would only print so, and the cell would run in another folder."""
    sources = [
        "import os\nimport pandas as pd\nos.mkdir('d1')",
        "%cd -q d1\ny = 1",
        "%cd -q ..",
        "pd.io.common.os.rmdir('d1')  # in a way that analysis does not know\nx = y",
        "print(x, os.listdir())",
    ]
    run = await engine.submit(workflow(tmp_path, sources, shuffle=1))
    record = await engine.wait(run)
    last = record.tasks[4]
    assert last.state == "failed"
    assert "the set-up statement" in last.why and "No such file or directory: 'd1/'" in last.why


async def test_independent_cells_run_at_the_same_time(engine: Engine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(.01)"
    run = await engine.submit(workflow(tmp_path, [wait, wait]))
    running: set[str | None] = set()
    with anyio.fail_after(60):
        async for event in engine.watch(run):
            if event.body.get("state") == "running":
                running.add(event.cell)
            if running >= {"c0", "c1"}:
                break
    gate.touch()
    record = await engine.wait(run)
    assert record.state == "done", record.why


async def test_a_run_that_has_failed_does_not_wait_for_a_worker_that_a_later_cell_needs(
    tmp_path: Path,
) -> None:
    """Its wait is called off in the moment in which it is woken by the last cell that counts."""
    never = tmp_path / "python"
    never.write_text("#!/bin/sh\nexec sleep 1000\n")
    never.chmod(0o755)
    waits = Target("waits", "local", {"python": str(never)})
    catalogue = Catalogue({"local": Target("local", "local", {"slots": 2}), "waits": waits})
    async with started(tmp_path / "dossier", catalogue) as engine:
        cells = ["import time\ntime.sleep(1)", "1 / 0", {"source": "2", "target": "waits"}]
        run = await engine.submit(workflow(tmp_path, cells))
        record = await engine.wait(run)
    assert [task.state for task in record.tasks] == ["done", "failed", "skipped"]


async def test_states_after_the_first_failure(engine: Engine, tmp_path: Path) -> None:
    run = await engine.submit(workflow(tmp_path, NOTEBOOKS["failing cell"]))
    record = await engine.wait(run)
    assert [task.state for task in record.tasks] == ["done", "failed", "skipped", "skipped"]
    assert record.state == "failed" and record.why == "cell 1: ZeroDivisionError: division by zero"
    assert record.tasks[2].why == "cell 1 failed before it"


async def test_tags(engine: Engine, tmp_path: Path) -> None:
    cells = [
        {"source": "1 / 0", "tags": frozenset({"raises-exception"})},
        {"source": "1 / 0", "tags": frozenset({"skip-execution"})},
        {"source": ""},
        {"source": "print('on')"},
    ]
    record = await engine.wait(await engine.submit(workflow(tmp_path, cells)))
    assert [t.state for t in record.tasks] == ["done", "skipped", "done", "done"]
    assert [t.execution_count for t in record.tasks] == [1, None, None, 2]


async def test_only_what_is_needed(engine: Engine, tmp_path: Path) -> None:
    sources = ["x = 1", "print('not needed')", "y = x", "print(y)"]
    run = await engine.submit(workflow(tmp_path, sources, only=frozenset({"c3"})))
    record = await engine.wait(run)
    assert [t.id for t in record.tasks] == ["c0", "c2", "c3"]


async def test_a_value_that_cannot_be_moved_is_named_before_it_is_sent(tmp_path: Path) -> None:
    cells = [
        {"source": "g = (i for i in 'ab')"},
        {"source": "print(next(g))", "target": "apart"},
    ]
    async with started(tmp_path / "dossier", targets(slots=1)) as engine:
        record = await engine.wait(await engine.submit(workflow(tmp_path, cells)))
    why = record.tasks[1].why or ""
    assert record.tasks[1].state == "failed"
    for words in ("`g`", "generator", "cell 0", "cell 1", "'apart'"):
        assert words in why


async def test_targets_mixed(engine: Engine, tmp_path: Path) -> None:
    sources = ["import numpy as np\na = np.arange(100_000.0)", "b = a * 2", "v = b[10:20]",
               "v[:] = 0",
               "print(b.sum(), v.base is b)"]  # fmt: skip
    names = ["local", "apart", "kernel", "apart", "kernel"]
    cells = [{"source": s, "target": t} for s, t in zip(sources, names, strict=True)]
    run = await engine.submit(workflow(tmp_path, cells))
    assert (await engine.wait(run)).state == "done"
    outputs, _ = await engine.outputs(run)
    assert_equal_outputs(outputs, restart_and_run_all(tmp_path, sources))


async def test_unknown_targets_and_cells(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cell 0 \(c0\): there is no target 'moon'"):
        await engine.submit(workflow(tmp_path, [{"source": "1", "target": "moon"}]))
    with pytest.raises(BadInput, match="no cell 'c9'"):
        await engine.submit(workflow(tmp_path, ["1"], only=frozenset({"c9"})))
    assert await engine.runs() == []


async def test_cancel_ends_what_runs(engine: Engine, tmp_path: Path) -> None:
    run = await engine.submit(workflow(tmp_path, ["print('on')\nwhile True: x = 1", "x"]))
    async for event in engine.watch(run):
        if event.kind == "output":
            await engine.cancel(run)
            break
    record = await engine.wait(run)
    assert record.state == "cancelled"
    assert [t.state for t in record.tasks] == ["cancelled", "cancelled"]


async def test_interrupt_is_a_keyboard_interrupt(engine: Engine, tmp_path: Path) -> None:
    source = "print('on', flush=True)\nimport time\ntime.sleep(60)"
    run = await engine.submit(workflow(tmp_path, [source]))
    async for event in engine.watch(run):
        if event.kind == "output":
            engine.interrupt(run, "c0")
            break
    record = await engine.wait(run)
    assert record.tasks[0].state == "failed" and "KeyboardInterrupt" in (record.why or "")


async def test_input_is_answered(engine: Engine, tmp_path: Path) -> None:
    run = await engine.submit(workflow(tmp_path, ["print('got', input('name? '))"]))
    async for event in engine.watch(run):
        if event.body.get("msg_type") == "input_request":
            engine.input(run, "c0", "abc")
    outputs, _ = await engine.outputs(run)
    assert outputs["c0"][-1]["text"].endswith("got abc\n")


async def test_events_are_replayed_from_any_point(engine: Engine, tmp_path: Path) -> None:
    run = await engine.submit(workflow(tmp_path, ["for i in range(3): print(i, flush=True)"]))
    live = [event async for event in engine.watch(run)]
    assert [e.seq for e in live] == list(range(1, len(live) + 1))
    assert [e async for e in engine.watch(run, after=live[2].seq)] == live[3:]
    assert live[-1].cell is None and live[-1].body["state"] == "done"


async def test_a_kernel_cell_after_an_unseen_change_of_the_process(
    engine: Engine, tmp_path: Path
) -> None:
    cells = [
        {"source": "x = 1", "target": "kernel"},
        {"source": "exec(\"import os; os.environ['SEEN'] = 'yes'\")"},
        {"source": "import os\nprint(os.environ.get('SEEN'), x)", "target": "kernel"},
        {"source": "print(os.environ.get('SEEN'))"},
    ]
    run = await engine.submit(workflow(tmp_path, cells))
    record = await engine.wait(run)
    assert record.state == "done", record.why
    outputs, _ = await engine.outputs(run)
    assert [outputs[c][0]["text"] for c in ("c2", "c3")] == ["yes 1\n", "yes\n"]


async def test_what_is_passed_over_does_not_count(engine: Engine, tmp_path: Path) -> None:
    skipped = frozenset({"skip-execution"})
    cells = [
        {"source": "x = 1\nimport os"},
        {"source": "x = 2\nos.environ['SKIPPED'] = '1'", "tags": skipped, "target": "kernel"},
        {"source": "print(x, os.environ.get('SKIPPED'))", "target": "kernel"},
    ]
    run = await engine.submit(workflow(tmp_path, cells))
    assert (await engine.wait(run)).state == "done"
    outputs, _ = await engine.outputs(run)
    assert outputs["c2"][0]["text"] == "1 None\n"


async def test_modules_of_the_folder_are_those_of_now(tmp_path: Path) -> None:
    """Worker kernels outlive a run; what they imported must not."""
    cells = ["import own\nown.level = 3", "print(own.text, own.level)"]
    async with started(tmp_path / "data", targets(slots=2)) as engine:
        for text in ("before", "after"):
            (tmp_path / "own.py").write_text(f"text = {text!r}\nlevel = 1\n")
            run = await engine.submit(workflow(tmp_path, cells))
            await engine.wait(run)
            outputs, _ = await engine.outputs(run)
            assert outputs["c1"][0]["text"] == f"{text} 3\n"


async def test_a_kernel_of_another_folder(tmp_path: Path) -> None:
    cells = ["import os\nx = 1", "os.chdir('sub')", "print(os.getcwd(), os.listdir('.'))"]
    async with started(tmp_path / "data", targets(slots=2)) as engine:
        for name in ("one", "two", "one"):
            folder = tmp_path / name
            (folder / "sub" / name).mkdir(parents=True, exist_ok=True)
            run = await engine.submit(workflow(folder, cells))
            assert (await engine.wait(run)).state == "done"
            outputs, _ = await engine.outputs(run)
            assert outputs["c2"][0]["text"] == f"{folder / 'sub'} ['{name}']\n"


async def test_a_figure_drawn_on_and_shown_elsewhere(engine: Engine, tmp_path: Path) -> None:
    """Making and closing a figure leaves nothing in the process; any kernel shows a picture."""
    sources = [
        "import matplotlib.pyplot as plt",
        "fig, ax = plt.subplots(figsize=(2, 1)); plt.close(fig)",
        "ax.plot([1, 3, 2]);",
        "fig",
    ]
    theirs = restart_and_run_all(tmp_path, sources)
    targets = [None, None, "apart", "apart"]
    cells = [{"source": s, "target": t} for s, t in zip(sources, targets, strict=True)]
    run = await engine.submit(workflow(tmp_path, cells))
    record = await engine.wait(run)
    assert [task.state for task in record.tasks] == ["done"] * 4
    ours, _ = await engine.outputs(run)
    assert "image/png" in theirs["c3"][0]["data"]
    assert_equal_outputs(ours, theirs)
