"""Users' own library data: what is wrong with it is told with its line; what it says counts."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

from jupyterlab_dossier.dataflow import Cell
from jupyterlab_dossier.dataflow.client import AnalysisClient, LibraryFault
from jupyterlab_dossier.dataflow.library import Library, Spec, users

DATA = """
# Instruments of our lab.
[module labkit labkit.io]
calibrate : mutates 0 -> NoneType
load : reads 0 path -> fresh Trace    # a file
setup : process the instruments are set up
draw : random <numpy.random> ; outside a plotter -> Trace
* : -> fresh list[str]
[class Trace(list) = labkit.Trace]
smooth .peak : -> view ndarray
[] : -> number
() : mutates self keyword ; stores -> self
[values]
labkit.UNIT : str
[immutable]
Unit=labkit.Unit
"""


def test_good_data_has_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "lab.txt").write_text(DATA)
    users.check(users.files([tmp_path, tmp_path / "missing"]))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("f : -> str", "a section head"),
        ("[modul x]", "unknown section 'modul'"),
        ("[module x", "`]` is missing"),
        ("[module ]", "no module is named"),
        ("[module x-y]", "'x-y' is not a module's name"),
        ("[class A]", "`=` is missing"),
        ("[class = x.A]", "no class is named"),
        ("[module x]\nf -> str", "`:` is missing"),
        ("[module x]\n : -> str", "no name before"),
        ("[module x]\nf.g : -> str", "'f.g' is not a name"),
        ("[module x]\nf : mutate 0", "unknown effect 'mutate'"),
        ("[module x]\nf : mutates", "`mutates` needs what"),
        ("[module x]\nf : mutates 0 -1", "'-1' is not"),
        ("[module x]\nf : stores 0", "nothing may follow `stores`"),
        ("[module x]\nf : barrier", "`barrier` needs words"),
        ("[module x]\nf : seeds", "`seeds` needs a name"),
        ("[module x]\nf : -> fresh Tracee", "unknown type 'Tracee'"),
        ("[module x]\nf : -> fresh list[Tracee]", "unknown type 'Tracee'"),
        ("[module x]\nf : -> fresh list(str)", "'list(str)' is not a type"),
        ("[values]\nx.y str", "` : ` is missing"),
        ("[values]\nx.y : Tracee", "unknown type 'Tracee'"),
        ("[any]\na.b", "'a.b' is not a name"),
        ("[immutable]\na=b-c", "'b-c' is not"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "lab.txt"
    path.write_text(f"# ours\n\n{line}\n")
    number = 2 + len(line.splitlines())
    with pytest.raises(LibraryFault) as caught:
        users.check([str(path)])
    assert str(caught.value).startswith(f"{path}, line {number}: ")
    assert words in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "lab.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LibraryFault, match="not UTF-8"):
        users.check(users.files([tmp_path]))


async def test_the_analysis_follows_the_files(tmp_path: Path) -> None:
    cells = [
        Cell("a", "import labkit\nx = [1]"),
        Cell("b", "labkit.calibrate(x)"),
        Cell("c", "labkit.load(x)"),
        Cell("d", "print(x)"),
    ]

    async with AnalysisClient(sys.executable, library=[tmp_path]) as client:

        async def producer() -> str:
            graph = await client.graph(cells)
            return str(graph["cells"][3]["inputs"]["x"])

        assert await producer() == "c"
        path = tmp_path / "lab.txt"
        path.write_text(DATA)
        assert await producer() == "b"
        path.write_text(DATA.replace("mutates 0 -> NoneType", "-> NoneType # pure"))
        assert await producer() == "a"
        path.write_text("[module labkit]\nf : eats 0\n")
        with pytest.raises(LibraryFault, match=r"lab.txt, line 2: unknown effect 'eats'"):
            await producer()
        path.unlink()
        assert await producer() == "c"


async def test_later_folders_win(tmp_path: Path) -> None:
    for name, text in (("site", "-> NoneType"), ("user", "mutates 0 -> NoneType")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(f"[module labkit]\nf : {text}\n")
    cells = [Cell("a", "import labkit\nx = [1]"), Cell("b", "labkit.f(x)"), Cell("c", "print(x)")]
    for folders, producer in ((["site", "user"], "b"), (["user", "site"], "a")):
        library = [tmp_path / name for name in folders]
        async with AnalysisClient(sys.executable, library=library) as client:
            assert (await client.graph(cells))["cells"][2]["inputs"]["x"] == producer


def _filled(function: object) -> set[tuple[int, str]]:
    """The parameters that may come by place and say that arguments are changed."""
    if isinstance(function, np.ufunc):
        return {(function.nin + n, "out") for n in range(function.nout)}
    try:
        parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return set()
    return {
        (place, p.name)
        for place, p in enumerate(parameters)
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        and (p.name in ("out", "inplace") or p.name.startswith("overwrite_"))
    }


@pytest.mark.parametrize("module", ["numpy", "numpy.fft", "scipy.linalg", "scipy.special"])
def test_arguments_that_are_filled_are_known_by_their_place(module: str) -> None:
    library = Library()
    library.need(module.partition(".")[0])
    holder = importlib.import_module(module)
    found = 0
    for name in dir(holder):
        function = getattr(holder, name)
        spec = library.function(f"{module}.{name}")
        known = f"{module}.{name}" in library.functions
        if spec is None or not known or isinstance(function, type):
            continue
        filled = _filled(function)
        found += bool(filled)
        assert filled <= set(spec.positions), name
    assert found > 10


def test_methods_that_fill_an_array_know_its_place() -> None:
    library = Library()
    library.need("numpy")
    array = np.eye(2)
    filled = {name: _filled(getattr(array, name)) for name in dir(array) if name[0] != "_"}
    assert sum(map(bool, filled.values())) > 10
    for name, places in filled.items():
        member = library.member("ndarray", name)
        assert places <= set((member or Spec()).positions), name
