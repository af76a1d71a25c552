"""Modules that lie in the notebook's folder are read, and read again when they change."""

from __future__ import annotations

import sys
from pathlib import Path

from jupyterlab_dossier.dataflow import Analyser, Cell
from jupyterlab_dossier.dataflow.client import AnalysisClient

CELLS = [
    Cell("a", "import helper\nfrom tools.sums import total\nx = [1]"),
    Cell("b", "helper.f(x)"),
    Cell("c", "total(x)"),
    Cell("d", "print(x)"),
]


def producer(folder: Path, analyser: Analyser) -> str:
    return analyser.analyse(CELLS, folder=str(folder)).cells[3].inputs["x"]


def test_modules_of_the_folder(tmp_path: Path) -> None:
    analyser = Analyser()
    assert producer(tmp_path, analyser) == "c"
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("from .sums import total\n")
    sums = tmp_path / "tools" / "sums.py"
    sums.write_text("from . import more\ndef total(v): return more.add(v)\n")
    more = tmp_path / "tools" / "more.py"
    more.write_text("def add(v): return sum(v)\n")
    assert producer(tmp_path, analyser) == "b"
    (tmp_path / "helper.py").write_text("def f(v): return len(v)\n")
    assert producer(tmp_path, analyser) == "a"
    more.write_text("def add(v):\n    v.append(1)\n    return sum(v)\n")
    assert producer(tmp_path, analyser) == "c"
    more.unlink()
    assert producer(tmp_path, analyser) == "c"


def test_a_module_that_is_no_python(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def f(")
    assert producer(tmp_path, Analyser()) == "c"


async def test_the_helper_process_reads_them(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def f(v): return len(v)\n")
    cells = [*CELLS[:2], Cell("d", "print(x)")]
    async with AnalysisClient(sys.executable) as client:
        graph = await client.graph(cells, folder=str(tmp_path))
        assert graph["cells"][2]["inputs"]["x"] == "a"
        assert (await client.graph(cells, notebook="other"))["cells"][2]["inputs"]["x"] == "b"
