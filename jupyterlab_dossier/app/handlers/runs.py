"""Runs: begun, listed, shown, cancelled, interrupted, answered."""

from __future__ import annotations

import asyncio

from tornado.web import authenticated

from jupyterlab_dossier.runs import Engine, RunRecord, Workflow, notebooks
from jupyterlab_dossier.runs.model import Json
from jupyterlab_dossier.runs.planning import conditions
from jupyterlab_dossier.runs.preflight.rules import Problem, lasting, refuse

from .base import Handler, allowed
from .preflight import workflow_of

# How many runs are told at once.
MOST = 1000

SUMMARY = ("run", "kind", "path", "state", "why", "created", "ended", "progress")


class RunsHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self) -> None:
        engine = await self.service.engine()
        path = self.get_query_argument("path", None)
        before = self.get_query_argument("before", None)
        limit = self.number("limit", 200, 1, MOST)
        at = str(self.service.os_path(path)) if path else None
        # One more than is asked for says whether there are older ones.
        found = await engine.runs(at, before, limit + 1)
        records = found[:limit]
        going = [record.run for record in records if record.ended is None]
        progress = await engine.ledger.runs.progress(going)
        runs = [{**self._json(record), "progress": progress.get(record.run)} for record in records]
        summaries = [{name: run[name] for name in SUMMARY} for run in runs]
        self.reply({"runs": summaries, "more": len(found) > limit})

    @authenticated
    @allowed("execute")
    async def post(self) -> None:
        asked = self.body("RunRequest")
        if asked["kind"] == "again":
            engine = await self.service.engine()
            run, problems = await self._start(await engine.again(asked["run"]))
            self._started(engine, await engine.record(run), problems)
            return
        path = self.service.os_path(asked["path"])
        # Kernelspecs are looked for on disk, and a long notebook takes a while to read.
        notebook = await asyncio.to_thread(notebooks.normalise, asked["content"], path)
        if asked["kind"] == "workflow":
            run, problems = await self._start(await workflow_of(notebook, asked))
        else:
            run, problems = await self.service.sessions.run_cell(
                notebook, asked["kernel"], asked["cell"], asked.get("target")
            )
        engine = await self.service.engine()
        self._started(engine, await engine.record(run), problems)

    def _started(self, engine: Engine, record: RunRecord, problems: list[Problem]) -> None:
        self.service.announcer.follow(engine, record)
        found = [problem.to_json() for problem in problems]
        self.reply({"run": record.run, "problems": found}, 201)

    async def _start(self, workflow: Workflow) -> tuple[str, list[Problem]]:
        engine = await self.service.engine()
        problems = await engine.preflight(workflow)
        refuse(problems)
        return await engine.submit(workflow), lasting(problems)

    def _json(self, record: RunRecord) -> Json:
        return {**record.to_json(), "path": self.service.api_path(record.path)}


class RunHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, run: str) -> None:
        engine = await self.service.engine()
        record = await engine.record(run)
        _, _, began = await engine.ledger.runs.spec(run)
        own = began.get("user") == conditions.user()
        self.reply({**record.to_json(), "path": self.service.api_path(record.path), "own": own})


class CancelHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self, run: str) -> None:
        self.body("Empty")
        engine = await self.service.engine()
        await engine.cancel(run)
        self.done()


class InterruptHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self, run: str) -> None:
        asked = self.body("InterruptRequest")
        engine = await self.service.engine()
        await engine.record(run)  # raises where there is no such run
        engine.interrupt(run, asked["cell"])
        self.done()


class KillHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self, run: str) -> None:
        asked = self.body("KillRequest")
        engine = await self.service.engine()
        await engine.record(run)  # raises where there is no such run
        engine.kill(run, asked["cell"])
        self.done()


class InputHandler(Handler):
    @authenticated
    @allowed("execute")
    async def post(self, run: str) -> None:
        asked = self.body("InputRequest")
        engine = await self.service.engine()
        await engine.record(run)  # raises where there is no such run
        engine.input(run, asked["cell"], asked["value"])
        self.done()
