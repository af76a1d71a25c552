"""A run in detail: its graph as it was, its cells, their logs, and two runs beside each other."""

from __future__ import annotations

from tornado.web import authenticated

from jupyterlab_dossier.runs import BadInput

from .base import Handler, allowed

MOST = 2000


class RunGraphHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str) -> None:
        engine = await self.service.engine()
        self.reply(await engine.run_graph(run))


class CellHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str, cell: str) -> None:
        engine = await self.service.engine()
        self.reply(await engine.cell(run, cell))


class LogHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str, cell: str) -> None:
        engine = await self.service.engine()
        attempt = self.get_query_argument("attempt", None)
        after, limit = self.number("after", 0), self.number("limit", 500)
        self.reply(await engine.log(run, cell, attempt, after, min(max(limit, 1), MOST)))


class WorkerLogHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str, cell: str) -> None:
        engine = await self.service.engine()
        attempt = self.get_query_argument("attempt", None)
        self.reply({"text": await engine.worker_log(run, cell, attempt)})


class CompareHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self) -> None:
        asked = [self.get_query_argument(side, None) for side in ("left", "right")]
        for side, run in zip(("left", "right"), asked, strict=True):
            if not run:
                raise BadInput(f"{side} must name a run", side)
        engine = await self.service.engine()
        self.reply(await engine.compared(str(asked[0]), str(asked[1])))
