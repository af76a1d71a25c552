"""Workers of an engine that is no more: taken up with what goes on there, or ended."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
from collections.abc import Sequence
from typing import Any

from ...targets import Catalogue, ProviderFault
from ..ledger.ledger import Ledger
from ..model import Json, new_id
from ..progress import Tell
from .credentials import Credentials
from .executions import Execution, Executions
from .leases import Leases
from .lives import Lives
from .roster import Roster
from .worker import Lost, Worker

log = logging.getLogger(__name__)


class Adoption:
    """After a restart: the workers that the ledger knows."""

    def __init__(
        self, ledger: Ledger, catalogue: Catalogue, owner: str, roster: Roster,
        credentials: Credentials, executions: Executions, lives: Lives, leases: Leases,
    ) -> None:  # fmt: skip
        self._ledger, self._catalogue, self._owner = ledger, catalogue, owner
        self._roster, self._credentials, self._executions = roster, credentials, executions
        self._lives, self._leases = lives, leases

    async def adopt(self, rows: Sequence[Any]) -> list[Worker]:
        """Takes up workers of an engine that is no more; `call` tells them where to dial in."""
        adopted = []
        for row in rows:
            target = self._catalogue.targets.get(row["target"])
            provider = self._catalogue.provider(target) if target else None
            if target is None or provider is None or not row["handle"]:
                self.end_orphans([row])  # its start was cut off, or its target is no more
                continue
            name = row["worker"]
            worker = Worker(
                name, target, row["recipe"], target.slots or provider.default_slots(target),
                handle=json.loads(row["handle"]), began=row["started"], used=True,
                uncalled=True,
            )  # fmt: skip
            asked = json.loads(worker.made_by.options or "{}")
            worker.limit = provider.time_limit(target, asked)
            self._credentials.expect(name, row["secret"], row["credential"])
            self._roster.heard[name] = (row["epoch"], row["seen"])
            self._roster.workers[name] = worker
            await self._ledger.workers.update(name, owner=self._owner)
            adopted.append(worker)
        return adopted

    def call(self, workers: Sequence[Worker]) -> None:
        """Tells adopted workers the address of this engine; others' targets may hang."""
        for worker in workers:
            provider = self._catalogue.provider(worker.target)
            assert provider is not None
            self._leases.watch_idle(worker)  # until a task takes up what goes on there; none may
            self._lives.spawn(self._lives.watch(worker, provider))
        for target in {worker.target.name: worker.target for worker in workers}.values():
            self._lives.spawn(self._lives.calling.call(target, at_once=True))

    async def rejoin(self, execution: Execution) -> Json | None:
        """Awaits an attempt that an adopted worker may know; None where it does not.

        Raises `Lost` where the worker does not come back.
        """
        self._executions.running[execution.attempt] = execution
        try:
            set_task = functools.partial(
                self._ledger.tasks.move, execution.run, execution.cell, "running"
            )
            told: list[str] = []

            async def tell(words: str) -> None:
                told.append(words)
                await set_task(words)

            ready = asyncio.ensure_future(self.wait_ready(execution.worker, tell))
            either: set[asyncio.Future[Any]] = {ready, execution.done}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                ready.cancel()
            if execution.done.done():  # it was cancelled before the worker came back
                return await execution.done
            if not ready.result():
                raise Lost(f"the worker was lost: {execution.worker.ended}", worker=True)
            if told:
                await set_task(None)
            state = execution.worker.known.get(execution.attempt)
            if state is None:
                return None
            if state == "finished" and execution.worker.connection is not None:
                # Its end was told to an engine that is no more: a repeated request is answered so.
                again = {"type": "execute", "attempt": execution.attempt}
                execution.worker.connection.send(again)
            return await execution.done
        finally:
            self._executions.running.pop(execution.attempt, None)

    async def wait_ready(self, worker: Worker, tell: Tell | None = None) -> bool:
        """Whether an adopted worker dialled in again (False: it is gone)."""
        with contextlib.suppress(ProviderFault):
            await self._leases.ready(worker, tell)
            return True
        return False

    def ghost(self, target: str) -> Worker:
        """Stands for a worker that is no more but whose result the ledger has."""
        place = self._catalogue.targets.get(target) or self._catalogue.targets["local"]
        return Worker(new_id(), place, "", 0, ended="it ended before its result was taken up")

    def end_orphans(self, rows: Sequence[Any]) -> None:
        """Ends workers that nobody owns any more."""
        for row in rows:
            self._lives.spawn(self._end_orphan(row))

    async def _end_orphan(self, row: Any) -> None:
        # Its target may be no more: the handle is all that is needed.
        provider = self._catalogue.providers.get(row["provider"])
        if provider and row["handle"]:
            try:
                await provider.end(json.loads(row["handle"]))
            except ProviderFault as fault:
                log.warning("worker %s is left for the next start: %s", row["worker"], fault)
                return
        await self._ledger.workers.update(row["worker"], state="ended", why="its server is no more")
