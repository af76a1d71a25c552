"""Tasks and their attempts: the intent before a cell is sent, and one commit of what came of it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import Json
from .database import Database, optional_text
from .events import Events, append


@dataclass(frozen=True)
class Commit:
    """An attempt's result, as it becomes the task's."""

    attempt: str
    run: str
    cell: str
    state: str
    why: str | None
    execution_count: int | None
    manifests: Sequence[Json]
    status: str
    durable: bool


class Tasks:
    """The states of tasks, and every attempt at one."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database, self._events = database, events

    async def move(
        self, run: str, cell: str, state: str, why: str | None = None,
        execution_count: int | None = None,
    ) -> None:  # fmt: skip
        """Moves a task to a state without an attempt's result (skipped, cancelled, queued ...)."""
        await self._database.write(lambda db: move_task(db, run, cell, state, why, execution_count))
        self._events.tell(run)

    async def queue_again(self, run: str, cells: Mapping[str, str], spec: Json) -> None:
        """Takes back the results of cells, with the reason for each, and keeps what the run is
        now known to depend on."""
        text = json.dumps(spec)

        def action(db: sqlite3.Connection) -> None:
            db.execute("UPDATE specs SET spec = ? WHERE run = ?", (text, run))
            for cell, why in cells.items():
                db.execute(
                    "UPDATE attempts SET state = 'superseded' WHERE attempt ="
                    " (SELECT attempt FROM tasks WHERE run = ? AND cell = ?)",
                    (run, cell),
                )
                move_task(db, run, cell, "queued", why, None)
                db.execute(
                    "UPDATE tasks SET attempt = NULL, started = NULL WHERE run = ? AND cell = ?",
                    (run, cell),
                )

        await self._database.write(action, durable=True)
        self._events.tell(run)

    async def add_attempt(
        self, attempt: str, run: str, cell: str, number: int, worker: str, kernel: str,
        setting: Json, durable: bool,
    ) -> None:  # fmt: skip
        """Records the intent to execute a cell, before it is sent; `number` is the fence."""
        now = time.time()
        text = json.dumps(setting)

        def action(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, 'sent', ?, ?, NULL, NULL)",
                (attempt, run, cell, number, worker, kernel, text, now),
            )
            db.execute(
                "UPDATE tasks SET attempt = ?, state = 'starting', why = NULL, started = ?,"
                " ended = NULL WHERE run = ? AND cell = ?",
                (attempt, now, run, cell),
            )
            append(db, run, [(cell, attempt, "state", {"state": "starting", "why": None})])

        await self._database.write(action, durable)
        self._events.tell(run)

    async def commit(self, commit: Commit) -> bool:
        """Commits an attempt's result, once: False where the attempt is no longer the task's."""
        committed = await self._database.write(lambda db: write_commit(db, commit), commit.durable)
        self._events.tell(commit.run)
        return committed

    async def end_attempt(self, attempt: str, state: str) -> None:
        """Closes an attempt whose result does not count (lost, cancelled)."""
        await self._database.write(
            lambda db: db.execute(
                "UPDATE attempts SET state = ?, ended = ? WHERE attempt = ?",
                (state, time.time(), attempt),
            )
        )

    async def attempts(self, run: str) -> list[sqlite3.Row]:
        """All attempts of a run, oldest first."""
        return await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM attempts WHERE run = ? ORDER BY started", (run,)
            ).fetchall()
        )

    async def began(self, run: str, cell: str, attempt: str) -> float | None:
        """When an attempt was sent; None where it is not the one that counts."""

        def action(db: sqlite3.Connection) -> float | None:
            row = db.execute(
                "SELECT a.started FROM attempts a JOIN tasks t USING (run, cell, attempt)"
                " WHERE run = ? AND cell = ? AND attempt = ?",
                (run, cell, attempt),
            ).fetchone()
            return None if row is None else float(row["started"])

        return await self._database.read(action)

    async def given(self, run: str, cell: str) -> dict[str, str] | None:
        """Name to version of what a task's attempt was given; None where it has none."""
        row = await self._database.read(
            lambda db: db.execute(
                "SELECT a.setting FROM attempts a JOIN tasks t USING (attempt)"
                " WHERE t.run = ? AND t.cell = ?",
                (run, cell),
            ).fetchone()
        )
        return None if row is None else dict(json.loads(row["setting"])["given"])


def write_commit(db: sqlite3.Connection, commit: Commit) -> bool:
    now, run, cell, attempt = time.time(), commit.run, commit.cell, commit.attempt
    moved = db.execute(
        "UPDATE tasks SET state = ?, why = ?, ended = ?, execution_count = ?"
        " WHERE run = ? AND cell = ? AND attempt = ? AND state IN"
        " ('queued', 'preparing', 'starting', 'running', 'collecting')",
        (commit.state, optional_text(commit.why), now, commit.execution_count, run, cell, attempt),
    )
    db.execute(
        "UPDATE attempts SET state = ?, ended = ? WHERE attempt = ?",
        (commit.state if moved.rowcount else "superseded", now, attempt),
    )
    if not moved.rowcount:
        return False
    db.executemany(
        "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?)",
        [(m["version"], run, cell, m["name"], json.dumps(m)) for m in commit.manifests],
    )
    done = {"status": commit.status, "execution_count": commit.execution_count}
    state = {"state": commit.state, "why": commit.why}
    append(db, run, [(cell, attempt, "done", done), (cell, attempt, "state", state)])
    return True


def move_task(
    db: sqlite3.Connection, run: str, cell: str, state: str, why: str | None, count: int | None
) -> None:
    ended = (
        time.time()
        if state in ("done", "reused", "failed", "skipped", "cancelled", "lost")
        else None
    )
    db.execute(
        "UPDATE tasks SET state = ?, why = ?, ended = ?, execution_count = ?"
        " WHERE run = ? AND cell = ?",
        (state, optional_text(why), ended, count, run, cell),
    )
    append(db, run, [(cell, None, "state", {"state": state, "why": why})])
