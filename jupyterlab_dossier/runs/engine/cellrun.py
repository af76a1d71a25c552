"""A run of one cell: what can be done to it while it is under way, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from ..model import Cell, Json, TaskState
from ..planning import observations
from ..planning import plan as planning
from ..workers.worker import Kernel, Worker
from .workflow import PATIENCE

if TYPE_CHECKING:
    from ..tasks.dispatch import Dispatcher


class Cancelled(Exception):
    """The cell is not to start; the text says why."""


class CellRun:
    """A run of one cell: what can be done to it while it is under way."""

    def __init__(self, dispatcher: Dispatcher, run: str, cell: Cell) -> None:
        self.run = run
        self.cell = cell
        self.attempt: str | None = None
        self.count: int | None = None
        """The execution count that it took."""
        self.kernel: Kernel | None = None
        self.place: str | None = None
        """Where its worker kernel is (`Recipe.place`)."""
        self.cancelled: str | None = None
        self.checked = False
        """Whether everything that preflight looks at was known when it was asked for."""
        self.notice: str | None = None
        """What preflight found once it had started."""
        self._dispatcher = dispatcher
        self._leasing: asyncio.Future[Worker] | None = None

    async def lease(self, leasing: Awaitable[Worker]) -> Worker:
        """Waits for a worker, as long as the cell is wanted."""
        self._leasing = asyncio.ensure_future(leasing)
        try:
            return await self._leasing
        except asyncio.CancelledError:
            if self.cancelled is not None:
                raise Cancelled(self.cancelled) from None
            raise
        finally:
            self._leasing = None

    def _give_up(self, why: str) -> None:
        """It is not to start any more."""
        if self.cancelled is None:
            self.cancelled = why
        if self._leasing is not None:
            self._leasing.cancel()

    def attempt_of(self, cell: str) -> str | None:
        return self.attempt if cell == self.cell.id else None

    def interrupt(self, cell: str | None = None) -> None:
        """Interrupts the cell; one that does not run yet will not."""
        if cell not in (None, self.cell.id):
            return
        if self.attempt is not None:
            self._dispatcher.interrupt(self.attempt)
        else:
            self._give_up("interrupted before it began")

    def kill(self, cell: str) -> bool:
        """Ends the worker kernel in which the cell runs; whether it runs."""
        if cell != self.cell.id or self.attempt is None or self.kernel is None:
            return False
        self._dispatcher.kill(self.kernel, asked=True)
        return True

    def cancel(self, why: str = "cancelled") -> None:
        """Interrupts the cell, and ends its kernel if that does not help; or never starts it."""
        if self.cancelled is not None:
            return
        self.cancelled = why
        self.interrupt()
        asyncio.get_running_loop().call_later(PATIENCE, self._kill)

    def _kill(self) -> None:
        if self.attempt is not None and self.kernel is not None:
            self._dispatcher.kill(self.kernel)

    def decide(
        self, plan: planning.Plan, gone: Sequence[str], status: str, why: str | None, message: Json
    ) -> tuple[TaskState, str | None]:
        """The task's state from the worker's answer; what was not foreseen is told, and what was
        `gone`."""
        if status == "ok":
            seen = observations.words(observations.beyond(plan, self.cell.id, message))
            return "done", "; ".join(filter(None, (self.notice, seen))) or None
        why = "; ".join([why or "failed", *gone])
        return ("failed", why) if self.cancelled is None else ("cancelled", self.cancelled)
