"""Reuse keys beside the results that they led to, and results taken from earlier runs."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..model import Json
from . import excess
from .database import Database, optional_text
from .events import Events, append


@dataclass(frozen=True)
class Key:
    """The reuse key of a task, as the ledger keeps it beside the result that it led to."""

    run: str
    cell: str
    attempt: str
    fixed: str
    """Hash of the parts known before the task ran."""
    parts: Json
    met: Json
    barred: str | None
    """Why the result is not taken again; None where it may be."""
    origin: str | None
    """The run whose cell was executed, where this result was taken from one."""
    differences: Sequence[Json]
    """Why it ran though there was an earlier run: the parts in which the keys differ."""
    time: float = 0.0


@dataclass(frozen=True)
class Taken:
    """A result of an earlier run that becomes a task's."""

    attempt: str
    """The new attempt that stands for it."""
    run: str
    cell: str
    execution_count: int | None
    why: str
    source: Key
    met: Json
    began: float
    """When what the task would have been given was looked at."""
    given: Json
    """Name to version of what the task would have been given."""
    manifests: Sequence[Json]


class Keys:
    """One row a task whose result later runs may look up."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database, self._events = database, events

    async def add(self, key: Key) -> None:
        """Keeps the key of a result, for later runs to take it by."""
        row = (
            key.run, key.cell, key.attempt, key.fixed, json.dumps(key.parts), json.dumps(key.met),
            optional_text(key.barred), key.origin, json.dumps(list(key.differences)), time.time(),
        )  # fmt: skip
        await self._database.write(
            lambda db: db.execute(
                # Not where the task was taken back meanwhile.
                "INSERT OR REPLACE INTO keys SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS"
                " (SELECT 1 FROM tasks WHERE run = ? AND cell = ? AND attempt = ?)",
                (*row, *row[:3]),
            )
        )

    async def under(self, fixed: str, limit: int = 8) -> list[Key]:
        """Results of ended runs that were made under these fixed parts, newest first."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT k.* FROM keys k JOIN runs r USING (run) WHERE k.fixed = ?"
                " AND r.state <> 'running' ORDER BY k.time DESC LIMIT ?",
                (fixed, limit),
            ).fetchall()
        )
        return [_key(row) for row in rows]

    async def last(self, path: str, cell: str, besides: str) -> Key | None:
        """The newest key of a cell in runs of a notebook: what it is told to differ from."""
        row = await self._database.read(
            lambda db: db.execute(
                "SELECT k.* FROM runs r JOIN keys k USING (run) WHERE r.path = ? AND k.cell = ?"
                " AND r.run <> ? ORDER BY r.created DESC, k.time DESC LIMIT 1",
                (path, cell, besides),
            ).fetchone()
        )
        return None if row is None else _key(row)

    async def of_run(self, run: str) -> dict[str, Key]:
        """The keys of a run's tasks, by cell."""
        rows = await self._database.read(
            lambda db: db.execute("SELECT * FROM keys WHERE run = ?", (run,)).fetchall()
        )
        return {row["cell"]: _key(row) for row in rows}

    async def take(self, taken: Sequence[Taken]) -> list[bool]:
        """Makes results of earlier runs those of tasks, all at once; False where one is gone.

        All of it is copied, so that the run does not depend on the older one from then on.
        """
        done = await self._database.write(lambda db: [_take(db, t) for t in taken], durable=True)
        self._events.tell(*{t.run for t in taken})
        return done


def _take(db: sqlite3.Connection, taken: Taken) -> bool:
    now, source = time.time(), taken.source
    there = db.execute(
        "SELECT a.result FROM keys k JOIN attempts a USING (attempt)"
        " WHERE k.run = ? AND k.cell = ? AND k.attempt = ?",
        (source.run, source.cell, source.attempt),
    ).fetchone()
    if there is None:
        return False
    run, cell, attempt, count = taken.run, taken.cell, taken.attempt, taken.execution_count
    setting = {"prefix": [], "number": 0, "given": taken.given}
    db.execute(
        "INSERT INTO attempts VALUES (?, ?, ?, 0, '', '', 'reused', ?, ?, ?, ?)",
        (attempt, run, cell, json.dumps(setting), taken.began, taken.began, there["result"]),
    )
    db.execute(
        "UPDATE tasks SET attempt = ?, state = 'reused', why = ?, started = NULL, ended = ?,"
        " execution_count = ? WHERE run = ? AND cell = ?",
        (attempt, taken.why, now, count, run, cell),
    )
    db.executemany(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?)",
        [(m["version"], run, cell, m["name"], json.dumps(m)) for m in taken.manifests],
    )
    db.execute(
        "INSERT INTO whole_outputs SELECT ?, ?, position, blob, size FROM whole_outputs"
        " WHERE run = ? AND attempt = ?",
        (run, attempt, source.run, source.attempt),
    )
    bodies = db.execute(
        "SELECT body FROM events WHERE run = ? AND attempt = ? AND kind = 'output' ORDER BY seq",
        (source.run, source.attempt),
    ).fetchall()
    outputs = [_again(json.loads(row["body"]), source.run, run, count) for row in bodies]
    done = {"status": taken.met["status"], "execution_count": count}
    state = {"state": "reused", "why": taken.why}
    # Whoever shows it begins the cell anew at the first state that is no end.
    append(db, run, [
        (cell, attempt, "state", {"state": "preparing", "why": None}),
        *((cell, attempt, "output", body) for body in outputs),
        (cell, attempt, "done", done), (cell, attempt, "state", state),
    ])  # fmt: skip
    db.execute(
        "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]', ?)",
        (run, cell, attempt, source.fixed, json.dumps(source.parts), json.dumps(taken.met),
         source.barred, source.origin or source.run, now),
    )  # fmt: skip
    return True


def _again(body: Json, source: str, run: str, count: int | None) -> Json:
    """An output message as it is in another run."""
    content = body.get("content")
    if not isinstance(content, dict):
        return body
    if body.get("msg_type") == "execute_result":
        return {**body, "content": {**content, "execution_count": count}}
    data = content.get("data")
    if isinstance(data, dict) and isinstance(about := data.get(excess.MIME), dict):
        plain = str(data.get("text/plain", "")).replace(source, run, 1)
        data = {**data, excess.MIME: {**about, "run": run}, "text/plain": plain}
        return {**body, "content": {**content, "data": data}}
    return body


def _key(row: sqlite3.Row) -> Key:
    return Key(
        row["run"], row["cell"], row["attempt"], row["fixed"], json.loads(row["parts"]),
        json.loads(row["met"]), row["barred"], row["origin"], json.loads(row["differences"]),
        row["time"],
    )  # fmt: skip
