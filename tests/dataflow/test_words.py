"""Each kind of edge says why in words that the notebook's author understands."""

from __future__ import annotations

import re
from typing import Any

import pytest

from jupyterlab_dossier.dataflow import Cell, analyse
from jupyterlab_dossier.dataflow.words import listed, typed
from tests.oracles import corpus


def why(*sources: str | Cell) -> str:
    """The reason of the edge to the last cell from the last one before it that has one."""
    cells = [s if isinstance(s, Cell) else Cell(f"c{n}", s) for n, s in enumerate(sources)]
    found = [edge.why for edge in analyse(cells).edges if edge.to == cells[-1].id]
    return found[-1]


def seen(number: int, source: str, **observed: Any) -> Cell:
    return Cell(f"c{number}", source, observed=observed)


DATA = "import pandas as pd\ndf = pd.DataFrame({'a': [1]})"
HTML = "from IPython.display import HTML, display\nh = display(HTML('a'), display_id='x')"

CASES: list[tuple[str, list[str | Cell], str]] = [
    ("set", ["a = 1", "a"], "cell 0 sets `a`: `a = 1`; cell 1 uses it"),
    (
        "may be changed",
        [DATA, "df.fillna(0, inplace=True)", "df"],
        "cell 1 may change `df`: `df.fillna(0, inplace=True)`; cell 2 uses it",
    ),
    (
        "may be set",
        ["a = 1", "if input():\n    a = 2"],
        "cell 0 sets `a`: `a = 1`; cell 1 may set it",
    ),
    (
        "what a cell reads comes first",
        ["a = []\nb = [a]", "b.append(1)"],
        "cell 0 sets `b`: `b = [a]`; cell 1 uses it",
    ),
    (
        "of a definition its first line",
        ["def f(\n    x,\n):  # doubles\n    return 2 * x", "f(2)"],
        "cell 0 sets `f`: `def f( x, ): …`; cell 1 uses it",
    ),
    ("a magic", ["%time a = 1", "a"], "cell 0 sets `a`: `%time a = 1`; cell 1 uses it"),
    ("a command", ["a = !ls *.py", "a"], "cell 0 sets `a`: `a = !ls *.py`; cell 1 uses it"),
    ("a cell magic", ["%%time\na = 1", "a"], "cell 0 sets `a`: `%%time …`; cell 1 uses it"),
    (
        "seen at run time",
        ["a = []", seen(1, "f = 0", mutated=["a"]), "a"],
        "cell 1 was seen to change `a`; cell 2 uses it",
    ),
    (
        "seeded",
        ["import random\nrandom.seed(1)", "import random\nrandom.random()"],
        "cell 0 seeds the random numbers of `random`: `random.seed(1)`; cell 1 draws from them",
    ),
    (
        "drawn",
        ["import numpy as np\nnp.random.rand()", "import numpy as np\nnp.random.rand()"],
        "cell 0 draws from the random numbers of `numpy.random`: `np.random.rand()`;"
        " cell 1 draws from them",
    ),
    (
        "a file is read",
        ["open('a', 'w').close()", "open('a').read()"],
        "cell 0 writes `a`: `open('a', 'w')`; cell 1 reads it",
    ),
    (
        "a file is written later",
        ["open('a').read()", "open('a', 'w').close()"],
        "cell 0 reads `a`: `open('a')` before cell 1 writes it",
    ),
    (
        "any file",
        ["open('a', 'w').close()", "name = input()", "open(name).read()"],
        "cell 1 sets `name`: `name = input()`; cell 2 uses it",
    ),
    (
        "any file",
        ["open('a', 'w').close()", "open(input()).read()"],
        "cell 0 writes `a`: `open('a', 'w')`; cell 1 may read any file: `open(input())`",
    ),
    (
        "any file by a command",
        ["!make", "!ls"],
        "cell 0 may write any file: `!make`; cell 1 may read any file: `!ls`",
    ),
    (
        "a display",
        [HTML, "display(1, display_id='x')"],
        "cell 0 sets `display`: `from IPython.display import HTML, display`; cell 1 uses it",
    ),
    (
        "the outside",
        ["!make", "!make all > /dev/null"],
        "cell 0 may write any file: `!make`; cell 1 may read any file: `!make all > /dev/null`",
    ),
    (
        "inputs of set-up statements",
        ["import os", "os.environ['A'] = 'b'", "1"],
        "`os.environ['A'] = 'b'` in cell 1 is repeated in the process of every later cell,"
        " and needs `os` of cell 0",
    ),
    (
        "a shared process",
        ["%pip install x", "1"],
        "cell 1 shares the process of cell 0, which all later cells need:"
        " packages are installed: `%pip install x`",
    ),
    (
        "a barrier",
        ["1", "%zork"],
        "cell 1 is ordered with all cells: `%zork` may do anything",
    ),
    (
        "set by a barrier",
        ["a = 1", "%zork", "a"],
        "cell 1 may change `a` (`%zork` may do anything); cell 2 uses it",
    ),
    (
        "objects that stay where they are",
        ["g = (i for i in [1])", "list(g)", "next(g)"],
        "cell 1 may change `g`: `list(g)`; cell 2 uses it",
    ),
    ("history", ["1", "_"], "cell 1 is ordered with all cells: `_` is IPython's history"),
    (
        "a declared file",
        [Cell("c0", "1", {"writes": ["file:a"]}), Cell("c1", "2", {"reads": ["file:a"]})],
        "cell 0 writes `a`; cell 1 reads it",
    ),
]


