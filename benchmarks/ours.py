"""Our side: attempts on worker kernels through the engine, ledger and commit included."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.model import TaskRecord, new_id
from jupyterlab_dossier.runs.planning.conditions import environment
from jupyterlab_dossier.runs.tasks.attempts import Outcome, Setting
from jupyterlab_dossier.runs.workers.worker import Kernel


class Place:
    """One worker kernel, and a run in the ledger whose tasks are executed in it."""

    def __init__(self, engine: Engine, kernel: Kernel) -> None:
        self.engine = engine
        self.kernel = kernel

    async def cell(self, code: str, run: str, cell: str, **fields: Any) -> Outcome:
        """Intent, execution and commit of one cell."""
        setting = Setting(run, cell, code, number=1, count=1, reset=False, **fields)
        outcome = await self.engine.dispatcher.run(setting, self.kernel)
        assert outcome.status == "ok", outcome.message
        assert await self.engine.dispatcher.commit(outcome)
        return outcome


async def run_of(engine: Engine, cells: int) -> str:
    """An empty run in the ledger with tasks t0, t1, ..."""
    run = new_id()
    tasks = [TaskRecord(f"t{i}", i, "queued", "local", None, None, None) for i in range(cells)]
    await engine.ledger.runs.add(run, "workflow", "/benchmark", engine.owner, {}, {}, tasks)
    return run


@asynccontextmanager
async def place(engine: Engine, name: str = "local") -> AsyncIterator[Place]:
    """A new worker kernel of a target."""
    target = engine.catalogue.targets[name]
    recipe = engine.recipe(name, "python3", environment(1))
    async with engine.dispatcher.kernel(
        target=target, recipe=recipe, kernel=None, prefix=[], fresh=True
    ) as kernel:
        yield Place(engine, kernel)
        engine.dispatcher.kill(kernel)
