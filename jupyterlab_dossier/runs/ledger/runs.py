"""Runs: begun, owned by one engine, cancelled, ended, verified, forgotten."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence

from ..model import Json, NoSuchRun, RunRecord, TaskRecord
from .database import Database, optional_text
from .events import Events, append


class Runs:
    """One row a run; which engine may take one up is decided in the statement itself."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database, self._events = database, events

    async def add(
        self, run: str, kind: str, path: str, owner: str, spec: Json, conditions: Json,
        tasks: Sequence[TaskRecord], notebook: str | None = None, durable: bool = True,
    ) -> None:  # fmt: skip
        """Records a run before anything of it is done."""
        now = time.time()
        row = (run, kind, path, notebook, owner, now, json.dumps(conditions))
        text = json.dumps(spec)

        def action(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO runs (run, kind, path, notebook, state, owner, created,"
                " conditions) VALUES (?, ?, ?, ?, 'running', ?, ?, ?)",
                row,
            )
            db.execute("INSERT INTO specs VALUES (?, ?)", (run, text))
            db.executemany(
                "INSERT INTO tasks (run, cell, position, target, state, why)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(run, t.id, t.index, t.target, t.state, t.why) for t in tasks],
            )

        await self._database.write(action, durable)

    async def end(self, run: str, state: str, why: str | None) -> None:
        """Ends a run; the last event of it says so too."""

        def action(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE runs SET state = ?, why = ?, ended = ? WHERE run = ? AND state = 'running'",
                (state, optional_text(why), time.time(), run),
            )
            append(db, run, [(None, None, "state", {"state": state, "why": why})])

        await self._database.write(action, durable=True)
        self._events.tell(run)

    async def take_up(self, run: str, owner: str, previous: str | None) -> bool:
        """Makes a run this engine's own, unless another was quicker."""

        def action(db: sqlite3.Connection) -> bool:
            done = db.execute(
                "UPDATE runs SET owner = ? WHERE run = ? AND state = 'running' AND owner IS ?",
                (owner, run, previous),
            )
            return done.rowcount == 1

        return await self._database.write(action, durable=True)

    async def ask_cancel(self, run: str) -> None:
        """Leaves word for the run's owner, which may be another process."""
        await self._database.write(
            lambda db: db.execute("UPDATE runs SET cancel = 1 WHERE run = ?", (run,)), durable=True
        )

    async def cancel_asked(self, runs: Iterable[str]) -> set[str]:
        names = tuple(runs)
        marks = ",".join("?" * len(names))
        rows = await self._database.read(
            lambda db: db.execute(
                f"SELECT run FROM runs WHERE cancel = 1 AND run IN ({marks})", names
            ).fetchall()
        )
        return {row["run"] for row in rows}

    async def newest(
        self, path: str | None = None, before: str | None = None, limit: int | None = None
    ) -> list[RunRecord]:
        """Past and present runs, newest first, without their tasks; all if no `limit` is given.

        With `before`, only those that are older than this run. Raises `NoSuchRun`.
        """

        def action(db: sqlite3.Connection) -> list[sqlite3.Row]:
            where, values = [], []
            if path is not None:
                where, values = ["path = ?"], [path]
            if before is not None:
                age = db.execute("SELECT created, rowid FROM runs WHERE run = ?", (before,))
                if (found := age.fetchone()) is None:
                    raise _no_such_run(before, "before")
                # Runs of the same moment have an order too: none is left out between two pages.
                where.append("(created, rowid) < (?, ?)")
                values += [*found]
            asked = f"WHERE {' AND '.join(where)}" if where else ""
            return db.execute(
                "SELECT run, kind, path, state, why, created, ended, seq"
                f" FROM runs {asked} ORDER BY created DESC, rowid DESC LIMIT ?",
                (*values, -1 if limit is None else limit),
            ).fetchall()

        return [_run_record(row, []) for row in await self._database.read(action)]

    async def progress(self, runs: Iterable[str]) -> dict[str, Json]:
        """How many of each run's cells have ended: `{run: {"ended", "total"}}`."""
        names = list(runs)
        marks = ",".join("?" * len(names))
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT run, COUNT(ended) AS ended, COUNT(*) AS total FROM tasks"
                f" WHERE run IN ({marks}) GROUP BY run",
                names,
            ).fetchall()
        )
        return {row["run"]: {"ended": row["ended"], "total": row["total"]} for row in rows}

    async def get(self, run: str) -> RunRecord:
        """One run with its tasks. Raises `NoSuchRun`."""

        def action(db: sqlite3.Connection) -> RunRecord | None:
            row = db.execute("SELECT * FROM runs WHERE run = ?", (run,)).fetchone()
            if row is None:
                return None
            tasks = db.execute("SELECT * FROM tasks WHERE run = ? ORDER BY position", (run,))
            return _run_record(row, [_task_record(task) for task in tasks])

        record = await self._database.read(action)
        if record is None:
            raise _no_such_run(run, "run")
        return record

    async def spec(self, run: str) -> tuple[str | None, Json, Json]:
        """Owner, specification and conditions of a run."""
        row = await self._database.read(
            lambda db: db.execute(
                "SELECT owner, spec, conditions FROM runs JOIN specs USING (run) WHERE run = ?",
                (run,),
            ).fetchone()
        )
        return row["owner"], json.loads(row["spec"]), json.loads(row["conditions"])

    async def unfinished(self) -> list[tuple[str, str | None, str]]:
        """Runs that have not ended: (run, owner, kind)."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT run, owner, kind FROM runs WHERE state = 'running' ORDER BY created"
            ).fetchall()
        )
        return [(row["run"], row["owner"], row["kind"]) for row in rows]

    async def keep_verified(self, run: str, body: Json) -> None:
        """Keeps what came of a run's newest verification."""
        text = json.dumps(body)
        await self._database.write(
            lambda db: db.execute(
                "INSERT OR REPLACE INTO verifications VALUES (?, ?, ?)", (run, text, time.time())
            )
        )

    async def verified(self, run: str) -> Json | None:
        row = await self._database.read(
            lambda db: db.execute("SELECT body FROM verifications WHERE run = ?", (run,)).fetchone()
        )
        return None if row is None else dict(json.loads(row["body"]))

    async def all(self) -> list[sqlite3.Row]:
        """Every run, oldest first: run, kind, path, state, owner, created, ended, cell.

        `cell` is the cell of a run of one.
        """
        return await self._database.read(
            lambda db: db.execute(
                "SELECT r.run, r.kind, r.path, r.state, r.owner, r.created, r.ended,"
                " (SELECT cell FROM tasks t WHERE t.run = r.run LIMIT 1) AS cell"
                " FROM runs r ORDER BY r.created"
            ).fetchall()
        )

    async def forget(self, runs: Iterable[str]) -> None:
        """Removes ended runs with all that belongs to them, and workers that nothing names."""
        names = [(run,) for run in runs]

        def action(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM runs WHERE run = ? AND state <> 'running'", names)
            db.execute(
                "DELETE FROM workers WHERE ended IS NOT NULL AND worker NOT IN"
                " (SELECT worker FROM attempts)"
            )

        await self._database.write(action, durable=True)


def _no_such_run(run: str, field: str) -> NoSuchRun:
    return NoSuchRun(f"there is no run {run!r}: `jupyter dossier runs` lists them", field)


def _run_record(row: sqlite3.Row, tasks: list[TaskRecord]) -> RunRecord:
    return RunRecord(
        row["run"], row["kind"], row["path"], row["state"], row["why"], row["created"],
        row["ended"], row["seq"], tasks,
    )  # fmt: skip


def _task_record(row: sqlite3.Row) -> TaskRecord:
    return TaskRecord(
        row["cell"], row["position"], row["state"], row["target"], row["why"], row["started"],
        row["ended"], row["execution_count"],
    )  # fmt: skip
