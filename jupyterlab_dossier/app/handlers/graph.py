"""The dataflow graph of a document as it stands in the editor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tornado.web import authenticated

from jupyterlab_dossier.runs import notebooks
from jupyterlab_dossier.runs.model import Json

from .base import Handler, allowed

CELL = ("id", "index", "reads", "writes", "barrier", "prepares")
EDGE = ("from", "to", "kind", "names", "why")


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
        self.reply({"cells": _only(graph["cells"], CELL), "edges": _only(graph["edges"], EDGE)})


class ChangesHandler(Handler):
    @authenticated
    @allowed("read")
    async def post(self) -> None:
        # A whole notebook takes a while to check.
        asked = await asyncio.to_thread(self.body, "ChangesRequest")
        path, kernelspec = asked.pop("path"), asked.pop("kernelspec", "python3")
        found = await self.service.editing.changes(path, kernelspec, asked)
        if found["token"] is not None:
            found["cells"] = _only(found["cells"], CELL)
            found["edges"]["added"] = _only(found["edges"]["added"], EDGE)
        self.reply(found)


def _only(items: list[Json], names: Sequence[str]) -> list[Json]:
    """The analysis knows more than the API promises."""
    return [{name: item[name] for name in names} for item in items]
