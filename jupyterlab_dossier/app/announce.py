"""Tells the server of its runs: events for every tab, activity for whoever culls servers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server._tz import utcnow

from jupyterlab_dossier.runs import Engine, RunRecord
from jupyterlab_dossier.runs.model import Json

if TYPE_CHECKING:
    from .service import Service

SCHEMA = "https://schema.jupyter.org/jupyterlab_dossier/run/v1"
SCHEMA_PATH = Path(__file__).parent / "event_schemas" / "run.v1.yaml"
# Shorter than a look takes; long enough that a burst of tasks is one event.
PAUSE = 0.1
# Cullers ask about once a minute; a silent cell must count as activity in between.
HEARTBEAT = 30.0

log = logging.getLogger(__name__)


class Announcer:
    """Follows runs and emits their states, coalesced, on the server's event logger."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._following: dict[str, asyncio.Task[None]] = {}

    @property
    def busy(self) -> bool:
        return bool(self._following)

    async def take_up(self, engine: Engine) -> None:
        """Follows the runs that an earlier server left running."""
        for run, _, _ in await engine.ledger.runs.unfinished():
            self.follow(engine, await engine.record(run))

    def follow(self, engine: Engine, record: RunRecord) -> None:
        """Follows a run to its end."""
        if record.run in self._following:
            return
        task = asyncio.create_task(self._follow(engine, record), name=f"announce {record.run}")
        self._following[record.run] = task
        task.add_done_callback(lambda _: self._following.pop(record.run, None))

    async def stop(self) -> None:
        tasks = list(self._following.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, engine: Engine, record: RunRecord) -> None:
        news = _News(record)
        heartbeat = asyncio.create_task(self._heartbeat())
        pending: asyncio.Task[None] | None = None
        try:
            # Outputs are not told here, so a run of many outputs costs its states only.
            async for event in engine.watch(record.run, after=record.seq, kind="state"):
                news.take(event.cell, event.body, event.seq)
                if pending is None or pending.done():
                    pending = asyncio.create_task(self._tell_later(news))
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the events of run %s cannot be told", record.run)
        finally:
            heartbeat.cancel()
            if pending is not None:
                pending.cancel()
            with contextlib.suppress(Exception):
                self._tell(news)

    async def _tell_later(self, news: _News) -> None:
        await asyncio.sleep(PAUSE)
        self._tell(news)

    def _tell(self, news: _News) -> None:
        data = news.give(self._service)
        if data is not None:
            self._service.events.emit(schema_id=SCHEMA, data=data)
            self._note_activity()

    async def _heartbeat(self) -> None:
        while True:
            self._note_activity()
            await asyncio.sleep(HEARTBEAT)

    def _note_activity(self) -> None:
        times = self._service.serverapp.web_app.settings["last_activity_times"]
        times["jupyterlab_dossier"] = utcnow()


class _News:
    """What changed in a run since it was last told."""

    def __init__(self, record: RunRecord) -> None:
        self._run, self._path = record.run, record.path
        self._state: str = record.state
        self._seq = record.seq
        self._tasks: dict[str, str] = {task.id: task.state for task in record.tasks}
        self._changed = False

    def take(self, cell: str | None, body: Json, seq: int) -> None:
        """Notes a state."""
        self._seq = seq
        if cell is None:
            self._state = str(body["state"])
        else:
            self._tasks[cell] = str(body["state"])
        self._changed = True

    def give(self, service: Service) -> Json | None:
        if not self._changed:
            return None
        tasks, self._tasks, self._changed = self._tasks, {}, False
        return {
            "run": self._run,
            "path": service.api_path(self._path),
            "seq": self._seq,
            "state": self._state,
            "tasks": tasks,
        }
