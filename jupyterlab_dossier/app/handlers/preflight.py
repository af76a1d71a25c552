"""What is wrong with cells, before any of them is sent."""

from __future__ import annotations

import asyncio

from tornado.web import authenticated

from jupyterlab_dossier.runs import BadInput, Workflow, notebooks
from jupyterlab_dossier.runs.model import Json

from .base import Handler, allowed


class PreflightHandler(Handler):
    @authenticated
    @allowed("execute")  # the user's kernel is asked for what it has
    async def post(self) -> None:
        asked = self.body("PreflightRequest")
        path = self.service.os_path(asked["path"])
        notebook = await asyncio.to_thread(notebooks.normalise, asked["content"], path)
        if asked["kind"] == "workflow":
            engine = await self.service.engine()
            problems = await engine.preflight(await workflow_of(notebook, asked))
        else:
            problems = await self.service.sessions.preflight(
                notebook, asked["kernel"], asked["cell"], asked.get("target")
            )
        self.reply({"problems": [problem.to_json() for problem in problems]})


async def workflow_of(notebook: notebooks.Notebook, asked: Json) -> Workflow:
    """The workflow that a request asks for. Raises `BadInput`."""
    only = asked.get("only")
    if only is not None:
        known = {cell.id for cell in notebook.code_cells}
        if unknown := next((name for name in only if name not in known), None):
            raise BadInput(f"only names {unknown!r}, which is no code cell of the notebook", "only")
    return await asyncio.to_thread(
        notebooks.workflow,
        notebook,
        default_target=asked.get("target"),
        only=None if only is None else frozenset(only),
        fresh=asked.get("fresh", False),
    )
