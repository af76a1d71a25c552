"""A notebook run again: what has not changed is taken, `--fresh` takes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

# Several processes of their own, one after the other.
pytestmark = pytest.mark.timeout(360)

CELLS = ("x = 1", "print(x)", "x + 1", "print('alone')")


def states(result: Any) -> list[str]:
    assert result.returncode == 0, result.stderr
    return [task["state"] for task in json.loads(result.stdout)["tasks"]]


def test_again(cli: Any, make: Any, tmp_path: Path) -> None:
    path = make(*CELLS)
    assert states(cli("run", "nb.ipynb", "--json")) == ["done"] * 4
    before = path.read_text()
    again = cli("run", "nb.ipynb", "--json")
    assert states(again) == ["reused"] * 4
    assert path.read_text() == before
    assert "reused from run" in again.stderr
    tasks = json.loads(again.stdout)["tasks"]
    assert all(task["started"] is None and task["ended"] for task in tasks)
    assert cli("logs", json.loads(again.stdout)["run"], "1").stdout == "1\n"


def test_fresh_and_after_an_edit(cli: Any, make: Any, tmp_path: Path) -> None:
    path = make(*CELLS)
    assert states(cli("run", "nb.ipynb", "--json")) == ["done"] * 4
    assert states(cli("run", "nb.ipynb", "--fresh", "--json")) == ["done"] * 4
    make("x = 2", *CELLS[1:])
    edited = cli("run", "nb.ipynb", "--json")
    assert states(edited) == ["done", "done", "done", "reused"]
    whys = [task["why"] for task in json.loads(edited.stdout)["tasks"]]
    assert whys[:2] == ["it ran: its code changed", "it ran: input `x` from cell 0 changed"]
    assert json.loads(path.read_text())["cells"][1]["outputs"][0]["text"] == ["2\n"]


def test_parameters_count_and_copies_do_not(cli: Any, make: Any, tmp_path: Path) -> None:
    tagged = {0: {"tags": ["parameters"]}}
    make("n = 1", "print(n)", metadata=tagged)
    for value, expected in (("1", "done"), ("1", "reused"), ("2", "done"), ("1", "reused")):
        found = cli("run", "nb.ipynb", "-o", "out.ipynb", "-p", f"n={value}", "--json")
        assert states(found) == [expected] * 2
    make("n = 1", "print(n)", metadata=tagged, name="copy.ipynb")
    assert states(cli("run", "copy.ipynb", "-p", "n=2", "--json")) == ["reused"] * 2
