"""From the facts of all cells to the graph: who needs what from whom, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .facts import Facts, Setup, Where, quote
from .model import Cell, CellReport, Edge, Graph, SetupStatement
from .paths import gone, overlap, resource
from .words import are_random, named, shortened, typed


@dataclass
class _Pair:
    names: dict[str, None] = field(default_factory=dict)
    why: str = ""


class _Changed:
    """Which cells change files, and so which set-up statements find others when repeated."""

    def __init__(self, cells: Sequence[Cell], facts: Sequence[Facts]) -> None:
        self._written: list[tuple[int, str]] = []
        self._taken: list[tuple[int, int, str]] = []
        for index, (cell, found) in enumerate(zip(cells, facts, strict=True)):
            effects = cell.effects if isinstance(cell.effects, Mapping) else {}
            names = [*found.resource_writes, *_names(effects, "writes")]
            self._written += [(index, n) for n in names if n.startswith("<file")]
            self._taken += [(index, at, n) for n, at in found.takes_away.items()]

    def repeated(self, index: int, facts: Facts) -> tuple[list[Setup], str | None]:
        """The set-up statements that can be repeated at any later time; why others cannot."""
        setups, why = list[Setup](), None
        for setup in facts.setup:
            found = next(self._after(index, setup.reads), None)
            if found is None:
                found = next(self._gone(index, setup), None)
            if found is None:
                setups.append(setup)
                continue
            writer, name = found
            shown = f"`{shortened(typed(setup.source))}`"
            why = why or f"{shown} needs {named(name)}, which cell {writer} may change"
        return setups, why

    def before(self, index: int, setup: Setup) -> Iterator[tuple[int, str]]:
        """Cells that must have run before it can be repeated, with the file that it needs."""
        for name in (*setup.reads, *setup.enters):
            for writer, other in self._written:
                if writer <= index and overlap(name, other):
                    yield writer, name

    def _after(self, index: int, names: Iterable[str]) -> Iterator[tuple[int, str]]:
        for name in names:
            for writer, other in self._written:
                if writer >= index and overlap(name, other):
                    yield writer, name

    def _gone(self, index: int, setup: Setup) -> Iterator[tuple[int, str]]:
        """Cells that may take away a folder to which it has gone, and the folder."""
        for name in setup.enters:
            for taker, at, other in self._taken:
                if (taker, at) >= (index, setup.statement) and gone(name, other):
                    yield taker, name


class _Builder:
    def __init__(self, cells: Sequence[Cell], facts: Sequence[Facts]) -> None:
        self.cells = cells
        self.changed = _Changed(cells, facts)
        self.edges: dict[tuple[int, int, Literal["value", "order"]], _Pair] = {}
        self.writer: dict[str, int] = {}  # alive name -> latest cell that may write it
        self.how: dict[tuple[int, str], tuple[str, Where | None]] = {}
        self.reports: list[CellReport] = []
        self.quoted: list[dict[str, str]] = []  # pieces of source, kept with the cells' facts
        self.opaque: int | None = None  # latest cell that may have bound any name
        self.barrier: int | None = None
        self.since_barrier = 0
        self.outside: int | None = None
        self.sticky: int | None = None
        self.must_wait: dict[int, str] = {}  # cells all later ones wait for: set-up's inputs
        self.file_writes: dict[str, int] = {}
        self.file_reads: dict[str, list[int]] = {}
        self.readers: dict[str, list[int]] = {}  # of unshippable names since their last write
        self.stuck: set[str] = set()
        # Resources that each cell reads, and those it writes
        self.touched: list[tuple[Mapping[str, Where], Mapping[str, Where]]] = []

    def edge(
        self, source: int, to: int, kind: Literal["value", "order"], name: str, why: str
    ) -> None:
        if source == to:
            return
        pair = self.edges.setdefault((source, to, kind), _Pair())
        if name:
            pair.names[name] = None
        if not pair.why:
            pair.why = why

    def producer_words(self, source: int, name: str) -> str:
        verb, where = self.how.get((source, name), ("may set", None))
        text = f"cell {source} {verb} {named(name)}"
        if where is None:
            barrier = self.reports[source].barrier
            return text if barrier is None else f"{text} ({barrier})"
        return self.quoting(text, source, name, where)

    def quoting(self, text: str, cell: int, name: str, where: Where | None) -> str:
        """With the piece of source that does it, if there is one."""
        quoted = self.quoted[cell]
        shown = quoted.get(name)
        if shown is None:
            shown = quoted[name] = quote(where) if where is not None else ""
        return f"{text}: `{shown}`" if shown else text

    def add(self, index: int, cell: Cell, facts: Facts) -> None:
        effects: Mapping[str, Any] = cell.effects if isinstance(cell.effects, Mapping) else {}
        report = CellReport(cell.id, index, syntax_error=facts.syntax_error)
        self.reports.append(report)
        self.quoted.append(facts.quoted)
        barrier = facts.barrier
        seen = facts.seen
        declared_reads, declared_writes = _names(effects, "reads"), _names(effects, "writes")
        pure = effects.get("pure") is True
        if effects.get("barrier") is True:
            barrier = barrier or "declared in the cell's metadata"
        reads, mutated, bound = facts.reads, facts.mutated, facts.bound
        alive = self.writer
        needed: dict[str, str] = {}
        for name in reads:
            needed.setdefault(name, "was seen to use" if name in seen else "uses")
        for name in declared_reads:
            if not name.startswith("<file"):
                needed.setdefault(name, "uses")
        for name in mutated:
            needed.setdefault(name, "was seen to change" if name in seen else "may change")
        for name in bound:
            if name not in facts.must or cell.may_fail:
                needed.setdefault(name, "was seen to set" if name in seen else "may set")
        if barrier is not None:
            for name in alive:
                needed.setdefault(name, "may use")
        # What it reads itself says most about why it waits.
        for name, verb in sorted(needed.items(), key=lambda item: (item[0] not in reads, item[0])):
            source = alive.get(name)
            if source is None:
                source = self.opaque
                if source is None or (name in facts.must and name not in reads):
                    if source is None and name in reads:
                        kind = report.unseeded if are_random(name) else report.missing
                        if name[0] != "<" or are_random(name):
                            kind.append(name)
                    continue
                if name not in self.reports[source].outputs:
                    self.reports[source].outputs.append(name)
                alive.setdefault(name, source)
            report.inputs[name] = self.cells[source].id
            if barrier is None or name in reads:
                it = f"{verb} it"
                if are_random(name):
                    it = "draws from them" if name in reads else f"{verb} their state"
                self.edge(
                    source, index, "value", name,
                    f"{self.producer_words(source, name)}; cell {index} {it}",
                )  # fmt: skip

        outputs = dict.fromkeys((*bound, *mutated))
        for name in declared_writes:
            if not name.startswith("<file"):
                outputs[name] = None
        if barrier is not None:
            outputs.update(dict.fromkeys(alive))
        changed = set(needed) if barrier is not None else {*mutated, *declared_writes}
        report.mutated = sorted(n for n in changed if n in report.inputs)
        deletes = set() if cell.may_fail or barrier is not None else facts.deletes
        if barrier is None:
            report.maybe = [
                n
                for n in report.mutated
                if n in mutated
                and n not in facts.sure
                and n not in bound
                and n not in declared_writes
                and n not in deletes
                and n not in facts.unshippable
                and n not in self.stuck
            ]
        report.outputs = sorted(n for n in outputs if n not in deletes)
        report.deletes = sorted(deletes)
        for name in report.outputs:
            if name in seen:
                self.how[index, name] = (f"was seen to {seen[name]}", None)
            elif name in bound:
                verb = "draws from" if name in reads else "seeds"
                self.how[index, name] = (verb if are_random(name) else "sets", bound[name])
            elif name in mutated:
                self.how[index, name] = ("may change", mutated[name])
            else:
                self.how[index, name] = ("may change", None)

        self._unshippable(index, report, facts)
        self._files(index, report, facts, declared_reads, declared_writes)
        if barrier is not None:
            self._barrier(index, barrier)
        report.barrier = barrier
        report.outside = list(facts.outside)
        if any(n.startswith("<file") for n in declared_writes):
            report.outside.append("writes files, as its metadata says")
        report.unknown = sorted(facts.unknown)
        report.imports = list(facts.imports)
        report.prepares = facts.only_prepares and bool(facts.imports or facts.setup)
        report.needs = facts.needs.to_json()
        report.traits = facts.traits.to_json()
        setups, unlike = self.changed.repeated(index, facts)
        report.sticky = facts.sticky or (None if pure else unlike)
        report.looks_back = bool(facts.needs_kernel_of)
        report.history = sorted(facts.history)
        self._process(index, report, setups)
        if report.outside:
            if self.outside is not None:
                before = ", ".join(self.reports[self.outside].outside)
                now = ", ".join(report.outside)
                why = (
                    f"cell {self.outside} and cell {index} both act outside of the notebook"
                    f" ({shortened(before)}; {shortened(now)})"
                )
                self.edge(self.outside, index, "order", "<outside>", why)
            self.outside = index
        report.reads = sorted(
            {n for n in (*reads, *declared_reads) if n in report.inputs}
            | set(facts.resource_reads)
            | {n for n in declared_reads if n[0] == "<"}
        )
        report.writes = sorted(
            {*report.outputs, *facts.deletes, *facts.resource_writes, *declared_writes}
        )
        acts = report.outside or report.sticky or barrier
        report.pure = not acts and (
            pure or not (report.unknown or facts.setup or facts.syntax_error)
        )
        for name in report.outputs:
            alive[name] = index
        for name in deletes:
            alive.pop(name, None)
        if facts.binds_unseen and barrier is not None:
            self.opaque = index

    def _unshippable(self, index: int, report: CellReport, facts: Facts) -> None:
        """Objects that stay where they are have no versions: readers come before the next write."""
        report.unshippable = sorted(n for n in facts.unshippable if n in report.outputs)
        for name in (*report.outputs, *report.deletes):
            if name in self.stuck:
                does = "deletes it" if name in report.deletes else "changes it in place"
                for reader in self.readers.pop(name, ()):
                    why = f"cell {reader} uses {named(name)} before cell {index} {does}"
                    self.edge(reader, index, "order", name, why)
        for name in report.inputs:
            if name in self.stuck:
                self.readers.setdefault(name, []).append(index)
        self.stuck.difference_update(report.outputs, report.deletes)
        self.stuck.update(report.unshippable)

    def _files(
        self, index: int, report: CellReport, facts: Facts, reads: list[str], writes: list[str]
    ) -> None:
        reading = [*facts.resource_reads, *(n for n in reads if n.startswith("<file"))]
        writing = [*facts.resource_writes, *(n for n in writes if n.startswith("<file"))]
        self.touched.append((facts.resource_reads, facts.resource_writes))
        for name in dict.fromkeys(reading):
            for other, source in self.file_writes.items():
                if overlap(name, other):
                    self._file_edge(source, index, other, name, True, False)
        for name in facts.enters:
            for other, source in self.file_writes.items():
                if overlap(name, other):
                    why = (
                        f"{self._touching(source, other, True)}; cell {index} goes to {named(name)}"
                    )
                    self.edge(source, index, "order", other, why)
        for name in dict.fromkeys(writing):
            for other, source in self.file_writes.items():
                if overlap(name, other):
                    self._file_edge(source, index, other, name, True, True)
            for other, sources in self.file_reads.items():
                if overlap(name, other):
                    for source in sources:
                        self._file_edge(source, index, other, name, False, True)
        for name in writing:
            self.file_reads.pop(name, None)
            if name == "<files>":
                # Everything before is ordered before this one.
                self.file_reads = {k: v for k, v in self.file_reads.items() if k[:5] != "<file"}
                self.file_writes = {k: v for k, v in self.file_writes.items() if k[:5] != "<file"}
            self.file_writes[name] = index
        for name in reading:
            self.file_reads.setdefault(name, []).append(index)

    def _file_edge(
        self, source: int, index: int, other: str, name: str, wrote: bool, writes: bool
    ) -> None:
        """`source` read or wrote `other`, `index` reads or writes `name`."""
        specific = other if name == "<files>" else name
        before = self._touching(source, other, wrote)
        if name == "<display>":
            shown = self._quoted_resource("may update it", index, name, writes)
            why = f"{before}; cell {index} {shown}"
        elif other == name != "<files>":
            order = ("before cell {} writes it", "; cell {} reads it", "; cell {} writes it too")
            then = order[0 if not wrote else 2 if writes else 1].format(index)
            why = f"{before}{then}" if then[0] == ";" else f"{before} {then}"
        else:
            why = f"{before}; {self._touching(index, name, writes)}"
        self.edge(source, index, "order", specific, why)

    def _touching(self, cell: int, name: str, write: bool) -> str:
        """`cell 1 writes `a.csv`: `df.to_csv("a.csv")``."""
        if name == "<display>":
            verb = "makes or updates a display"
        elif name == "<files>":
            verb = "may write any file" if write else "may read any file"
        else:
            verb = f"{'writes' if write else 'reads'} {named(name)}"
        return self._quoted_resource(f"cell {cell} {verb}", cell, name, write)

    def _quoted_resource(self, text: str, cell: int, name: str, write: bool) -> str:
        where = self.touched[cell][write].get(name)
        return self.quoting(text, cell, f"{'write' if write else 'read'} {name}", where)

    def _barrier(self, index: int, reason: str) -> None:
        for source in range(self.since_barrier, index):
            why = f"cell {index} is ordered with all cells: {reason}"
            self.edge(source, index, "order", "", why)
        self.barrier = index
        self.since_barrier = index

    def _process(self, index: int, report: CellReport, setups: Sequence[Setup]) -> None:
        barrier = self.barrier
        if barrier is not None and barrier != index:
            why = f"cell {barrier} is ordered with all cells: {self.reports[barrier].barrier}"
            self.edge(barrier, index, "order", "", why)
        for source, words in self.must_wait.items():
            self.edge(source, index, "order", "<process>", words)
        if self.sticky is not None:
            # Cells after it share its worker kernel, one after another.
            first = next(r for r in self.reports if r.sticky is not None)
            why = (
                f"cell {index} shares the process of cell {first.index}, which all later cells"
                f" need: {first.sticky}"
            )
            self.edge(index - 1, index, "order", "<process>", why)
        elif report.sticky is not None:
            self.sticky = index
        for setup in setups:
            shown = f"`{shortened(typed(setup.source))}` in cell {index} is repeated in the process"
            shown += " of every later cell, and"
            inputs: dict[str, str] = {}
            for name, own in setup.names.items():
                producer = index if own else self.writer.get(name, self.opaque)
                if producer is None:
                    continue
                inputs[name] = self.cells[producer].id
                self.must_wait.setdefault(
                    producer,
                    f"{shown} needs {named(name)} of cell {producer}",
                )
            for writer, name in self.changed.before(index, setup):
                words = f"{shown} needs {named(name)}, which cell {writer} may write"
                self.must_wait.setdefault(writer, words)
            if setup.reads:
                # What it saw of the files is what those who repeat it must see.
                self.must_wait.setdefault(index, f"{shown} reads {named(setup.reads[0])}")
            after = sorted(name for name in setup.after if name in report.needs["imported"])
            report.setup.append(SetupStatement(setup.source, inputs, list(setup.reads), after))

    def graph(self) -> Graph:
        edges = []
        for (source, to, kind), pair in sorted(self.edges.items(), key=lambda item: item[0]):
            a, b = self.cells[source].id, self.cells[to].id
            maybe = kind == "value" and pair.names.keys() <= set(self.reports[source].maybe)
            edges.append(Edge(a, b, kind, sorted(pair.names), pair.why, maybe))
        for report in self.reports:
            report.outputs.sort()
        return Graph(self.reports, edges)


def _names(effects: Mapping[str, Any], key: str) -> list[str]:
    given = effects.get(key)
    if not isinstance(given, (list, tuple)):
        return []
    return [_resource(n) for n in given if isinstance(n, str)]


def _resource(name: str) -> str:
    """`file:data.csv` is what the analysis calls `<file data.csv>`; `file:*` any file."""
    if not name.startswith("file:"):
        return name
    path = name.removeprefix("file:")
    return "<files>" if "*" in path else resource(path)


def build(cells: Sequence[Cell], facts: Sequence[Facts]) -> Graph:
    builder = _Builder(cells, facts)
    for index, (cell, found) in enumerate(zip(cells, facts, strict=True)):
        builder.add(index, cell, found)
    return builder.graph()
