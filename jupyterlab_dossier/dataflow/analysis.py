"""The analysis of a notebook, with what is known of its cells kept between calls."""

from __future__ import annotations

import ast
import contextlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import ipython
from .facts import Facts, State
from .functions import TooMuch
from .graph import build
from .history import spread
from .local import Files
from .model import Cell, Graph
from .needs import needs
from .observed import widen
from .tables import GONE, Table
from .traits import traits
from .values import NOTHING, Serial, Stamp, join, same
from .walk import give_up, walk

Parsed = tuple[ast.Module | None, str, str | None]
Key = tuple[str, bool, bool, bool, str]
Place = tuple[Table[Any, Any], Any]  # a table and a key in it

_KEPT_TREES = 4000


@dataclass(eq=False)
class _Walked:
    """A cell that was walked: its facts, what it wrote into the state and what it looked at."""

    key: Key
    stamp: Stamp
    facts: Facts
    writes: list[tuple[Place, Any, Any]]  # what stood there before, and after it
    before: dict[str, Any]
    after: dict[str, Any]
    regions: list[int]
    names: set[str]
    all_names: bool
    asked: set[int]  # regions
    together: set[int]  # regions of which it asked for all that share
    touched: set[Place]  # places written, but for names and `joined`
    joined: dict[Place, tuple[int, ...]]  # what it added to the members of a region
    poisons: bool  # it changed objects in place, which cannot be undone


