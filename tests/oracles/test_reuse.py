"""After an edit a run that takes what it can from earlier ones shows what a fresh run shows.

Edits of one notebook follow each other in one ledger, so that results of many versions are there
to be taken wrongly. Each is run twice in the same state of its folder: fresh, and reusing. A
seeded sample by default; with DOSSIER_FULL many edits of every notebook, resumable.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyterlab_dossier.runs import Cell, Engine, RunRecord, Workflow
from jupyterlab_dossier.runs.history.compare import differences

from . import corpus, edits, order
from .results import SEED
from .selection import Notebook, Selection, cells_of

Json = dict[str, Any]
SAMPLE = 4  # notebooks
EACH: dict[corpus.Kind, int] = {"small": 10, "long": 18}  # edits of each notebook in full runs
PATIENCE = 60.0


class Endless(Exception):
    """The edited notebook does not come to an end."""


class _Notebook:
    """A notebook that is edited again and again in one folder, with two ledgers."""

    def __init__(self, name: str, cells: edits.Cells, folder: Path, engines: list[Engine]) -> None:
        self.name, self.cells, self.folder = name, cells, folder
        self.reusing, self.fresh = engines
        self.place = folder / "place"
        self.place.mkdir(parents=True)

    async def run(self, engine: Engine, cells: edits.Cells, fresh: bool) -> tuple[RunRecord, Json]:
        made = tuple(
            Cell(cell.id, number, cell.source, tags=frozenset(cell.tags))
            for number, cell in enumerate(cells)
        )
        path = str(self.place / "notebook.ipynb")
        run = await engine.submit(Workflow(path, made, fresh=fresh, jobs=2))
        try:
            record = await asyncio.wait_for(asyncio.shield(engine.wait(run)), PATIENCE)
        except asyncio.TimeoutError:
            await engine.cancel(run)
            await engine.wait(run)
            raise Endless from None
        return record, (await engine.outputs(run))[0]

    def back(self, kept: Path) -> None:
        # Worker kernels that wait stand in the folder itself.
        for path in self.place.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(kept, self.place, dirs_exist_ok=True)

    async def judge(self, number: int, seed: str) -> Json | None:
        """One more edit; None where it makes the notebook endless."""
        rule, edited = edits.edit(self.cells, random.Random(seed))
        kept = self.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.place, kept)
        try:
            _, wanted = await self.run(self.fresh, edited, True)
            self.back(kept)
            record, shown = await self.run(self.reusing, edited, False)
            wrong = _wrong(edited, shown, wanted)
            if wrong:
                # What no two fresh runs show alike tells nothing of reuse.
                self.back(kept)
                _, again = await self.run(self.fresh, edited, True)
                wrong = {c: w for c, w in wrong.items() if not differences(
                    again.get(c, []), wanted.get(c, []))}  # fmt: skip
        except Endless:
            self.back(kept)
            return None
        states = [task.state for task in record.tasks]
        entry: Json = {
            "rule": rule,
            "cells": len(states),
            "reused": states.count("reused"),
            "executed": sum(task.started is not None for task in record.tasks),
            "wrong": wrong,
        }
        if wrong:
            entry["sources"] = [f"# {c.id}\n{c.source}" for c in edited]
            entry["whys"] = {task.id: f"{task.state}: {task.why}" for task in record.tasks}
        # Every other edit builds on the one before; the rest begin with the notebook as it was.
        if number % 2:
            self.cells = [replace(c, id=f"new{number}") if c.id == "new" else c for c in edited]
        return entry


def _wrong(cells: edits.Cells, shown: Json, wanted: Json) -> dict[str, str]:
    found = {
        cell.id: "; ".join(differences(shown.get(cell.id, []), wanted.get(cell.id, [])))
        for cell in cells
    }
    return {cell: words for cell, words in found.items() if words}


def _sample() -> Iterator[Notebook]:
    names = corpus.names("small")
    yield from (("small", name) for name in random.Random(SEED).sample(names, SAMPLE))


def _summary(entries: dict[str, Json | None]) -> Json:
    judged = [entry for entry in entries.values() if entry is not None]
    cells = sum(entry["cells"] for entry in judged)
    reused = sum(entry["reused"] for entry in judged)
    return {
        "edit pairs": len(judged),
        "edits of a full run": sum(n * len(corpus.names(kind)) for kind, n in EACH.items()),
        "notebooks": len({name.partition(" ")[0] for name in entries}),
        "cells": cells,
        "cells reused": reused,
        "cells executed": sum(entry["executed"] for entry in judged),
        "wrong reuses": sum(len(entry["wrong"]) for entry in judged),
        "edits without an end (not judged)": sum(e is None for e in entries.values()),
    }


@pytest.mark.timeout(3600)
async def test_what_is_reused_is_right(tmp_path: Path) -> None:
    selection = Selection("reuse", ("jupyterlab_dossier", "dossier_worker"), EACH, _sample())
    entries = selection.entries
    async with order.started(tmp_path / "a") as reusing, order.started(tmp_path / "b") as fresh:
        for kind, name in selection.notebooks:
            wanted = selection.edits_of((kind, name))
            if entries.keys() >= {*wanted}:
                continue
            folder = tmp_path / kind / name
            notebook = _Notebook(name, cells_of(kind, name), folder, [reusing, fresh])
            try:
                await notebook.run(reusing, notebook.cells, False)
            except Endless:
                continue
            for number, entry in enumerate(wanted):
                entries[entry] = await notebook.judge(number, f"{selection.seed} {entry}")
            shutil.rmtree(folder)
            selection.save(_summary(entries))
    summary = _summary(entries)
    print(summary)
    assert summary["edit pairs"] and summary["cells reused"]
    assert not {name: e["wrong"] for name, e in entries.items() if e is not None and e["wrong"]}
