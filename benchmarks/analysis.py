"""The analysis: beside Python's own parser, and as it answers while a notebook is edited."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from symtable import symtable
from typing import Any

from jupyterlab_dossier.dataflow import Analyser, Cell, ipython
from jupyterlab_dossier.dataflow.client import AnalysisClient
from jupyterlab_dossier.runs import notebooks
from tests.oracles import corpus

from .harness import Row, Timer

PARSER = "ast.parse + symtable"
Request = dict[str, Any]


def _notebooks() -> Iterator[list[str]]:
    yield [cell.source for cell in notebooks.read(Path("examples/digits.ipynb")).code_cells]
    for name in corpus.names("long"):
        yield [cell.source for cell in corpus.load("long", name)]


def _cells(sources: list[str]) -> list[float]:
    """What each cell takes when those before it are known."""
    analyser, taken = Analyser(), []
    cells = [Cell(f"{n}", source) for n, source in enumerate(sources)]
    for number in range(len(cells)):
        with Timer() as timer:
            analyser.analyse(cells[: number + 1])
        taken.append(timer.seconds)
    return taken


def _parser(text: str) -> float:
    with Timer() as timer:
        ast.parse(text)
        symtable(text, "cell", "exec")
    return timer.seconds


async def analysis(rounds: int = 2) -> list[Row]:
    """Each cell of the long notebooks and the example, against the parser on the same cell."""
    ours: list[float] = []
    parser: list[float] = []
    for sources in _notebooks():
        measured = [_cells(sources) for _ in range(rounds)]
        ours += map(min, *measured)
        for source in sources:
            with contextlib.suppress(SyntaxError):
                parser.append(min(_parser(ipython.parse(source)[1]) for _ in range(rounds)))
    slow = sum(seconds > 0.05 for seconds in ours)
    pairs = [
        ("all cells", sum, f"{len(ours)} cells, {slow} of them above 50 ms"),
        ("the median cell", statistics.median, ""),
        ("the worst cell", max, ""),
    ]
    return [
        Row(f"analysis: {title}", {"ours": of(ours), PARSER: of(parser)}, {PARSER: 1.5}, note=note)
        for title, of, note in pairs
    ]


def _long_notebook(cells: int = 1000) -> list[Request]:
    """A thousand cells: imports and a setting, functions, frames that are read and changed."""
    sources = ["import pandas as pd\nimport numpy as np", "pd.set_option('display.max_rows', 20)"]
    while len(sources) < cells:
        n = len(sources)
        sources.append(
            f"def scaled{n}(frame):\n    return frame * {n}"
            if n % 10 == 2
            else f"d{n} = pd.read_csv('{n}.csv')\nd{n}['s'] = scaled{n - n % 10 + 2}(d{n}.a)"
            if n % 10 == 3
            else f"d{n} = d{n - 1}.dropna()\nd{n}['s'] = d{n}.s + {n}\nprint(d{n}.s.mean())"
        )
    return [{"id": f"c{n}", "source": source} for n, source in enumerate(sources)]


def _edits(cells: list[Request], place: int) -> dict[str, Request]:
    """Each kind of edit near a place: what the browser sends."""
    near = place - place % 10
    function, cell = cells[near + 2], cells[near + 5]
    order = [c["id"] for c in cells]
    new = {"id": "new", "source": f"d{near + 5}.fillna(0, inplace=True)"}
    other = [*order]
    other.remove(cell["id"])

    def same(old: Request, source: str) -> Request:
        return {"cells": [{**old, "source": source}]}

    return {
        "a constant": same(cell, cell["source"].replace(f"+ {near + 5}", "+ 77")),
        "a mutator": same(cell, f"{cell['source']}\nd{near + 4}.sort_values('s', inplace=True)"),
        "a new name": same(cell, f"{cell['source']}\nfound{near} = d{near + 5}.s.max()"),
        "a function": same(function, function["source"].replace("* ", "+ ")),
        "a setting": same(cells[1], f"pd.set_option('display.max_rows', {near + 30})"),
        "a cell inserted": {
            "cells": [new],
            "order": [*order[: near + 6], "new", *order[near + 6 :]],
        },
        "a cell deleted": {"cells": [], "order": other},
    }


async def marks() -> list[Row]:
    """Marks after an edit in a notebook of 1,000 cells, through the helper process."""
    cells = _long_notebook()
    taken: dict[str, float] = {}
    async with AnalysisClient(sys.executable) as client:
        told = await client.changes({"cells": cells})
        for place in (0, 500, 985):
            for kind, edit in _edits(cells, place).items():
                back = {"cells": cells, "order": [c["id"] for c in cells]}
                start = time.perf_counter()
                told = await client.changes({"token": told["token"], **edit})
                taken[f"{kind} at {place}"] = time.perf_counter() - start
                assert told["stale"] or kind == "a cell deleted"
                told = await client.changes({"token": told["token"], **back})
    worst = max(taken, key=lambda name: taken[name])
    note = f"goal 0.1 s; {sum(t > 0.1 for t in taken.values())} of {len(taken)} edits took longer"
    return [
        Row("marks after an edit of 1,000 cells, median", _ours(taken.values()), {}),
        Row(f"marks after an edit, worst: {worst}", {"ours": taken[worst]}, {}, note=note),
    ]


def _ours(times: Any) -> dict[str, float]:
    return {"ours": statistics.median(times)}


async def big_cell() -> list[Row]:
    """A cell of 5,000 lines among others: how long the marks of another cell take beside it."""
    lines = [f"x{n} = [{n}]\nx{n}.append(x{n - 1 if n else 0})" for n in range(2500)]
    big = {"id": "big", "source": "\n".join(lines)}
    small = {"id": "small", "source": "y = x1"}
    longest = 0.0

    async def ticks() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    async with AnalysisClient(sys.executable) as client:
        told = await client.changes({"cells": [small]})
        ticking = asyncio.create_task(ticks())
        start = time.perf_counter()
        told = await client.changes(
            {"token": told["token"], "cells": [big], "order": ["big", "small"]}
        )
        pasted = time.perf_counter() - start
        start = time.perf_counter()
        edit = {"token": told["token"], "cells": [{"id": "small", "source": "y = x2"}]}
        await client.changes(edit)
        edited = time.perf_counter() - start
        ticking.cancel()
    return [
        Row("marks after a cell of 5,000 lines is pasted", {"ours": pasted}, {}),
        Row("marks of another cell beside it", {"ours": edited}, {}),
        Row("longest gap of the event loop meanwhile", {"ours": longest}, {}),
    ]


CASES = (analysis, marks, big_cell)
