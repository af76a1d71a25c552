"""Variable versions: the manifests of what tasks left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from ..model import Json
from .database import Database


class Versions:
    """One row a variable version, with its manifest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: str, manifests: Sequence[Json]) -> None:
        """Keeps versions that no task left: the user's kernel exported them for a run."""
        rows = [(m["version"], run, "", m["name"], json.dumps(m)) for m in manifests]
        await self._database.write(
            lambda db: db.executemany("INSERT OR IGNORE INTO versions VALUES (?, ?, ?, ?, ?)", rows)
        )

    async def replace(self, run: str, cell: str, manifests: Sequence[Json]) -> None:
        """Keeps versions that stand for those of the same names which a task left before.

        Their names sort after those, so that whoever reads all of them meets them last.
        """
        rows = [(m["version"], run, cell, m["name"], json.dumps(m)) for m in manifests]
        await self._database.write(
            lambda db: db.executemany(
                "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?)", rows
            )
        )

    async def of_run(self, run: str) -> list[tuple[str, Json]]:
        """(cell, manifest) of every variable version a run's tasks left."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT cell, manifest FROM versions WHERE run = ? ORDER BY version", (run,)
            ).fetchall()
        )
        return [(row["cell"], json.loads(row["manifest"])) for row in rows]

    async def left(self, run: str, cell: str, attempt: str) -> list[Json]:
        """The manifests of what an attempt left."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT manifest FROM versions WHERE run = ? AND cell = ?"
                " AND substr(version, 1, ?) = ? ORDER BY version",
                (run, cell, len(attempt) + 1, f"{attempt}/"),
            ).fetchall()
        )
        manifests = (json.loads(row["manifest"]) for row in rows)
        return list({m["name"]: m for m in manifests}.values())

    async def makers(self, versions: Iterable[str]) -> dict[str, str]:
        """The cell that left each version; none for what the user's kernel exported."""
        names = tuple(set(versions))
        marks = ",".join("?" * len(names))
        rows = await self._database.read(
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

        return await self._database.read(action)

    async def all(self) -> list[tuple[str, str, Json]]:
        """(run, version, manifest) of every variable version that is kept."""

        def action(db: sqlite3.Connection) -> list[tuple[str, str, Json]]:
            rows = db.execute("SELECT run, version, manifest FROM versions")
            return [(row["run"], row["version"], json.loads(row["manifest"])) for row in rows]

        return await self._database.read(action)
