"""SQLite behind two threads: one writer that groups commits, one reader.

Whatever is asked while a transaction is under way forms the next one, so that many small writes
share one commit. Each write stands in a savepoint of its own: one that fails undoes itself only.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psutil

from ...store import NotPrivate, private_file

T = TypeVar("T")

LARGEST = 1 << 60
"""Above every count and size that is believed; SQLite takes it."""

_SQLITE = (3, 35)  # RETURNING, DROP COLUMN (sqlite.org/changes.html)

# SQLite's WAL needs shared memory, which network file systems do not give (sqlite.org/wal.html).
NETWORK = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "fuse", "9p", "afs", "gluster")


def as_text(value: object) -> str:
    """As SQLite takes it: half a surrogate pair, as in names of files, is no text."""
    return str(value).encode("utf-8", "replace").decode()


def optional_text(value: str | None) -> str | None:
    return None if value is None else as_text(value)


class LedgerFault(Exception):
    """The ledger could not be written (disk full, file gone); the text says why."""


class _Write(NamedTuple):
    action: Callable[[sqlite3.Connection], Any]
    durable: bool
    future: Future[Any]


class Database:
    """An SQLite file with migrations applied; all methods but `close` are for one event loop."""

    def __init__(self, path: Path, migrations: list[str]) -> None:
        self.path = path
        self.journal = "TRUNCATE" if _on_network(path.parent) else "WAL"
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        if sqlite3.sqlite_version_info < _SQLITE:
            have, needs = sqlite3.sqlite_version, ".".join(map(str, _SQLITE))
            raise LedgerFault(f"the ledger needs SQLite {needs}: this Python comes with {have}")
        try:
            # SQLite gives the files beside it the mode of the first.
            private_file(path)
            for beside in path.parent.glob(f"{path.name}-*"):
                with contextlib.suppress(FileNotFoundError):
                    beside.chmod(0o600)
            with contextlib.closing(self._connect()) as connection:
                _migrate(connection, migrations)
        except (sqlite3.Error, OSError, NotPrivate) as error:
            raise LedgerFault(f"the ledger {path} cannot be opened: {error}") from None
        self._reader = ThreadPoolExecutor(1, "ledger-read", self._open_reader)
        self._read_connection: sqlite3.Connection
        self._thread = threading.Thread(target=self._run, name="ledger-write", daemon=True)
        self._thread.start()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, timeout=30, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA journal_mode={self.journal}")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _open_reader(self) -> None:
        self._read_connection = self._connect()

    async def read(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a query in the reader's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, lambda: action(self._read_connection))

    async def write(self, action: Callable[[sqlite3.Connection], T], durable: bool = False) -> T:
        """Runs a change in the writer's thread and returns once it is committed.

        `durable` survives power loss, else the death of every process (SQLite's `synchronous`).
        Raises `LedgerFault` where the file cannot be written.
        """
        return await asyncio.wrap_future(self.write_later(action, durable))

    def write_later(
        self, action: Callable[[sqlite3.Connection], T], durable: bool = False
    ) -> Future[T]:
        """As `write`, for callers that await later; writes are done in the order of the calls."""
        future: Future[T] = Future()
        self._queue.put(_Write(action, durable, future))
        return future

    def _run(self) -> None:
        connection = self._connect()
        full = False
        while True:
            first = self._queue.get()
            group = [first]
            while not self._queue.empty():
                group.append(self._queue.get())
            writes = [w for w in group if w is not None]
            durable = any(w.durable for w in writes)
            with contextlib.suppress(sqlite3.Error):  # the commit below meets the same and says it
                if durable is not full:
                    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                    full = durable
            self._commit(connection, writes)
            if None in group:
                connection.close()
                return

    @staticmethod
    def _commit(connection: sqlite3.Connection, writes: list[_Write]) -> None:
        results: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for write in writes:
                connection.execute("SAVEPOINT one")
                try:
                    results.append((write.future, write.action(connection), None))
                except sqlite3.OperationalError:
                    raise
                except BaseException as error:
                    connection.execute("ROLLBACK TO one")
                    results.append((write.future, None, error))
                connection.execute("RELEASE one")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            fault = LedgerFault(f"the ledger cannot be written: {error}")
            results = [(write.future, None, fault) for write in writes]
        for future, result, failure in results:
            if not future.set_running_or_notify_cancel():
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    def close(self) -> None:
        """Commits what was asked and closes the file."""
        self._queue.put(None)
        self._thread.join()
        self._reader.submit(lambda: self._read_connection.close()).result()
        self._reader.shutdown()


def _on_network(folder: Path) -> bool:
    best, kind = "", ""
    for part in psutil.disk_partitions(all=True):
        inside = str(folder.resolve()).startswith(part.mountpoint.rstrip("/") + "/")
        if inside and len(part.mountpoint) >= len(best):
            best, kind = part.mountpoint, part.fstype
    return kind.startswith(NETWORK)


def _migrate(connection: sqlite3.Connection, migrations: list[str]) -> None:
    """Brings the schema to the newest version; two processes may try at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise LedgerFault("the ledger was made by a newer jupyterlab-dossier")
        for script in migrations[version:]:
            for statement in script.split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
