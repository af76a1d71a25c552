"""A notebook that is being edited: after each edit only what is different is told."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from .analysis import Analyser
from .model import Cell, CellReport, Graph
from .stale import Analysed, Words, stale

_sessions = itertools.count(1)
_LONGEST = 40_000  # characters of a cell that is analysed at each edit; a run analyses all
_WORDS = Words(absent="has not run", cell="code cell", first=1)  # as the pages count


class Editing:
    """The state of one notebook in an editor, known by a token that changes with each edit.

    It is begun with the cells that have run, as they ran. A cell is stale where what it sees is
    other than it was then; and where what it uses has run since and may be other, until it runs.
    """

    def __init__(self, cells: Sequence[Cell], left: Mapping[str, str] | None = None) -> None:
        """`left` are cells that must run again for what ran after them, and why."""
        self._analyser = Analyser(_LONGEST)
        self._analyser_of_ran = Analyser(_LONGEST)
        self._session = next(_sessions)
        self._edits = 0
        self._cells: list[Cell] = []
        self._graph = Graph()
        self._reports: dict[str, dict[str, Any]] = {}
        self._edges: dict[Any, dict[str, Any]] = {}
        self._left = dict(left or {})
        self.first = self._answer(list(cells))
        self._begun = Analysed(self._cells, self._graph)

    @property
    def token(self) -> str:
        return f"{self._session}.{self._edits}"

    def edit(
        self, changed: Sequence[Cell], order: Sequence[str] | None, ran: Sequence[Cell] = ()
    ) -> dict[str, Any]:
        """`changed` are cells that are new or other than before; `order` all ids, if it changed.

        `ran` are cells that ran, as they ran: together, or one after the other in this order.
        """
        known = {cell.id: cell for cell in self._cells}
        known.update({cell.id: cell for cell in changed})
        ids = [cell.id for cell in self._cells] if order is None else order
        answer = self._answer([known[name] for name in ids])
        now = Analysed(self._cells, self._graph)
        marks = self._marks(now)
        if ran:
            self._take(ran, marks, now)
            marks = self._marks(now)
        answer["stale"] = [
            {"id": name, "why": why, "left": self._left.get(name) == why}
            for name, why in marks.items()
        ]
        return answer

    def _marks(self, now: Analysed) -> dict[str, str]:
        found = {mark.id: mark.why for mark in stale(self._begun, now, _WORDS)}
        whys = {cell.id: found.get(cell.id) or self._left.get(cell.id) for cell in now.cells}
        return {name: why for name, why in whys.items() if why is not None}

    def _take(self, ran: Sequence[Cell], marks: Mapping[str, str], now: Analysed) -> None:
        """These cells have run: they are as they ran, and what uses them is to run again.

        What was deleted or moved since the beginning is so from now on, also for cells that have
        not run since: those are left with their marks.
        """
        known = {cell.id: cell for cell in (*self._begun.cells, *ran)}
        cells = [known[cell.id] for cell in now.cells if cell.id in known]
        self._begun = Analysed(cells, self._analyser_of_ran.analyse(cells))
        found = {mark.id for mark in stale(self._begun, now, _WORDS)}
        again = {cell.id for cell in ran}
        left = {**self._left, **{n: why for n, why in marks.items() if n not in found}}
        self._left = {name: why for name, why in left.items() if name not in again}
        reports = now.graph.cells
        differing = {report.id for report in reports if report.id in again and _may_differ(report)}
        for report in reports:
            for name, maker in report.inputs.items():
                if report.id in self._left:
                    break
                words = (
                    f"`{name}` comes from {_WORDS.cell} {now.index[maker] + _WORDS.first}, which"
                )
                if maker in self._left:
                    self._left[report.id] = f"{words} must run again"
                elif report.id not in again and maker in differing:
                    self._left[report.id] = f"{words} ran again"

    def _answer(self, cells: list[Cell]) -> dict[str, Any]:
        graph = self._analyser.analyse(cells)
        reports = {cell.id: cell.to_json() for cell in graph.cells}
        edges = {(e.source, e.to, e.kind): e.to_json() for e in graph.edges}
        was = self._edges
        self._edits += 1
        answer = {
            "token": self.token,
            "stale": [],
            "cells": [r for name, r in reports.items() if self._reports.get(name) != r],
            "edges": {
                "added": [edge for key, edge in edges.items() if was.get(key) != edge],
                "removed": [
                    {"from": key[0], "to": key[1], "kind": key[2]}
                    for key in was
                    if key not in edges
                ],
            },
        }
        self._cells, self._graph, self._reports, self._edges = cells, graph, reports, edges
        return answer


def answer(
    editing: Editing | None, request: Mapping[str, Any]
) -> tuple[Editing | None, dict[str, Any]]:
    """A request: {"cells", "stale"?} begins, {"token", "cells", "order"?, "ran"?} goes on.

    Any token but the last one is answered with {"token": None}: begin anew.
    """
    cells = [Cell.from_json(cell) for cell in request["cells"]]
    token = request.get("token")
    if token is None:
        editing = Editing(cells, {mark["id"]: mark["why"] for mark in request.get("stale", ())})
        return editing, editing.first
    if editing is None or token != editing.token:
        return editing, {"token": None}
    ran = [Cell.from_json(cell) for cell in request.get("ran", ())]
    return editing, editing.edit(cells, request.get("order"), ran)


def _may_differ(report: CellReport) -> bool:
    """Whether another run of a cell on the same values may give others."""
    return not report.pure or any(name[0] == "<" for name in (*report.reads, *report.writes))
