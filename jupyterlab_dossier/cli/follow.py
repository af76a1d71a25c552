"""A run followed to its end by the command that owns it; Ctrl-C cancels it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping

from jupyterlab_dossier.runs import Engine, RunRecord
from jupyterlab_dossier.runs.model import Json

from .console import say
from .progress import progress

# The contract of `run --json` and `show --json`; a record has more.
_TASK = ("id", "index", "state", "target", "why", "started", "ended")


async def follow(engine: Engine, run: str, sources: Mapping[str, str]) -> tuple[RunRecord, bool]:
    """Shows a run's progress until it has ended; also says whether Ctrl-C ended it."""
    record = await engine.record(run)
    async with _interruptible(engine, run) as interrupted:
        with progress(record, sources) as shown:
            async for event in engine.watch(run):
                shown.event(event)
        return await engine.wait(run), interrupted.is_set()


@contextlib.asynccontextmanager
async def _interruptible(engine: Engine, run: str) -> AsyncIterator[asyncio.Event]:
    """Within it the first Ctrl-C cancels the run, the second ends this process as it stands."""
    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()
    cancelling: list[asyncio.Task[None]] = []

    def interrupt() -> None:
        if interrupted.is_set():
            say(f"ended hard: `jupyter dossier resume {run}` takes the run up again")
            os._exit(130)
        interrupted.set()
        say("cancelling the run; Ctrl-C again ends at once")
        cancelling.append(asyncio.create_task(engine.cancel(run)))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield interrupted
        await asyncio.gather(*cancelling)
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def run_json(record: RunRecord) -> Json:
    """A run as `--json` tells it."""
    tasks = [{name: getattr(task, name) for name in _TASK} for task in record.tasks]
    return {"run": record.run, "state": record.state, "tasks": tasks}


def summary(record: RunRecord) -> str:
    """A run's end in a line."""
    counts: dict[str, int] = {}
    for task in record.tasks:
        counts[task.state] = counts.get(task.state, 0) + 1
    cells = ", ".join(f"{count} {state}" for state, count in counts.items())
    why = f": {record.why}" if record.why else ""
    return f"run {record.run} {record.state}{why} ({cells or 'no cells'})"
