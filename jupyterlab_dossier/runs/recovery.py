"""Taking up a run whose engine died: what was finished stays, what still runs is awaited."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from .again import Span
from .ledger import Ledger
from .model import ENDED_TASK, SUCCEEDED, Json, RunRecord
from .placement import hold
from .pool import Kernel, Pool, Worker
from .workflow import WorkflowRun


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
        if row is not None:
            given = json.loads(row["setting"]).get("given") or {}
            task.span = Span(row["started"], None, given)
        if state.state in ENDED_TASK:
            task.state, task.why = state.state, state.why
            if row is not None and row["result"]:
                ended = row["ended"] or row["started"]
                left = by_cell.get(state.id, [])
                active.revision.ended(task, json.loads(row["result"]), left, ended)
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
                kernel = Kernel(row["kernel"], pool.ghost(task.target), fresh=False, dead=True)
            if kernel is not None:
                active.await_attempt(task, row["attempt"], kernel, result)
            elif task.step.repeatable:
                await ledger.end_attempt(row["attempt"], "lost")
            else:
                why = (
                    "its worker was lost while no engine watched; it may have had effects, so it"
                    " was not run again"
                )
                task.state, task.why = "lost", why
                await ledger.end_attempt(row["attempt"], "lost")
                await ledger.set_task(active.run, state.id, "lost", why)
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


async def end_cell_run(ledger: Ledger, record: RunRecord) -> None:
    """Ends a run of one cell whose server died: its kernel's names died with the session."""
    for task in record.tasks:
        if task.ended is None:
            await ledger.set_task(record.run, task.id, "lost", "the server ended while it ran")
    await ledger.end_run(record.run, "lost", "the server ended while it ran")
