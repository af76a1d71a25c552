"""The dataflow graph of a document as it stands in the editor."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tornado.web import authenticated

from jupyterlab_dossier.runs import notebooks

from .base import Handler, allowed


class GraphHandler(Handler):
    @authenticated
    @allowed("read")
    async def post(self) -> None:
        asked = self.body("GraphRequest")
        notebook = await asyncio.to_thread(
            notebooks.normalise, asked["content"], Path("the notebook")
        )
        workflow = await asyncio.to_thread(notebooks.workflow, notebook)
        engine = await self.service.engine()
        self.reply(await engine.graph(workflow))
