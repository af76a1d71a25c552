"""What a page that opens a notebook finds of its runs, and what it has taken of them."""

from __future__ import annotations

from tornado.web import authenticated

from jupyterlab_dossier.runs import BadInput

from .base import Handler, allowed


class NotebookHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self) -> None:
        asked = self.get_query_argument("path", "")
        if not asked:
            raise BadInput("path is missing", "path")
        path = str(self.service.os_path(asked))
        notebook = self.get_query_argument("id", None) or None
        deliveries = (await self.service.engine()).deliveries
        if notebook is not None and await deliveries.is_copy(path, notebook):
            self.reply({"copy": True, "tasks": [], "runs": []})
            return
        tasks = await deliveries.last_tasks(path, notebook)
        runs = await deliveries.under_way(path, notebook)
        self.reply({"copy": False, "tasks": tasks, "runs": runs})


class OutputsHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str) -> None:
        engine = await self.service.engine()
        cell = self.get_query_argument("cell", None)
        self.reply(await engine.deliveries.outputs(run, cell))


class DeliveredHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self, run: str) -> None:
        asked = self.body("Delivery")
        engine = await self.service.engine()
        await engine.deliveries.note(run, asked["cells"], asked["how"], asked["seq"])
        self.done()
