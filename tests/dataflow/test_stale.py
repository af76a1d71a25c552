"""What must run again after an edit, and the words that say why."""

from __future__ import annotations

import random
import re

import pytest

from jupyterlab_dossier.dataflow import Analysed, Cell, stale
from jupyterlab_dossier.dataflow.stale import match

from . import generated, oracle

Sources = list[str]


def marks(old: Sources, new: Sources, order: list[int] | None = None) -> dict[int, str]:
    """`order` names for each new cell which old one it is (-1: none)."""
    order = list(range(len(new))) if order is None else order
    before = Analysed.of([Cell(f"c{n}", s) for n, s in enumerate(old)])
    ids = [f"c{o}" if o >= 0 else f"n{n}" for n, o in enumerate(order)]
    after = Analysed.of([Cell(i, s) for i, s in zip(ids, new, strict=True)])
    return {mark.index: mark.why for mark in stale(before, after)}


PANDAS = "import pandas as pd"
SET = "pd.set_option('display.max_rows', 5)"

# title, old, new, which old cell each new one is (None: the same places), marks
CASES: list[tuple[str, Sources, Sources, list[int] | None, dict[int, str]]] = [
    ("nothing changed", ["a = 1", "print(a)"], ["a = 1", "print(a)"], None, {}),
    (
        "code",
        ["a = 1", "b = 2", "print(a)", "print(b)"],
        ["a = 3", "b = 2", "print(a)", "print(b)"],
        None,
        {0: "its code changed", 2: "`a` comes from cell 0, which changed"},
    ),
    (
        "through a cell that must run again",
        ["a = 1", "b = a", "print(b)"],
        ["a = 3", "b = a", "print(b)"],
        None,
        {
            0: "its code changed",
            1: "`a` comes from cell 0, which changed",
            2: "`b` comes from cell 1, which must run again",
        },
    ),
    (
        "a file by another name",
        ["import os\nos.link('a', 'b')", "open('a', 'w').write('1')", "print(open('b').read())"],
        ["import os\nos.link('a', 'b')", "open('a', 'w').write('2')", "print(open('b').read())"],
        None,
        {1: "its code changed", 2: "cell 1, which writes files before it, changed"},
    ),
    (
        "a new mutator between",
        ["l = [1]", "print(l)"],
        ["l = [1]", "l.append(2)", "print(l)"],
        [0, -1, 1],
        {1: "it is new", 2: "`l` comes from cell 1, which is new"},
    ),
    (
        "a deleted mutator",
        ["l = [1]", "l.append(2)", "print(l)"],
        ["l = [1]", "print(l)"],
        [0, 2],
        {1: "`l` comes from cell 0 now, not from cell 1 of before"},
    ),
    (
        "a deleted definition",
        ["l = [1]", "print(l)", "3"],
        ["print(l)", "3"],
        [1, 2],
        {
            0: "`l` came from cell 0 of before, which was deleted",
            1: "cell 0, which needs `l`, which nothing has set, must run again",
        },
    ),
    (
        "moved cells",
        ["l = [1]", "l.append(2)", "print(l)", "x = 5"],
        ["l = [1]", "print(l)", "l.append(2)", "x = 5"],
        [0, 2, 1, 3],
        {1: "`l` comes from cell 0 now, not from cell 2"},
    ),
    (
        "moved cells that do not depend on each other",
        ["a = 1", "b = 2", "print(a, b)"],
        ["b = 2", "a = 1", "print(a, b)"],
        [1, 0, 2],
        {},
    ),
    (
        "a function that is called later",
        ["def f(): return n", "n = 1", "print(f())", "print(n)"],
        ["def f(): return n + 1", "n = 1", "print(f())", "print(n)"],
        None,
        {0: "its code changed", 2: "`f` comes from cell 0, which changed"},
    ),
    (
        "a name that hides a builtin",
        ["x = 1", "print(len([]))"],
        ["len = lambda x: 3", "x = 1", "print(len([]))"],
        [-1, 0, 1],
        {0: "it is new", 2: "`len` comes from cell 0, which is new"},
    ),
    (
        "an option",
        [PANDAS, SET, "df = pd.DataFrame()", "df"],
        [PANDAS, SET.replace("5", "6"), "df = pd.DataFrame()", "df"],
        None,
        {
            1: "its code changed",
            2: f"cell 1, which sets up the process before it (`{SET.replace('5', '6')}`), changed",
            3: "`df` comes from cell 2, which must run again",
        },
    ),
    (
        "an option is set no longer",
        [PANDAS, SET, "print(1)"],
        [PANDAS, "print(1)"],
        [0, 2],
        {1: f"cell 1 of before, which sets up the process before it (`{SET}`), was deleted"},
    ),
    (
        "an option moves behind",
        [PANDAS, SET, "print(1)"],
        [PANDAS, "print(1)", SET],
        [0, 2, 1],
        {1: f"cell 2, which sets up the process before it (`{SET}`), now comes after it"},
    ),
    (
        "an option of the same words in a cell that changed",
        [PANDAS, f"{SET}\nx = 1", "print(1)"],
        [PANDAS, f"{SET}\nx = 2", "print(1)"],
        None,
        {1: "its code changed"},
    ),
    (
        "a barrier before",
        ["a = 1", "%zork", "2"],
        ["a = 1", "%zork 3", "2"],
        None,
        {
            1: "its code changed",
            2: "cell 1, which changes the process for good (`%zork` may do anything, and may"
            " change the process), changed",
        },
    ),
    (
        "a barrier after",
        ["a = 1", "%zork", "b = 1"],
        ["a = 2", "%zork", "b = 1"],
        None,
        {
            0: "its code changed",
            1: "`a` comes from cell 0, which changed",
            2: "cell 1, which changes the process for good (`%zork` may do anything, and may"
            " change the process), must run again",
        },
    ),
    (
        "a barrier sees all cells, also those it has no name of",
        ["print(1)", "print(dir())"],
        ["print(2)", "print(dir())"],
        None,
        {
            0: "its code changed",
            1: "it may see all cells before it, and not all are as they were",
        },
    ),
    (
        "the history of the kernel",
        ["print(1)", "x = 1", "print(In, Out)"],
        ["print(2)", "x = 1", "print(In, Out)"],
        None,
        {
            0: "its code changed",
            1: "cell 0, which changes the process for good (`In` is IPython's history,"
            " which a later cell uses), changed",
            2: "`x` comes from cell 1, which must run again",
        },
    ),
    (
        "a file",
        ["open('a', 'w').write('x')", "print(open('a').read())", "open('b')"],
        ["open('a', 'w').write('y')", "print(open('a').read())", "open('b')"],
        None,
        {0: "its code changed", 1: "cell 0, which writes `a` before it, changed"},
    ),
    (
        "a file that nobody writes any more",
        ["open('a', 'w').write('x')", "print(open('a').read())"],
        ["print(open('a').read())"],
        [1],
        {0: "cell 0 of before, which writes `a` before it, was deleted"},
    ),
    (
        "files of a command",
        ["!make", "print(open('a').read())"],
        ["!make all", "print(open('a').read())"],
        None,
        {0: "its code changed", 1: "cell 0, which writes files before it, changed"},
    ),
    (
        "the outside",
        ["import requests", "%pip install a", "!date > /dev/null"],
        ["import requests", "%pip install b", "!date > /dev/null"],
        None,
        {
            1: "its code changed",
            2: "cell 1, which changes the process for good (packages are installed:"
            " `%pip install b`), changed",
        },
    ),
    (
        "a random generator",
        ["import random", "random.seed(1)", "x = 3", "print(random.random())"],
        ["import random", "random.seed(2)", "x = 3", "print(random.random())"],
        None,
        {
            1: "its code changed",
            3: "the state of the random numbers of `random` comes from cell 1, which changed",
        },
    ),
    (
        "one draw more",
        ["import random\nrandom.seed(1)", "print(random.random())"],
        ["import random\nrandom.seed(1)", "random.random()", "print(random.random())"],
        [0, -1, 1],
        {
            1: "it is new",
            2: "the state of the random numbers of `random` comes from cell 1, which is new",
        },
    ),
    (
        "a display that a later cell updates",
        ["h = display(1, display_id=True)", "x = 1", "h.update(2)"],
        ["h = display(1, display_id=True)", "x = 1", "h.update(3)"],
        None,
        {
            0: "cells that update displays of earlier cells changed or must run again",
            2: "its code changed",
        },
    ),
    (
        "a syntax error cuts what comes after it",
        ["a = 1", "b = 2", "print(a)"],
        ["a = 1", "b = = 2", "print(a)"],
        None,
        {
            1: "its code changed",
            2: "cell 1, which has a syntax error (invalid syntax (line 1)), changed",
        },
    ),
    (
        "a syntax error mended",
        ["a = 1", "b = = 2", "print(a)"],
        ["a = 1", "b = 2", "print(a)"],
        None,
        {
            1: "its code changed",
            2: "cell 1, which has a syntax error (invalid syntax (line 1)), changed",
        },
    ),
    (
        "a name that nothing sets any more",
        ["df = 1", "print(df)", "print(3)"],
        ["df2 = 1", "print(df)", "print(3)"],
        None,
        {
            0: "its code changed",
            1: "`df` came from cell 0, which changed",
            2: "cell 1, which needs `df`, which nothing has set, must run again",
        },
    ),
    (
        "an unshippable object",
        ["f = open('a')", "f.readline()", "print(f.readline())", "print(2)"],
        ["f = open('a')", "f.readlines()", "print(f.readline())", "print(2)"],
        None,
        {1: "its code changed", 2: "`f` comes from cell 1, which changed"},
    ),
    ("a blank cell more", ["a = 1", "print(Out)"], ["a = 1", "", "print(Out)"], [0, -1, 1], {}),
]


