"""The lives of workers: started, watched, ended, and what is left of them taken away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio

from dossier_worker.sharing import leave_mark

from ...store import private_file
from ...targets import Catalogue, NoAnswer, Provider, ProviderFault, Target, WorkerOrder
from ..ledger.ledger import Ledger
from ..model import Json, new_id
from .calling import Address, Calling, write_config
from .credentials import Credentials, hash_of
from .executions import Executions
from .roster import Roster
from .worker import Lost, Recipe, Worker

log = logging.getLogger(__name__)

T = TypeVar("T")

# A worker that does not dial in for this long is given up (its lease is lost).
LEASE = 600.0
# How long a worker that was told to end may take.
FAREWELL = 5.0
# How long an engine that stops waits until what is left of its workers is taken away.
CLEARING = 30.0
# How long a worker that has ended holds its place on a platform that does not let it go.
LEAVING = 30.0
# How long a platform that did not answer is left alone: at first, and at most.
PAUSES = (1.0, 60.0)
# After how many seconds each a platform that may still make a worker is looked at, to end it.
LOOKS = (5.0, 20.0, 60.0)

_LOG = "platform.log"


class Lives:
    """Starts and ends the workers of one engine on their platforms."""

    def __init__(
        self, ledger: Ledger, folder: Path, store: Path, catalogue: Catalogue, owner: str,
        zipapp: Callable[[], Path], roster: Roster, credentials: Credentials,
        executions: Executions,
    ) -> None:  # fmt: skip
        self._ledger, self._store, self._catalogue, self._owner = ledger, store, catalogue, owner
        self._roster, self._credentials, self._executions = roster, credentials, executions
        self.folder = folder
        self.zipapp = zipapp
        self.url = ""
        self.outside: Callable[[Target, str], Awaitable[Address]] | None = None
        """Where workers on other machines dial in, given this machine's address there."""
        self.forget: Callable[[str], Awaitable[None]] | None = None
        """Tells the link that a worker will not come back."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._endings: set[asyncio.Task[None]] = set()
        """Of workers that are no more: what is left of them is being taken away."""
        self.calling = Calling(roster.workers, folder, catalogue, self.address, self.failed)

    async def start(self, target: Target, recipe: Recipe) -> None:
        """Starts a worker. Raises `ProviderFault`."""
        provider = self._catalogue.provider(target)
        if provider is None:
            raise ProviderFault(f"no provider for targets of kind {target.kind!r} is installed")
        name = new_id()
        slots = target.slots or provider.default_slots(target)
        options = json.loads(recipe.options or "{}")
        limit = provider.time_limit(target, options)
        worker = Worker(name, target, recipe.key, slots, limit=limit)
        self._roster.workers[name] = worker
        secret = secrets.token_urlsafe(32)
        env = dict(recipe.env)
        folder = self.folder / name
        marked = target.shares_store and target.strict
        config = {
            "worker": name,
            "secret": secret,
            "folder": str(folder),
            "blobs": str(self._store) if target.shares_store else None,
            "marked": marked,
            "slots": slots,
            "argv": list(recipe.argv) if recipe.argv else None,
            "preload": list(recipe.preload),
            "env": env,
            "grace": float(target.settings.get("grace", LEASE)),
            "keeps": target.keeps,
            "oom_score_adj": 500,
        }
        try:
            self._credentials.expect(name, hash_of(secret))
            self._roster.heard[name] = ("", 0)
            # The intent first: a worker whose start was under way at a crash is found and ended.
            await self._ledger.workers.add(
                name, target.name, provider.kind, recipe.key, self._owner, hash_of(secret)
            )
            loop = asyncio.get_running_loop()
            config["url"], config["ca"] = await self.address(target, provider)
            zipapp = await loop.run_in_executor(None, self.zipapp)
            await loop.run_in_executor(None, write_config, folder, config)
            if marked:
                await loop.run_in_executor(None, leave_mark, self._store, name)
            order = WorkerOrder(
                name, target, folder / "config.json", zipapp, recipe.python, env, str(folder),
                options,
            )  # fmt: skip
            worker.handle = provider.plan(order)
            if worker.handle is not None:
                await self._ledger.workers.update(name, handle=json.dumps(worker.handle))
            worker.handle = await provider.start(order)
            await self._ledger.workers.update(name, handle=json.dumps(worker.handle))
        except BaseException as error:
            worker.ended = str(error) or type(error).__name__
            # Others may wait for it too: that the cell it was started for is cancelled, or that
            # nobody answered, is no fault of what they ask.
            worker.again = isinstance(error, asyncio.CancelledError)
            worker.unanswered = isinstance(error, NoAnswer)
            worker.ready.set()
            self._roster.news.tell()
            self._roster.workers.pop(name, None)
            self._roster.leaving.pop(name, None)
            # What answered has made nothing later; what did not, or was not waited for, may.
            answered = isinstance(error, ProviderFault) and not worker.unanswered
            await self._to_its_end(self._clear(worker, provider, () if answered else LOOKS))
            raise
        self.spawn(self.watch(worker, provider))
        self.spawn(self.calling.call(target))

    async def address(self, target: Target, provider: Provider) -> Address:
        """Where workers of a target dial in. Raises `ProviderFault`."""
        try:
            face = await provider.face(target)
            if face is None:
                return self.url, None
            if self.outside is None:
                raise ProviderFault("this engine cannot be reached from other machines")
            return await self.outside(target, face)
        except OSError as error:
            raise ProviderFault(f"no address for workers of {target.name!r}: {error}") from None

    async def watch(self, worker: Worker, provider: Provider) -> None:
        """Waits for the end of a worker, tells it, and takes away what is left."""
        assert worker.handle is not None

        def tell(words: str) -> bool:
            if worker.ready.is_set():
                return False
            worker.phase = words
            self._roster.news.tell()
            return True

        handle = worker.handle
        ended = await self.answer(worker, lambda: provider.wait(handle, tell))
        worker.again = ended.again
        await self._to_its_end(self._bury(worker, provider, ended.why))

    async def answer(self, worker: Worker, ask: Callable[[], Awaitable[T]]) -> T:
        """What a worker's platform answers, asked again and again while it cannot be reached."""
        pause, longest = PAUSES
        while True:
            try:
                return await ask()
            except Exception as fault:  # of a plugin, too: its end would not be heard any more
                self.failed(worker, fault)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    def failed(self, worker: Worker, fault: Exception) -> None:
        """What is asked of a worker's platform again was not answered this time."""
        known = isinstance(fault, (ProviderFault, OSError))
        words = str(fault) if known else f"{type(fault).__name__}: {fault}"
        log.warning(
            "worker %s: %s; it is tried again", worker.id, words, exc_info=None if known else fault
        )
        if not worker.ready.is_set():
            worker.phase = f"{words}; it is tried again"
            self._roster.news.tell()

    async def _to_its_end(self, ending: Coroutine[Any, Any, None]) -> None:
        """Goes on though whoever waits is cancelled; `close` waits for it."""
        task = asyncio.create_task(ending)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        await asyncio.shield(task)

    async def _bury(self, worker: Worker, provider: Provider, why: str) -> None:
        if worker.ended is None:
            self._leaves(worker)
        await self._lost(worker, why)
        self.spawn(self._vacate(worker, provider))
        try:
            await self._keep_log(worker, provider)
        finally:
            await self._clear(worker, provider)

    def _leaves(self, worker: Worker) -> None:
        """It holds its place until its platform has let it go, for a while at most."""
        if worker.target.strict and worker.handle is not None:
            self._roster.leaving[worker.id] = worker

    async def _vacate(self, worker: Worker, provider: Provider) -> None:
        handle = worker.handle
        try:
            if worker.id in self._roster.leaving and handle is not None:
                with anyio.move_on_after(LEAVING):
                    await self.answer(worker, lambda: provider.left(handle))
        finally:
            self._let_go(worker)

    def _let_go(self, worker: Worker) -> None:
        self._roster.leaving.pop(worker.id, None)
        self._roster.news.tell()

    async def _clear(self, worker: Worker, provider: Provider, looks: Sequence[float] = ()) -> None:
        """Takes away what is left of a worker on its platform; only then it counts as ended.

        With `looks`, its platform may make more of it, which is taken away then.
        """
        self._credentials.drop(worker.id)
        try:
            try:
                if worker.handle is not None:
                    await provider.end(worker.handle)
            except ProviderFault as fault:
                log.warning("worker %s is not taken away yet: %s", worker.id, fault)
                looks = (PAUSES[0], *looks)
            if looks and worker.handle is not None:
                self.spawn(self._clear_later(worker, provider, looks))
            else:
                await self._ledger.workers.update(worker.id, state="ended", why=worker.ended)
        finally:
            if self.forget is not None:
                await self.forget(worker.id)
            self._roster.heard.pop(worker.id, None)

    async def _clear_later(
        self, worker: Worker, provider: Provider, looks: Sequence[float]
    ) -> None:
        """What this engine does not come to do is left for the next one's start."""
        handle = worker.handle
        assert handle is not None
        for pause in looks:
            await asyncio.sleep(pause)
            await self.answer(worker, lambda: provider.end(handle))
        await self._ledger.workers.update(worker.id, state="ended", why=worker.ended)

    async def _keep_log(self, worker: Worker, provider: Provider) -> None:
        """What its platform says of a worker that is no more, before it is taken away there."""
        if not worker.target.strict or worker.handle is None:
            return
        with contextlib.suppress(ProviderFault, OSError):
            text = await provider.logs(worker.handle)
            path = await asyncio.to_thread(private_file, self.folder / worker.id / _LOG)
            await asyncio.to_thread(path.write_text, text)

    async def log(self, worker: str, handle: Json, provider: Provider) -> str:
        """The last of what a worker and its platform say, or said."""
        with contextlib.suppress(OSError):
            return await asyncio.to_thread((self.folder / worker / _LOG).read_text)
        return await provider.logs(handle)

    async def _lost(self, worker: Worker, why: str) -> None:
        if worker.ended is None:
            worker.ended = why
        self._roster.workers.pop(worker.id, None)
        for kernel in worker.kernels.values():
            kernel.end(why)
        worker.ready.set()
        worker.gone.set()
        for execution in self._executions.waiting():
            # One whose end was heard is being recorded, and has ended.
            if execution.worker is worker and not execution.heard:
                execution.done.set_exception(Lost(f"the worker was lost: {why}", worker=True))
        self._roster.news.tell()

    async def end(self, worker: Worker, why: str) -> None:
        """Ends a worker of ours that has nothing to do any more."""
        if worker.ended:
            return
        worker.ended = why
        self._leaves(worker)
        if worker.connection is not None:
            worker.connection.send({"type": "shutdown"})
        provider = self._catalogue.provider(worker.target)
        if provider is not None:
            await self._to_its_end(self._farewell(worker, provider))

    async def _farewell(self, worker: Worker, provider: Provider) -> None:
        if worker.handle is not None and worker.connection is not None:
            with anyio.move_on_after(FAREWELL):
                await worker.gone.wait()
        await self._clear(worker, provider)
        # Where it cannot be taken away, nobody hears of its end for long.
        asyncio.get_running_loop().call_later(LEAVING, self._let_go, worker)

    async def close(self, leave: Collection[str] = ()) -> None:
        """Ends all workers but those named, which wait for the next engine."""
        self.calling.close()
        workers = [worker for worker in self._roster.workers.values() if worker.id not in leave]
        await asyncio.gather(*(self.end(worker, "the server stops") for worker in workers))
        for worker in workers:
            if worker.idle:
                worker.idle.cancel()
        if self._endings:
            await asyncio.wait(self._endings, timeout=CLEARING)
        for task in (*self._tasks, *self._endings):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._endings, return_exceptions=True)

    def spawn(self, coroutine: Awaitable[None]) -> None:
        """Does it beside all else; `close` cuts it off."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