@pytest.mark.parametrize(("sources", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_why(sources: list[str | Cell], words: str) -> None:
    assert why(*sources) == words


def order(name: str, *sources: str) -> str:
    """The reason of the order edge of this name alone."""
    edges = analyse([Cell(f"c{n}", s) for n, s in enumerate(sources)]).edges
    (found,) = [edge.why for edge in edges if edge.kind == "order" and edge.names == [name]]
    return found


def test_order_of_displays() -> None:
    assert order("<display>", HTML, "h.update(HTML('b'))") == (
        "cell 0 makes or updates a display: `display(HTML('a'), display_id='x')`;"
        " cell 1 may update it: `h.update(HTML('b'))`"
    )


def test_order_of_what_acts_outside() -> None:
    words = order(
        "<outside>", "open('a', 'w').close()", "open('b', 'w').close()\nopen('c', 'w').close()"
    )
    assert words == (
        "cell 0 and cell 1 both act outside of the notebook"
        " (writes `a`; writes `b`, writes `c`)"
    )  # fmt: skip


def test_order_of_values_that_cannot_be_copied() -> None:
    assert order("g", "g = (i for i in [1])", "k = [g]", "next(g)") == (
        "cell 1 uses `g` before cell 2 changes it in place"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = get_ipython().getoutput('ls')", "a = !ls"),
        ("get_ipython().run_line_magic('matplotlib', '')", "%matplotlib"),
        ("get_ipython().run_line_magic('pinfo', 'df')", "df?"),
        ("get_ipython().system(x)", "get_ipython().system(x)"),
        ("get_ipython().system('ä'); get_ipython().system('b')", "!ä; !b"),
    ],
)
def test_magics_are_shown_as_typed(text: str, words: str) -> None:
    assert typed(text) == words


def test_names_in_columns() -> None:
    assert listed(["<file a b.csv>", "df", "<random>"]) == "file a b.csv, df, random numbers"


@pytest.mark.parametrize("name", corpus.names("small"))
def test_no_word_of_the_analysis_own_is_shown(name: str) -> None:
    cells = [Cell(f"c{n}", c.source) for n, c in enumerate(corpus.load("small", name))]
    for edge in analyse(cells).edges:
        assert edge.why, edge
        assert not re.search(r"<(files?|display|random|numpy|outside|process|store)\b", edge.why)
        assert "get_ipython()." not in edge.why
