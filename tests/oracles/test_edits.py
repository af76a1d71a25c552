"""After an edit every cell that gives another result is marked as stale.

A seeded sample by default; with DOSSIER_FULL many edits of every notebook, resumable.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from . import corpus, edits
from .results import SEED
from .selection import Notebook, Selection, cells_of
from .shells import Failed, Shells

Json = dict[str, Any]
PAIRS = 24  # of the sample
EACH: dict[corpus.Kind, int] = {"long": 20, "small": 6}  # edits of each notebook in full runs


class _Notebook:
    """A notebook with its run, and edits of it."""

    def __init__(self, shells: Shells, kind: corpus.Kind, name: str) -> None:
        self.shells = shells
        self.cells = cells_of(kind, name)
        self.unsteady: set[str] = set()
        self.ran = self._run(self.cells)
        # A clock in a value tells nothing of edits.
        self.unsteady = edits.unsteady(self.ran, self._run(self.cells))
        self.ran = self._without(self.ran)

    def _run(self, cells: edits.Cells) -> list[Json]:
        return self._without(self.shells.run([(cell.source, cell.tags) for cell in cells]))

    def _without(self, ran: list[Json]) -> list[Json]:
        for cell in ran:
            cell["wrote"] = [name for name in cell["wrote"] if name not in self.unsteady]
        return ran

    def judge(self, seed: str) -> Json | None:
        """One edit, and the same undone; None where the edited notebook does not come to an end."""
        rule, edited = edits.edit(self.cells, random.Random(seed))
        try:
            ran = self._run(edited)
        except Failed:
            return None
        there = edits.judge(self.cells, self.ran, edited, ran)
        back = edits.judge(edited, ran, self.cells, self.ran)
        entry: Json = {"rule": rule, "pairs": []}
        for way, verdict in (("edit", there), ("undone", back)):
            entry["pairs"].append(
                {
                    "way": way,
                    "cells": verdict.cells,
                    "affected": len(verdict.affected),
                    "marked": len(verdict.marked),
                    "missed": verdict.missed,
                }
            )
        if there.missed or back.missed:
            entry["sources"] = [f"# {c.id}\n{c.source}" for c in edited]
        return entry


def _summary(entries: dict[str, Json | None]) -> tuple[Json, Json]:
    """Numbers for the report, and what was missed."""
    pairs = [p for entry in entries.values() if entry is not None for p in entry["pairs"]]
    missed = {
        f"{name}, {entry['rule']}, {pair['way']}": pair["missed"]
        for name, entry in entries.items()
        if entry is not None
        for pair in entry["pairs"]
        if pair["missed"]
    }
    total = {key: sum(p[key] for p in pairs) for key in ("cells", "affected", "marked")}
    summary = {
        "pairs (edits, and the same undone)": len(pairs),
        "notebooks": len({name.partition(" ")[0] for name in entries}),
        "cells looked at": total["cells"],
        "cells affected": total["affected"],
        "cells marked": total["marked"],
        "marked / affected": round(total["marked"] / max(1, total["affected"]), 2),
        "affected cells that were not marked": sum(map(len, missed.values())),
        "edits without an end (not judged)": sum(e is None for e in entries.values()),
    }
    return summary, missed


def _sample() -> Iterator[Notebook]:
    rng = random.Random(SEED)
    for kind, share in (("small", 0.75), ("long", 0.25)):
        names = corpus.names(kind)
        count = round(PAIRS / 2 / 3 * share)
        yield from ((kind, name) for name in rng.sample(names, min(count, len(names))))


@pytest.mark.timeout(3600)
def test_what_changes_is_marked(shells: Shells) -> None:
    judged = ("jupyterlab_dossier/dataflow", "tests/oracles/edits.py")
    selection = Selection("edits", judged, EACH, _sample())
    entries = selection.entries
    for kind, name in selection.notebooks:
        wanted = [entry for entry in selection.edits_of((kind, name)) if entry not in entries]
        if not wanted:
            continue
        notebook = _Notebook(shells, kind, name)
        for entry in wanted:
            entries[entry] = notebook.judge(f"{selection.seed} {entry}")
        selection.save()
    summary, missed = _summary(entries)
    print(summary)
    selection.save(summary)
    assert summary["pairs (edits, and the same undone)"] and not missed


def test_a_missing_mark_is_seen(shells: Shells) -> None:
    """A cell that shows something else and is not marked counts as missed."""
    old = [edits.Cell("a", "x = 1"), edits.Cell("b", "print(x)"), edits.Cell("c", "print(2)")]
    new = [edits.Cell("a", "x = 3"), *old[1:]]
    before, after = (shells.run([(c.source, ()) for c in cells]) for cells in (old, new))
    assert edits.affected(old, before, new, after)[2] == ""
    verdict = edits.judge(old, before, new, after)
    assert set(verdict.affected) == {"a", "b"} == set(verdict.marked)
    assert edits.Verdict(3, verdict.affected, {"a": ""}).missed.keys() == {"b"}


def test_a_clock_is_no_effect_of_an_edit(shells: Shells) -> None:
    once, again = (shells.run([("import time\nt, n = time.time_ns(), 1", ())]) for _ in range(2))
    assert edits.unsteady(once, again) == {"t"}


@pytest.mark.parametrize("rule", edits.RULES)
def test_every_rule_edits_some_notebook(rule: str) -> None:
    cells = [c for k in corpus.KINDS for n in corpus.names(k) for c in cells_of(k, n)]
    for seed in range(50):
        made = edits.RULES[rule](cells, random.Random(seed))
        if made is not None and made != cells:
            return
    pytest.fail("it edits nothing")
