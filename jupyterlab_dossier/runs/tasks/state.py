"""What a workflow run knows: its plan, its tasks, and what they left where."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...targets import Target
from ..model import ENDED_TASK, SUCCEEDED, Cell, Json, TaskState, Workflow, target_of
from ..planning import again
from ..planning import plan as planning
from ..planning.observations import Observed
from ..values import Versions
from ..workers.worker import Kernel
from .places import Places


@dataclass
class Task:
    """A cell in this run."""

    step: planning.Step
    target: str
    state: TaskState = "queued"
    why: str | None = None
    attempts: int = 0
    count: int | None = None
    running: asyncio.Task[None] | None = None
    kernel: Kernel | None = None
    attempt: str | None = None
    span: again.Span | None = None
    """Its newest attempt in time; None before one was made."""
    ran_in: Kernel | None = None
    revisions: int = 0
    touched: bool = False
    """It was seen to act on the world outside."""
    files: Json | None = None
    """What its newest attempt told of files; None while it runs."""
    read_modules: bool = False
    """It was seen to read code of the notebook's folder, which its kernel now holds."""
    moved: bool = False
    """It was seen to go to another folder."""
    attempt_done: str | None = None
    """The attempt whose result is the task's."""
    because: str | None = None
    """Why it runs although there was an earlier run."""

    @property
    def cell(self) -> Cell:
        return self.step.cell

    @property
    def once(self) -> bool:
        """Whether it has begun and must not be executed twice."""
        if self.span is None or self.cell.idempotent or self.state == "reused":
            return False
        unseen = self.span.ended is None and self.step.barrier is not None
        return bool(self.touched or self.step.spec.get("outside") or unseen)

    def taken(self, why: str, span: again.Span) -> None:
        """An earlier result has become its own: nothing was executed, and nothing is to be."""
        self.state, self.why, self.span = "reused", why, span


class RunState:
    """The state of one run, shared by those who start, place and revise its tasks."""

    def __init__(
        self, workflow: Workflow, spec: Json, targets: Mapping[str, Target],
        observed: Mapping[str, Observed],
    ) -> None:  # fmt: skip
        self.workflow = workflow
        self.spec = spec
        """What the ledger keeps to take the run up: the workflow, its graph, and the like."""
        self.targets = targets
        self.observed = dict(observed)
        """What runs saw cells do beyond the graph."""
        self.plan = planning.make(workflow.cells, spec["graph"], self.observed)
        self.inputs = {cell: step.inputs for cell, step in self.plan.steps.items()}
        self.versions = Versions()
        self.places = Places()
        self.complete = self._why_complete()
        """Why all cells run in one worker kernel, in order; None where they need not."""
        chosen = set(self.plan.order)
        if workflow.only is not None:
            chosen = planning.needed(self.plan, workflow.only)
        chosen -= workflow.without
        self.tasks = {
            cell: Task(step, target_of(step.cell, workflow))
            for cell, step in self.plan.steps.items()
            if cell in chosen
        }
        counted = (t for t in self.tasks.values() if not planning.is_blank(t.cell))
        for count, task in enumerate(counted, 1):
            task.count = count
        self._numbered: dict[str, list[tuple[int, int]]] = {}
        """Index and count of the cells that define something, by the names of their files."""
        for task in self.tasks.values():
            file = _file_of(task.step)
            if file is not None and task.count is not None:
                self._numbered.setdefault(file, []).append((task.cell.index, task.count))

    def numbers(self, task: Task) -> dict[str, int]:
        """The numbers of the cells whose functions a task may call, by the names of their files.

        As in a kernel: cells of one text have one file, which has the number of the last of them.
        """
        found: dict[str, int] = {}
        for cell in planning.lineage(self.plan, task.cell.id):
            file = _file_of(self.plan.steps[cell]) or ""
            for index, count in self._numbered.get(file, ()):
                if index <= task.cell.index:
                    found[file] = count
        return found

    def replan(self) -> None:
        """Takes the graph in `spec` and all observations for the plan from now on."""
        self.plan = planning.make(self.workflow.cells, self.spec["graph"], self.observed)
        self.inputs = {cell: step.inputs for cell, step in self.plan.steps.items()}
        for task in self.tasks.values():
            task.step = self.plan.steps[task.cell.id]

    def is_kernel(self, task: Task) -> bool:
        return self.targets[task.target].kind == "kernel"

    def joins_kernel(self, task: Task) -> bool:
        """Whether a task runs in the kernel that cells of `kernel` share.

        One on local workers that changes its process beyond replay does too, since those after it
        must run where it ran, and what is used together with it.
        """
        changes = task.step.changes_process or task.step.shares
        return self.is_kernel(task) or (changes and task.target == "local")

    def same_target(self, task: Task, target: str) -> bool:
        """Whether a task may run in a kernel of that target; cells of `kernel` are local ones."""
        return task.target == target or (self.is_kernel(task) and target in ("kernel", "local"))

    def before(self, task: Task) -> Iterator[Task]:
        return (t for t in self.tasks.values() if t.cell.index < task.cell.index)

    def after(self, task: Task) -> Iterator[Task]:
        return (t for t in self.tasks.values() if t.cell.index > task.cell.index)

    def beside(self, task: Task) -> Iterator[Task]:
        """Those that ran at some time while this one did."""
        if task.span is None:
            return
        for other in self.tasks.values():
            if other is task or other.span is None or other.state == "reused":
                continue
            if other.span.ended is None or other.span.ended >= task.span.began:
                yield other

    def succeeded(self, cell: str) -> bool:
        return (
            cell not in self.tasks
            or self.tasks[cell].state in SUCCEEDED
            or (self.tasks[cell].state == "skipped")
        )

    def first_failure(self) -> Task | None:
        return next(
            (
                task
                for task in self.tasks.values()
                # One that started early may have failed for it: that is judged later.
                if task.state in ("failed", "lost", "cancelled") and not self._waits_still(task)
            ),
            None,
        )

    def _waits_still(self, task: Task) -> bool:
        return any(
            cell in self.tasks and self.tasks[cell].state not in ENDED_TASK
            for cell in task.step.doubtful
        )

    def current(self, name: str, cell: str) -> str | None:
        """The version that a cell would be given of a name now."""
        producer = self.inputs[cell].get(name)
        manifest = self.versions.find(name, producer, self.inputs) if producer else None
        return manifest["version"] if manifest is not None else None

    def _why_complete(self) -> str | None:
        """Whether this run is a complete one from the start."""
        known: str | None = self.spec.get("complete")
        if known is not None:
            return known
        for cell, step in self.plan.steps.items():
            why = ", ".join((self.observed.get(cell) or {}).get("hidden") or [])
            if why:
                return f"all cells run in one worker kernel, for cell {step.cell.index}: {why}"
        return None


def _file_of(step: planning.Step) -> str | None:
    """What a kernel calls the file of a cell that defines something."""
    found: str | None = (step.spec.get("traits") or {}).get("file")
    return found
