"""What cells showed: output events, and the parts of an output that is shown in part only."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from ..model import Json
from .database import Database


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


class Outputs:
    """The outputs of attempts, as the ledger has them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_run(self, run: str) -> list[tuple[str, str | None, Json]]:
        """(cell, attempt, message) of every output event of a run, in order."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT e.cell, e.attempt, e.body FROM events e JOIN tasks t"
                " ON t.run = e.run AND t.cell = e.cell AND t.attempt IS e.attempt"
                " WHERE e.run = ? AND e.kind = 'output' ORDER BY e.seq",
                (run,),
            ).fetchall()
        )
        return [(row["cell"], row["attempt"], json.loads(row["body"])) for row in rows]

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

        return await self._database.read(action)

    async def whole(self, run: str, cell: str) -> list[Part]:
        """The parts of a task's whole output, in order; none where all of it is in the events."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT w.* FROM whole_outputs w JOIN tasks t"
                " ON t.run = w.run AND t.attempt = w.attempt"
                " WHERE t.run = ? AND t.cell = ? ORDER BY position",
                (run, cell),
            ).fetchall()
        )
        return [Part(*row) for row in rows]

    async def parts(self, run: str, attempt: str) -> list[Part]:
        """The parts of an attempt's whole output."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM whole_outputs WHERE run = ? AND attempt = ? ORDER BY position",
                (run, attempt),
            ).fetchall()
        )
        return [Part(*row) for row in rows]

    async def all_parts(self) -> list[Part]:
        """The parts of every whole output that is kept."""
        return await self._database.read(
            lambda db: [Part(*row) for row in db.execute("SELECT * FROM whole_outputs")]
        )
