"""What analysis says of a workflow, as the engine uses it: who waits for whom, what is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .model import Cell, Json

# Imports that are safe before a fork and have no effect but to be there.
PRELOADABLE = {
    "numpy": ("numpy",),
    "pandas": ("numpy", "pandas"),
    "matplotlib": ("numpy", "matplotlib", "matplotlib.pyplot"),
    "scipy": ("numpy", "scipy"),
    "sklearn": ("numpy", "scipy", "sklearn", "sklearn.base", "sklearn.utils.validation"),
}


@dataclass(frozen=True)
class Setup:
    """A statement of an earlier cell that only sets up, to be replayed in new worker kernels."""

    cell: str
    key: str
    source: str
    inputs: dict[str, str]


@dataclass
class Step:
    """A cell with what analysis says of it."""

    cell: Cell
    spec: Json
    waits: set[str]
    """Cells that must have succeeded before this one starts."""
    prefix: tuple[Setup, ...]
    """The set-up prefix: statements of all cells before it."""
    setups: tuple[Setup, ...]
    """Its own set-up statements."""

    @property
    def inputs(self) -> dict[str, str]:
        return self.spec.get("inputs") or {}

    @property
    def outputs(self) -> list[str]:
        return list(self.spec.get("outputs") or [])

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


def is_blank(cell: Cell) -> bool:
    """Cells that Restart & Run All passes over."""
    return not cell.source.strip() or "skip-execution" in cell.tags


def analysed(cells: Iterable[Cell]) -> list[Json]:
    """Cells as the dataflow helper process takes them."""
    return [
        {
            "id": c.id,
            # What is passed over must not count.
            "source": "" if is_blank(c) else c.source,
            "effects": c.effects,
            "may_fail": "raises-exception" in c.tags,
        }
        for c in cells
    ]


def make(cells: Sequence[Cell], graph: Json) -> Plan:
    """Joins cells and the dataflow graph (contract: `dataflow.Graph.to_json`)."""
    specs = {spec["id"]: spec for spec in graph["cells"]}
    waits: dict[str, set[str]] = {cell.id: set() for cell in cells}
    for edge in graph["edges"]:
        waits[edge["to"]].add(edge["from"])
    prefix: list[Setup] = []
    steps: dict[str, Step] = {}
    before: list[str] = []
    for cell in cells:
        spec = specs[cell.id]
        setups = tuple(
            Setup(
                cell.id,
                _key(cell.id, number, item["source"]),
                item["source"],
                item.get("inputs") or {},
            )
            for number, item in enumerate(spec.get("setup") or [])
        )
        step = Step(cell, spec, waits[cell.id], tuple(prefix), setups)
        step.waits |= set(step.inputs.values())
        for setup in prefix:
            step.waits |= set(setup.inputs.values())
        if step.outside:
            step.waits |= set(before)
        for earlier in before:
            if steps[earlier].spec.get("sticky") or steps[earlier].barrier:
                step.waits.add(earlier)
        step.waits.discard(cell.id)
        steps[cell.id] = step
        before.append(cell.id)
        prefix += setups
    return Plan(steps, _preload(cells, graph), before)


def _key(cell: str, number: int, source: str) -> str:
    """Names a set-up statement; an edited one is another."""
    return f"{cell}:{number}:{hashlib.sha256(source.encode()).hexdigest()[:12]}"


def _preload(cells: Sequence[Cell], graph: Json) -> tuple[str, ...]:
    """Modules a worker imports before it forks kernels; none where a cell sets the environment.

    A library reads its environment when it is imported: OPENBLAS_NUM_THREADS set by a cell would
    come too late.
    """
    if any("environ" in c.source or "%env" in c.source or "%set_env" in c.source for c in cells):
        return ()
    wanted = {name for spec in graph["cells"] for name in spec.get("imports") or []}
    found: dict[str, None] = {}
    for name in sorted(wanted & PRELOADABLE.keys()):
        found.update(dict.fromkeys(PRELOADABLE[name]))
    return tuple(found)


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
