"""One attempt at a task: what a worker is told of it, and what it came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..files import travel
from ..files.returned import Returned
from ..files.travel import Sent, Wanted
from ..ledger.excess import limits_of
from ..ledger.tasks import Commit
from ..model import Json, TaskState, new_id
from ..workers.worker import Kernel

# The task's state, and why, from the worker's status, its error in words, and its message.
Decide = Callable[[str, "str | None", Json], "tuple[TaskState, str | None]"]

# Seconds that the check of a cell's effects may cost; the worker adds a share of the cell's time.
CHECK: Json = {"budget": 0.005}


class Failure(Exception):
    """A task cannot run, or its result cannot be kept; the text is for the user."""


class Killed(Failure):
    """The user ended the worker kernel, and with it the cell."""


class Interrupted(Failure):
    """The user interrupted a cell before it was sent, or while its results were on their way."""


@dataclass
class Setting:
    """What a worker is told of one attempt (the `execute` message of the worker link)."""

    run: str
    cell: str
    code: str
    number: int
    count: int
    inputs: dict[str, str] = field(default_factory=dict)
    """Name to version."""
    manifests: dict[str, Json] = field(default_factory=dict)
    setup: list[Json] = field(default_factory=list)
    exports: list[str] | None = field(default_factory=list)
    """Names to store; None takes everything the cell bound or changed."""
    mutated: list[str] = field(default_factory=list)
    reset: bool = True
    cwd: str | None = None
    durable: bool = False
    """The intent must survive power loss: the cell acts on the world outside."""
    live: bool = False
    """Whether its worker kernel lives on, so that pages may use its widgets."""
    prefix: list[str] = field(default_factory=list)
    """Keys of the set-up statements replayed before it."""
    attempt: str = field(default_factory=new_id)
    options: Json = field(default_factory=dict)
    """The cell's options; its worker keeps those that are limits of the process."""
    history: Json | None = None
    """What it finds in In and Out, where it looks there."""
    keeps_result: bool = False
    """What it shows last is stored as `_<count>`: cells elsewhere may look at it."""
    files: Wanted | None = None
    """What travels with it, where its target does not have the notebook's folder."""
    sent: Sent | None = None
    """What of that was there when it was sent."""
    numbers: dict[str, int] = field(default_factory=dict)
    """The numbers that tracebacks are to give to cells, by the names of their files."""
    check: Json | None = None
    """What the worker kernel's check of the cell's effects may cost; None: no check."""
    decide: Decide = lambda status, why, _: ("done" if status == "ok" else "failed", why)

    def order(self, kernel: Kernel) -> Json:
        """The `execute` message for a worker kernel."""
        return {
            "type": "execute",
            "attempt": self.attempt,
            "kernel": kernel.id,
            "new": kernel.fresh,
            "code": self.code,
            "cell": self.cell,
            "execution_count": self.count,
            "silent": False,
            "store_history": True,
            "allow_stdin": True,
            "inputs": self.inputs,
            "manifests": self.manifests,
            "setup": self.setup,
            "exports": self.exports,
            "mutated": self.mutated,
            "deletes": [],
            "versions": f"{self.attempt}/",
            "reset": self.reset and not kernel.fresh,
            "keep": True,
            "live": self.live,
            "filename_cwd": self.cwd,
            "env": {},
            **({"options": self.options} if self.options else {}),
            "limits": limits_of(kernel.worker.target)._asdict(),
            **({"history": self.history} if self.history else {}),
            **({"result": self.count} if self.keeps_result else {}),
            **({"check": self.check} if self.check else {}),
            **({"numbers": self.numbers} if self.numbers else {}),
            **(
                {"files": travel.order(self.files, self.sent)}
                if self.files is not None and self.sent is not None
                else {}
            ),
        }


@dataclass
class Outcome:
    """What an attempt came to."""

    setting: Setting
    status: str
    count: int | None
    why: str | None
    manifests: list[Json]
    deleted: list[str]
    message: Json
    state: TaskState
    files: Returned = field(default_factory=Returned)
    """What it did to the notebook's folder, where it ran without it."""
    unplaced: str | None = None
    """What of these is not in place, and why."""
    committed: bool | None = None
    """Whether it became the task's result; None until it was tried."""

    def tell(self, *notes: str) -> None:
        """Adds to what is told of its end."""
        self.why = "; ".join(filter(None, (self.why, *notes))) or None


def commit_of(outcome: Outcome) -> Commit:
    """An outcome as the ledger commits it."""
    setting = outcome.setting
    return Commit(
        setting.attempt, setting.run, setting.cell, outcome.state, outcome.why, outcome.count,
        outcome.manifests, outcome.status, setting.durable,
    )  # fmt: skip
