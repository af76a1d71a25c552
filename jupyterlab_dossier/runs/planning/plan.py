"""What analysis says of a workflow, as the engine uses it: who waits for whom, what is loaded."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..model import Cell, Json

# Imports that are safe before a fork and have no effect but to be there.
PRELOADABLE = {
    "numpy": ("numpy",),
    "pandas": ("numpy", "pandas"),
    "matplotlib": ("numpy", "matplotlib", "matplotlib.pyplot"),
    "scipy": ("numpy", "scipy"),
    "sklearn": ("numpy", "scipy", "sklearn", "sklearn.base", "sklearn.utils.validation"),
}


_CD = re.compile(r"get_ipython\(\)\.run_line_magic\('cd', '(?:-q )?([\w./][\w./ -]*)'\)")
_TELLS_IMPORTS = ("environ", "%env", "%set_env", ".filters", "resetwarnings")


@dataclass(frozen=True)
class Setup:
    """A statement of an earlier cell that only sets up, to be replayed in new worker kernels."""

    cell: str
    key: str
    source: str
    inputs: dict[str, str]
    reads: tuple[str, ...] = ()
    """Files, as analysis names them."""
    after: tuple[str, ...] = ()
    """What its own cell had imported before it."""

    @property
    def code(self) -> str:
        """The statement, where the one of the notebook is known to have done what it says."""
        found = _CD.fullmatch(self.source)
        if found is None:
            return self.source
        # `%cd` only prints that a folder is not there.
        return f"__import__('os').stat('{found[1]}/'), {self.source}"


@dataclass
class Step:
    """A cell with what analysis says of it."""

    cell: Cell
    spec: Json
    waits: set[str]
    """Cells that must have succeeded before this one starts."""
    doubtful: dict[str, frozenset[str]]
    """Of `waits`: cells that only might change what it uses, with the names of that."""
    ordered: set[str]
    """Of `waits`: cells whose effects it meets; the others it only lets go first."""
    prefix: tuple[Setup, ...]
    """The set-up prefix: statements of all cells before it."""
    setups: tuple[Setup, ...]
    """Its own set-up statements."""
    together: str | None = None
    """Names the cells that share a worker kernel for what cannot be shipped."""
    shares: bool = False
    """Whether one of these changes its process for good."""

    @property
    def inputs(self) -> dict[str, str]:
        return self.spec.get("inputs") or {}

    @property
    def outputs(self) -> list[str]:
        return list(self.spec.get("outputs") or [])

    @property
    def imported(self) -> dict[str, str]:
        """Names that it binds to modules, or to what is in them, with these modules."""
        return (self.spec.get("needs") or {}).get("imported") or {}

    @property
    def mutated(self) -> list[str]:
        """Inputs whose objects may change in place."""
        return list(self.spec.get("mutated") or [])

    @property
    def barrier(self) -> str | None:
        return self.spec.get("barrier")

    @property
    def outside(self) -> bool:
        return bool(self.spec.get("outside")) or self.barrier is not None

    @property
    def repeatable(self) -> bool:
        """Whether running it again after a loss changes nothing."""
        return self.cell.idempotent or bool(self.spec.get("pure"))

    @property
    def changes_process(self) -> bool:
        """Whether those after it must run where it ran."""
        return bool(self.barrier or self.spec.get("sticky"))

    @property
    def leaves_clean(self) -> bool:
        """Whether its worker kernel is as good as new afterwards, but for set-up it is known by."""
        return bool(self.spec.get("pure")) or not (
            self.barrier or self.spec.get("sticky") or self.spec.get("unknown")
        )


@dataclass
class Plan:
    """The steps of a workflow in notebook order."""

    steps: dict[str, Step]
    preload: tuple[str, ...] = ()
    order: list[str] = field(default_factory=list)

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """Where in the order each cell stands."""
        return {cell: place for place, cell in enumerate(self.order)}

    @functools.cached_property
    def changers(self) -> list[Step]:
        """Those that change their process beyond replay."""
        return [step for cell in self.order if (step := self.steps[cell]).changes_process]


def ahead(
    plan: Plan, setups: Sequence[Setup], inputs: Iterable[tuple[str, str]]
) -> list[dict[str, str]]:
    """For each of these statements what was imported before it, and after the one before.

    Of the inputs (names with the cells that made them) of a cell, and of these statements: a
    module finds when it is imported what the set-up before it has left, and no more.
    """
    pairs = dict.fromkeys((*inputs, *(pair for setup in setups for pair in setup.inputs.items())))
    left = [(name, maker) for name, maker in pairs if name in plan.steps[maker].imported]
    found = []
    for setup in setups:
        here = plan.places[setup.cell]
        before, later = dict[str, str](), list[tuple[str, str]]()
        for name, maker in left:
            own = maker == setup.cell and name in setup.after
            if own or plan.places[maker] < here:
                before[name] = maker
            else:
                later.append((name, maker))
        left = later
        found.append(before)
    return found


def is_blank(cell: Cell) -> bool:
    """Cells that Restart & Run All passes over."""
    return not cell.source.strip() or "skip-execution" in cell.tags


def analysed(cells: Iterable[Cell], observed: Mapping[str, Json] | None = None) -> list[Json]:
    """Cells as the dataflow helper process takes them, with what runs saw of them."""
    return [
        {
            "id": c.id,
            # What is passed over must not count.
            "source": "" if is_blank(c) else c.source,
            "effects": c.effects,
            "may_fail": "raises-exception" in c.tags,
            "observed": (observed or {}).get(c.id),
        }
        for c in cells
    ]


Observations = Mapping[str, Mapping[str, list[str]]]


def make(cells: Sequence[Cell], graph: Json, observed: Observations | None = None) -> Plan:
    """Joins cells, the dataflow graph (contract: `dataflow.Graph.to_json`) and what runs saw."""
    specs = {spec["id"]: spec for spec in graph["cells"]}
    edges: dict[str, dict[str, _Edges]] = {cell.id: {} for cell in cells}
    for edge in graph["edges"]:
        edges[edge["to"]].setdefault(edge["from"], _Edges()).add(edge)
    prefix: list[Setup] = []
    steps: dict[str, Step] = {}
    before: list[str] = []
    changers: list[str] = []
    for cell in cells:
        spec = specs[cell.id]
        found = edges[cell.id]
        setups = tuple(
            Setup(
                cell.id,
                _key(cell.id, number, item["source"]),
                item["source"],
                item.get("inputs") or {},
                tuple(item.get("reads") or ()),
                tuple(item.get("after") or ()),
            )
            for number, item in enumerate(spec.get("setup") or [])
        )
        doubtful = {other: frozenset(e.names) for other, e in found.items() if e.maybe}
        ordered = {other for other, e in found.items() if not e.outside_only}
        step = Step(cell, spec, set(found), doubtful, ordered, tuple(prefix), setups)
        _wait(step, step.inputs.values(), certain=False)
        for setup in prefix:
            _wait(step, setup.inputs.values(), certain=True)
        _wait(step, changers, certain=True)
        if step.outside:
            step.waits |= set(before)
        steps[cell.id] = step
        before.append(cell.id)
        if step.changes_process:
            changers.append(cell.id)
        prefix += setups
    _bring_together(steps, observed or {})
    return Plan(steps, _preload(cells, graph), before)


def _bring_together(steps: Mapping[str, Step], observed: Observations) -> None:
    """Cells that use a value which cannot be shipped run where it was made.

    So do all makers of what one cell uses, and all that change their process for good.
    """
    group = {cell: cell for cell in steps}

    def find(cell: str) -> str:
        while group[cell] != cell:
            cell = group[cell]
        return cell

    def unite(cell: str, other: str) -> None:
        group[find(other)] = find(cell)

    changing: list[str] = []
    for cell, step in steps.items():
        for name, producer in step.inputs.items():
            known = steps[producer].spec.get("unshippable") or []
            if name in known or name in observed.get(producer, {}).get("unshippable", ()):
                unite(producer, cell)
        if step.changes_process:
            changing.append(cell)
            unite(changing[0], cell)
    members: dict[str, list[Step]] = {}
    for cell, step in steps.items():
        members.setdefault(find(cell), []).append(step)
    for name, found in members.items():
        if len(found) > 1:
            shared = any(step.changes_process for step in found)
            for step in found:
                step.together, step.shares = name, shared


@dataclass
class _Edges:
    """All edges from one cell to another."""

    names: set[str] = field(default_factory=set)
    maybe: bool = True
    outside_only: bool = True

    def add(self, edge: Json) -> None:
        self.names |= set(edge["names"])
        self.maybe = self.maybe and bool(edge.get("maybe"))
        # Two that touch the outside go one after the other, but meet nothing of each other's.
        self.outside_only = self.outside_only and edge["names"] == ["<outside>"]


def _wait(step: Step, others: Iterable[str], certain: bool) -> None:
    for other in others:
        if other != step.cell.id:
            step.waits.add(other)
            step.ordered.add(other)
            if certain:
                step.doubtful.pop(other, None)


def _key(cell: str, number: int, source: str) -> str:
    """Names a set-up statement; an edited one is another."""
    return f"{cell}:{number}:{hashlib.sha256(source.encode()).hexdigest()[:12]}"


def _preload(cells: Sequence[Cell], graph: Json) -> tuple[str, ...]:
    """Modules a worker imports before it forks kernels; none where a cell could tell.

    A library reads its environment when it is imported: OPENBLAS_NUM_THREADS set by a cell would
    come too late. And it adds filters of warnings.
    """
    if any(word in cell.source for cell in cells for word in _TELLS_IMPORTS):
        return ()
    wanted = {name for spec in graph["cells"] for name in spec.get("imports") or []}
    if "random" in wanted:
        # Its import draws random numbers (rich does), which then must happen in its cell.
        wanted.discard("sklearn")
    found: dict[str, None] = {}
    for name in sorted(wanted & PRELOADABLE.keys()):
        found.update(dict.fromkeys(PRELOADABLE[name]))
    return tuple(found)


def lineage(plan: Plan, cell: str) -> set[str]:
    """The cells that have a part in what a cell computes, itself included."""
    found, todo = set[str](), [cell]
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            step = plan.steps[current]
            todo += step.inputs.values()
            if current == cell:
                todo += (c for setup in step.prefix for c in setup.inputs.values())
    return found


def needed(plan: Plan, chosen: frozenset[str]) -> set[str]:
    """The chosen cells and all that they need."""
    found: set[str] = set()
    todo = list(chosen)
    while todo:
        cell = todo.pop()
        if cell not in found:
            found.add(cell)
            todo += plan.steps[cell].waits
    return found
