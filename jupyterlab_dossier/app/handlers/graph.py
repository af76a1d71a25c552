"""The dataflow graph of a document as it stands in the editor."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tornado.web import authenticated

from jupyterlab_dossier.runs import notebooks

from .base import Handler, allowed

KEPT = ("id", "index", "reads", "writes", "barrier")


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
        graph = await engine.graph(workflow)
        # The analysis knows more than the API promises.
        cells = [{name: cell[name] for name in KEPT} for cell in graph["cells"]]
        self.reply({"cells": cells, "edges": graph["edges"]})
