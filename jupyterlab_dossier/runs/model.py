"""The words of a run: what the engine is asked, what it records, what it says.

States are those of the design: a run is running, done, failed, cancelled or lost; a task is
queued, preparing, starting, running or collecting, and at the end done, reused, failed, skipped,
cancelled or lost.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

RunState = Literal["running", "done", "failed", "cancelled", "lost"]
TaskState = Literal[
    "queued",
    "preparing",
    "starting",
    "running",
    "collecting",
    "done",
    "reused",
    "failed",
    "skipped",
    "cancelled",
    "lost",
]

ENDED_RUN = frozenset({"done", "failed", "cancelled", "lost"})
ENDED_TASK = frozenset({"done", "reused", "failed", "skipped", "cancelled", "lost"})
SUCCEEDED = frozenset({"done", "reused"})

Json = dict[str, Any]


class BadInput(Exception):
    """What was asked cannot be done as asked; the text names the field or cell and what to do."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NoSuchRun(BadInput):
    """No run of this name stands in the ledger."""


@dataclass(frozen=True)
class Cell:
    """A code cell as the engine runs it; `index` counts code cells from 0."""

    id: str
    index: int
    source: str
    target: str | None = None
    """The target the cell names itself; None where a default decides."""
    options: Json = field(default_factory=dict)
    """What it asks of its target: the notebook's options for the target under its own."""
    inherited: Json = field(default_factory=dict)
    """Those options that the notebook gives for the target."""
    effects: Json | None = None
    """What the user says of the cell's reads and writes, for the analysis."""
    tags: frozenset[str] = frozenset()
    idempotent: bool = False
    """The user allows the cell to be run again after its worker was lost."""


@dataclass(frozen=True)
class Workflow:
    """A whole notebook to be run from a clean state."""

    path: str
    """The notebook's real path; its folder is the working directory of the cells."""
    cells: tuple[Cell, ...]
    kernelspec: str = "python3"
    notebook_id: str | None = None
    default_target: str | None = None
    """`--target`, or the notebook's own default; `local` where it is None."""
    only: frozenset[str] | None = None
    """Run these cells and all they need, instead of every cell."""
    without: frozenset[str] = frozenset()
    """Cells that are left out, whoever waits for them."""
    fresh: bool = False
    jobs: int | None = None
    """At most this many cells at once; None takes the target's own limit."""
    shuffle: int | None = None
    """Start ready cells in the random order of this seed, each in a new worker kernel.

    A negative seed is the order that hurries most: always the latest ready cell.
    """


def target_of(cell: Cell, workflow: Workflow) -> str:
    """In a workflow: the cell's target, else the one asked for, else the notebook's, else local."""
    return cell.target or workflow.default_target or "local"


@dataclass(frozen=True)
class Event:
    """One thing that happened in a run, numbered from 1 within it."""

    seq: int
    run: str
    cell: str | None
    kind: Literal["state", "output", "done"]
    body: Json
    time: float = 0.0

    def to_json(self) -> Json:
        """The message of the events websocket and of `logs -f --json`."""
        return {"seq": self.seq, "cell": self.cell, "kind": self.kind, "body": self.body}


@dataclass
class TaskRecord:
    """A task as the ledger has it; times are seconds since the epoch."""

    id: str
    index: int
    state: TaskState
    target: str
    why: str | None
    started: float | None
    ended: float | None
    execution_count: int | None = None

    def to_json(self) -> Json:
        return dict(self.__dict__)


@dataclass
class RunRecord:
    """A run as the ledger has it."""

    run: str
    kind: Literal["workflow", "cell"]
    path: str
    state: RunState
    why: str | None
    created: float
    ended: float | None
    seq: int
    tasks: list[TaskRecord]

    def to_json(self) -> Json:
        return {**self.__dict__, "tasks": [task.to_json() for task in self.tasks]}


def new_id() -> str:
    """A sortable random name: when it was made, then 40 random bits."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(5)}"
