"""What a cell only might change, and what runs were seen to do."""

from __future__ import annotations

from typing import Any

import pytest

from jupyterlab_dossier.dataflow import Cell, Graph, analyse


def graph(*cells: str | tuple[str, dict[str, Any]]) -> Graph:
    given = [(c, None) if isinstance(c, str) else c for c in cells]
    return analyse([Cell(f"c{n}", s, None, False, seen) for n, (s, seen) in enumerate(given)])


def edges(found: Graph) -> dict[tuple[str, str], Any]:
    return {(e.source, e.to): e for e in found.edges if e.kind == "value"}


def order(found: Graph) -> dict[tuple[str, str], str]:
    return {(e.source, e.to): e.why for e in found.edges if e.kind == "order"}


@pytest.mark.parametrize(
    ("change", "maybe"),
    [
        pytest.param("zork.f(l)", ["l"], id="an unknown function might"),
        pytest.param("l.append(1)", [], id="a known method does"),
        pytest.param("l[0] = 1", [], id="an item does"),
        pytest.param("print(z)", ["l"], id="a method that display may call might"),
        pytest.param("k.append(2)", ["l"], id="what only shares might be changed"),
        pytest.param("zork.f(l)\nl = 3", [], id="a name bound anew is another one"),
        pytest.param("zork.f(l)\nl.append(3)", [], id="what is changed afterwards is changed"),
        pytest.param("zork.f(l)\n%zork", [], id="a barrier waits for everything"),
    ],
)
def test_what_might_change(change: str, maybe: list[str]) -> None:
    start = "import zork\nl = [1]\nk = [l]\nclass Z:\n    def __repr__(self): l.pop()\nz = Z()"
    found = graph(start, change, "print(l)")
    assert [n for n in found.cells[1].maybe if n == "l"] == maybe
    edge = edges(found).get(("c1", "c2"))
    assert (edge is not None and edge.maybe) == bool(maybe)
    assert set(found.cells[1].maybe) <= set(found.cells[1].mutated)
    assert Graph.from_json(found.to_json()) == found


def test_an_edge_of_several_names_is_maybe_if_all_are() -> None:
    found = graph(
        "import zork\nl = [1]\nm = [2]", "zork.f(l)\nm.append(3)", "print(l, m)", "print(l)"
    )
    assert found.cells[1].maybe == ["l"]
    assert not edges(found)["c1", "c2"].maybe
    assert edges(found)["c1", "c3"].maybe
    assert "maybe" not in edges(found)["c1", "c2"].to_json()


def test_what_cannot_be_compared_is_not_maybe() -> None:
    found = graph("import zork\nf = open('a')", "zork.f(f)", "f.read()")
    assert found.cells[1].mutated == ["f"] and found.cells[1].maybe == []


def test_seen_unchanged() -> None:
    found = graph("l = [1]", ("l.sort()", {"unchanged": ["l"]}), "print(l)")
    assert found.cells[1].maybe == ["l"] and edges(found)["c1", "c2"].maybe


def test_seen_to_read_and_set() -> None:
    found = graph(
        "x = [1]", ("globals_()", {"reads": ["x"], "writes": ["y"]}), "y.append(2)", "print(x)", "y"
    )
    assert found.cells[1].inputs == {"x": "c0"} and "y" in found.cells[1].outputs
    assert edges(found)["c0", "c1"].why == "cell 0 sets `x`: `x = [1]`; cell 1 was seen to use it"
    # Nobody knows what was bound: it may be the same object as `x`.
    assert edges(found)["c2", "c3"].names == ["x"]
    assert edges(found)["c2", "c4"].names == ["y"]


def test_what_shares_with_what_was_seen_to_change_goes_with_it() -> None:
    found = graph(
        "a = [1]\nf = [a]\nz = [2]", ("print(f)", {"mutated": ["f"]}), "a.append(3)", "print(f)"
    )
    assert found.cells[1].mutated == found.cells[1].outputs == ["a", "f"]
    assert found.cells[2].inputs == {"a": "c1", "f": "c1", "z": "c0"}


def test_seen_to_change() -> None:
    found = graph(
        "x = [1]\ny = [2]", ("hidden()", {"mutated": ["x"]}), "print(x)", "y.append(1)", "x"
    )
    assert found.cells[1].mutated == ["x"]
    assert found.cells[1].maybe == []
    why = edges(found)["c1", "c2"].why
    assert why == "cell 1 was seen to change `x`; cell 2 uses it"
    # It may have put any object into it.
    assert "x" in found.cells[3].outputs and edges(found)["c3", "c4"].names == ["x"]


def test_seen_to_draw() -> None:
    found = graph(("f()", {"random": ["<random>"]}), "import random\nrandom.random()")
    assert edges(found)["c0", "c1"].names == ["<random>"]


def test_seen_files_and_the_world() -> None:
    found = graph(
        ("f()", {"files_written": ["out/a.csv"]}),
        ("g()", {"files_read": ["out/a.csv"]}),
        ("h()", {"outside": ["network host:80"]}),
    )
    assert found.cells[0].outside == ["writes `out/a.csv`"]
    assert found.cells[2].outside == ["network host:80"]
    assert set(order(found)) == {("c0", "c1"), ("c0", "c2")}


def test_seen_process_and_hidden() -> None:
    found = graph(("f()", {"process": ["cwd"]}), ("1", {"hidden": ["gc.get_objects"]}), "2")
    assert found.cells[0].sticky == "it was seen to change cwd"
    assert found.cells[1].barrier == "it was seen to use gc.get_objects"
    assert ("c1", "c2") in order(found)


def test_what_was_seen_is_stronger_than_the_users_word() -> None:
    seen = {"mutated": ["x"], "process": ["cwd"]}
    found = analyse([Cell("a", "x = [1]"), Cell("b", "f()", {"pure": True}, False, seen)])
    assert found.cells[1].mutated == ["x"] and found.cells[1].sticky and not found.cells[1].pure


def test_nonsense_is_passed_over() -> None:
    seen: dict[str, Any] = {"reads": 3, "writes": [None, {}], "mutated": "x", "zork": 1}
    assert graph("x = 1", ("y = x", seen)) == graph("x = 1", "y = x")


def test_set_up_reads_what_it_was_seen_to_read() -> None:
    found = graph(
        ("import logging\nlogging.basicConfig(level=10)", {"files_read": ["levels.json"]}),
        "print(1)",
        "open('levels.json', 'w').write('{}')",
    )
    assert "which cell 2 may change" in str(found.cells[0].sticky)
    assert found.cells[0].setup == []


def test_set_up_of_a_cell_that_was_seen_to_write_is_not_repeated() -> None:
    found = graph(
        ("import logging\nlogging.basicConfig(level=10)\nf()", {"files_written": ["a.log"]}), "1"
    )
    assert found.cells[0].sticky == "it was seen to write `a.log`, perhaps as set-up"
    assert found.cells[0].setup == []
    assert ("c0", "c1") in order(found)
    assert graph(("import os\nos.environ['A'] = 'b'", {}), "1").cells[0].sticky is None
