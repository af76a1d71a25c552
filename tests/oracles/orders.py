"""A notebook run in any order its graph allows, each cell in a worker kernel of its own.

What the engine does with a workflow, without the engine: values travel by `Values`, the set-up
prefix is replayed, cells after one that changes its process for good share its kernel, and what
cannot be shipped keeps its users; where two such values meet, a run begins anew, with what is used
together made together. Only the graph says what waits for what; nothing is checked at
run time, so that a rule that is missing from the analysis shows.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyterlab_dossier.dataflow import Cell, Graph, analyse
from jupyterlab_dossier.runs import Cell as Task
from jupyterlab_dossier.runs.history.compare import differences
from jupyterlab_dossier.runs.history.outputs import Outputs
from jupyterlab_dossier.runs.planning import plan as planning
from jupyterlab_dossier.runs.values import Versions

from .corpus import CorpusCell
from .kernels import Died, Json, Kernel, Kernels


class Conflict(Exception):
    """What a cell uses lives in two worker kernels."""


@dataclass
class Ran:
    """What came of the cells that ran."""

    outputs: dict[str, list[Json]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # cell -> what went wrong around it
    failed: dict[str, str] = field(default_factory=dict)  # cell -> its error


def tasks(cells: Sequence[CorpusCell]) -> list[Task]:
    return [Task(f"c{n}", n, c.source, tags=frozenset(c.tags)) for n, c in enumerate(cells)]


def graph_of(cells: Sequence[CorpusCell]) -> Graph:
    return analyse([Cell.from_json(cell) for cell in planning.analysed(tasks(cells))])


def preload_of(cells: Sequence[CorpusCell], graph: Graph | None = None) -> tuple[str, ...]:
    """Modules that the engine would import before it forks kernels for this notebook."""
    return planning.make(tasks(cells), (graph or graph_of(cells)).to_json()).preload


def in_order(cells: Sequence[CorpusCell], kernels: Kernels, preload: Sequence[str]) -> Ran:
    """Restart & Run All: one kernel, which nothing is loaded into."""
    ran = Ran()
    messages = []
    kernel = kernels.start(preload)
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks(cells):
            if planning.is_blank(task):
                continue
            shown, done = kernel.execute(_message(task, folder, kernel))
            messages += [(task.id, message) for message in shown]
            if done["status"] != "ok":
                ran.failed[task.id] = _words(done)
                if "raises-exception" not in task.tags:
                    break
    kernel.close()
    ran.outputs = Outputs.of(messages).cells
    return ran


def _message(task: Task, folder: str, kernel: Kernel, **more: Any) -> Json:
    return {
        "attempt": task.id,
        "new": kernel.fresh,
        "code": task.source,
        "cell": task.id,
        "execution_count": task.index + 1,
        "exports": [],
        "reset": False,
        "filename_cwd": folder,
        **more,
    }


def _words(done: Json) -> str:
    error = done.get("error") or {}
    return f"{error.get('ename')}: {error.get('evalue')}"


class Workers:
    """Runs the cells of one notebook, one after another, in the order it is told."""

    def __init__(
        self,
        cells: Sequence[CorpusCell],
        graph: Graph,
        kernels: Kernels,
        folder: str,
        warm: random.Random | None = None,
        seen: dict[str, dict[str, list[str]]] | None = None,
    ) -> None:
        self.cells = tasks(cells)
        self.plan = planning.make(self.cells, graph.to_json(), seen)
        self.seen = seen if seen is not None else {}  # cell -> what it was found to make
        self._kernels = kernels
        self._warm = warm  # decides which cells run in a kernel that others have used
        self._free: list[Kernel] = []
        self._folder = folder
        self._inputs = {cell: step.inputs for cell, step in self.plan.steps.items()}
        self._versions = Versions()
        self._homes: dict[str, Kernel] = {}  # version that cannot be shipped -> where it lives
        self._together: dict[str, Kernel] = {}  # where cells run that use such values together
        self._shared: Kernel | None = None  # of barriers and cells that change it for good
        self._changed: int | None = None  # the first cell that did
        self._open: list[Kernel] = []
        self.ran = Ran()
        self._messages: list[tuple[str, Json]] = []

    def run(self, number: int) -> None:
        task = self.cells[number]
        step = self.plan.steps[task.id]
        if planning.is_blank(task):
            return
        try:
            kernel = self._choose(step)
            shown, done = self._execute(step, kernel)
        except Died as fault:
            self.ran.faults[task.id] = str(fault)
            return
        self._messages += [(task.id, message) for message in shown]
        self.ran.outputs = Outputs.of(self._messages).cells
        if done["status"] == "refused":
            self.ran.faults[task.id] = _words(done)
        elif done["status"] != "ok":
            self.ran.failed[task.id] = _words(done)
        kernel.prefix += [setup.key for setup in step.setups]
        self._keep(step, kernel, done)

    def _execute(self, step: planning.Step, kernel: Kernel) -> tuple[list[Json], Json]:
        used: set[str] = set()

        def versions(inputs: dict[str, str]) -> dict[str, str]:
            found = {}
            for name, producer in inputs.items():
                manifest = self._versions.find(name, producer, self._inputs)
                if manifest is not None:
                    found[name] = manifest["version"]
                    used.add(manifest["version"])
            return found

        missing = [setup for setup in step.prefix if setup.key not in kernel.prefix]
        kernel.prefix += [setup.key for setup in missing]
        inputs = versions(step.inputs)
        setup = [{"code": s.source, "inputs": versions(s.inputs)} for s in missing]
        return kernel.execute(
            _message(
                step.cell,
                self._folder,
                kernel,
                inputs=inputs,
                manifests=self._versions.closure(used),
                setup=setup,
                exports=None if step.barrier else step.outputs,
                mutated=[name for name in step.mutated if name in inputs],
                versions=f"{step.cell.id}/",
                reset=not kernel.fresh and not self._kept(kernel),
            )
        )

    def _kept(self, kernel: Kernel) -> bool:
        """Whether what stands in it is needed there."""
        return kernel in (self._shared, *self._homes.values(), *self._together.values())

    def _choose(self, step: planning.Step) -> Kernel:
        """The kernel a cell must run in, else a new one; Conflict where there are two."""
        wanted = []
        changed = self._changed is not None and step.cell.index > self._changed
        if (changed or step.barrier or step.spec.get("sticky")) and self._shared is not None:
            wanted.append(self._shared)
        for name, producer in step.inputs.items():
            manifest = self._versions.find(name, producer, self._inputs)
            if manifest is not None and manifest.get("unshippable"):
                wanted.append(self._homes[manifest["version"]])
        if not wanted and step.together in self._together:
            wanted.append(self._together[step.together])
        if any(kernel is not wanted[0] for kernel in wanted):
            raise Conflict(f"{step.cell.id}: what it needs lives in two worker kernels")
        if wanted:
            return wanted[0]
        prefix = [setup.key for setup in step.prefix]
        if self._warm is not None and self._warm.random() < 0.8:
            for kernel in self._free:
                if kernel.prefix == prefix[: len(kernel.prefix)]:
                    self._free.remove(kernel)
                    return kernel
        kernel = self._kernels.start(self.plan.preload)
        self._open.append(kernel)
        return kernel

    def _keep(self, step: planning.Step, kernel: Kernel, done: Json) -> None:
        deleted = (done.get("effects") or {}).get("deleted") or []
        self._versions.add(step.cell.id, done.get("exports") or [], deleted)
        for manifest in done.get("exports") or []:
            if manifest.get("unshippable"):
                self._homes[manifest["version"]] = kernel
                made = self.seen.setdefault(step.cell.id, {}).setdefault("unshippable", [])
                made.append(manifest["name"])
        if step.together:
            self._together.setdefault(step.together, kernel)
        if not self._kept(kernel) and step.leaves_clean:
            self._free.append(kernel)
        if step.barrier or step.spec.get("sticky"):
            self._shared = kernel
            here = step.cell.index
            self._changed = here if self._changed is None else min(here, self._changed)

    def close(self) -> None:
        for kernel in self._open:
            kernel.close()


def before(graph: Graph) -> dict[int, set[int]]:
    """For each cell, those that must have ended before it."""
    index = {cell.id: cell.index for cell in graph.cells}
    found: dict[int, set[int]] = {cell.index: set() for cell in graph.cells}
    for edge in graph.edges:
        found[index[edge.to]].add(index[edge.source])
    return found


def closure(graph: Graph) -> set[tuple[int, int]]:
    """Pairs of cells that are ordered."""
    direct = before(graph)
    found: dict[int, set[int]] = {}
    for cell in sorted(direct):
        found[cell] = direct[cell].union(*(found[b] for b in direct[cell]))
    return {(a, b) for b, earlier in found.items() for a in earlier}


def orders(graph: Graph, count: int, seed: int) -> Iterator[list[int]]:
    """Orders that respect the edges: later cells first, then random ones; each only once.

    Taking the latest cell that is ready turns round all pairs of cells that can be turned round.
    """
    waits = before(graph)
    draw = random.Random(seed)
    seen: set[tuple[int, ...]] = set()
    for turn in range(count):
        done: list[int] = []
        left = set(waits)
        while left:
            ready = sorted(n for n in left if waits[n] <= set(done))
            done.append(ready[-1] if turn == 0 else draw.choice(ready))
            left.remove(done[-1])
        if tuple(done) not in seen:
            seen.add(tuple(done))
            yield done


@dataclass
class Result:
    """What an oracle found of one notebook."""

    graph: Graph
    faults: list[str] = field(default_factory=list)
    inverted: set[tuple[int, int]] = field(default_factory=set)
    """Pairs of cells that ran out of order."""

    def note(self, order: Sequence[int]) -> None:
        """An order in which the cells ran."""
        self.inverted |= {(a, b) for n, b in enumerate(order) for a in order[n + 1 :] if a < b}

    def statistics(self) -> Json:
        count = len(self.graph.cells)
        return {
            "cells": count,
            "barriers": sum(cell.barrier is not None for cell in self.graph.cells),
            "pairs": count * (count - 1) // 2,
            "forced": len(closure(self.graph)),
            "inverted": len(self.inverted),
        }


def compare(ours: Ran, theirs: Ran, cells: int) -> list[str]:
    """What differs, in words."""
    found = [f"{cell}: {words}" for cell, words in ours.faults.items()]
    found += [f"{c}: {w}" for c, w in ours.failed.items() if c not in theirs.failed]
    for cell in (f"c{n}" for n in range(cells)):
        words = differences(ours.outputs.get(cell, []), theirs.outputs.get(cell, []))
        found += [f"{cell}: {w}" for w in words]
    return found


def check(
    cells: Sequence[CorpusCell],
    kernels: Kernels,
    *,
    count: int = 3,
    seed: int = 0,
    graph: Graph | None = None,
    expected: Ran | None = None,
    warm: bool = False,
) -> Result:
    """Runs a notebook in orders its graph allows; stops at the first that gives other outputs."""
    result = Result(graph if graph is not None else graph_of(cells))
    if expected is None:
        expected = in_order(cells, kernels, preload_of(cells, result.graph))
    for order in orders(result.graph, count, seed):
        ran = _run(cells, result.graph, kernels, order, random.Random(seed) if warm else None)
        faults = compare(ran, expected, len(cells))
        result.faults = [f"order {order}: {words}" for words in faults]
        if faults:
            break
        result.note(order)
    return result


def _run(
    cells: Sequence[CorpusCell],
    graph: Graph,
    kernels: Kernels,
    order: Sequence[int],
    warm: random.Random | None,
) -> Ran:
    """The cells in one order; begun anew where values that cannot be shipped did not meet."""
    seen: dict[str, dict[str, list[str]]] = {}
    while True:
        known = len(seen)
        with tempfile.TemporaryDirectory() as folder:
            workers = Workers(cells, graph, kernels, folder, warm, seen)
            try:
                for number in order:
                    workers.run(number)
                return workers.ran
            except Conflict as conflict:
                if len(seen) == known:
                    workers.ran.faults["run"] = str(conflict)
                    return workers.ran
            finally:
                workers.close()
