"""Attempts in flight: what workers are sent of them, and how they come to an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ..ledger.excess import Excess, limits_of
from ..ledger.tasks import Commit
from ..model import Json
from .worker import Kernel, Lost, Worker


@dataclass
class Execution:
    """An attempt in flight."""

    attempt: str
    run: str
    cell: str
    worker: Worker
    kernel: Kernel
    order: Json | None
    """What was sent; None for one found again after a restart."""
    done: asyncio.Future[Json]
    durable: bool
    settle: Callable[[Json], Commit | None] = lambda message: None
    """What to commit at once with the `done` message; None where blobs are to be pulled first."""
    committed: bool | None = None
    interrupted: bool = False
    answers: list[str] = field(default_factory=list)
    """To its `input()`, which its worker could not be told yet."""
    heard: bool = False
    """Its worker's `done` has come: no interrupt reaches the cell any more."""
    phase: str = ""
    """What the worker said last of its state."""
    excess: Excess = field(init=False)
    parts: asyncio.Queue[tuple[str, int]] = field(default_factory=asyncio.Queue)
    """Blobs of its whole output, with their sizes, as they are told of."""
    has_parts: bool = False

    def __post_init__(self) -> None:
        limits = limits_of(self.worker.target)
        self.excess = Excess(self.run, self.cell, self.attempt, limits)


class Executions:
    """The attempts that an engine waits for, by name."""

    def __init__(self) -> None:
        self.running: dict[str, Execution] = {}

    async def execute(self, execution: Execution) -> Json:
        """Sends an attempt and returns the worker's `done`. Raises `Lost`."""
        self.running[execution.attempt] = execution
        try:
            if execution.worker.ended:
                raise Lost(f"the worker was lost: {execution.worker.ended}", worker=True)
            if execution.kernel.dead:
                raise Lost("its worker kernel was ended before the cell was sent", worker=False)
            self.send(execution)
            return await execution.done
        finally:
            self.running.pop(execution.attempt, None)

    def send(self, execution: Execution) -> None:
        """Sends its order, where its worker is linked."""
        if execution.worker.connection is not None and execution.order is not None:
            execution.kernel.sent = True
            execution.worker.connection.send(execution.order)

    def interrupt(self, execution: Execution) -> None:
        """As the interrupt button of a kernel."""
        execution.interrupted = True
        if execution.worker.connection is not None:
            execution.worker.connection.send(
                {
                    "type": "interrupt",
                    "attempt": execution.attempt,
                    "kernel": execution.kernel.id,
                }
            )

    def input(self, execution: Execution, value: str) -> None:
        """Answers a cell's `input()`; one whose worker is cut off hears it later."""
        if execution.worker.connection is None:
            execution.answers.append(value)
            return
        execution.worker.connection.send(
            {"type": "input", "kernel": execution.kernel.id, "value": value}
        )

    def kept(self, worker: Worker, attempt: str) -> None:
        """Tells a worker with a store of its own that we have what an attempt stored there, or do
        not want it."""
        if worker.target.shares_store or worker.ended:
            return
        worker.untold.append(attempt)
        self.tell_kept(worker)

    @staticmethod
    def tell_kept(worker: Worker) -> None:
        """Says to a worker that is linked what it could not be told before."""
        while worker.connection is not None and worker.untold:
            worker.connection.send({"type": "kept", "attempt": worker.untold.pop(0)})

    def resume(self, worker: Worker) -> None:
        """Says again what a worker that is linked again has not heard."""
        for execution in self.waiting():
            if execution.worker is not worker:
                continue
            if execution.attempt not in worker.known:
                self.send(execution)
            if execution.interrupted:
                self.interrupt(execution)
            while execution.answers:
                self.input(execution, execution.answers.pop(0))

    def waiting(self) -> list[Execution]:
        """Those whose answer has not come."""
        return [one for one in self.running.values() if not one.done.done()]
