"""`jupyter dossier run` on real workers: outputs, JSON, exit statuses, Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from jupyterlab_dossier.runs.history.compare import differences

TASK = {"id", "index", "state", "target", "why", "started", "ended"}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def reference(path: Path) -> Any:
    """What Restart & Run All gives."""
    node = read(path)
    client = NotebookClient(
        node, allow_errors=False, resources={"metadata": {"path": str(path.parent)}}
    )
    try:
        client.execute()
    except Exception as error:
        assert type(error).__name__ == "CellExecutionError"
    return node


def same(ours: Path, theirs: Any, upto: int | None = None) -> None:
    pairs = list(zip(read(ours).cells, theirs.cells, strict=True))[:upto]
    for cell, expected in pairs:
        assert differences(cell.outputs, expected.outputs) == [], cell.source


NOTEBOOK = (
    "import sys\nprint('one', flush=True)\nprint('two', file=sys.stderr, flush=True)\nx = [1, 2]",
    "x.append(3)\nx",
    "from IPython.display import HTML, display\n"
    "h = display('before', display_id=True)\nh.update('after')\nHTML('<b>b</b>')",
    "import pandas as pd\npd.DataFrame({'a': x})",
    "def f(n):\n    return [n] * len(x)\nf(x)",
    "import os\nos.path.basename(os.getcwd())",
)


def test_outputs_are_those_of_one_kernel(cli: Any, make: Any, tmp_path: Path) -> None:
    path = make(*NOTEBOOK)
    before = path.read_bytes()
    result = cli("run", "nb.ipynb", "-o", "out.ipynb", "--json")
    assert result.returncode == 0, result.stderr
    assert path.read_bytes() == before
    same(tmp_path / "out.ipynb", reference(path))

    run = json.loads(result.stdout)
    assert set(run) == {"run", "state", "tasks"}
    assert run["state"] == "done"
    assert [task["index"] for task in run["tasks"]] == list(range(len(NOTEBOOK)))
    for task in run["tasks"]:
        assert set(task) == TASK
        assert task["state"] == "done"
        assert task["target"] == "local"
        assert isinstance(task["started"], float)
        assert task["started"] <= task["ended"]

    shown = cli("show", run["run"], "--json")
    assert json.loads(shown.stdout) == run
    listed = json.loads(cli("runs", "--json").stdout)["runs"]
    assert [(r["run"], r["state"], r["path"]) for r in listed] == [
        (run["run"], "done", str(path.resolve()))
    ]
    logs = cli("logs", run["run"], "0")
    assert sorted(logs.stdout.split()) == ["one", "two"]
    followed = cli("logs", run["run"], "-f", "--json").stdout.splitlines()
    events = [json.loads(line) for line in followed]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert json.loads(cli("logs", run["run"], "--json").stdout)["events"] == events


def test_the_first_failure_ends_the_run(cli: Any, make: Any, tmp_path: Path) -> None:
    path = make("print('a')", "def f():\n    return 1 / 0\nf()", "open('late', 'w').write('x')")
    result = cli("run", "nb.ipynb", "--json")
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stderr
    states = [task["state"] for task in json.loads(result.stdout)["tasks"]]
    assert states == ["done", "failed", "skipped"]
    same(path, reference(path), 2)
    assert read(path).cells[2].outputs == []
    assert not (tmp_path / "late").exists()


def test_only_and_parameters(cli: Any, make: Any, tmp_path: Path) -> None:
    tags = {0: {"tags": ["parameters"]}}
    path = make("a = 1\nb = 'x'", "print(a, b)", "print('not asked')", metadata=tags)
    arguments = ("--only", "1", "-p", "a=[1, 2]", "-p", "b=some words")
    result = cli("run", "nb.ipynb", "-o", "out.ipynb", "--json", *arguments)
    assert result.returncode == 0, result.stderr
    assert {t["id"] for t in json.loads(result.stdout)["tasks"]} == {"c0", "c1"}
    out = read(tmp_path / "out.ipynb")
    assert out.cells[1].outputs[0].text == "[1, 2] some words\n"
    assert out.cells[2].outputs == []
    assert out.cells[0].source == read(path).cells[0].source


def test_a_notebook_that_changed_is_not_written(cli: Any, make: Any, tmp_path: Path) -> None:
    path = make("import pathlib\np = pathlib.Path('nb.ipynb')\np.write_text(p.read_text() + ' ')")
    before = path.read_text()
    result = cli("run", "nb.ipynb")
    assert result.returncode == 3
    assert "changed meanwhile" in result.stderr
    assert path.read_text() == before + " "
    assert cli("run", "nb.ipynb", "-o", "out.ipynb").returncode == 0


def test_a_copy_gets_an_id_of_its_own(cli: Any, make: Any, tmp_path: Path) -> None:
    path = make("1", dossier={"version": 1, "id": "original"})
    assert cli("run", "nb.ipynb", "-o", "out.ipynb").returncode == 0
    assert read(path).metadata.dossier.id == "original"
    assert read(tmp_path / "out.ipynb").metadata.dossier.id not in ("original", "")


def test_lines_when_piped(cli: Any, make: Any) -> None:
    make("1")
    result = cli("run", "nb.ipynb")
    assert result.stdout == ""
    assert "cell 0 [c0]: running" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_table_on_a_terminal(
    program: list[str], make: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    path = make("first_line = 1\nimport time; time.sleep(1)")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*program, "run", str(path), "--json"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**environment, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    drawn = b""
    with contextlib.suppress(OSError):  # the terminal's end is an error on Linux
        while part := os.read(ours, 4096):
            drawn += part
    os.close(ours)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(output)["state"] == "done"
    for words in (b"first_line = 1", b"running", b"done", b"\x1b["):
        assert words in drawn


@pytest.mark.parametrize("source", ["import time\ntime.sleep(60)", "while True: pass"])
def test_ctrl_c_cancels_the_run(
    program: list[str], cli: Any, make: Any, environment: dict[str, str], source: str
) -> None:
    path = make("print('kept')", f"print('begun', flush=True)\n{source}\nend = 1", "end")
    process = subprocess.Popen(
        [*program, "run", str(path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "cell 1 [c1]: running" in line:
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    run = json.loads(output)
    assert run["state"] == "cancelled"
    assert run["tasks"][0]["state"] == "done"
    assert run["tasks"][1]["state"] in ("cancelled", "failed")
    assert read(path).cells[0].outputs[0].text == "kept\n"
    assert read(path).cells[2].outputs == []


def test_a_run_whose_process_was_killed_can_be_cancelled(
    program: list[str], cli: Any, make: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    own = {0: {"dossier": {"version": 1, "idempotent": True}}}
    path = make("import os, time\ntime.sleep(0 if os.path.exists('go') else 60)", metadata=own)
    process = subprocess.Popen(
        [*program, "run", str(path)], stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if ": running" in line:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    (tmp_path / "go").touch()
    run = json.loads(cli("runs", "--json").stdout)["runs"][0]["run"]
    cancelled = cli("cancel", run, "--json")
    assert cancelled.returncode == 0, cancelled.stderr
    assert json.loads(cancelled.stdout)["state"] == "cancelled"
    assert cli("resume", run).returncode == 2


def test_another_process_cancels(
    program: list[str], cli: Any, make: Any, environment: dict[str, str]
) -> None:
    path = make("import time\ntime.sleep(60)")
    process = subprocess.Popen(
        [*program, "run", str(path)], stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stderr is not None
    for line in process.stderr:
        if ": running" in line:
            break
    run = json.loads(cli("runs", "--json").stdout)["runs"][0]["run"]
    assert cli("cancel", run).returncode == 0
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1, errors


def test_graph(cli: Any, make: Any) -> None:
    make("x = 1", "y = 2", "print(x + y)")
    graph = json.loads(cli("graph", "nb.ipynb", "--json").stdout)
    assert [set(cell) for cell in graph["cells"]] == [
        {"id", "index", "reads", "writes", "barrier"}
    ] * 3
    edges = {(e["from"], e["to"]): e for e in graph["edges"]}
    assert edges["c0", "c2"]["kind"] == "value"
    assert edges["c0", "c2"]["names"] == ["x"]
    assert ("c0", "c1") not in edges
    assert "c0" in cli("graph", "nb.ipynb").stdout


def test_targets(cli: Any) -> None:
    found = {t["name"]: t for t in json.loads(cli("targets", "--json").stdout)["targets"]}
    assert {"kernel", "local"} <= set(found)
    assert found["local"]["usable"] is True
    assert "local" in cli("targets").stdout


def test_pictures_are_shown_though_the_library_was_imported_before(
    cli: Any, make: Any, tmp_path: Path
) -> None:
    """Workers import matplotlib before they fork kernels, which must not cost the figures."""
    path = make("import matplotlib.pyplot as plt", "plt.plot([1, 2]);", "plt.plot([1])\nplt.show()")
    result = cli("run", "nb.ipynb", "-o", "out.ipynb")
    assert result.returncode == 0, result.stderr
    same(tmp_path / "out.ipynb", reference(path))
