"""`jupyter dossier stale OLD NEW`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .test_bad_input import files, refused


def shown(path: Path, outputs: dict[int, list[Any]]) -> None:
    """Gives cells of a notebook outputs."""
    content = json.loads(path.read_text())
    for index, given in outputs.items():
        content["cells"][index]["outputs"] = given
    path.write_text(json.dumps(content))


def test_json(cli: Any, make: Any, tmp_path: Path) -> None:
    make("df = 1", "print(df)", "x = 2", name="old.ipynb")
    make("df = 2", "print(df)", "x = 2  # two", name="new.ipynb")
    before = files(tmp_path)
    done = cli("stale", "old.ipynb", "new.ipynb", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "stale": [
            {"id": "c0", "index": 0, "why": "its code changed"},
            {"id": "c1", "index": 1, "why": "`df` comes from cell 0, which changed"},
        ]
    }
    assert files(tmp_path) == before
    words = cli("stale", "old.ipynb", "new.ipynb").stdout.splitlines()
    assert words[1].split() == ["0", "c0", "its", "code", "changed"]
    assert json.loads(cli("stale", "old.ipynb", "old.ipynb", "--json").stdout) == {"stale": []}


def test_what_the_old_one_shows_counts(cli: Any, make: Any) -> None:
    old = make("x = 1", "1 / 0", "print(2)", name="old.ipynb")
    error = {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "", "traceback": []}
    warning = {"output_type": "stream", "name": "stderr", "text": "line 1"}
    shown(old, {0: [warning], 1: [error]})
    make("x = 1  # one", "1 / 1", "print(2)", name="new.ipynb")
    found = json.loads(cli("stale", "old.ipynb", "new.ipynb", "--json").stdout)["stale"]
    assert [cell["index"] for cell in found] == [0, 1, 2]
    assert found[2]["why"] == "cell 1, which had failed before it, changed"


def test_cells_without_ids(cli: Any, make: Any, tmp_path: Path) -> None:
    for name, sources in (("old.ipynb", ["a = 1", "a"]), ("new.ipynb", ["b = 2", "a = 1", "a"])):
        path = make(*sources, name=name)
        content = json.loads(path.read_text())
        content["nbformat_minor"] = 4
        for cell in content["cells"]:
            del cell["id"]
        path.write_text(json.dumps(content))
    done = cli("stale", "old.ipynb", "new.ipynb", "--json")
    assert [cell["index"] for cell in json.loads(done.stdout)["stale"]] == [0]
    assert "old.ipynb" in done.stderr and "had no id" in done.stderr


def test_another_kernel(cli: Any, make: Any) -> None:
    make("1", "", name="old.ipynb", kernel="gone")
    make("1", "", name="new.ipynb")
    found = json.loads(cli("stale", "old.ipynb", "new.ipynb", "--json").stdout)["stale"]
    assert [cell["why"] for cell in found] == ["the notebook's kernel changed from gone to python3"]


def test_wrong_input(cli: Any, make: Any, tmp_path: Path) -> None:
    make("1", name="a.ipynb")
    (tmp_path / "b.ipynb").write_text("[]")
    make("1", name="c.ipynb", kernel="no-such-kernel")
    refused(cli("stale", "a.ipynb", "missing.ipynb", "--json"), "no such file", "missing.ipynb")
    refused(cli("stale", "b.ipynb", "a.ipynb"), "not a notebook", "b.ipynb")
    refused(cli("stale", "a.ipynb", "c.ipynb"), "no-such-kernel")
