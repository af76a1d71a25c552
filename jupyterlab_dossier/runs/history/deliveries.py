"""What a page that opens a notebook is told: what ran last in each cell, and what it shows.

A page says which outputs its user cleared, and which stand in the saved document: those are not
written into the cell again.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from ..ledger.ledger import Ledger
from ..model import BadInput, Json, NoSuchRun
from .outputs import Outputs

How = Literal["cleared", "saved"]

# Runs of one notebook that are looked at; older ones have no cell's last task but in rare cases.
_LOOKED_AT = 1000

_OF_NOTEBOOK = (
    "notebook = :id OR (path = :path AND (notebook IS NULL OR :id IS NULL))"
    f" ORDER BY created DESC, run DESC LIMIT {_LOOKED_AT}"
)


class Deliveries:
    """What of the ledger's outputs has reached which notebook."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def note(self, run: str, cells: Sequence[str], how: How, seq: int) -> None:
        """Keeps that cells' outputs up to an event were cleared, or saved. Raises `BadInput`."""
        record = await self._ledger.runs.get(run)
        if unknown := set(cells) - {task.id for task in record.tasks}:
            raise BadInput(f"cell {min(unknown)!r} is not in run {run}", "cells")
        if seq > record.seq:
            raise BadInput(f"run {run} has no event {seq} yet", "seq")
        await self._ledger.database.write(
            lambda db: db.executemany(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?) ON CONFLICT (run, cell, how)"
                " DO UPDATE SET seq = max(seq, excluded.seq)",
                [(run, cell, how, seq) for cell in cells],
            )
        )

    async def is_copy(self, path: str, notebook: str) -> bool:
        """Whether another file that still carries this notebook's id had it first."""
        from .. import notebooks  # nbformat is a large import, which most commands do not need

        rows = await self._ledger.database.read(
            lambda db: db.execute(
                "SELECT path FROM runs WHERE notebook = ? GROUP BY path ORDER BY min(created)",
                (notebook,),
            ).fetchall()
        )
        for row in rows:
            if row["path"] == path:
                return False
            if await asyncio.to_thread(notebooks.id_of, Path(row["path"])) == notebook:
                return True
        return False

    async def last_tasks(self, path: str, notebook: str | None) -> list[Json]:
        """The last task of each cell of a notebook, known by its id or else its path."""

        def action(db: sqlite3.Connection) -> list[Json]:
            rows = db.execute(
                f"WITH mine AS (SELECT * FROM runs WHERE {_OF_NOTEBOOK}),"
                " ranked AS (SELECT t.run, t.cell, t.state, t.why, mine.seq, mine.kind,"
                "  row_number() OVER (PARTITION BY t.cell ORDER BY created DESC, t.run DESC) AS age"
                "  FROM tasks t JOIN mine USING (run))"
                " SELECT ranked.*, c.seq AS cleared, s.run IS NOT NULL AS saved FROM ranked"
                " LEFT JOIN deliveries c ON c.run = ranked.run AND c.cell = ranked.cell"
                "  AND c.how = 'cleared'"
                " LEFT JOIN deliveries s ON s.run = ranked.run AND s.cell = ranked.cell"
                "  AND s.how = 'saved'"
                " WHERE age = 1 ORDER BY ranked.run",
                {"path": path, "id": notebook},
            ).fetchall()
            sources = {run: _sources(db, run) for run in {row["run"] for row in rows}}
            return [
                {
                    "cell": row["cell"],
                    "run": row["run"],
                    "state": row["state"],
                    "why": row["why"],
                    "source": sources[row["run"]].get(row["cell"]),
                    "cleared": row["cleared"] or 0,
                    "saved": bool(row["saved"]),
                }
                for row in rows
            ]

        return await self._ledger.database.read(action)

    async def under_way(self, path: str, notebook: str | None) -> list[Json]:
        """The notebook's runs that have not ended, oldest first."""
        rows = await self._ledger.database.read(
            lambda db: db.execute(
                f"SELECT run, kind, state FROM runs WHERE {_OF_NOTEBOOK}",
                {"path": path, "id": notebook},
            ).fetchall()
        )
        running = [row for row in reversed(rows) if row["state"] == "running"]
        return [{"run": row["run"], "kind": row["kind"]} for row in running]

    async def outputs(self, run: str, cell: str | None = None) -> Json:
        """What the cells of a run, or one of them, show after its event `seq`, and what later ones
        need to know. Raises `NoSuchRun`, also where it has no such cell."""
        record = await self._ledger.runs.get(run)
        if cell is not None and cell not in {task.id for task in record.tasks}:
            raise NoSuchRun(f"run {run} has no cell {cell!r}", "cell")

        def action(db: sqlite3.Connection) -> tuple[int, list[sqlite3.Row], list[sqlite3.Row]]:
            db.execute("BEGIN")  # one state of the ledger for all that is read
            try:
                seq = db.execute("SELECT seq FROM runs WHERE run = ?", (run,)).fetchone()["seq"]
                tasks = db.execute(
                    "SELECT t.cell, t.state, coalesce(d.seq, 0) AS cleared FROM tasks t"
                    " LEFT JOIN deliveries d ON d.run = t.run AND d.cell = t.cell"
                    "  AND d.how = 'cleared'"
                    " WHERE t.run = ? ORDER BY t.position",
                    (run,),
                ).fetchall()
                events = db.execute(
                    "SELECT e.seq, e.cell, e.kind, e.body FROM events e JOIN tasks t"
                    " ON t.run = e.run AND t.cell = e.cell AND t.attempt IS e.attempt"
                    " WHERE e.run = ? AND e.kind IN ('output', 'done') ORDER BY e.seq",
                    (run,),
                ).fetchall()
                return seq, tasks, events
            finally:
                db.execute("COMMIT")

        seq, tasks, events = await self._ledger.database.read(action)
        # A cell of a workflow keeps what it showed until its turn; one run by itself does not.
        begun = {t["cell"]: t["cleared"] for t in tasks if _has_begun(record.kind, t["state"])}
        # What a skipped cell may have said stays in the ledger.
        skipped = {t["cell"] for t in tasks if t["state"] == "skipped"}
        shown = (event for event in events if event["cell"] not in skipped)
        # All are built for one, too: others may have changed its displays.
        cells = await asyncio.to_thread(_reduce, begun, shown)
        if cell is not None:
            cells = {name: what for name, what in cells.items() if name == cell}
        return {"seq": seq, "cells": cells}


