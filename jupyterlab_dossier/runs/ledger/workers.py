"""Workers: the intent to start one, what is known of it, and how far it was heard."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import Any

from ..model import Json
from .database import Database
from .events import Events, append
from .outputs import Part
from .tasks import Commit, write_commit


class Workers:
    """One row a worker, whichever engine started it."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database, self._events = database, events

    async def add(
        self, worker: str, target: str, provider: str, recipe: str, owner: str, secret: str
    ) -> None:
        """Records the intent to start a worker; `secret` is a hash."""
        await self._database.write(
            lambda db: db.execute(
                "INSERT INTO workers (worker, target, provider, recipe, state, owner, secret,"
                " started) VALUES (?, ?, ?, ?, 'starting', ?, ?, ?)",
                (worker, target, provider, recipe, owner, secret, time.time()),
            ),
            durable=True,
        )

    async def update(self, worker: str, **fields: Any) -> None:
        """Changes columns of a worker's row."""
        names = ", ".join(f"{name} = ?" for name in fields)
        await self._database.write(
            lambda db: db.execute(
                f"UPDATE workers SET {names} WHERE worker = ?", (*fields.values(), worker)
            )
        )

    async def received(
        self, worker: str, epoch: str, seq: int, entries: Sequence[tuple[str, str, str, str, Json]],
        results: Sequence[tuple[str, Json]] = (), commits: Sequence[Commit] = (),
        durable: bool = False, parts: Sequence[Part] = (),
    ) -> list[bool]:  # fmt: skip
        """Makes a batch of a worker's messages durable, with the number of the last of them.

        `entries` are events as (run, cell, attempt, kind, body), `results` the `done` messages by
        attempt, kept so that collecting can go on in another process. Results that need nothing
        more are committed with them; the answer says which of `commits` still counted.
        """

        def action(db: sqlite3.Connection) -> list[bool]:
            db.execute(
                "UPDATE workers SET epoch = ?, seen = ? WHERE worker = ?", (epoch, seq, worker)
            )
            by_run: dict[str, list[tuple[str | None, str | None, str, Json]]] = {}
            for run, cell, attempt, kind, body in entries:
                by_run.setdefault(run, []).append((cell, attempt, kind, body))
                if kind == "state":
                    db.execute(
                        "UPDATE tasks SET state = ?, why = ? WHERE run = ? AND attempt = ?",
                        (body["state"], body.get("why"), run, attempt),
                    )
            for run, items in by_run.items():
                append(db, run, items)
            for part in parts:
                if part.position == 0:  # the cell was cleared, and begins again
                    db.execute("DELETE FROM whole_outputs WHERE run = ? AND attempt = ?", part[:2])
                db.execute("INSERT OR REPLACE INTO whole_outputs VALUES (?, ?, ?, ?, ?)", part)
            for attempt, result in results:
                db.execute(
                    "UPDATE attempts SET state = 'finished', result = ?"
                    " WHERE attempt = ? AND worker = ? AND state = 'sent'",
                    (json.dumps(result), attempt, worker),
                )
            return [write_commit(db, commit) for commit in commits]

        committed = await self._database.write(action, durable)
        self._events.tell(*{entry[0] for entry in entries}, *{commit.run for commit in commits})
        return committed

    async def alive(self) -> list[sqlite3.Row]:
        """The rows of workers that start or are ready."""
        return await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM workers WHERE state IN ('starting', 'ready')"
            ).fetchall()
        )

    async def named(self, names: Iterable[str]) -> dict[str, sqlite3.Row]:
        """The rows of these workers, by name."""
        asked = tuple(set(names))
        marks = ",".join("?" * len(asked))
        rows = await self._database.read(
            lambda db: db.execute(
                f"SELECT * FROM workers WHERE worker IN ({marks})", asked
            ).fetchall()
        )
        return {row["worker"]: row for row in rows}

    async def wanted(self, besides: str | None = None) -> set[str]:
        """Workers in which attempts of runs that have not ended were made.

        Runs of the engine `besides` do not count.
        """
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT DISTINCT worker FROM attempts JOIN runs USING (run)"
                " WHERE runs.state = 'running' AND runs.owner IS NOT ?",
                (besides,),
            ).fetchall()
        )
        return {row["worker"] for row in rows}
