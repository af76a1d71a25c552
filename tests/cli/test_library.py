"""Users' library data and what a cell says of itself change the graph that the CLI prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CELLS = ("import labkit\nx = [1]", "labkit.calibrate(x)", "print(x)")


def edges(cli: Any, notebook: Path) -> set[tuple[str, str]]:
    result = cli("graph", notebook, "--json")
    assert result.returncode == 0, result.stderr
    return {(e["from"], e["to"]) for e in json.loads(result.stdout)["edges"]}


def test_library_data_changes_the_graph(cli: Any, make: Any, tmp_path: Path) -> None:
    notebook = make(*CELLS)
    assert ("c1", "c2") in edges(cli, notebook)
    folder = tmp_path / "config" / "dossier" / "library.d"
    folder.mkdir(parents=True)
    (folder / "lab.txt").write_text("[module labkit]\ncalibrate : -> str\n")
    assert ("c1", "c2") not in edges(cli, notebook)
    (folder / "notes.md").write_text("not library data")
    assert ("c1", "c2") not in edges(cli, notebook)


def test_effects_change_the_graph(cli: Any, make: Any) -> None:
    assert ("c1", "c2") not in edges(cli, make(*CELLS, metadata=said({"pure": True})))
    files = {0: {"dossier": {"effects": {"writes": ["file:./a.csv"]}}}}
    assert ("c0", "c1") in edges(cli, make("1", "open('a.csv').read()", metadata=files))
    assert ("c0", "c1") not in edges(cli, make("1", "open('b.csv').read()", metadata=files))
    files = {0: {"dossier": {"effects": {"reads": ["file:*"]}}}}
    assert ("c0", "c1") in edges(cli, make("1", "open('a.csv', 'w').close()", metadata=files))


def said(effects: dict[str, Any]) -> dict[int, Any]:
    return {1: {"dossier": {"effects": effects}}}
