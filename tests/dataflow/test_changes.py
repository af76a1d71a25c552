"""A notebook that is being edited: what is told of each edit."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Iterable
from typing import Any

import pytest

from jupyterlab_dossier.dataflow import Cell, analyse
from jupyterlab_dossier.dataflow.changes import Editing, answer
from jupyterlab_dossier.dataflow.client import AnalysisClient, AnalysisPair

from . import generated
from .loops import watched
from .test_incremental import changed, numbered

CELLS = [{"id": "a", "source": "x = [1]"}, {"id": "b", "source": "print(x)"}]


def test_an_edit() -> None:
    editing, begun = answer(None, {"cells": CELLS})
    assert begun["stale"] == [] and [c["id"] for c in begun["cells"]] == ["a", "b"]
    _, found = answer(
        editing,
        {
            "token": begun["token"],
            "cells": [{"id": "n", "source": "x.append(2)"}],
            "order": ["a", "n", "b"],
        },
    )
    assert found["token"] != begun["token"]
    assert found["stale"] == [
        {"id": "n", "why": "it has not run", "left": False},
        {"id": "b", "why": "`x` comes from code cell 2, which has not run", "left": False},
    ]
    assert {c["id"] for c in found["cells"]} == {"n", "b"}
    assert [(e["from"], e["to"]) for e in found["edges"]["added"]] == [("a", "n"), ("n", "b")]
    assert found["edges"]["removed"] == [{"from": "a", "to": "b", "kind": "value"}]
    _, back = answer(editing, {"token": found["token"], "cells": [], "order": ["a", "b"]})
    assert back["stale"] == []
    assert answer(editing, {"token": found["token"], "cells": []})[1] == {"token": None}


class Page:
    """What a page tells of a notebook, and the marks that it is told."""

    def __init__(self, **sources: str) -> None:
        self.sources = sources
        self._editing, begun = answer(None, {"cells": self._cells(sources)})
        self._token = begun["token"]

    def _cells(self, names: Iterable[str]) -> list[dict[str, str]]:
        return [{"id": name, "source": self.sources[name]} for name in names]

    def tell(self, *ran: str, order: list[str] | None = None, **edits: str) -> dict[str, str]:
        self.sources |= edits
        request = {"token": self._token, "cells": self._cells(edits), "ran": self._cells(ran)}
        if order is not None:
            request["order"] = order
        _, found = answer(self._editing, request)
        self._token = found["token"]
        self.left = {mark["id"]: mark["why"] for mark in found["stale"] if mark["left"]}
        return {mark["id"]: mark["why"] for mark in found["stale"]}

    def begin_again(self, ran: dict[str, str]) -> None:
        left = [{"id": name, "why": why} for name, why in self.left.items()]
        cells = [{"id": name, "source": source} for name, source in ran.items()]
        self._editing, begun = answer(None, {"cells": cells, "stale": left})
        self._token = begun["token"]


CHAIN = {"a": "x = 1", "b": "y = x + 1", "c": "print(y)", "d": "z = 5"}


def test_what_ran_is_stale_no_more_and_what_uses_it_is() -> None:
    page = Page(**CHAIN)
    assert set(page.tell(a="x = 2")) == {"a", "b", "c"}
    assert page.tell("a") == {
        "b": "`x` comes from code cell 1, which changed",
        "c": "`y` comes from code cell 2, which must run again",
    }
    assert page.tell("b") == {"c": "`y` comes from code cell 2, which must run again"}
    assert page.tell("c") == {}


def test_an_undone_edit_takes_its_marks_back_but_not_those_of_what_ran() -> None:
    page = Page(**CHAIN)
    page.tell(a="x = 2", d="z = 6")
    page.tell("a")
    assert set(page.tell(d="z = 5")) == {"b", "c"} == set(page.left)
    assert page.tell(a="x = 1")["a"] == "its code changed"


def test_a_cell_that_ran_on_an_old_value_stays_stale() -> None:
    page = Page(**CHAIN)
    page.tell(a="x = 2")
    assert set(page.tell("c")) == {"a", "b", "c"}
    assert set(page.tell("a")) == {"b", "c"}
    # b is left: c ran before it.
    assert page.tell("c") == {
        "b": "`x` comes from code cell 1, which changed",
        "c": "`y` comes from code cell 2, which must run again",
    }
    assert page.tell("b", "c") == {}


def test_a_run_of_all_leaves_nothing() -> None:
    page = Page(**CHAIN)
    page.tell(a="x = 2", d="z = 6")
    assert page.tell("a", "b", "c", "d") == {}


def test_what_was_edited_while_it_ran_is_stale() -> None:
    page = Page(**CHAIN)
    page.tell(d="z = 6")
    token, page.sources["d"] = page._token, "z = 7"
    cells, ran = [{"id": "d", "source": "z = 7"}], [{"id": "d", "source": "z = 6"}]
    _, found = answer(page._editing, {"token": token, "cells": cells, "ran": ran})
    assert [mark["id"] for mark in found["stale"]] == ["d"]


def test_a_deleted_cell_marks_its_users_until_they_run() -> None:
    page = Page(a="x = 1", b="x = 2", c="print(x)")
    assert page.tell(order=["a", "c"]) == {
        "c": "`x` comes from code cell 1 now, not from code cell 2 of before"
    }
    assert page.tell("a", order=["a", "c"]).keys() == {"c"}
    assert page.tell("c") == {}


def test_cells_that_never_ran() -> None:
    page = Page(a="x = 1")
    marks = page.tell(order=["a", "b"], b="print(x)")
    assert marks == {"b": "it has not run"}
    assert page.tell("b") == {}


def test_another_result_marks_what_uses_it() -> None:
    """A cell that looks at the outside may give another value each time; others do not."""
    page = Page(a="import pandas as pd", b="t = pd.read_csv('t.csv')", c="print(t)")
    assert page.tell("a") == {}
    assert page.tell("b") == {"c": "`t` comes from code cell 2, which ran again"}
    assert page.tell("c") == {}


def test_marks_that_what_ran_has_left_outlive_the_helper() -> None:
    page = Page(**CHAIN)
    page.tell(a="x = 2")
    marks = page.tell("a")
    page.begin_again({**CHAIN, "a": "x = 2"})
    assert page.tell() == marks


@pytest.mark.parametrize("seed", range(20))
def test_differences_add_up_to_the_graph(seed: int) -> None:
    choose = random.Random(seed)
    cells = numbered(generated.notebook(seed))
    editing = Editing(cells)
    reports: dict[str, Any] = {}
    edges: dict[Any, Any] = {}
    told = editing.first
    for _ in range(6):
        reports |= {c["id"]: c for c in told["cells"]}
        for edge in told["edges"]["removed"]:
            del edges[edge["from"], edge["to"], edge["kind"]]
        edges |= {(e["from"], e["to"], e["kind"]): e for e in told["edges"]["added"]}
        whole = analyse(cells).to_json()
        if not any("follow" in (c["barrier"] or "") for c in whole["cells"]):
            assert [reports[c.id] for c in cells] == whole["cells"]
            assert sorted(edges) == sorted((e["from"], e["to"], e["kind"]) for e in whole["edges"])
        new = changed(cells, numbered(generated.notebook(seed + 77)), choose)
        told = editing.edit([c for c in new if c not in cells], [c.id for c in new])
        cells = new


@pytest.mark.alone
def test_marks_in_a_long_notebook_are_quick() -> None:
    """Generous: other processes may be at work; benchmarks have the figures."""
    cells = [Cell("i", "import pandas as pd")]
    cells += [Cell(f"{n}", f"d{n} = pd.read_csv('{n}.csv')\nd{n}['s'] = 2") for n in range(1000)]
    editing = Editing(cells)
    taken = []
    for place in (1, 500, 999):
        start = time.process_time()
        found = editing.edit([Cell(cells[place].id, cells[place].source + "\nprint(3)")], None)
        taken.append(time.process_time() - start)
        assert cells[place].id in {mark["id"] for mark in found["stale"]}
    assert min(taken) < 0.3


BIG = "\n".join(f"x{n} = [{n}]\nx{n}.append(x{n - 1 if n else 0})" for n in range(2500))


@pytest.mark.alone
def test_a_long_cell_is_a_barrier_while_it_is_edited() -> None:
    """Marks of the same notebook do not wait for its analysis."""
    taken = []
    for _ in range(3):
        editing, begun = answer(None, {"cells": [*CELLS, {"id": "c", "source": "y = 1"}]})
        order = ["a", "big", "b", "c"]
        start = time.process_time()
        _, found = answer(
            editing,
            {"token": begun["token"], "cells": [{"id": "big", "source": BIG}], "order": order},
        )
        taken.append(time.process_time() - start)
    # The interpreter may have collected the garbage of other tests meanwhile.
    assert min(taken) < 0.1
    (report,) = (c for c in found["cells"] if c["id"] == "big")
    assert report["barrier"] == "it is too long to analyse at each edit"
    assert {mark["id"] for mark in found["stale"]} == {"big", "b", "c"}
    assert analyse([Cell("big", BIG)]).cells[0].barrier is None


@pytest.mark.alone
async def test_a_long_cell_blocks_no_loop_and_no_other_graph() -> None:
    pair = AnalysisPair(AnalysisClient(sys.executable), AnalysisClient(sys.executable), 0.01)
    try:
        await pair.graph(CELLS)
        async with watched() as gaps:
            slow = asyncio.create_task(pair.graph([{"id": "big", "source": BIG}]))
            await asyncio.sleep(0)  # it has begun
            quick = await pair.graph(CELLS)
            assert not slow.done() and len(quick["cells"]) == 2
            assert len((await slow)["cells"][0]["outputs"]) == 2500
    finally:
        await pair.close()
    # Far below what the analysis takes; other processes take their share of the processor too.
    assert gaps.longest < 0.25
