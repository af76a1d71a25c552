"""Notebook files: what is upgraded, what is refused, and how they are written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyterlab_dossier.runs import BadInput, notebooks


def saved(folder: Path, **changes: Any) -> Path:
    node = nbformat.v4.new_notebook()
    node.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    node.cells = [nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("x")]
    content = json.loads(nbformat.writes(node))
    content.update(changes)
    path = folder / "n.ipynb"
    path.write_text(json.dumps(content))
    return path


def cell(**fields: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": "",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        **fields,
    }


def test_ids_are_made_from_position_and_source(tmp_path: Path) -> None:
    path = saved(tmp_path, cells=[cell(source="a"), cell(source="a")], nbformat_minor=4)
    first, second = notebooks.read(path), notebooks.read(path)
    ids = [c.id for c in first.code_cells]
    assert ids == [c.id for c in second.code_cells] and len(set(ids)) == 2
    assert first.node.nbformat_minor == 5 and "had no id" in first.notices[0]


def test_double_ids_are_renamed(tmp_path: Path) -> None:
    read = notebooks.read(saved(tmp_path, cells=[cell(id="a"), cell(id="a", source="1")]))
    assert read.code_cells[0].id == "a" != read.code_cells[1].id
    assert "got a new one" in read.notices[0]


def test_nbformat_3_and_a_missing_kernelspec(tmp_path: Path) -> None:
    old = {
        "nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old"},
        "worksheets": [{"metadata": {}, "cells": [
            {"cell_type": "code", "input": ["if 1:\n", "  print(1)"], "outputs": [],
             "language": "python", "metadata": {}}
        ]}],
    }  # fmt: skip
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    read = notebooks.read(path)
    assert read.code_cells[0].source == "if 1:\n  print(1)" and read.kernelspec == "python3"
    assert len(read.notices) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not JSON"),
        ("[]", "not a notebook"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}', "not a notebook"),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}',
            "cell 0 is not a cell",
        ),
    ],
)
def test_what_is_no_notebook(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(content)
    with pytest.raises(BadInput, match=words):
        notebooks.read(path)


@pytest.mark.parametrize(
    "dossier",
    [[], "local", {"version": "1"}, {"version": True}, {"version": 99}, {"target": 1},
     {"options": []}, {"effects": 1}, {"idempotent": "yes"}],
)  # fmt: skip
def test_wrong_metadata_names_cell_and_field(tmp_path: Path, dossier: Any) -> None:
    path = saved(tmp_path, cells=[cell(id="bad", metadata={"dossier": dossier})])
    with pytest.raises(BadInput, match=r"cell 0 \(bad\): metadata\.dossier"):
        notebooks.read(path)


def test_options_of_the_notebook_stand_under_those_of_its_cells(tmp_path: Path) -> None:
    options = {"pods": {"cpu": "1", "memory": "2Gi"}, "local": {"memory": 100}}
    own = {"target": "pods", "options": {"memory": "4Gi"}}
    path = saved(
        tmp_path,
        metadata={"dossier": {"target": "pods", "options": options}},
        cells=[
            cell(id="own", metadata={"dossier": own}),
            cell(id="default"),
            cell(id="here", metadata={"dossier": {"target": "local"}}),
            cell(id="other", metadata={"dossier": {"target": "other", "options": {"cpu": "3"}}}),
        ],
    )
    cells = notebooks.workflow(notebooks.read(path)).cells
    assert [cell.options for cell in cells] == [
        {"cpu": "1", "memory": "4Gi"}, options["pods"], options["local"], {"cpu": "3"},
    ]  # fmt: skip
    asked = notebooks.workflow(notebooks.read(path), default_target="local").cells
    assert [cell.options for cell in asked][1] == options["local"]


@pytest.mark.parametrize("options", [[], {"local": []}, {"local": "memory"}])
def test_wrong_options_of_the_notebook_are_named(tmp_path: Path, options: Any) -> None:
    path = saved(tmp_path, metadata={"dossier": {"options": options}})
    with pytest.raises(BadInput, match=r"the notebook: metadata\.dossier\.options"):
        notebooks.read(path)


def test_parameters(tmp_path: Path) -> None:
    tagged = cell(id="p", source="n = 1\nname = 'a'", metadata={"tags": ["parameters"]})
    read = notebooks.read(saved(tmp_path, cells=[tagged]))
    notebooks.parametrise(read, {"n": "[1, 2]", "name": "plain words"})
    space: dict[str, Any] = {}
    exec(read.code_cells[0].source, space)
    assert (space["n"], space["name"]) == ([1, 2], "plain words")
    with pytest.raises(BadInput, match="assigns no 'm'"):
        notebooks.parametrise(read, {"m": "1"})
    with pytest.raises(BadInput, match="no cell is tagged"):
        notebooks.parametrise(notebooks.read(saved(tmp_path)), {"n": "1"})


def test_written_whole_with_its_mode(tmp_path: Path) -> None:
    path = saved(tmp_path)
    os.chmod(path, 0o640)
    read = notebooks.read(path)
    assert not notebooks.changed(read)
    notebooks.write(read.node, path)
    assert path.stat().st_mode & 0o777 == 0o640 and os.listdir(tmp_path) == ["n.ipynb"]
    nbformat.validate(nbformat.read(path, 4))
    assert notebooks.changed(read)
