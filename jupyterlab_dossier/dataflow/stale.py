"""Which cells must run again after an edit, and why.

A cell keeps its outputs and values only if all that it can see is as it was: its code; for each
name it needs the same cell that made it, which itself keeps its values; the set-up statements and
the other cells that change the process before it; the cells before it that wrote its files or
touched the outside; for a barrier everything. Cells that look at nothing of an edit keep theirs.

A comment or blank line counts as an edit of code, for tracebacks, warnings and `inspect` show it;
unless the cell is known to be quiet (`Analysed.quiet`) and no cell looks at source.
A cell that fails when it runs, for what its values are, is told by its run and not foreseen here:
what follows it is marked only for failures that can be seen (syntax, names that nothing has set)
or were seen (`Analysed.failed`).
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from . import ipython, paths
from .analysis import analyse
from .model import Cell, CellReport, Graph
from .traits import LOOKS_AT_SOURCE, hides_result
from .words import are_random, named, shortened, typed


@dataclass(frozen=True)
class Analysed:
    """A notebook and its graph; for the older of two also what its last run has shown."""

    cells: Sequence[Cell]
    graph: Graph
    failed: frozenset[str] = frozenset()  # cells that ended with an error
    quiet: frozenset[str] = frozenset()  # cells whose outputs quote no source: no error, no stderr

    @staticmethod
    def of(cells: Sequence[Cell]) -> Analysed:
        return Analysed(cells, analyse(cells))

    @cached_property
    def index(self) -> dict[str, int]:
        return {cell.id: number for number, cell in enumerate(self.cells)}

    def looks_at_source(self) -> bool:
        return any(LOOKS_AT_SOURCE.search(cell.source) for cell in self.cells)


@dataclass(frozen=True)
class Stale:
    """A cell that must run again."""

    id: str
    index: int
    why: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def match(old: Sequence[Cell], new: Sequence[Cell]) -> dict[int, int]:
    """Which cell of `old` each of `new` is: by id, else by source, else by its place between."""
    places = {cell.id: number for number, cell in enumerate(old)}
    found = {n: places[cell.id] for n, cell in enumerate(new) if cell.id in places}
    left = sorted(places.keys() - {old[i].id for i in found.values()}, key=places.__getitem__)
    by_source: dict[str, list[int]] = {}
    for name in reversed(left):
        by_source.setdefault(old[places[name]].source, []).append(places[name])
    for number, cell in enumerate(new):
        if number not in found and (same := by_source.get(cell.source)):
            found[number] = same.pop()
    taken = set(found.values())
    before = -1
    for number in range(len(new)):
        if number in found:
            before = found[number]
        elif before + 1 < len(old) and before + 1 not in taken:
            before += 1
            taken.add(before)
            found[number] = before
    return found


@dataclass(frozen=True)
class _Item:
    """One thing a cell does that later cells can see."""

    cell: int
    kind: str
    what: str = ""
    needs: Mapping[str, int | None] = field(default_factory=dict)


class _Sequence:
    """Things of one sort in both notebooks: is what stands before a cell the same?"""

    def __init__(self, marks: _Marks, old: list[_Item], new: list[_Item]) -> None:
        self.marks = marks
        self.old, self.new = old, new
        self.old_cells = [item.cell for item in old]
        self.new_cells = [item.cell for item in new]
        self.common = 0
        for a, b in zip(old, new, strict=False):
            if self._mapped(b) != (a.cell, a.kind, a.what, dict(a.needs)):
                break
            self.common += 1
        self.settled = 0  # so many of the new ones keep what they do

    def _mapped(self, item: _Item) -> tuple[int | None, str, str, dict[str, int | None]]:
        known = self.marks.match.get
        needs = {n: None if p is None else known(p, -1) for n, p in item.needs.items()}
        return known(item.cell), item.kind, item.what, needs

    def why(self, old: int, new: int) -> str | None:
        """What differs before cell `new`, which was `old`."""
        before, earlier = bisect_left(self.new_cells, new), bisect_left(self.old_cells, old)
        kept = min(self.common, before, earlier)
        stale = self.marks.found
        while self.settled < kept:
            item = self.new[self.settled]
            needed = item.needs.values() if item.kind == "setup" else (item.cell,)
            again = next((c for c in needed if c is not None and c in stale), None)
            if again is not None:
                return f"{self._words(item, True)} {self.marks.state(again)}"
            self.settled += 1
        if kept < before:
            item = self.new[kept]
            fate = self.marks.state(item.cell) if item.cell in stale else "now stands before it"
            return f"{self._words(item, True)} {fate}"
        if kept < earlier:
            item = self.old[kept]
            return f"{self._words(item, False)} {self.marks.fate(item.cell, new)}"
        return None

    def _words(self, item: _Item, new: bool) -> str:
        cell = self.marks.name(item.cell) if new else self.marks.name_of_old(item.cell)
        does = {
            "setup": f"sets up the process before it (`{shortened(typed(item.what))}`)",
            "sticky": f"changes the process for good ({item.what})",
            "barrier": f"is ordered with all cells ({item.what})",
            "change": f"may change `{item.what}` in the process they share",
            "file": f"writes `{item.what}` before it",
            "files": "writes files before it",
            "outside": f"touches the outside before it ({item.what})",
            "name": f"needs `{item.what}`, which nothing has set,",
            "syntax": f"has a syntax error ({item.what})",
        }[item.kind]
        return f"{cell}, which {does},".replace(",,", ",")


@dataclass(frozen=True)
class Words:
    """How marks speak of cells."""

    absent: str = "is new"  # of a cell that the older notebook has not
    cell: str = "cell"
    first: int = 0  # the number of the first one


class _Marks:
    def __init__(self, old: Analysed, new: Analysed, words: Words) -> None:
        self.old, self.new, self.words = old, new, words
        self.match = match(old.cells, new.cells)
        self.now = {o: n for n, o in self.match.items()}
        self.found: dict[int, str] = {}

    # Words

    def name(self, cell: int) -> str:
        return f"{self.words.cell} {cell + self.words.first}"

    def state(self, cell: int) -> str:
        """What is the matter with a stale cell."""
        if cell not in self.match:
            return self.words.absent
        return "changed" if self.found[cell].startswith("its ") else "must run again"

    def name_of_old(self, cell: int) -> str:
        now = self.now.get(cell)
        return f"{self.name(cell)} of before" if now is None else self.name(now)

    def fate(self, old: int, before: int) -> str:
        """What became of a cell that does no longer do what it did before cell `before`."""
        now = self.now.get(old)
        if now is None:
            return "was deleted"
        if now >= before:
            return "now comes after it"
        return self.state(now) if now in self.found else "does so no longer"

    # What each cell does that others see

    def _process(self, side: Analysed) -> list[_Item]:
        items = []
        stuck = False
        for number, report in enumerate(side.graph.cells):
            for setup in report.setup:
                needs = {name: side.index.get(cell) for name, cell in setup.inputs.items()}
                items.append(_Item(number, "setup", " ".join(setup.source.split()), needs))
            if report.sticky is not None:
                items.append(_Item(number, "sticky", report.sticky))
            if report.barrier is not None:
                items.append(_Item(number, "barrier", report.barrier))
            if stuck and report.mutated:
                # What a sticky cell put into the process may be the very object.
                items.append(_Item(number, "change", "`, `".join(report.mutated)))
            stuck = stuck or report.sticky is not None
        return items

    def _cuts(self, side: Analysed) -> list[_Item]:
        """Cells that certainly or probably fail, so that those after them do not run."""
        items = []
        for number, (cell, report) in enumerate(zip(side.cells, side.graph.cells, strict=True)):
            if cell.may_fail:
                continue
            if report.syntax_error is not None:
                items.append(_Item(number, "syntax", report.syntax_error))
            items.extend(_Item(number, "name", name) for name in report.missing)
        return items

    def _outsides(self, side: Analysed) -> list[_Item]:
        items = []
        for number, report in enumerate(side.graph.cells):
            if words := _outside(report):
                items.append(_Item(number, "outside", words))
        return items

    # Marks

    def run(self) -> list[Stale]:
        process = _Sequence(self, self._process(self.old), self._process(self.new))
        cuts = _Sequence(self, self._cuts(self.old), self._cuts(self.new))
        outsides = _Sequence(self, self._outsides(self.old), self._outsides(self.new))
        files = _Files(self)
        same_before = True  # all cells so far are those of before, in order, with the same text
        next_old = 0
        for number, cell in enumerate(self.new.cells):
            if not cell.source.strip() and number not in self.match:
                continue
            was = self.match.get(number)
            report = self.new.graph.cells[number]
            why: str | None
            if was is None:
                why = f"it {self.words.absent}"
            else:
                why = (
                    self._code(was, number)
                    or self._inputs(was, number)
                    or process.why(was, number)
                    or files.why(was, number)
                    or (outsides.why(was, number) if _outside(report) else None)
                    or cuts.why(was, number)
                    or self._failures(was, number)
                )
                while next_old < len(self.old.cells) and self._is_gone(next_old):
                    next_old += 1
                same_before = same_before and was == next_old
                changed = bool(self.found) or not same_before
                sees_all = report.barrier is not None or report.looks_back
                if why is None and sees_all and changed:
                    why = "it may see all cells before it, and not all are as they were"
            if why is not None:
                self.found[number] = why
            next_old += 1
            if was is None or self.old.cells[was].source != cell.source:
                same_before = False
        self._displays()
        cells = self.new.cells
        return [Stale(cells[n].id, n, why) for n, why in sorted(self.found.items())]

    def _is_gone(self, old: int) -> bool:
        return old not in self.now and not self.old.cells[old].source.strip()

    def _code(self, was: int, number: int) -> str | None:
        old, new = self.old.cells[was], self.new.cells[number]
        if old.may_fail != new.may_fail:
            return "its tags changed: whether the run goes on when it fails"
        report = self.new.graph.cells[number]
        sees_all = report.barrier is not None or report.looks_back
        if old.source == new.source or (not sees_all and self._is_comment_only(was, old, new)):
            return None
        return "its code changed"

    def _is_comment_only(self, was: int, old: Cell, new: Cell) -> bool:
        if old.id not in self.old.quiet:
            return False
        if self.old.looks_at_source() or self.new.looks_at_source():
            return False
        try:
            a, b = ipython.parse(old.source)[0], ipython.parse(new.source)[0]
        except SyntaxError:
            return False
        if ast.dump(a) != ast.dump(b) or hides_result(old.source) != hides_result(new.source):
            return False
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        if any(isinstance(node, definitions) for node in ast.walk(a)):
            # A later cell that calls it may quote it.
            return all(c.id in self.old.quiet for c in self.old.cells[was:])
        return True

    def _inputs(self, was: int, number: int) -> str | None:
        old = self.old.graph.cells[was].inputs
        new = self.new.graph.cells[number].inputs
        for name, cell in new.items():
            producer = self.new.index[cell]
            if producer in self.found:
                words = f"comes from {self.name(producer)}, which {self.state(producer)}"
                return f"{_shown(name)} {words}"
        for name, cell in new.items():
            producer = self.new.index[cell]
            before = self.old.index.get(old.get(name, ""))
            if before is None:
                return f"{_shown(name)} comes from {self.name(producer)} now"
            if self.match.get(producer) != before:
                other = self.name_of_old(before)
                return f"{_shown(name)} comes from {self.name(producer)} now, not from {other}"
        for name, cell in old.items():
            if name not in new:
                before = self.old.index[cell]
                words = self.fate(before, number)
                if words == "does so no longer":
                    return f"{_shown(name)} is no longer set by {self.name_of_old(before)}"
                return f"{_shown(name)} came from {self.name_of_old(before)}, which {words}"
        return None

    def _failures(self, was: int, number: int) -> str | None:
        """Cells that had failed, so that this one had not run, and now may not fail."""
        for cell in self.old.failed:
            before = self.old.index.get(cell)
            if before is None or before >= was or self.old.cells[before].may_fail:
                continue
            now = self.now.get(before)
            if now is None or now >= number or now in self.found:
                words = self.fate(before, number)
                return f"{self.name_of_old(before)}, which had failed before it, {words}"
        return None

    def _displays(self) -> None:
        """A later cell may update what an earlier one displays: they go together."""
        mapped = [self.match.get(n) for n in _displaying(self.new)]
        if mapped != _displaying(self.old) or any(n in self.found for n in _displaying(self.new)):
            for number in _displaying(self.new):
                why = "cells that update displays of earlier cells changed or must run again"
                self.found.setdefault(number, why)


class _Files:
    """Writers of the files a cell touches, in both notebooks."""

    def __init__(self, marks: _Marks) -> None:
        self.marks = marks
        self.sides = [_writers(marks.old), _writers(marks.new)]

    def why(self, was: int, number: int) -> str | None:
        marks = self.marks
        touched = _touched(marks.new.graph.cells[number])
        known = _touched(marks.old.graph.cells[was])
        if not touched and not known:
            return None
        old = self._before(0, known, was)
        new = self._before(1, touched, number)
        return _Sequence(marks, old, new).why(was, number)

    def _before(self, side: int, touched: set[str], cell: int) -> list[_Item]:
        writers = self.sides[side]
        names = {name for other in touched for name in paths.among(other, writers)}
        found = {(number, name) for name in names for number in writers[name] if number < cell}
        return [
            _Item(number, "files") if name == "<files>" else _Item(number, "file", name[6:-1])
            for number, name in sorted(found)
        ]


def _writers(side: Analysed) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, report in enumerate(side.graph.cells):
        for name in report.writes:
            if name.startswith("<file"):
                found.setdefault(name, []).append(number)
    return found


def _touched(report: CellReport) -> set[str]:
    return {name for name in (*report.reads, *report.writes) if name.startswith("<file")}


def _displaying(side: Analysed) -> list[int]:
    return [n for n, report in enumerate(side.graph.cells) if "<display>" in report.writes]


def _outside(report: CellReport) -> str:
    """What a cell does to the world, but for writing files, which are known by name."""
    return ", ".join(words for words in report.outside if not words.startswith("writes "))


def _shown(name: str) -> str:
    return f"the state of {named(name)}" if are_random(name) else named(name)


def stale(old: Analysed, new: Analysed, words: Words = Words()) -> list[Stale]:
    """The cells of `new` that must run again after `old` has run."""
    return _Marks(old, new, words).run()
