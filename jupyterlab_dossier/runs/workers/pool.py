"""The pool: all workers of one engine, and its ear.

What workers say is made durable here before it is acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio

from dossier_worker.wire import Frame

from ...targets import Catalogue
from ..ledger.database import LedgerFault, as_text
from ..ledger.ledger import Ledger
from ..ledger.outputs import Part
from ..ledger.tasks import Commit
from ..model import Json, new_id
from .adoption import Adoption
from .comms import BEYOND, COMM, with_place
from .credentials import Credentials
from .executions import Execution, Executions
from .leases import Leases
from .lives import Lives
from .roster import Roster
from .worker import Kernel, Lost, Worker
from .workerlink import Connection, Welcome

# Messages that are for the pages linked to a worker kernel, and for no ledger.
LIVE = COMM | {"status"}
# How long a worker's messages wait before they are tried again, where the disk is full.
LEDGER_PAUSE = 2.0
# Seconds in which a worker says what is installed; until then it counts as unknown.
ANSWER_LIMIT = 10.0


class Pool:
    """Workers and what is done with them, by part; implements `workerlink.WorkerEvents`."""

    def __init__(
        self, ledger: Ledger, folder: Path, store: Path, catalogue: Catalogue, owner: str,
        zipapp: Callable[[], Path],
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._credentials = Credentials(ledger, owner)
        self.roster = Roster()
        self.executions = Executions()
        self.lives = Lives(
            ledger, folder, store, catalogue, owner, zipapp, self.roster, self._credentials,
            self.executions,
        )  # fmt: skip
        self.leases = Leases(catalogue, self.roster, self.lives)
        self.adoption = Adoption(
            ledger, catalogue, owner, self.roster, self._credentials, self.executions, self.lives,
            self.leases,
        )  # fmt: skip
        self._asked: dict[str, tuple[str, asyncio.Future[Any]]] = {}

    @property
    def workers(self) -> dict[str, Worker]:
        """The workers there are, by name."""
        return self.roster.workers

    # widgets

    def comm(self, kernel: Kernel, message: Json, buffers: Sequence[bytes]) -> None:
        """Passes a page's comm message on. Raises `ConnectionError` where the worker is cut off."""
        if kernel.worker.connection is None:
            raise ConnectionError("the worker is not linked just now")
        kernel.comms.note(message["msg_type"], message["content"], buffers)
        kernel.worker.connection.send({"type": "comm", "kernel": kernel.id, **message}, buffers)

    def _said(
        self, worker: str, message: Json, buffers: Sequence[bytes], execution: Execution | None
    ) -> Execution | None:
        """Passes it on to pages. The cell that is to be told where its widgets are too large."""
        known = self.workers.get(worker)
        kernel = known.kernels.get(str(message.get("kernel"))) if known else None
        if kernel is None:
            return None
        kernel.comms.said(message, buffers)
        tells = kernel.comms.beyond and not kernel.comms.told
        if not tells or execution is None or execution.kernel is not kernel:
            return None
        kernel.comms.told = True
        return execution

    # questions

    async def environment(self, worker: Worker, modules: Sequence[str]) -> Any:
        """What a worker says of its interpreter (untrusted); None where it does not answer."""
        if worker.connection is None:
            return None
        ask = new_id()
        answer = asyncio.get_running_loop().create_future()
        self._asked[ask] = (worker.id, answer)
        try:
            worker.connection.send({"type": "environment", "ask": ask, "modules": list(modules)})
            with anyio.move_on_after(ANSWER_LIMIT):
                return await answer
            return None
        finally:
            self._asked.pop(ask, None)

    def _answered(self, worker: str, message: Json) -> None:
        asked, answer = self._asked.get(str(message.get("ask")), (None, None))
        if answer is not None and asked == worker and not answer.done():
            answer.set_result(message.get("environment"))

    # WorkerEvents

    async def authenticate(
        self, worker: str, secret: str | None, credential: str | None
    ) -> Welcome | None:
        return await self._credentials.authenticate(worker, secret, credential)

    async def connected(self, worker: Connection, hello: Json) -> None:
        known = self.workers.get(worker.worker)
        if known is None or known.ended:
            worker.send({"type": "shutdown"})
            return
        known.connection = worker
        known.known = dict(hello.get("attempts") or {})
        about = {name: str(hello.get(name))[:200] for name in ("host", "pid", "python", "platform")}
        await self._ledger.workers.update(known.id, about=json.dumps(about))
        if hello.get("fault"):
            self.lives.spawn(self.lives.end(known, str(hello["fault"])[:1000]))
            return
        self.executions.tell_kept(known)
        known.ready.set()
        known.phase = None
        while known.doomed:
            worker.send({"type": "kill", "kernel": known.doomed.pop()})
        self.executions.resume(known)
        self.roster.news.tell()

    async def disconnected(self, worker: str) -> None:
        known = self.workers.get(worker)
        if known is not None:
            known.connection = None
            if not known.ended:
                self.lives.spawn(self.lives.calling.call(known.target))

    def seen(self, worker: str) -> tuple[str, int]:
        return self.roster.heard.get(worker, ("", 0))

    async def received(self, worker: str, epoch: str, batch: Sequence[Frame]) -> None:
        await self._credentials.acknowledged(worker)
        entries: list[tuple[str, str, str, str, Json]] = []
        results: list[tuple[str, Json]] = []
        settled: list[tuple[Execution, Commit]] = []
        heard: list[Execution] = []
        ended = {name for name, known in self.executions.running.items() if known.done.done()}
        after: list[Callable[[], Execution | None]] = []
        parts: list[Part] = []
        durable = False
        for _seq, message, buffers in batch:
            execution = self.executions.running.get(str(message.get("attempt")))
            kind = message.get("type")
            if kind == "kernel_died":
                after.append(lambda m=message: self._kernel_died(worker, m))  # type: ignore[misc]
            if kind == "gone":
                after.append(functools.partial(self._leaves, worker, message))
            if kind == "environment":
                self._answered(worker, message)
            live = kind == "message" and (message.get("msg_type") in LIVE or execution is None)
            if live:
                after.append(functools.partial(self._said, worker, message, buffers, execution))
            if live or execution is None or execution.worker.id != worker:
                # Nobody waits for it here, but a run that is taken up later may.
                if kind == "done":
                    results.append((str(message.get("attempt")), message))
                continue
            where = (execution.run, execution.cell, execution.attempt)
            if kind in ("message", "more"):
                judge = execution.excess.output if kind == "message" else execution.excess.note
                if (output := judge(message)) is not None:
                    output["content"] = with_place(output["content"], execution.kernel.id)
                    entries.append((*where, "output", output))
            elif kind == "whole":
                if (part := execution.excess.part(message)) is not None:
                    parts.append(Part(execution.run, execution.attempt, *part))
                    execution.parts.put_nowait(part[1:])
                    execution.has_parts = True
            elif kind == "state" and message.get("state") in ("preparing", "running", "collecting"):
                execution.phase = message["state"]
                body = {"state": message["state"], "why": _detail(message.get("detail"))}
                entries.append((*where, "state", body))
            elif kind == "done" and execution.attempt not in ended:
                ended.add(execution.attempt)  # it comes twice where it was asked for again
                execution.heard = True
                heard.append(execution)
                results.append((execution.attempt, message))
                durable = durable or execution.durable
                if (commit := execution.settle(message)) is not None:
                    settled.append((execution, commit))
                after.append(lambda e=execution, m=message: _resolve(e, m))  # type: ignore[misc]
        last = batch[-1][0]
        commits = [commit for _, commit in settled]
        try:
            committed = await self._ledger.workers.received(
                worker, epoch, last, entries, results, commits, durable, parts
            )
        except LedgerFault as fault:
            for execution in self.executions.waiting():
                if execution.worker.id == worker:
                    execution.done.set_exception(fault)
            await asyncio.sleep(LEDGER_PAUSE)  # it is sent again, but not in a tight loop
            raise
        except BaseException:
            for execution in heard:
                execution.heard = False  # it is not recorded: its worker says it again
                if execution.worker.gone.is_set() and not execution.done.done():
                    why = f"the worker was lost: {execution.worker.ended}"
                    execution.done.set_exception(Lost(why, worker=True))
            raise
        for (execution, _), counted in zip(settled, committed, strict=True):
            execution.committed = counted
        self.roster.heard[worker] = (epoch, last)
        for call in after:
            if (beyond := call()) is not None:
                # What is told of it comes before the cell's end, which comes without it, too.
                with contextlib.suppress(LedgerFault):
                    await self._ledger.events.add(
                        beyond.run, beyond.cell, "output", BEYOND, beyond.attempt
                    )

    def _kernel_died(self, worker: str, message: Json) -> None:
        known = self.workers.get(worker)
        kernel = known.kernels.pop(str(message.get("kernel")), None) if known else None
        if kernel is None:
            return
        kernel.end(str(message.get("why")))
        for execution in self.executions.waiting():
            if execution.kernel is kernel:
                why = f"the worker kernel died: {message.get('why') or 'nobody knows why'}"
                execution.done.set_exception(Lost(why, worker=False))

    def _leaves(self, worker: str, message: Json) -> None:
        known = self.workers.get(worker)
        if known is None:
            return
        known.leaving = True
        for kernel in known.kernels.values():
            kernel.end(f"its worker ends: {str(message.get('reason'))[:200]}")


def _resolve(execution: Execution, message: Json) -> None:
    if not execution.done.done():
        execution.done.set_result(message)


def _detail(detail: Any) -> str | None:
    return as_text(detail)[:1000] if detail else None