@pytest.mark.parametrize(
    ("old", "new", "order", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CASES]
)
def test_marks(
    old: Sources, new: Sources, order: list[int] | None, expected: dict[int, str]
) -> None:
    assert marks(old, new, order) == expected


def cells(*sources: str) -> list[Cell]:
    return [Cell(f"c{n}", s) for n, s in enumerate(sources)]


def test_cells_are_matched_by_id_then_source_then_place() -> None:
    old = cells("a", "b", "c", "d")
    new = [Cell("c3", "x"), Cell("n0", "b"), Cell("n1", "y"), Cell("n2", "a"), Cell("n3", "z")]
    assert match(old, new) == {0: 3, 1: 1, 2: 2, 3: 0}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("a = 1", "a = 1  # one", False),
        ("a = (1)", "\na = 1\n", False),
        ("a = 1\na", "a = 1\na;", True),
        ("a = 1\na;  # b", "a = 1\na;", False),
        ("a = 1", "a = 1.0", True),
        ("%%bash\nls", "%%bash\nls # x", True),
        ("'''a'''", "'''b'''", True),
        ("import warnings\nwarnings.warn('x')", "import warnings\n# x\nwarnings.warn('x')", True),
    ],
)
def test_comments(old: str, new: str, changed: bool) -> None:
    quiet = frozenset(("c0", "c1"))
    before = Analysed.of(cells(old, "3"))
    assert [m.index for m in stale(before, Analysed.of(cells(new, "3")))] == [0]
    before = Analysed(before.cells, before.graph, quiet=quiet)
    found = stale(before, Analysed.of(cells(new, "3")))
    assert [m.index for m in found] == ([0] if changed else [])


