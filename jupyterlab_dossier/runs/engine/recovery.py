"""Taking up a run whose engine died: what was finished stays, what still runs is awaited."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from ..files import naming, travel
from ..ledger.ledger import Ledger
from ..model import ENDED_TASK, SUCCEEDED, Cell, Json, RunRecord, TaskState
from ..planning import observations
from ..planning.again import Span
from ..tasks.attempts import Failure, Setting
from ..tasks.dispatch import Dispatcher
from ..tasks.placement import hold
from ..workers.pool import Pool
from ..workers.worker import Kernel, Lost, Worker
from .cellrun import CellRun
from .workflow import WorkflowRun

_RESTARTED = "the server was started again while it ran: the kernel and its names are gone"


async def restore(
    active: WorkflowRun, record: RunRecord, attempts: Sequence[sqlite3.Row],
    versions: Sequence[tuple[str, Json]], pool: Pool, ledger: Ledger,
) -> None:  # fmt: skip
    """Brings a run's tasks, values and kernels back to what the ledger says of them."""
    by_cell: dict[str, list[Json]] = {}
    current = {row["cell"]: row for row in attempts if row["state"] != "superseded"}
    for cell, manifest in versions:
        # A cell that ran again left versions before that count no more.
        row = current.get(cell)
        if row is not None and manifest["version"].startswith(f"{row['attempt']}/"):
            by_cell.setdefault(cell, []).append(manifest)
    for state in record.tasks:
        task = active.state.tasks.get(state.id)
        if task is None:
            continue
        row = current.get(state.id)
        task.attempts = row["number"] if row else 0
        if state.state == "reused" and row is not None:
            result = json.loads(row["result"] or "{}")
            given = json.loads(row["setting"])["given"]
            task.taken(state.why or "", Span(row["started"], row["ended"], given))
            active.state.versions.add(
                state.id, by_cell.get(state.id, []), observations.deleted(result)
            )
            continue
        if row is not None:
            given = json.loads(row["setting"]).get("given") or {}
            task.span = Span(row["started"], None, given)
        if state.state in ENDED_TASK:
            task.state, task.why = state.state, state.why
            if row is not None and row["result"]:
                ended = row["ended"] or row["started"]
                left = by_cell.get(state.id, [])
                result = json.loads(row["result"])
                task.files = observations.files_of(result)
                active.revision.ended(task, result, left, ended)
        if state.state in SUCCEEDED and row is not None:
            result = json.loads(row["result"] or "{}")
            deleted = (result.get("effects") or {}).get("deleted") or []
            active.state.versions.add(state.id, by_cell.get(state.id, []), deleted)
            kernel = _kernel(pool, row)
            if kernel is not None:
                hold(active.state, task, kernel, by_cell.get(state.id, []))
        elif state.state not in ENDED_TASK and row is not None:
            kernel = _kernel(pool, row)
            result = json.loads(row["result"]) if row["result"] else None
            if kernel is None and result is not None:
                kernel = Kernel(
                    row["kernel"], pool.adoption.ghost(task.target), fresh=False, dead=True
                )
            if kernel is not None:
                active.await_attempt(task, row["attempt"], kernel, result)
            elif task.step.repeatable:
                await ledger.tasks.end_attempt(row["attempt"], "lost")
            else:
                why = (
                    "its worker was lost while no engine watched; it may have had effects, so it"
                    " was not run again"
                )
                task.state, task.why = "lost", why
                await ledger.tasks.end_attempt(row["attempt"], "lost")
                await ledger.tasks.move(active.run, state.id, "lost", why)
    await active.revision.catch_up()


def _kernel(pool: Pool, row: sqlite3.Row) -> Kernel | None:
    worker: Worker | None = pool.workers.get(row["worker"])
    if worker is None:
        return None
    kernel = worker.kernels.get(row["kernel"])
    if kernel is None:
        setting = json.loads(row["setting"])
        kernel = Kernel(row["kernel"], worker, fresh=False, prefix=list(setting["prefix"]))
        worker.kernels[kernel.id] = kernel
    return kernel


class FoundCell(CellRun):
    """A run of one cell whose server died: its outputs are kept, the user's kernel is not."""

    def __init__(
        self, dispatcher: Dispatcher, ledger: Ledger, run: str, cell: Cell,
        row: sqlite3.Row | None, kernel: Kernel | None, path: str,
    ) -> None:  # fmt: skip
        super().__init__(dispatcher, run, cell)
        self._path = path
        self._ledger = ledger
        self._row = row
        self.kernel = kernel

    async def execute(self) -> tuple[str, str | None]:
        """Awaits what its worker goes on with; the run's state and why."""
        state, why = "lost", f"it was not sent before that: {_RESTARTED}"
        if self._row is not None and self.kernel is None:
            why = f"its worker was lost too: {_RESTARTED}"
        elif self._row is not None and self.kernel is not None:
            state, why = await self._await(self._row, self.kernel, why)
        record = await self._ledger.runs.get(self.run)
        if record.tasks[0].ended is None:
            await self._ledger.tasks.move(self.run, self.cell.id, state, why)
        return state, why

    async def _await(self, row: sqlite3.Row, kernel: Kernel, unsent: str) -> tuple[str, str]:
        self.attempt = row["attempt"]
        setting = Setting(
            run=self.run, cell=self.cell.id, code=self.cell.source, number=row["number"], count=0,
            attempt=row["attempt"], decide=self._decide,
            files=travel.wanted(
                self._path, kernel.worker.target, self.cell, self.run,
                lambda: naming.remembered(json.loads(row["setting"])),
            ),
        )  # fmt: skip
        message = json.loads(row["result"]) if row["result"] else None
        try:
            async with self._dispatcher.held(kernel):
                outcome = await self._dispatcher.found(setting, kernel, message)
                if outcome is None:
                    return "lost", unsent
                await self._dispatcher.commit(outcome)
            return outcome.state, outcome.why or _RESTARTED
        except (Failure, Lost) as error:
            await self._ledger.tasks.end_attempt(row["attempt"], "lost")
            if self.cancelled is not None:
                return "cancelled", self.cancelled
            return "lost", f"{error}; {_RESTARTED}"
        finally:
            self.attempt = None
            self._dispatcher.kill(kernel)

    def _decide(self, status: str, why: str | None, _: Json) -> tuple[TaskState, str | None]:
        if status == "ok":
            return "done", _RESTARTED
        return ("failed", why) if self.cancelled is None else ("cancelled", self.cancelled)


def found_cell(
    record: RunRecord, spec: Json, attempts: Sequence[sqlite3.Row], pool: Pool, ledger: Ledger,
    dispatcher: Dispatcher,
) -> FoundCell:  # fmt: skip
    """A run of one cell as the ledger has it."""
    row = attempts[-1] if attempts else None
    kernel = _kernel(pool, row) if row is not None else None
    if kernel is None and row is not None and row["result"]:
        kernel = Kernel(row["kernel"], pool.adoption.ghost(spec["target"]), fresh=False, dead=True)
    return FoundCell(dispatcher, ledger, record.run, Cell(**spec["cell"]), row, kernel, record.path)
