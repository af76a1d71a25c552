"""The ledger: runs, tasks, attempts, variable versions, events and workers, one row each.

Each method is one transaction. What several engines may do at once (taking up a run, committing
a task) is decided here, by conditions in the statement itself.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..model import Event, Json, NoSuchRun, RunRecord, TaskRecord
from . import excess
from .database import Database, as_text

MIGRATIONS = [
    """
    CREATE TABLE runs (
        run TEXT PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, notebook TEXT,
        state TEXT NOT NULL, why TEXT, owner TEXT, created REAL NOT NULL, ended REAL,
        seq INTEGER NOT NULL DEFAULT 0, cancel INTEGER NOT NULL DEFAULT 0,
        spec TEXT NOT NULL, conditions TEXT NOT NULL
    );
    CREATE INDEX runs_by_path ON runs (path, created);
    CREATE TABLE tasks (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, cell TEXT NOT NULL,
        position INTEGER NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, why TEXT,
        attempt TEXT, started REAL, ended REAL, execution_count INTEGER,
        PRIMARY KEY (run, cell)
    ) WITHOUT ROWID;
    CREATE TABLE attempts (
        attempt TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        cell TEXT NOT NULL, number INTEGER NOT NULL, worker TEXT NOT NULL, kernel TEXT NOT NULL,
        state TEXT NOT NULL, setting TEXT NOT NULL, started REAL NOT NULL, ended REAL, result TEXT
    ) WITHOUT ROWID;
    CREATE INDEX attempts_by_task ON attempts (run, cell);
    CREATE TABLE versions (
        version TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        cell TEXT NOT NULL, name TEXT NOT NULL, manifest TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX versions_by_task ON versions (run, cell);
    CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, seq INTEGER NOT NULL, cell TEXT,
        attempt TEXT, kind TEXT NOT NULL, time REAL NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    CREATE TABLE workers (
        worker TEXT PRIMARY KEY, target TEXT NOT NULL, provider TEXT NOT NULL,
        recipe TEXT NOT NULL, state TEXT NOT NULL, owner TEXT, handle TEXT, secret TEXT,
        credential TEXT, epoch TEXT NOT NULL DEFAULT '', seen INTEGER NOT NULL DEFAULT 0,
        started REAL NOT NULL, ended REAL, why TEXT
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE observations (
        notebook TEXT NOT NULL, source TEXT NOT NULL, body TEXT NOT NULL, seen REAL NOT NULL,
        PRIMARY KEY (notebook, source)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE deliveries (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, cell TEXT NOT NULL,
        how TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (run, cell, how)
    ) WITHOUT ROWID;
    CREATE INDEX runs_by_notebook ON runs (notebook, created)
    """,
    """
    CREATE TABLE whole_outputs (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, attempt TEXT NOT NULL,
        position INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL,
        PRIMARY KEY (run, attempt, position)
    ) WITHOUT ROWID
    """,
    """
    ALTER TABLE workers ADD COLUMN about TEXT
    """,
    """
    CREATE TABLE keys (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, cell TEXT NOT NULL,
        attempt TEXT NOT NULL, fixed TEXT NOT NULL, parts TEXT NOT NULL, met TEXT NOT NULL,
        barred TEXT, origin TEXT, differences TEXT NOT NULL, time REAL NOT NULL,
        PRIMARY KEY (run, cell)
    ) WITHOUT ROWID;
    CREATE INDEX keys_by_fixed ON keys (fixed, time)
    """,
    """
    CREATE TABLE verifications (
        run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, body TEXT NOT NULL,
        time REAL NOT NULL
    ) WITHOUT ROWID
    """,
    # A row is written whole, and each event counts in its run's: what is large stands apart.
    """
    CREATE TABLE specs (
        run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, spec TEXT NOT NULL
    );
    INSERT INTO specs SELECT run, spec FROM runs;
    ALTER TABLE runs DROP COLUMN spec
    """,
]


# About so much of what cells said is in memory at once.
_READ = 1 << 20


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


@dataclass
class Shown:
    """What of an attempt's outputs decides when they may be shown again."""

    asked: bool = False
    """It asked for input."""
    stderr: bool = False
    error: bool = False
    names_cells: bool = False
    """Numbers of cells stand in it (`Cell In[3]`)."""


class Part(NamedTuple):
    """A piece of the whole output of an attempt that shows only some of it."""

    run: str
    attempt: str
    position: int
    blob: str
    size: int


class Ledger:
    """The record of everything that ran, in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, MIGRATIONS)
        self._signals: dict[str, asyncio.Event] = {}

    def changed(self, run: str) -> asyncio.Event:
        """Set at the next event of a run that this process records."""
        signal = self._signals.get(run)
        if signal is None or signal.is_set():
            signal = self._signals[run] = asyncio.Event()
        return signal

    def _notify(self, *runs: str) -> None:
        for run in runs:
            if signal := self._signals.pop(run, None):
                signal.set()

    def close(self) -> None:
        self.database.close()

    # runs

    async def add_run(
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

        await self.database.write(action, durable)

    async def end_run(self, run: str, state: str, why: str | None) -> None:
        """Ends a run; the last event of it says so too."""

        def action(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE runs SET state = ?, why = ?, ended = ? WHERE run = ? AND state = 'running'",
                (state, _text(why), time.time(), run),
            )
            _append(db, run, [(None, None, "state", {"state": state, "why": why})])

        await self.database.write(action, durable=True)
        self._notify(run)

    async def take_up(self, run: str, owner: str, previous: str | None) -> bool:
        """Makes a run this engine's own, unless another was quicker."""

        def action(db: sqlite3.Connection) -> bool:
            done = db.execute(
                "UPDATE runs SET owner = ? WHERE run = ? AND state = 'running' AND owner IS ?",
                (owner, run, previous),
            )
            return done.rowcount == 1

        return await self.database.write(action, durable=True)

    async def ask_cancel(self, run: str) -> None:
        """Leaves word for the run's owner, which may be another process."""
        await self.database.write(
            lambda db: db.execute("UPDATE runs SET cancel = 1 WHERE run = ?", (run,)), durable=True
        )

    async def cancel_asked(self, runs: Iterable[str]) -> set[str]:
        names = tuple(runs)
        marks = ",".join("?" * len(names))
        rows = await self.database.read(
            lambda db: db.execute(
                f"SELECT run FROM runs WHERE cancel = 1 AND run IN ({marks})", names
            ).fetchall()
        )
        return {row["run"] for row in rows}

    async def runs(self, path: str | None = None, limit: int = 200) -> list[RunRecord]:
        """Past and present runs, newest first, without their tasks."""
        where, values = ("WHERE path = ?", (path, limit)) if path else ("", (limit,))
        rows = await self.database.read(
            lambda db: db.execute(
                f"SELECT * FROM runs {where} ORDER BY created DESC LIMIT ?", values
            ).fetchall()
        )
        return [_run_record(row, []) for row in rows]

    async def progress(self, runs: Iterable[str]) -> dict[str, Json]:
        """How many of each run's cells have ended: `{run: {"ended", "total"}}`."""
        names = list(runs)
        marks = ",".join("?" * len(names))
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT run, COUNT(ended) AS ended, COUNT(*) AS total FROM tasks"
                f" WHERE run IN ({marks}) GROUP BY run",
                names,
            ).fetchall()
        )
        return {row["run"]: {"ended": row["ended"], "total": row["total"]} for row in rows}

    async def run(self, run: str) -> RunRecord:
        """One run with its tasks. Raises `NoSuchRun`."""

        def action(db: sqlite3.Connection) -> RunRecord | None:
            row = db.execute("SELECT * FROM runs WHERE run = ?", (run,)).fetchone()
            if row is None:
                return None
            tasks = db.execute("SELECT * FROM tasks WHERE run = ? ORDER BY position", (run,))
            return _run_record(row, [_task_record(task) for task in tasks])

        record = await self.database.read(action)
        if record is None:
            raise NoSuchRun(f"there is no run {run!r}: `jupyter dossier runs` lists them", "run")
        return record

    async def spec(self, run: str) -> tuple[str | None, Json, Json]:
        """Owner, specification and conditions of a run."""
        row = await self.database.read(
            lambda db: db.execute(
                "SELECT owner, spec, conditions FROM runs JOIN specs USING (run) WHERE run = ?",
                (run,),
            ).fetchone()
        )
        return row["owner"], json.loads(row["spec"]), json.loads(row["conditions"])

    async def unfinished(self) -> list[tuple[str, str | None, str]]:
        """Runs that have not ended: (run, owner, kind)."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT run, owner, kind FROM runs WHERE state = 'running' ORDER BY created"
            ).fetchall()
        )
        return [(row["run"], row["owner"], row["kind"]) for row in rows]

    # tasks and attempts

    async def set_task(
        self, run: str, cell: str, state: str, why: str | None = None,
        execution_count: int | None = None,
    ) -> None:  # fmt: skip
        """Moves a task to a state without an attempt's result (skipped, cancelled, queued ...)."""
        await self.database.write(lambda db: _set_task(db, run, cell, state, why, execution_count))
        self._notify(run)

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
            _append(db, run, [(cell, attempt, "state", {"state": "starting", "why": None})])

        await self.database.write(action, durable)
        self._notify(run)

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
                _set_task(db, run, cell, "queued", why, None)
                db.execute(
                    "UPDATE tasks SET attempt = NULL, started = NULL WHERE run = ? AND cell = ?",
                    (run, cell),
                )

        await self.database.write(action, durable=True)
        self._notify(run)

    async def remember(self, notebook: str, source: str, body: Json) -> None:
        """Keeps what runs saw a cell do; by notebook and source."""
        text, now = json.dumps(body), time.time()
        await self.database.write(
            lambda db: db.execute(
                "INSERT OR REPLACE INTO observations VALUES (?, ?, ?, ?)",
                (notebook, source, text, now),
            )
        )

    async def observations(self, notebook: str) -> dict[str, Json]:
        """What earlier runs of a notebook saw its cells do, by source."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT source, body FROM observations WHERE notebook = ?", (notebook,)
            ).fetchall()
        )
        return {row["source"]: json.loads(row["body"]) for row in rows}

    async def attempts(self, run: str) -> list[sqlite3.Row]:
        """All attempts of a run, oldest first."""
        return await self.database.read(
            lambda db: db.execute(
                "SELECT * FROM attempts WHERE run = ? ORDER BY started", (run,)
            ).fetchall()
        )

    async def commit(self, commit: Commit) -> bool:
        """Commits an attempt's result, once: False where the attempt is no longer the task's."""
        committed = await self.database.write(lambda db: _commit(db, commit), commit.durable)
        self._notify(commit.run)
        return committed

    # reuse

    async def add_key(self, key: Key) -> None:
        """Keeps the key of a result, for later runs to take it by."""
        row = (
            key.run, key.cell, key.attempt, key.fixed, json.dumps(key.parts), json.dumps(key.met),
            _text(key.barred), key.origin, json.dumps(list(key.differences)), time.time(),
        )  # fmt: skip
        await self.database.write(
            lambda db: db.execute(
                # Not where the task was taken back meanwhile.
                "INSERT OR REPLACE INTO keys SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS"
                " (SELECT 1 FROM tasks WHERE run = ? AND cell = ? AND attempt = ?)",
                (*row, *row[:3]),
            )
        )

    async def keyed(self, fixed: str, limit: int = 8) -> list[Key]:
        """Results of ended runs that were made under these fixed parts, newest first."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT k.* FROM keys k JOIN runs r USING (run) WHERE k.fixed = ?"
                " AND r.state <> 'running' ORDER BY k.time DESC LIMIT ?",
                (fixed, limit),
            ).fetchall()
        )
        return [_key(row) for row in rows]

    async def last_key(self, path: str, cell: str, besides: str) -> Key | None:
        """The newest key of a cell in runs of a notebook: what it is told to differ from."""
        row = await self.database.read(
            lambda db: db.execute(
                "SELECT k.* FROM runs r JOIN keys k USING (run) WHERE r.path = ? AND k.cell = ?"
                " AND r.run <> ? ORDER BY r.created DESC, k.time DESC LIMIT 1",
                (path, cell, besides),
            ).fetchone()
        )
        return None if row is None else _key(row)

    async def keys(self, run: str) -> dict[str, Key]:
        """The keys of a run's tasks, by cell."""
        rows = await self.database.read(
            lambda db: db.execute("SELECT * FROM keys WHERE run = ?", (run,)).fetchall()
        )
        return {row["cell"]: _key(row) for row in rows}

    async def shown(self, attempt: str, run: str) -> Shown:
        """What an attempt showed, as far as it decides when its result may be taken again."""

        def action(db: sqlite3.Connection) -> Shown:
            found = Shown()
            for row in db.execute(
                "SELECT substr(body, 1, 400) AS head,"
                " instr(body, 'In[') OR instr(body, 'In [') AS names FROM events"
                " WHERE run = ? AND attempt = ? AND kind = 'output'",
                (run, attempt),
            ):
                found.asked |= '"input_request"' in row["head"]
                found.stderr |= '"stderr"' in row["head"]
                found.error |= '"error"' in row["head"]
                found.names_cells |= bool(row["names"])
            return found

        return await self.database.read(action)

    async def left(self, run: str, cell: str, attempt: str) -> list[Json]:
        """The manifests of what an attempt left."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT manifest FROM versions WHERE run = ? AND cell = ?"
                " AND substr(version, 1, ?) = ? ORDER BY version",
                (run, cell, len(attempt) + 1, f"{attempt}/"),
            ).fetchall()
        )
        manifests = (json.loads(row["manifest"]) for row in rows)
        return list({m["name"]: m for m in manifests}.values())

    async def parts_of(self, run: str, attempt: str) -> list[Part]:
        """The parts of an attempt's whole output."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT * FROM whole_outputs WHERE run = ? AND attempt = ? ORDER BY position",
                (run, attempt),
            ).fetchall()
        )
        return [Part(*row) for row in rows]

    async def take(self, taken: Sequence[Taken]) -> list[bool]:
        """Makes results of earlier runs those of tasks, all at once; False where one is gone.

        All of it is copied, so that the run does not depend on the older one from then on.
        """
        done = await self.database.write(lambda db: [_take(db, t) for t in taken], durable=True)
        self._notify(*{t.run for t in taken})
        return done

    async def began(self, run: str, cell: str, attempt: str) -> float | None:
        """When an attempt was sent; None where it is not the one that counts."""

        def action(db: sqlite3.Connection) -> float | None:
            row = db.execute(
                "SELECT a.started FROM attempts a JOIN tasks t USING (run, cell, attempt)"
                " WHERE run = ? AND cell = ? AND attempt = ?",
                (run, cell, attempt),
            ).fetchone()
            return None if row is None else float(row["started"])

        return await self.database.read(action)

    async def end_attempt(self, attempt: str, state: str) -> None:
        """Closes an attempt whose result does not count (lost, cancelled)."""
        await self.database.write(
            lambda db: db.execute(
                "UPDATE attempts SET state = ?, ended = ? WHERE attempt = ?",
                (state, time.time(), attempt),
            )
        )

    async def versions(self, run: str) -> list[tuple[str, Json]]:
        """(cell, manifest) of every variable version a run's tasks left."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT cell, manifest FROM versions WHERE run = ? ORDER BY version", (run,)
            ).fetchall()
        )
        return [(row["cell"], json.loads(row["manifest"])) for row in rows]

    async def replace_versions(self, run: str, cell: str, manifests: Sequence[Json]) -> None:
        """Keeps versions that stand for those of the same names which a task left before.

        Their names sort after those, so that whoever reads all of them meets them last.
        """
        rows = [(m["version"], run, cell, m["name"], json.dumps(m)) for m in manifests]
        await self.database.write(
            lambda db: db.executemany(
                "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?)", rows
            )
        )

    async def add_versions(self, run: str, manifests: Sequence[Json]) -> None:
        """Keeps versions that no task left: the user's kernel exported them for a run."""
        rows = [(m["version"], run, "", m["name"], json.dumps(m)) for m in manifests]
        await self.database.write(
            lambda db: db.executemany("INSERT OR IGNORE INTO versions VALUES (?, ?, ?, ?, ?)", rows)
        )

    async def given(self, run: str, cell: str) -> dict[str, str] | None:
        """Name to version of what a task's attempt was given; None where it has none."""
        row = await self.database.read(
            lambda db: db.execute(
                "SELECT a.setting FROM attempts a JOIN tasks t USING (attempt)"
                " WHERE t.run = ? AND t.cell = ?",
                (run, cell),
            ).fetchone()
        )
        return None if row is None else dict(json.loads(row["setting"])["given"])

    async def makers(self, versions: Iterable[str]) -> dict[str, str]:
        """The cell that left each version; none for what the user's kernel exported."""
        names = tuple(set(versions))
        marks = ",".join("?" * len(names))
        rows = await self.database.read(
            lambda db: db.execute(
                f"SELECT version, cell FROM versions WHERE cell <> '' AND version IN ({marks})",
                names,
            ).fetchall()
        )
        return {row["version"]: row["cell"] for row in rows}

    async def manifests(self, versions: Iterable[str]) -> dict[str, Json]:
        """The manifests of versions and of all that they refer to, as far as they are known."""

        def action(db: sqlite3.Connection) -> dict[str, Json]:
            found: dict[str, Json] = {}
            todo = set(versions)
            while todo:
                version = todo.pop()
                row = db.execute(
                    "SELECT manifest FROM versions WHERE version = ?", (version,)
                ).fetchone()
                if row is not None:
                    manifest = found[version] = json.loads(row["manifest"])
                    todo |= set(manifest.get("deps") or ()) - found.keys()
            return found

        return await self.database.read(action)

    # what workers say

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
                _append(db, run, items)
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
            return [_commit(db, commit) for commit in commits]

        committed = await self.database.write(action, durable)
        self._notify(*{entry[0] for entry in entries}, *{commit.run for commit in commits})
        return committed

    async def add_event(self, run: str, cell: str | None, kind: str, body: Json) -> None:
        """An event of the engine itself."""
        await self.database.write(lambda db: _append(db, run, [(cell, None, kind, body)]))
        self._notify(run)

    async def events(
        self, run: str, after: int = 0, limit: int = 500, kind: str | None = None
    ) -> list[Event]:
        """Events of a run numbered above `after`, in order; of one kind or of all."""
        rows = await self.database.read(lambda db: _events(db, run, after, limit, kind))
        return [
            Event(r["seq"], run, r["cell"], r["kind"], json.loads(r["body"]), r["time"])
            for r in rows
        ]

    async def said(
        self, run: str, cell: str, attempt: str | None, after: int, limit: int
    ) -> list[sqlite3.Row]:
        """Events of one attempt of a cell, and of none, numbered above `after`."""
        return await self.database.read(
            lambda db: db.execute(
                "SELECT seq, kind, time, body FROM events WHERE run = ? AND seq > ? AND cell = ?"
                " AND (attempt IS ? OR attempt IS NULL) ORDER BY seq LIMIT ?",
                (run, after, cell, attempt, limit),
            ).fetchall()
        )

    async def event_texts(self, run: str, after: int = 0) -> tuple[int, list[str]]:
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

        return await self.database.read(action)

    async def whole_output(self, run: str, cell: str) -> list[Part]:
        """The parts of a task's whole output, in order; none where all of it is in the events."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT w.* FROM whole_outputs w JOIN tasks t"
                " ON t.run = w.run AND t.attempt = w.attempt"
                " WHERE t.run = ? AND t.cell = ? ORDER BY position",
                (run, cell),
            ).fetchall()
        )
        return [Part(*row) for row in rows]

    async def outputs(self, run: str) -> list[tuple[str, str | None, Json]]:
        """(cell, attempt, message) of every output event of a run, in order."""
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT e.cell, e.attempt, e.body FROM events e JOIN tasks t"
                " ON t.run = e.run AND t.cell = e.cell AND t.attempt IS e.attempt"
                " WHERE e.run = ? AND e.kind = 'output' ORDER BY e.seq",
                (run,),
            ).fetchall()
        )
        return [(row["cell"], row["attempt"], json.loads(row["body"])) for row in rows]

    # verification

    async def keep_verified(self, run: str, body: Json) -> None:
        """Keeps what came of a run's newest verification."""
        text = json.dumps(body)
        await self.database.write(
            lambda db: db.execute(
                "INSERT OR REPLACE INTO verifications VALUES (?, ?, ?)", (run, text, time.time())
            )
        )

    async def verified(self, run: str) -> Json | None:
        row = await self.database.read(
            lambda db: db.execute("SELECT body FROM verifications WHERE run = ?", (run,)).fetchone()
        )
        return None if row is None else dict(json.loads(row["body"]))

    # cleaning

    async def all_runs(self) -> list[sqlite3.Row]:
        """Every run, oldest first: run, kind, path, state, owner, created, ended, cell.

        `cell` is the cell of a run of one.
        """
        return await self.database.read(
            lambda db: db.execute(
                "SELECT r.run, r.kind, r.path, r.state, r.owner, r.created, r.ended,"
                " (SELECT cell FROM tasks t WHERE t.run = r.run LIMIT 1) AS cell"
                " FROM runs r ORDER BY r.created"
            ).fetchall()
        )

    async def all_versions(self) -> list[tuple[str, str, Json]]:
        """(run, version, manifest) of every variable version that is kept."""

        def action(db: sqlite3.Connection) -> list[tuple[str, str, Json]]:
            rows = db.execute("SELECT run, version, manifest FROM versions")
            return [(row["run"], row["version"], json.loads(row["manifest"])) for row in rows]

        return await self.database.read(action)

    async def all_parts(self) -> list[Part]:
        """The parts of every whole output that is kept."""
        return await self.database.read(
            lambda db: [Part(*row) for row in db.execute("SELECT * FROM whole_outputs")]
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

        await self.database.write(action, durable=True)

    # workers

    async def add_worker(
        self, worker: str, target: str, provider: str, recipe: str, owner: str, secret: str
    ) -> None:
        """Records the intent to start a worker; `secret` is a hash."""
        await self.database.write(
            lambda db: db.execute(
                "INSERT INTO workers (worker, target, provider, recipe, state, owner, secret,"
                " started) VALUES (?, ?, ?, ?, 'starting', ?, ?, ?)",
                (worker, target, provider, recipe, owner, secret, time.time()),
            ),
            durable=True,
        )

    async def set_worker(self, worker: str, **fields: Any) -> None:
        """Changes columns of a worker's row."""
        names = ", ".join(f"{name} = ?" for name in fields)
        await self.database.write(
            lambda db: db.execute(
                f"UPDATE workers SET {names} WHERE worker = ?", (*fields.values(), worker)
            )
        )

    async def wanted_workers(self, besides: str | None = None) -> set[str]:
        """Workers in which attempts of runs that have not ended were made.

        Runs of the engine `besides` do not count.
        """
        rows = await self.database.read(
            lambda db: db.execute(
                "SELECT DISTINCT worker FROM attempts JOIN runs USING (run)"
                " WHERE runs.state = 'running' AND runs.owner IS NOT ?",
                (besides,),
            ).fetchall()
        )
        return {row["worker"] for row in rows}

    async def workers(self, states: Sequence[str] = ("starting", "ready")) -> list[sqlite3.Row]:
        marks = ",".join("?" * len(states))
        return await self.database.read(
            lambda db: db.execute(
                f"SELECT * FROM workers WHERE state IN ({marks})", tuple(states)
            ).fetchall()
        )

    async def workers_of(self, names: Iterable[str]) -> dict[str, sqlite3.Row]:
        """The rows of these workers, by name."""
        asked = tuple(set(names))
        marks = ",".join("?" * len(asked))
        rows = await self.database.read(
            lambda db: db.execute(
                f"SELECT * FROM workers WHERE worker IN ({marks})", asked
            ).fetchall()
        )
        return {row["worker"]: row for row in rows}


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


def _commit(db: sqlite3.Connection, commit: Commit) -> bool:
    now, run, cell, attempt = time.time(), commit.run, commit.cell, commit.attempt
    moved = db.execute(
        "UPDATE tasks SET state = ?, why = ?, ended = ?, execution_count = ?"
        " WHERE run = ? AND cell = ? AND attempt = ? AND state IN"
        " ('queued', 'preparing', 'starting', 'running', 'collecting')",
        (commit.state, _text(commit.why), now, commit.execution_count, run, cell, attempt),
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
    _append(db, run, [(cell, attempt, "done", done), (cell, attempt, "state", state)])
    return True


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
    _append(db, run, [
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


def _append(
    db: sqlite3.Connection, run: str, items: Sequence[tuple[str | None, str | None, str, Json]]
) -> None:
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


def _set_task(
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
        (state, _text(why), ended, count, run, cell),
    )
    _append(db, run, [(cell, None, "state", {"state": state, "why": why})])


def _text(words: str | None) -> str | None:
    return None if words is None else as_text(words)


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
