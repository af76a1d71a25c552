"""A notebook that is being edited: after each edit only what is different is told."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from .analysis import Analyser
from .model import Cell, Graph
from .stale import Analysed, stale

_sessions = itertools.count(1)
_LONGEST = 40_000  # characters of a cell that is analysed at each edit; a run analyses all


class Editing:
    """The state of one notebook in an editor, known by a token that changes with each edit.

    Cells are stale since the state that it was begun with.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._analyser = Analyser(_LONGEST)
        self._session = next(_sessions)
        self._edits = 0
        self._cells: list[Cell] = []
        self._graph = Graph()
        self._reports: dict[str, dict[str, Any]] = {}
        self._edges: dict[Any, dict[str, Any]] = {}
        self.first = self._answer(list(cells))
        self._begun = Analysed(self._cells, self._graph)

    @property
    def token(self) -> str:
        return f"{self._session}.{self._edits}"

    def edit(self, changed: Sequence[Cell], order: Sequence[str] | None) -> dict[str, Any]:
        """`changed` are cells that are new or other than before; `order` all ids, if it changed."""
        known = {cell.id: cell for cell in self._cells}
        known.update({cell.id: cell for cell in changed})
        ids = [cell.id for cell in self._cells] if order is None else order
        answer = self._answer([known[name] for name in ids])
        now = Analysed(self._cells, self._graph)
        answer["stale"] = [{"id": mark.id, "why": mark.why} for mark in stale(self._begun, now)]
        return answer

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
    """A request: {"cells"} begins, {"token", "cells", "order"?} goes on; what is told of it.

    Any token but the last one is answered with {"token": None}: begin anew.
    """
    cells = [Cell.from_json(cell) for cell in request["cells"]]
    token = request.get("token")
    if token is None:
        editing = Editing(cells)
        return editing, editing.first
    if editing is None or token != editing.token:
        return editing, {"token": None}
    return editing, editing.edit(cells, request.get("order"))