class Analyser:
    """Analyses notebooks; after an edit only cells that can see a difference are walked again.

    The state stands after the last cell. To walk an edited cell, what it and the later cells wrote
    is taken back; then each later cell writes again what it wrote, unless it looked at a place
    where something else stands now: that one is walked.
    """

    def __init__(self, longest: int | None = None) -> None:
        """Cells with more characters than `longest` are taken for barriers, so as not to wait."""
        self._longest = longest
        self._trees: OrderedDict[str, Parsed] = OrderedDict()
        self._walked: list[_Walked] = []
        self._state = State()
        self.walks = 0  # cells walked so far, for measurements
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
            self._walked, self._state = [], State()
        if parameters:
            cells = [
                replace(c, source=f"{c.source}\n{parameters[c.id]}") if c.id in parameters else c
                for c in cells
            ]
        keys = [
            (c.source, _is_pure(c), _is_trusted(c), c.may_fail, repr(c.observed)) for c in cells
        ]
        self._state.files = self._files
        try:
            self._edit(cells, keys)
        except BaseException:
            # The state stands somewhere between: nothing of it can be used.
            self._walked, self._state = [], State()
            raise
        return build(cells, spread([walked.facts for walked in self._walked]))

    def _edit(self, cells: Sequence[Cell], keys: list[Key]) -> None:
        old = self._walked
        start = _common(old, keys)
        tail = _common(old[start:][::-1], keys[start:][::-1])
        if any(walked.poisons for walked in old[start:]):
            old, start, tail = [], 0, 0
            self._state = State()
            self._state.files = self._files
        later = old[len(old) - tail :]
        middle = old[start : len(old) - tail]
        stamps = self._places(old[:start], middle, keys[start : len(keys) - tail], later)
        self._undo(old[start:])
        difference = _Difference(self._state, middle, later)
        self._walked = old[:start]
        for index in range(start, len(keys) - tail):
            again = stamps[index]
            walked = self._walk(cells[index], keys[index], again)
            difference.middle(walked)
            self._walked.append(walked)
        difference.settle(self._state)
        for index, walked in enumerate(later, len(keys) - tail):
            if difference.seen_by(walked):
                found = self._walk(cells[index], walked.key, walked)
                difference.after(walked, found)
                self._walked.append(found)
            else:
                difference.redo(walked)
                self._walked.append(walked)

    def _places(
        self, before: list[_Walked], middle: list[_Walked], keys: list[Key], later: list[_Walked]
    ) -> dict[int, _Walked | None]:
        """Gives all cells their places; for each new one, which walk of before it goes on from."""
        left = list(middle)
        found: dict[int, _Walked | None] = {}
        for number, key in enumerate(keys, len(before)):
            found[number] = next((w for w in left if w.key == key), None)
            if found[number] is not None:
                left.remove(found[number])  # type: ignore[arg-type]
        for number in found:
            if found[number] is None and left:
                found[number] = left.pop(0)
            known = found[number]
            if known is not None:
                known.stamp.place = number
        for number, walked in enumerate(later, len(before) + len(keys)):
            walked.stamp.place = number
        return found

    def _undo(self, walked: list[_Walked]) -> None:
        state = self._state
        for one in reversed(walked):
            for (table, key), before, _ in reversed(one.writes):
                state.put(table, key, before)
        if walked:
            state.restore(walked[0].before)

    def _walk(self, cell: Cell, key: Key, again: _Walked | None) -> _Walked:
        """Walks a cell; as a cell that was walked before it keeps its numbers."""
        self.walks += 1
        state = self._state
        log, heap = state.log, state.heap
        stamp = Stamp() if again is None else again.stamp
        if again is None:
            stamp.place = len(self._walked)
        stamp.made = 0
        Serial.now = stamp
        state.cell, state.stamp = stamp.place, stamp.number
        state.changed_objects = False
        heap.begin([] if again is None else again.regions)
        log.clear()
        before = state.rest()
        facts = self._facts(cell)
        first: dict[Place, Any] = {}
        for table, name, was in log.writes:
            first.setdefault((table, name), was)
        writes = [
            (place, was, now)
            for place, was in first.items()
            if (now := dict.get(place[0], place[1], GONE)) is not was
        ]
        skipped = (state.names, state.writer, heap.members)
        joined = {}
        touched = {place for place in first if place[0] not in skipped}
        for place in first:
            if place[0] is heap.members:
                was = (place[1],) if first[place] is GONE else first[place]
                now = heap.members.get(place[1], ())
                if now[: len(was)] == was:
                    joined[place] = now[len(was) :]
                else:
                    touched.add(place)
        return _Walked(
            key,
            stamp,
            facts,
            writes,
            before,
            state.rest(),
            heap.made + heap.again[len(heap.made) :],
            log.names,
            log.all_names,
            log.regions,
            log.together,
            touched,
            joined,
            state.changed_objects or bool(state.modules),
        )

    def _facts(self, cell: Cell) -> Facts:
        state = self._state
        if self._longest is not None and len(cell.source) > self._longest:
            return give_up(ast.Module([], []), "", state, "it is too long to analyse at each edit")
        tree, text, error = self._parse(cell.source)
        if tree is None:
            return Facts(syntax_error=error, traits=traits(None, cell.source))
        before = dict(state.names) if cell.may_fail else {}
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
        for name in {*facts.bound, *facts.deletes} & before.keys():
            # It may have stopped before it came to that.
            state.bind(name, join(before[name], state.names.get(name, NOTHING)))
        if _is_trusted(cell):
            facts.barrier = None
        with contextlib.suppress(RecursionError):
            facts.needs = needs(tree)
            facts.traits = traits(tree, cell.source)
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