def _has_begun(kind: str, state: str) -> bool:
    return kind == "cell" or state != "queued"


def _sources(db: sqlite3.Connection, run: str) -> dict[str, str]:
    row = db.execute("SELECT spec FROM specs WHERE run = ?", (run,)).fetchone()
    spec = json.loads(row["spec"])
    cells = spec["workflow"]["cells"] if "workflow" in spec else [spec["cell"]]
    return {cell["id"]: cell["source"] for cell in cells}


def _reduce(cleared: dict[str, int], events: Iterable[sqlite3.Row]) -> Json:
    outputs = Outputs()
    counts: dict[str, Any] = {}
    asks: dict[str, Json] = {}
    for event in events:
        cell = event["cell"]
        if cell not in cleared:
            continue
        body = json.loads(event["body"])
        asks.pop(cell, None)
        if event["kind"] == "output" and body["msg_type"] == "input_request":
            # Clearing the outputs is no answer.
            asks[cell] = body["content"]
        elif event["seq"] <= cleared[cell]:
            continue
        elif event["kind"] == "done":
            counts[cell] = body["execution_count"]
        else:
            outputs.add(cell, body["msg_type"], body["content"])
    return {
        cell: {
            "outputs": outputs.cells[cell],
            "execution_count": counts.get(cell),
            "displays": outputs.displays(cell),
            "clears_next": outputs.clears_next(cell),
            "input": asks.get(cell),
        }
        for cell in cleared
    }
