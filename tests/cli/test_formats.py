"""Whatever Restart & Run All runs is run: old formats, odd cells, odd texts; each change told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from jupyterlab_dossier.runs import notebooks
from jupyterlab_dossier.runs.history.compare import differences


def code(source: Any, **more: Any) -> dict[str, Any]:
    fixed = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**fixed, "source": source, **more}


def document(*cells: dict[str, Any], minor: int = 5, **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": list(cells)}


NAMED = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
OLD = {
    "nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old"},
    "worksheets": [{"metadata": {}, "cells": [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["About"]},
        {"cell_type": "code", "input": ["x = 1\n", "print(x)"], "outputs": [], "language": "python",
         "metadata": {}, "prompt_number": 4, "collapsed": False},
        {"cell_type": "code", "input": "x + 1", "outputs": [], "language": "python",
         "metadata": {}},
    ]}],
}  # fmt: skip

# name: (content, exit status, words of the notices)
FORMATS: dict[str, tuple[dict[str, Any], int, tuple[str, ...]]] = {
    "nbformat 3": (OLD, 0, ("nbformat 3", "upgraded", "no id", "kernelspec")),
    **{
        f"nbformat 4.{minor}, no ids": (
            document(code("x = 1"), code("x"), minor=minor, **NAMED),
            0,
            ("2 cells had no id",),
        )
        for minor in (0, 4)
    },
    "double ids": (
        document(code("y = 1", id="a"), code("y", id="a"), code("y + 1", id="b"), **NAMED),
        0,
        ("1 cell had the id of another", "new one"),
    ),
    "no kernelspec": (document(code("1", id="a")), 0, ("python3 is taken",)),
    "a kernelspec without a display name": (
        document(code("1", id="a"), kernelspec={"name": "python3"}), 0, (),
    ),
    "markdown, raw, empty cells, attachments": (
        document(
            {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# T ![p](attachment:p)",
             "attachments": {"p": {"text/plain": "x"}}},
            {"cell_type": "raw", "id": "r", "metadata": {}, "source": "raw"},
            code("", id="e"), code(["  \n", "\n"], id="w"), code("# only words", id="c"),
            code("print('ran')", id="p"),
            {"cell_type": "markdown", "id": "n", "metadata": {}, "source": ""},
            **NAMED,
        ),
        0,
        (),
    ),
    "syntax error": (document(code("print(1)", id="a"), code("x = (", id="b"), **NAMED), 1, ()),
    "last cell fails": (
        document(code("z = 0", id="a"), code("print('so far')\n1 / z", id="b"), **NAMED), 1, (),
    ),
    # A kernel's socket drops what is more than 1,000 messages ahead of nbclient.
    "very many outputs": (
        document(code("for i in range(1200):\n    display(i) if i % 3 == 0 else print(i)", id="a"),
                 **NAMED), 0, (),
    ),
    "CRLF": (document(code("if True:\r\n    x = 'a'\r\n\r\nprint(x)\r\n", id="a"),
                      code(["%%time\r\n", "x"], id="b"), **NAMED), 0, ()),
    "unicode": (
        document(code("größe = 3\nπ = 3.14\nname = 'Ωmega 🌍'", id="a"),
                 code("print(größe, name)\nﬁ = π\nfi", id="b"), **NAMED), 0, (),
    ),
    "tabs and form feeds": (
        document(code("def f():\n\tif True:\n\t\treturn 'a\\tb'\n\x0cprint(f())", id="a"), **NAMED),
        0, (),
    ),
    "lines, magics, questions": (
        document(code(["%matplotlib inline\n", "x = 5"], id="a"), code(["!echo ", "hi"], id="b"),
                 code("x;", id="c"), code("print(\\\n  x)", id="d"), **NAMED), 0, (),
    ),
    "metadata of others": (
        document(code("1", id="a", metadata={"tags": ["t"], "jupyter": {"source_hidden": True}}),
                 language_info={"name": "python"}, widgets={}, toc={"a": [1]}, **NAMED), 0, (),
    ),
    "no code cell": (
        document({"cell_type": "markdown", "id": "m", "metadata": {}, "source": "x"}, **NAMED),
        0, (),
    ),
    "no cell": (document(**NAMED), 0, ()),
}  # fmt: skip


def one_kernel(path: Path, folder: Path) -> list[list[Any]]:
    """The outputs of Restart & Run All of the upgraded notebook."""
    node = notebooks.read(path).node
    folder.mkdir()
    # A busy machine may take longer than nbclient's 4 s to hand over thousands of outputs.
    client = NotebookClient(node, resources={"metadata": {"path": str(folder)}}, iopub_timeout=60)
    try:
        client.execute()
    except Exception as error:
        assert type(error).__name__ == "CellExecutionError"
    return [cell.outputs for cell in node.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", FORMATS)
def test_runs_and_is_written(cli: Any, tmp_path: Path, name: str) -> None:
    content, status, notices = FORMATS[name]
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps(content))
    before = path.read_bytes()
    result = cli("run", "nb.ipynb", "-o", "out.ipynb", "--json")
    assert result.returncode == status, result.stderr
    assert "Traceback" not in result.stderr
    for words in notices:
        assert words in result.stderr
    assert path.read_bytes() == before
    written = nbformat.read(tmp_path / "out.ipynb", 4)  # type: ignore[no-untyped-call]
    nbformat.validate(written)
    assert (written.nbformat, written.nbformat_minor) == (4, 5)
    cells = [cell for cell in written.cells if cell.cell_type == "code"]
    assert [t["id"] for t in json.loads(result.stdout)["tasks"]] == [cell.id for cell in cells]
    expected = one_kernel(path, tmp_path / "theirs")
    for cell, outputs in zip(cells, expected, strict=True):
        assert differences(cell.outputs, outputs) == [], cell.source
    # What is written is in order: nothing is left to tell.
    assert notebooks.read(tmp_path / "out.ipynb").notices == []
