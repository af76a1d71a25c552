"""The user's own kernel: values made elsewhere are loaded before one of its cells runs."""

from __future__ import annotations

import asyncio

from tornado.web import authenticated

from jupyterlab_dossier.runs import notebooks

from .base import Handler, allowed


class PrepareHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self) -> None:
        asked = self.body("PrepareRequest")
        path = self.service.os_path(asked["path"])
        notebook = await asyncio.to_thread(notebooks.normalise, asked["content"], path)
        self.reply(await self.service.sessions.prepare(notebook, asked["kernel"], asked["cell"]))
