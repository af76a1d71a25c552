"""The user's own kernel: values made elsewhere are loaded into it."""

from __future__ import annotations

import asyncio

from tornado.web import authenticated

from jupyterlab_dossier.runs import notebooks
from jupyterlab_dossier.runs.engine.loading import Loading

from .base import Handler, allowed


class PrepareHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self) -> None:
        asked = self.body("PrepareRequest")
        path = self.service.os_path(asked["path"])
        notebook = await asyncio.to_thread(notebooks.normalise, asked["content"], path)
        self.reply(await self.service.sessions.prepare(notebook, asked["kernel"], asked["cell"]))

    @authenticated
    @allowed("read")
    async def get(self) -> None:
        loading = await self._loading()
        self.reply(await loading.to_json() if loading else {"names": [], "bytes": 0, "done": 0})

    @authenticated
    @allowed("execute")
    async def delete(self) -> None:
        if loading := await self._loading():
            await loading.stop()
        self.done()

    async def _loading(self) -> Loading | None:
        engine = await self.service.engine()
        kernel, cell = self.get_query_argument("kernel"), self.get_query_argument("cell")
        return engine.loading(kernel, cell)


class OpenInputsHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self) -> None:
        asked = self.body("OpenInputsRequest")
        path = self.service.os_path(asked["path"])
        self.reply(
            await self.service.sessions.open_inputs(
                path, asked["kernel"], asked["run"], asked["cell"], asked.get("replace")
            )
        )
