"""What runs saw cells do beyond what analysis says, for the next run of the notebook."""

from __future__ import annotations

import json
import time

from ..model import Json
from .database import Database


class Observations:
    """One row a notebook and source."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, notebook: str, source: str, body: Json) -> None:
        """Keeps what runs saw a cell do; by notebook and source."""
        text, now = json.dumps(body), time.time()
        await self._database.write(
            lambda db: db.execute(
                "INSERT OR REPLACE INTO observations VALUES (?, ?, ?, ?)",
                (notebook, source, text, now),
            )
        )

    async def of_notebook(self, notebook: str) -> dict[str, Json]:
        """What earlier runs of a notebook saw its cells do, by source."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT source, body FROM observations WHERE notebook = ?", (notebook,)
            ).fetchall()
        )
        return {row["source"]: json.loads(row["body"]) for row in rows}
