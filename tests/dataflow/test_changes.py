"""A notebook that is being edited: what is told of each edit."""

from __future__ import annotations

import asyncio
import random
import sys
import time
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
        {"id": "n", "why": "it is new"},
        {"id": "b", "why": "`x` comes from cell 1, which is new"},
    ]
    assert {c["id"] for c in found["cells"]} == {"n", "b"}
    assert [(e["from"], e["to"]) for e in found["edges"]["added"]] == [("a", "n"), ("n", "b")]
    assert found["edges"]["removed"] == [{"from": "a", "to": "b", "kind": "value"}]
    _, back = answer(editing, {"token": found["token"], "cells": [], "order": ["a", "b"]})
    assert back["stale"] == []
    assert answer(editing, {"token": found["token"], "cells": []})[1] == {"token": None}


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


def test_a_long_cell_is_a_barrier_while_it_is_edited() -> None:
    """Marks of the same notebook do not wait for its analysis."""
    editing, begun = answer(None, {"cells": [*CELLS, {"id": "c", "source": "y = 1"}]})
    order = ["a", "big", "b", "c"]
    start = time.process_time()
    _, found = answer(
        editing,
        {"token": begun["token"], "cells": [{"id": "big", "source": BIG}], "order": order},
    )
    assert time.process_time() - start < 0.1
    (report,) = (c for c in found["cells"] if c["id"] == "big")
    assert report["barrier"] == "it is too long to analyse at each edit"
    assert {mark["id"] for mark in found["stale"]} == {"big", "b", "c"}
    assert analyse([Cell("big", BIG)]).cells[0].barrier is None


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
