"""After an edit the analysis says what a new one would say, and does little for it."""

from __future__ import annotations

import random

import pytest

from jupyterlab_dossier.dataflow import Analyser, Cell, analyse
from tests.oracles import corpus

from . import generated
from .cases import CASES

Cells = list[Cell]


def numbered(sources: list[str]) -> Cells:
    return [Cell(f"c{n}", source) for n, source in enumerate(sources)]


def changed(cells: Cells, other: Cells, choose: random.Random) -> Cells:
    """One random edit."""
    new = list(cells)
    place = choose.randrange(len(new))
    kind = choose.choice(
        ["replace", "append", "insert", "delete", "swap", "move", "comment", "seen"]
    )
    if kind == "replace":
        new[place] = Cell(new[place].id, choose.choice(other).source)
    elif kind == "append":
        new[place] = Cell(new[place].id, f"{new[place].source}\n{choose.choice(other).source}")
    elif kind == "insert":
        new.insert(place, Cell(f"n{choose.random()}", choose.choice(other).source))
    elif kind == "delete" and len(new) > 1:
        del new[place]
    elif kind == "swap":
        with_ = choose.randrange(len(new))
        new[place], new[with_] = new[with_], new[place]
    elif kind == "move":
        new.insert(choose.randrange(len(new)), new.pop(place))
    elif kind == "comment":
        new[place] = Cell(new[place].id, f"{new[place].source}  # {place}")
    else:
        seen = {"mutated": ["a"], "writes": ["b"]}
        new[place] = Cell(new[place].id, new[place].source, None, False, seen)
    return new


def follow(cells: Cells, other: Cells, seed: int, edits: int) -> None:
    choose = random.Random(seed)
    analyser = Analyser()
    for _ in range(edits):
        found, new = analyser.analyse(cells), analyse(cells)
        # Where calls are too many to follow, the order of a set decides which one is the last.
        if not any("follow" in (cell.barrier or "") for cell in (*found.cells, *new.cells)):
            assert found.to_json() == new.to_json()
        cells = changed(cells, other, choose)


@pytest.mark.parametrize("seed", range(30))
def test_generated_notebooks(seed: int) -> None:
    follow(numbered(generated.notebook(seed)), numbered(generated.notebook(seed + 999)), seed, 6)


def test_the_table_of_rules_in_one_notebook() -> None:
    """Notebooks of several rules one after another, which share names."""
    choose = random.Random(4)
    for seed in range(5):
        cells = [s for case in choose.sample(CASES, 5) for s in case[1]]
        other = [s for case in choose.sample(CASES, 5) for s in case[1]]
        follow(numbered(cells), numbered(other), seed, 6)


@pytest.mark.parametrize("kind", ["small", "long"])
def test_the_corpus(kind: str) -> None:
    names = corpus.names(kind)
    for seed, name in enumerate(names[:2]):
        cells = numbered([c.source for c in corpus.load(kind, name)])
        other = numbered([c.source for c in corpus.load(kind, names[(seed + 3) % len(names)])])
        follow(cells, other, seed, 3)


def test_an_edit_walks_only_what_can_see_it() -> None:
    cells = numbered(
        ["import pandas as pd", "n = 5", "df = pd.read_csv('a.csv')"]
        + [f"d{i} = df.head(n)\nprint(d{i}.mean())" for i in range(50)]
    )
    analyser = Analyser()
    analyser.analyse(cells)
    for place, source, most in [
        (0, "import pandas as pd\nimport numpy as np", 1),
        (2, "df = pd.read_csv('b.csv')", 1),
        (2, "df = pd.read_csv('b.csv')\ny = 3", 1),
        (10, "d7 = df.head(9)\ne = d7.x + 1", 1),
        (10, "def f():\n    return df\nf()", 1),
        (1, "n = 6", 51),
    ]:
        before = analyser.walks
        edit = [*cells]
        edit[place] = Cell(cells[place].id, source)
        assert analyser.analyse(edit).to_json() == analyse(edit).to_json()
        assert analyser.walks - before <= most
        analyser.analyse(cells)
    before = analyser.walks
    assert analyser.analyse(cells[:20] + cells[21:]).to_json()
    assert analyser.analyse(cells).to_json() == analyse(cells).to_json()
    assert analyser.walks - before == 1