def test_comments_in_a_function_that_a_warning_of_another_cell_may_quote() -> None:
    old, new = cells("def f(): pass", "f()"), cells("def f(): pass  # x", "f()")
    before = Analysed.of(old)
    quiet = Analysed(old, before.graph, quiet=frozenset(("c0", "c1")))
    assert stale(quiet, Analysed.of(new)) == []
    loud = Analysed(old, before.graph, quiet=frozenset(("c0",)))
    assert [m.index for m in stale(loud, Analysed.of(new))][:1] == [0]


def test_after_a_cell_that_had_failed() -> None:
    old = cells("x = 0", "1 / x", "print(3)")
    before = Analysed(old, Analysed.of(old).graph, failed=frozenset(("c1",)))
    assert stale(before, Analysed.of(old)) == []
    found = stale(before, Analysed.of(cells("x = 1", "1 / x", "print(3)")))
    assert [m.why for m in found][2] == "cell 1, which had failed before it, must run again"
    found = stale(before, Analysed.of([old[0], old[2]]))
    assert [m.why for m in found] == ["cell 1 of before, which had failed before it, was deleted"]


def test_tags() -> None:
    old = [Cell("a", "1 / 0"), Cell("b", "2")]
    new = [Cell("a", "1 / 0", may_fail=True), Cell("b", "2")]
    found = {m.id: m.why for m in stale(Analysed.of(old), Analysed.of(new))}
    assert found == {"a": "its tags changed: whether the run goes on when it fails"}


EDITS = ["replace", "insert", "delete", "swap"]


def edited(sources: Sources, seed: int) -> tuple[Sources, list[int]]:
    """One random edit; and which old cell each new one is."""
    choose = random.Random(seed)
    other = generated.notebook(seed + 100_000)
    new, order = list(sources), list(range(len(sources)))
    place = choose.randrange(len(new))
    kind = choose.choice(EDITS)
    if kind == "replace":
        new[place] = choose.choice(other)
    elif kind == "insert":
        new.insert(place, choose.choice(other))
        order.insert(place, -1)
    elif kind == "delete":
        del new[place], order[place]
    else:
        with_ = choose.randrange(len(new))
        new[place], new[with_] = new[with_], new[place]
        order[place], order[with_] = order[with_], order[place]
    return new, order


@pytest.mark.parametrize("seed", range(150))
def test_outputs_that_change_are_marked(seed: int) -> None:
    old = generated.notebook(seed)
    new, order = edited(old, seed)
    found = marks(old, new, order)
    address = re.compile("0x[0-9a-f]+")
    before, after = oracle.in_order(old), oracle.in_order(new)
    for number, was in enumerate(order):
        if was < 0 or address.sub("", before[was]) != address.sub("", after[number]):
            assert number in found
