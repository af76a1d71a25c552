"""Events of runs, numbered in each: what a page, a command or the next engine is told, in order."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence

from ..model import Event, Json
from .database import Database

# About so much of what cells said is in memory at once.
_READ = 1 << 20


class Events:
    """The events of runs, and a signal for those that this process records."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._signals: dict[str, asyncio.Event] = {}

    def tell(self, *runs: str) -> None:
        """Says that something of these runs was recorded."""
        for run in runs:
            if signal := self._signals.pop(run, None):
                signal.set()

    def changed(self, run: str) -> asyncio.Event:
        """Set at the next event of a run that this process records."""
        signal = self._signals.get(run)
        if signal is None or signal.is_set():
            signal = self._signals[run] = asyncio.Event()
        return signal

    async def add(
        self, run: str, cell: str | None, kind: str, body: Json, attempt: str | None = None
    ) -> None:
        """An event of the engine itself."""
        await self._database.write(lambda db: append(db, run, [(cell, attempt, kind, body)]))
        self.tell(run)

    async def of_run(
        self, run: str, after: int = 0, limit: int = 500, kind: str | None = None
    ) -> list[Event]:
        """Events of a run numbered above `after`, in order; of one kind or of all."""
        rows = await self._database.read(lambda db: _events(db, run, after, limit, kind))
        return [
            Event(r["seq"], run, r["cell"], r["kind"], json.loads(r["body"]), r["time"])
            for r in rows
        ]

    async def said(
        self, run: str, cell: str, attempt: str | None, after: int, limit: int
    ) -> list[sqlite3.Row]:
        """Events of one attempt of a cell, and of none, numbered above `after`."""
        return await self._database.read(
            lambda db: db.execute(
                "SELECT seq, kind, time, body FROM events WHERE run = ? AND seq > ? AND cell = ?"
                " AND (attempt IS ? OR attempt IS NULL) ORDER BY seq LIMIT ?",
                (run, after, cell, attempt, limit),
            ).fetchall()
        )

    async def texts(self, run: str, after: int = 0) -> tuple[int, list[str]]:
        """The JSON of some events above `after`, and the number of the last of them.

        As it is stored: the server's event loop reads and writes none of it.
        """

        def action(db: sqlite3.Connection) -> tuple[int, list[str]]:
            last, texts = after, []
            for row in _events(db, run, after, 500, None):
                head = json.dumps({"seq": row["seq"], "cell": row["cell"], "kind": row["kind"]})
                texts.append(f'{head[:-1]}, "body": {row["body"]}}}')
                last = row["seq"]
            return last, texts

        return await self._database.read(action)


def append(
    db: sqlite3.Connection, run: str, items: Sequence[tuple[str | None, str | None, str, Json]]
) -> None:
    """Adds events as (cell, attempt, kind, body), in a transaction of the caller's."""
    row = db.execute(
        "UPDATE runs SET seq = seq + ? WHERE run = ? RETURNING seq", (len(items), run)
    ).fetchone()
    if row is None:
        return
    first, now = row[0] - len(items) + 1, time.time()
    db.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (run, first + i, cell, attempt, kind, now, json.dumps(body))
            for i, (cell, attempt, kind, body) in enumerate(items)
        ],
    )


def _events(
    db: sqlite3.Connection, run: str, after: int, limit: int, kind: str | None
) -> list[sqlite3.Row]:
    """At most `limit` events, and not many more than _READ bytes of them."""
    where, values = ("AND kind = ?", (kind,)) if kind else ("", ())
    found: list[sqlite3.Row] = []
    size = 0
    for row in db.execute(
        f"SELECT * FROM events WHERE run = ? AND seq > ? {where} ORDER BY seq LIMIT ?",
        (run, after, *values, limit),
    ):
        found.append(row)
        size += len(row["body"])
        if size > _READ:
            break
    return found
