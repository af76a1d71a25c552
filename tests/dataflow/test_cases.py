"""Every rule of the table in a notebook of its own."""

from __future__ import annotations

from typing import Any

import pytest

from jupyterlab_dossier.dataflow import Cell, Graph, analyse

from .cases import CASES
from .construct_cases import CONSTRUCT_CASES
from .library_cases import LIBRARY_CASES

ALL_CASES = CASES + CONSTRUCT_CASES + LIBRARY_CASES


def closure(graph: Graph) -> set[tuple[int, int]]:
    index = {cell.id: cell.index for cell in graph.cells}
    pairs = {(index[e.source], index[e.to]) for e in graph.edges}
    while True:
        more = {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs
        if not more:
            return pairs
        pairs |= more


@pytest.mark.parametrize(
    ("sources", "expected"), [pytest.param(*c[1:], id=c[0]) for c in ALL_CASES]
)
def test_rule(sources: list[str], expected: dict[str, Any]) -> None:
    graph = analyse([Cell(f"c{n}", source) for n, source in enumerate(sources)])
    cells = graph.cells
    index = {cell.id: cell.index for cell in cells}
    direct = {(index[e.source], index[e.to]) for e in graph.edges}
    forced = closure(graph)
    for pair in expected.get("edges", ()):
        assert pair in direct
    for pair in expected.get("free", ()):
        assert pair not in forced
    for number, inputs in expected.get("inputs", {}).items():
        found = {name: index[cell] for name, cell in cells[number].inputs.items()}
        # Modules and imported names are not what these cases are about.
        imported = {n for n in found if n not in inputs and _is_import(n, sources)}
        assert {n: c for n, c in found.items() if n not in imported} == inputs
    for number, names in expected.get("outputs", {}).items():
        assert cells[number].outputs == sorted(names)
    for number, names in expected.get("deletes", {}).items():
        assert cells[number].deletes == names
    assert [c.index for c in cells if c.barrier] == expected.get("barrier", _any(cells, "barrier"))
    for key in ("sticky", "outside", "unknown", "unshippable", "setup"):
        if key in expected:
            assert [c.index for c in cells if getattr(c, key)] == expected[key]
    assert [c.index for c in cells if c.syntax_error] == expected.get("syntax", [])
    for number in expected.get("impure", ()):
        assert not cells[number].pure
    for edge in graph.edges:
        assert index[edge.source] < index[edge.to]
        assert edge.why


def _any(cells: list[Any], key: str) -> list[int]:
    """A case that says nothing of barriers has none."""
    return []


def _is_import(name: str, sources: list[str]) -> bool:
    return any(
        line.startswith(("import ", "from ")) and name in line.replace(",", " ").split()
        for source in sources
        for line in source.splitlines()
    )


def test_why_is_in_words_of_the_user() -> None:
    sources = ["import pandas as pd\ndf = pd.read_csv('a.csv')", "df.fillna(0, inplace=True)", "df"]
    graph = analyse([Cell(f"c{n}", source) for n, source in enumerate(sources)])
    why = {(e.source, e.to): e.why for e in graph.edges}
    assert why["c1", "c2"].startswith("cell 1 may change `df`: `df.fillna(0, inplace=True)`")
    assert why["c0", "c1"].startswith("cell 0 sets `df`: `df = pd.read_csv('a.csv')`")


def test_json_follows_the_contract() -> None:
    graph = analyse([Cell("x", "a = 1"), Cell("y", "print(a)")]).to_json()
    assert set(graph) == {"cells", "edges"}
    assert graph["edges"][0] == {
        "from": "x",
        "to": "y",
        "kind": "value",
        "names": ["a"],
        "why": "cell 0 sets `a`: `a = 1`; cell 1 uses it",
    }
    assert graph["cells"][1]["inputs"] == {"a": "x"}
    assert Graph.from_json(graph).to_json() == graph


def test_effects_said_by_the_user() -> None:
    cells = [
        Cell("a", "import zork\nl = [1]"),
        Cell("b", "zork.f(l)", {"pure": True}),
        Cell("c", "%zork", {"barrier": False}),
        Cell("d", "print(1)", {"reads": ["l"], "writes": ["m"]}),
        Cell("e", "print(m)"),
        Cell("f", "1", {"barrier": True}),
    ]
    graph = analyse(cells)
    b, c, d, e, f = graph.cells[1:]
    assert b.pure and b.outputs == []
    assert c.barrier is None
    assert d.inputs == {"l": "a"} and d.outputs == ["m"]
    assert e.inputs == {"m": "d"}
    assert f.barrier == "declared in the cell's metadata"


def test_a_cell_that_may_fail_only_may_write() -> None:
    graph = analyse([Cell("a", "x = 1"), Cell("b", "1 / 0\nx = 2", may_fail=True), Cell("c", "x")])
    assert graph.cells[1].inputs == {"x": "a"}


def test_parameters_are_added_to_a_cell() -> None:
    graph = analyse([Cell("a", "x = 1"), Cell("b", "y = 2")], {"b": "y = x"})
    assert graph.cells[1].inputs == {"x": "a"}


def test_a_cell_that_may_fail_may_leave_aliases() -> None:
    sources = ["b = [1]\nd = (b,)", "b = zork()", "b.append(2)", "print(d)"]
    cells = [Cell(str(n), source, may_fail=n == 1) for n, source in enumerate(sources)]
    assert analyse(cells).cells[3].inputs == {"d": "2"}