class _Difference:
    """Where the state differs from what it was at the same cell before the edit."""

    def __init__(self, state: State, middle: list[_Walked], later: list[_Walked]) -> None:
        self.state = state
        self.was: dict[Place, Any] = {}  # what stood there before the edit
        for walked in middle:
            for place, _, now in walked.writes:
                self.was[place] = now
        self.rest = middle[-1].after if middle else later[0].before if later else {}
        self.poisoned = False
        self.names: set[str] = set()
        self.regions: set[int] = set()
        self.together: set[int] = set()

    def middle(self, walked: _Walked) -> None:
        """A cell of the edited part was walked."""
        for place, before, _ in walked.writes:
            self.was.setdefault(place, before)
        self.poisoned = self.poisoned or walked.poisons

    def settle(self, state: State) -> None:
        self.was = {p: was for p, was in self.was.items() if not self._is(p, was)}
        self.same_rest = self.rest == state.rest()
        self._spread()

    def seen_by(self, walked: _Walked) -> bool:
        """Could a walk of this cell find something else than it found before?"""
        if self.poisoned or not self.same_rest:
            return True
        return bool(self.was) and (
            walked.all_names
            or not self.names.isdisjoint(walked.names)
            or not self.regions.isdisjoint(walked.asked)
            or not self.together.isdisjoint(walked.together)
            or not self.was.keys().isdisjoint(walked.touched)
        )

    def redo(self, walked: _Walked) -> None:
        """The cell writes what it wrote."""
        put = self.state.put
        if not self.was:
            for (table, key), _, now in walked.writes:
                put(table, key, now)
        else:
            writes = []
            settled = False
            for place, before, now in walked.writes:
                table, key = place
                if place in self.was:
                    before = dict.get(table, key, GONE)
                    more = walked.joined.get(place)
                    if more is None:
                        del self.was[place]
                        settled = True
                    else:
                        self.was[place] = now
                        now = ((key,) if before is GONE else before) + more
                put(table, key, now)
                writes.append((place, before, now))
            walked.writes = writes
            if settled:
                self._spread()
        if walked.before != walked.after:
            self.state.restore(walked.after)

    def after(self, before: _Walked, walked: _Walked) -> None:
        """A later cell was walked again."""
        was = {place: now for place, _, now in before.writes}
        for place, old, _ in walked.writes:
            if place not in was:
                was[place] = self.was.get(place, old)
        changed = False
        for place, value in was.items():
            if self._is(place, value):
                changed = self.was.pop(place, GONE) is not GONE or changed
            else:
                self.was[place] = value
                changed = True
        if changed:
            self._spread()
        self.same_rest = before.after == walked.after
        self.poisoned = self.poisoned or walked.poisons

    def _is(self, place: Place, was: Any) -> bool:
        now = dict.get(place[0], place[1], GONE)
        return now is was or (now is not GONE and was is not GONE and same(now, was))

    def _spread(self) -> None:
        """Names and regions that a walk may not look at without finding something else."""
        state = self.state
        heap = state.heap
        names: set[str] = set()
        regions: set[int] = set()
        together: set[int] = set()
        for (table, key), was in self.was.items():
            if table is state.writer:
                names.add(key)
            elif table is state.names:
                names.add(key)
                now = dict.get(table, key, GONE)
                old_ones = frozenset() if was is GONE else was.regions
                new_ones = frozenset() if now is GONE else now.regions
                for region in old_ones ^ new_ones:
                    together.add(heap.root.get(region, region))
                    root = self.was.get((heap.root, region), region)
                    together.add(region if root is GONE else root)
            elif table is heap.members:
                together.add(key)
            elif table is heap.kept_by:
                regions.add(key)
                for keepers in (was, dict.get(table, key, GONE)):
                    if keepers is not GONE:
                        regions |= keepers
            elif isinstance(key, int):
                regions.add(key)
        self.names, self.regions, self.together = names, regions, together


def _common(walked: Sequence[_Walked], keys: Sequence[Key]) -> int:
    """How many of the first ones are the same."""
    count = 0
    for old, new in zip(walked, keys, strict=False):
        if old.key != new:
            break
        count += 1
    return count


def _is_pure(cell: Cell) -> bool:
    return isinstance(cell.effects, Mapping) and cell.effects.get("pure") is True


def _is_trusted(cell: Cell) -> bool:
    """Does the user say that it is no barrier?"""
    said = isinstance(cell.effects, Mapping) and cell.effects.get("barrier") is False
    return said or _is_pure(cell)


def analyse(cells: Sequence[Cell], parameters: Mapping[str, str] | None = None) -> Graph:
    """The graph of a notebook's code cells, in their order."""
    return Analyser().analyse(cells, parameters)
