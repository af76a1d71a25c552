"""The analysis of a notebook, with what is known of its cells kept between calls."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import ipython
from .facts import Facts, State
from .functions import TooMuch
from .graph import build
from .history import spread
from .local import Files
from .model import Cell, Graph
from .observed import widen
from .walk import give_up, walk

Parsed = tuple[ast.Module | None, str, str | None]

_KEPT_TREES = 4000
_KEPT_STATES = 16


class Analyser:
    """Analyses notebooks; after an edit it starts again at the first cell that differs.

    Trees are kept by source, facts by the sources up to the cell, the state every few cells.
    """

    def __init__(self, step: int = 16) -> None:
        self._trees: OrderedDict[str, Parsed] = OrderedDict()
        self._keys: list[tuple[str, bool, bool, str]] = []
        self._facts: list[Facts] = []
        self._states: dict[int, State] = {}
        self._step = step
        self._files: Files | None = None

    def analyse(
        self,
        cells: Sequence[Cell],
        parameters: Mapping[str, str] | None = None,
        folder: str | None = None,
    ) -> Graph:
        """The graph of these cells; `parameters` adds source to the end of cells, by id.

        `folder` is the notebook's: modules there are read.
        """
        if folder is not None and (
            self._files is None or self._files.folder != folder or self._files.changed()
        ):
            self._files = Files(folder)
            self._keys, self._states = [], {}
        if parameters:
            cells = [
                replace(c, source=f"{c.source}\n{parameters[c.id]}") if c.id in parameters else c
                for c in cells
            ]
        keys = [(c.source, _is_pure(c), _is_trusted(c), repr(c.observed)) for c in cells]
        same = 0
        for old, new in zip(self._keys, keys, strict=False):
            if old != new:
                break
            same += 1
        start = max((i for i in self._states if i <= same), default=0)
        state = self._states[start].copy() if start else State()
        state.files = self._files
        for index in [i for i in self._states if i > same]:
            del self._states[index]
        facts = self._facts[:start]
        self._keys = []
        for index in range(start, len(cells)):
            wanted = index and index % self._step == 0 and index not in self._states
            if wanted and not state.changed_objects:
                self._states[index] = state.copy()
            facts.append(self._walk(cells[index], state))
            if state.changed_objects:
                # Objects of earlier cells are not what they were: no state of before can serve.
                self._states.clear()
        self._keys, self._facts = keys, facts
        return build(cells, spread(facts))

    def _walk(self, cell: Cell, state: State) -> Facts:
        tree, text, error = self._parse(cell.source)
        if tree is None:
            return Facts(syntax_error=error)
        try:
            facts = walk(tree, text, state, _is_trusted(cell))
        except TooMuch:
            facts = give_up(tree, text, state, "it calls too much to follow each call")
            state.changed_objects = True
        except Exception as error:
            # A fault of the analysis must not stop the notebook: the cell is taken for anything.
            deep = isinstance(error, RecursionError)
            words = "is nested too deeply to analyse" if deep else f"cannot be analysed ({error!r})"
            facts = give_up(tree, text, state, f"the cell {words}")
            state.changed_objects = True
        if _is_trusted(cell):
            facts.barrier = None
        if _is_pure(cell):
            # The user's word: it does nothing to objects that were there before, or to the world.
            facts.mutated, facts.outside, facts.unknown, facts.sticky = {}, {}, {}, None
        if cell.observed is not None:
            # What was seen is stronger than anybody's word.
            widen(cell.observed, facts, state)
        return facts

    def _parse(self, source: str) -> Parsed:
        found = self._trees.get(source)
        if found is None:
            try:
                tree, text = ipython.parse(source)
                found = (tree, text, None)
            except SyntaxError as error:
                where = f" (line {error.lineno})" if error.lineno else ""
                found = (None, source, f"{error.msg}{where}")
            self._trees[source] = found
            if len(self._trees) > _KEPT_TREES:
                self._trees.popitem(last=False)
        else:
            self._trees.move_to_end(source)
        return found


def _is_pure(cell: Cell) -> bool:
    return isinstance(cell.effects, Mapping) and cell.effects.get("pure") is True


def _is_trusted(cell: Cell) -> bool:
    """Does the user say that it is no barrier?"""
    said = isinstance(cell.effects, Mapping) and cell.effects.get("barrier") is False
    return said or _is_pure(cell)


def analyse(cells: Sequence[Cell], parameters: Mapping[str, str] | None = None) -> Graph:
    """The graph of a notebook's code cells, in their order."""
    return Analyser().analyse(cells, parameters)
