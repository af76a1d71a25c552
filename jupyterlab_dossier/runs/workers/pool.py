"""Workers: started when needed, leased by slot, ended when idle, found again after a restart.

The pool is also the engine's ear: what workers say is made durable here before it is acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio

from dossier_worker.sharing import leave_mark
from dossier_worker.wire import Frame

from ...store import private_file
from ...targets import Catalogue, NoAnswer, Provider, ProviderFault, Target, WorkerOrder
from .. import progress
from ..ledger.database import LedgerFault, as_text
from ..ledger.excess import Excess, limits_of
from ..ledger.ledger import Ledger
from ..ledger.outputs import Part
from ..ledger.tasks import Commit
from ..model import Json, new_id
from ..progress import Tell, Words
from .calling import Address, Calling, write_config
from .comms import COMM, with_place
from .worker import Keeper, Kernel, Lost, Recipe, Worker
from .workerlink import Connection, NotOurs, Welcome

log = logging.getLogger(__name__)

T = TypeVar("T")

# A worker that does not dial in for this long is given up (its lease is lost).
LEASE = 600.0
# How long a worker that was told to end may take.
FAREWELL = 5.0
# How long an engine that stops waits until what is left of its workers is taken away.
CLEARING = 30.0
# Messages that are for the pages linked to a worker kernel, and for no ledger.
LIVE = COMM | {"status"}
# How long a worker's messages wait before they are tried again, where the disk is full.
LEDGER_PAUSE = 2.0
# How many workers are started for a cell whose platform sends them back before they have begun.
STARTS = 4
# How long a worker that has not begun is kept for the next cell, where its own went elsewhere.
SPARE = 5.0
# How long a platform that did not answer is left alone: at first, and at most.
PAUSES = (1.0, 60.0)
# After how many seconds each a platform that may still make a worker is looked at, to end it.
LOOKS = (5.0, 20.0, 60.0)
# Seconds in which a worker says what is installed; until then it counts as unknown.
ANSWER_LIMIT = 10.0


_LOG = "platform.log"


class SentBack(ProviderFault):
    """A worker's platform took it away before it began; the same may start another time."""


class Turn:
    """The place of a cell among those that wait for a worker of its target."""

    held: str | None = None
    """What holds the place of the worker that it needs, in words."""

    def __init__(self) -> None:
        self._queue: list[Turn] = []

    def join(self, queue: list[Turn]) -> None:
        if self not in queue:
            queue.append(self)
            self._queue = queue

    def leave(self) -> None:
        if self in self._queue:
            self._queue.remove(self)

    def before(self) -> int | None:
        """How many came before it; None where it does not wait."""
        return self._queue.index(self) if self in self._queue else None


@dataclass
class Execution:
    """An attempt in flight."""

    attempt: str
    run: str
    cell: str
    worker: Worker
    kernel: Kernel
    order: Json | None
    """What was sent; None for one found again after a restart."""
    done: asyncio.Future[Json]
    durable: bool
    settle: Callable[[Json], Commit | None] = lambda message: None
    """What to commit at once with the `done` message; None where blobs are to be pulled first."""
    committed: bool | None = None
    interrupted: bool = False
    phase: str = ""
    """What the worker said last of its state."""
    excess: Excess = field(init=False)
    parts: asyncio.Queue[tuple[str, int]] = field(default_factory=asyncio.Queue)
    """Blobs of its whole output, with their sizes, as they are told of."""
    has_parts: bool = False

    def __post_init__(self) -> None:
        limits = limits_of(self.worker.target)
        self.excess = Excess(self.run, self.cell, self.attempt, limits)


class News:
    """Wakes everybody who waits for it."""

    def __init__(self) -> None:
        self._come = asyncio.Event()

    def tell(self) -> None:
        come, self._come = self._come, asyncio.Event()
        come.set()

    async def wait(self) -> None:
        await self._come.wait()


class Pool:
    """All workers of one engine; implements `workerlink.WorkerEvents`."""

    def __init__(
        self, ledger: Ledger, folder: Path, store: Path, catalogue: Catalogue, owner: str,
        zipapp: Callable[[], Path],
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._folder = folder
        self._store = store
        self._catalogue = catalogue
        self._owner = owner
        self.zipapp = zipapp
        self.url = ""
        self.outside: Callable[[Target, str], Awaitable[Address]] | None = None
        """Where workers on other machines dial in, given this machine's address there."""
        self.forget: Callable[[str], Awaitable[None]] | None = None
        """Tells the link that a worker will not come back."""
        self.workers: dict[str, Worker] = {}
        self.executions: dict[str, Execution] = {}
        self._seen: dict[str, tuple[str, int]] = {}
        self._secrets: dict[str, tuple[str | None, str | None]] = {}
        self._asked: dict[str, tuple[str, asyncio.Future[Any]]] = {}
        self._news = News()
        """Of workers: ready, free, in another phase, cut off, or gone."""
        self._queues: dict[str, list[Turn]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._endings: set[asyncio.Task[None]] = set()
        """Of workers that are no more: what is left of them is being taken away."""
        self._calling = Calling(self.workers, folder, catalogue, self._address, self._failed)

    # leases

    def capacity(self, target: Target) -> int:
        """How many cells a target runs at once, of all runs together."""
        provider = self._catalogue.provider(target)
        slots = target.slots or (provider.default_slots(target) if provider else 1)
        return slots * target.workers

    async def lease(
        self, target: Target, recipe: Recipe, tell: Tell | None = None,
        keeper: Keeper | None = None,
    ) -> Worker:  # fmt: skip
        """Waits for a worker with a free slot, starting one where there is none.

        Meanwhile, `tell` is given the words of what is waited for. Raises `ProviderFault`, also
        where the `keeper` that asks would wait for itself.
        """
        turn = Turn()
        words = progress.waiting(turn.before, lambda: turn.held)
        starts, pause, until = 1, PAUSES[0], 0.0
        clock = asyncio.get_running_loop().time
        try:
            while True:
                try:
                    return await self._lease(target, recipe, turn, words, tell, keeper)
                except SentBack as fault:
                    starts += 1
                    if starts > STARTS:
                        raise
                    if tell is not None:
                        await tell(f"{fault}; another one is started ({starts} of {STARTS})")
                except NoAnswer as fault:
                    until = until or clock() + target.start_limit
                    if clock() + pause > until:
                        raise
                    if tell is not None:
                        await tell(f"{fault}; it is tried again")
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, PAUSES[1])
        finally:
            turn.leave()

    async def _lease(
        self, target: Target, recipe: Recipe, turn: Turn, words: Words,
        tell: Tell | None, keeper: Keeper | None,
    ) -> Worker:  # fmt: skip
        while True:
            alive = [
                w for w in self.workers.values() if w.target.name == target.name and not w.ended
            ]
            mine = [w for w in alive if w.recipe == recipe.key]
            if sum(w.busy for w in alive) < self.capacity(target):
                free = [w for w in mine if w.open]
                if free:
                    worker = min(free, key=lambda w: (not w.ready.is_set(), w.busy))
                    turn.leave()
                    if await self._take_ready(worker, tell):
                        return worker
                    continue
                spent = next((w for w in mine if w.spent and w.idle is not None), None)
                if spent is not None:
                    await self._end(spent, "more than half of its time limit was over")
                    continue
                if len(alive if target.strict else mine) < target.workers:
                    turn.leave()
                    await self._start(target, recipe)
                    continue
                others = [w for w in alive if w.recipe != recipe.key and w.idle is not None]
                if target.strict and others:
                    await self._end(others[0], "its place was needed")
                    continue
            turn.held = _held(target, alive, mine)
            if turn.held and keeper and all(any(map(keeper.keeps, _kept(w))) for w in alive):
                raise ProviderFault(
                    f"not run: {turn.held}; it is kept {keeper.until}. Give these cells the same"
                    f" options, or let {target.name} have more `workers`"
                )
            if tell is None:
                await self._news.wait()
                continue
            turn.join(self._queues.setdefault(target.name, []))
            async with progress.told(words, tell):
                await self._news.wait()

    def take(self, worker: Worker) -> None:
        """Counts a cell in; for kernels that are kept, the slot goes with the kernel's worker."""
        worker.busy += 1
        worker.used = True
        if worker.idle:
            worker.idle.cancel()
            worker.idle = None

    async def give_back(self, worker: Worker) -> None:
        """Counts a cell out and wakes who waits."""
        worker.busy -= 1
        self._watch_idle(worker)
        self._news.tell()

    async def _take_ready(self, worker: Worker, tell: Tell | None) -> bool:
        """Takes a worker once it has dialled in; False where another one like it is free first."""
        self.take(worker)
        taken = switched = False
        try:
            taken = await self._ready(worker, tell, switch=True)
            switched = not taken
        finally:
            if not taken:
                await self.give_back(worker)
                if worker.phase is not None and not worker.busy and not worker.ended:
                    # Nobody waits for it any more, and it may wait long itself. But where a cell
                    # went to another one, the next cell comes as that one ends.
                    self._watch_idle(worker, SPARE if switched else 0)
        return taken

    async def _ready(self, worker: Worker, tell: Tell | None = None, switch: bool = False) -> bool:
        """Waits until a worker has dialled in; False where it `switch`es to one like it."""
        limit = worker.target.start_limit
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        told: str | None = None
        while not worker.ready.is_set():
            if tell is not None and worker.phase not in (None, told):
                told = worker.phase
                await tell(str(told))
            elif switch and any(
                w.recipe == worker.recipe and w.ready.is_set() and w.open
                for w in self.workers.values()
            ):
                return False
            else:
                try:
                    with anyio.fail_after(deadline - loop.time()):
                        await self._news.wait()
                except TimeoutError:
                    last = f"; the last that was heard: {worker.phase}" if worker.phase else ""
                    await self._end(worker, f"it did not dial in within {limit:.0f} s{last}")
                    break
        if worker.ended:
            kind = SentBack if worker.again else ProviderFault
            if worker.unanswered:
                kind = NoAnswer
            raise kind(f"a worker on {worker.target.name} did not start: {worker.ended}")
        return True

    def _watch_idle(self, worker: Worker, seconds: float | None = None) -> None:
        if worker.idle:
            worker.idle.cancel()
            worker.idle = None
        if worker.busy == 0 and not _kept(worker) and not worker.ended:
            loop = asyncio.get_running_loop()
            why = "it was idle" if seconds is None else "it was not needed any more"
            worker.idle = loop.call_later(
                worker.seconds_idle if seconds is None else seconds,
                lambda: self._spawn(self._end(worker, why)),
            )

    # start and end

    async def _start(self, target: Target, recipe: Recipe) -> None:
        provider = self._catalogue.provider(target)
        if provider is None:
            raise ProviderFault(f"no provider for targets of kind {target.kind!r} is installed")
        name = new_id()
        slots = target.slots or provider.default_slots(target)
        options = json.loads(recipe.options or "{}")
        limit = provider.time_limit(target, options)
        worker = Worker(name, target, recipe.key, slots, limit=limit)
        self.workers[name] = worker
        secret = secrets.token_urlsafe(32)
        env = dict(recipe.env)
        folder = self._folder / name
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
            self._secrets[name] = (_hash(secret), None)
            self._seen[name] = ("", 0)
            # The intent first: a worker whose start was under way at a crash is found and ended.
            await self._ledger.workers.add(
                name, target.name, provider.kind, recipe.key, self._owner, _hash(secret)
            )
            loop = asyncio.get_running_loop()
            config["url"], config["ca"] = await self._address(target, provider)
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
            self._news.tell()
            self.workers.pop(name, None)
            # What answered has made nothing later; what did not, or was not waited for, may.
            answered = isinstance(error, ProviderFault) and not worker.unanswered
            await self._to_its_end(self._clear(worker, provider, () if answered else LOOKS))
            raise
        self._spawn(self._watch(worker, provider))
        self._spawn(self._calling.call(target))

    async def _address(self, target: Target, provider: Provider) -> Address:
        try:
            face = await provider.face(target)
            if face is None:
                return self.url, None
            if self.outside is None:
                raise ProviderFault("this engine cannot be reached from other machines")
            return await self.outside(target, face)
        except OSError as error:
            raise ProviderFault(f"no address for workers of {target.name!r}: {error}") from None

    async def _watch(self, worker: Worker, provider: Provider) -> None:
        assert worker.handle is not None

        def tell(words: str) -> bool:
            if worker.ready.is_set():
                return False
            worker.phase = words
            self._news.tell()
            return True

        handle = worker.handle
        ended = await self._answer(worker, lambda: provider.wait(handle, tell))
        worker.again = ended.again
        await self._to_its_end(self._bury(worker, provider, ended.why))

    async def _answer(self, worker: Worker, ask: Callable[[], Awaitable[T]]) -> T:
        """What a worker's platform answers, asked again and again while it cannot be reached."""
        pause, longest = PAUSES
        while True:
            try:
                return await ask()
            except Exception as fault:  # of a plugin, too: its end would not be heard any more
                self._failed(worker, fault)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    def _failed(self, worker: Worker, fault: Exception) -> None:
        """What is asked of a worker's platform again was not answered this time."""
        known = isinstance(fault, (ProviderFault, OSError))
        words = str(fault) if known else f"{type(fault).__name__}: {fault}"
        log.warning(
            "worker %s: %s; it is tried again", worker.id, words, exc_info=None if known else fault
        )
        if not worker.ready.is_set():
            worker.phase = f"{words}; it is tried again"
            self._news.tell()

    async def _to_its_end(self, ending: Coroutine[Any, Any, None]) -> None:
        """Goes on though whoever waits is cancelled; `close` waits for it."""
        task = asyncio.create_task(ending)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        await asyncio.shield(task)

    async def _bury(self, worker: Worker, provider: Provider, why: str) -> None:
        await self._lost(worker, why)
        try:
            await self._keep_log(worker, provider)
        finally:
            await self._clear(worker, provider)

    async def _clear(self, worker: Worker, provider: Provider, looks: Sequence[float] = ()) -> None:
        """Takes away what is left of a worker on its platform; only then it counts as ended.

        With `looks`, its platform may make more of it, which is taken away then.
        """
        self._secrets.pop(worker.id, None)  # it dials in no more
        try:
            try:
                if worker.handle is not None:
                    await provider.end(worker.handle)
            except ProviderFault as fault:
                log.warning("worker %s is not taken away yet: %s", worker.id, fault)
                looks = (PAUSES[0], *looks)
            if looks and worker.handle is not None:
                self._spawn(self._clear_later(worker, provider, looks))
            else:
                await self._ledger.workers.update(worker.id, state="ended", why=worker.ended)
        finally:
            if self.forget is not None:
                await self.forget(worker.id)
            self._seen.pop(worker.id, None)

    async def _clear_later(
        self, worker: Worker, provider: Provider, looks: Sequence[float]
    ) -> None:
        """What this engine does not come to do is left for the next one's start."""
        handle = worker.handle
        assert handle is not None
        for pause in looks:
            await asyncio.sleep(pause)
            await self._answer(worker, lambda: provider.end(handle))
        await self._ledger.workers.update(worker.id, state="ended", why=worker.ended)

    async def _keep_log(self, worker: Worker, provider: Provider) -> None:
        """What its platform says of a worker that is no more, before it is taken away there."""
        if not worker.target.strict or worker.handle is None:
            return
        with contextlib.suppress(ProviderFault, OSError):
            text = await provider.logs(worker.handle)
            path = await asyncio.to_thread(private_file, self._folder / worker.id / _LOG)
            await asyncio.to_thread(path.write_text, text)

    async def log(self, worker: str, handle: Json, provider: Provider) -> str:
        """The last of what a worker and its platform say, or said."""
        with contextlib.suppress(OSError):
            return await asyncio.to_thread((self._folder / worker / _LOG).read_text)
        return await provider.logs(handle)

    async def _lost(self, worker: Worker, why: str) -> None:
        if worker.ended is None:
            worker.ended = why
        self.workers.pop(worker.id, None)
        for kernel in worker.kernels.values():
            kernel.end(why)
        worker.ready.set()
        worker.gone.set()
        for execution in list(self.executions.values()):
            if execution.worker is worker and not execution.done.done():
                execution.done.set_exception(Lost(f"the worker was lost: {why}", worker=True))
        self._news.tell()

    async def _end(self, worker: Worker, why: str) -> None:
        """Ends a worker of ours that has nothing to do any more."""
        if worker.ended:
            return
        worker.ended = why
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

    async def close(self, leave: Collection[str] = ()) -> None:
        """Ends all workers but those named, which wait for the next engine."""
        self._calling.close()
        workers = [worker for worker in self.workers.values() if worker.id not in leave]
        await asyncio.gather(*(self._end(worker, "the server stops") for worker in workers))
        for worker in workers:
            if worker.idle:
                worker.idle.cancel()
        if self._endings:
            await asyncio.wait(self._endings, timeout=CLEARING)
        for task in (*self._tasks, *self._endings):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._endings, return_exceptions=True)

    # executions

    async def execute(self, execution: Execution) -> Json:
        """Sends an attempt and returns the worker's `done`. Raises `Lost`."""
        self.executions[execution.attempt] = execution
        try:
            if execution.worker.ended:
                raise Lost(f"the worker was lost: {execution.worker.ended}", worker=True)
            if execution.kernel.dead:
                raise Lost("its worker kernel was ended before the cell was sent", worker=False)
            self._send(execution)
            return await execution.done
        finally:
            self.executions.pop(execution.attempt, None)

    async def rejoin(self, execution: Execution) -> Json | None:
        """Awaits an attempt that an adopted worker may know; None where it does not.

        Raises `Lost` where the worker does not come back.
        """
        self.executions[execution.attempt] = execution
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
            self.executions.pop(execution.attempt, None)

    def _send(self, execution: Execution) -> None:
        if execution.worker.connection is not None and execution.order is not None:
            execution.worker.connection.send(execution.order)

    def interrupt(self, execution: Execution) -> None:
        """As the interrupt button of a kernel."""
        execution.interrupted = True
        if execution.worker.connection is not None:
            execution.worker.connection.send(
                {
                    "type": "interrupt",
                    "attempt": execution.attempt,
                    "kernel": execution.kernel.id,
                }
            )

    def kill(self, kernel: Kernel) -> None:
        """Ends a worker kernel, whatever it does."""
        kernel.worker.kernels.pop(kernel.id, None)
        kernel.end("it was ended")
        kernel.kept = None
        if kernel.worker.connection is not None and not kernel.fresh:
            kernel.worker.connection.send({"type": "kill", "kernel": kernel.id})
        elif not kernel.fresh:
            kernel.worker.doomed.append(kernel.id)
        if not kernel.worker.ended:
            self._watch_idle(kernel.worker)

    def kept(self, worker: Worker, attempt: str) -> None:
        """Tells a worker with a store of its own that we have what an attempt stored there, or do
        not want it."""
        if worker.target.shares_store or worker.ended:
            return
        worker.untold.append(attempt)
        self._tell_kept(worker)

    @staticmethod
    def _tell_kept(worker: Worker) -> None:
        while worker.connection is not None and worker.untold:
            worker.connection.send({"type": "kept", "attempt": worker.untold.pop(0)})

    def input(self, execution: Execution, value: str) -> None:
        """Answers a cell's `input()`."""
        if execution.worker.connection is not None:
            execution.worker.connection.send(
                {"type": "input", "kernel": execution.kernel.id, "value": value}
            )

    # widgets

    def kernel(self, name: str) -> Kernel | None:
        """A worker kernel that lives, by its id."""
        found = (worker.kernels.get(name) for worker in self.workers.values())
        return next((kernel for kernel in found if kernel is not None), None)

    def comm(self, kernel: Kernel, message: Json, buffers: Sequence[bytes]) -> None:
        """Passes a page's comm message on. Raises `ConnectionError` where the worker is cut off."""
        if kernel.worker.connection is None:
            raise ConnectionError("the worker is not linked just now")
        kernel.comms.note(message["msg_type"], message["content"], buffers)
        kernel.worker.connection.send({"type": "comm", "kernel": kernel.id, **message}, buffers)

    def _said(self, worker: str, message: Json, buffers: Sequence[bytes]) -> None:
        known = self.workers.get(worker)
        kernel = known.kernels.get(str(message.get("kernel"))) if known else None
        if kernel is not None:
            kernel.comms.said(message, buffers)

    # questions

    def warm(self, target: Target, recipe: Recipe) -> Worker | None:
        """A worker that is linked now and would run cells of this recipe."""
        alike = (
            w
            for w in self.workers.values()
            if w.target.name == target.name and w.recipe == recipe.key
        )
        return next((w for w in alike if w.connection is not None and not w.ended), None)

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

    # after a restart

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
            self._secrets[name] = (row["secret"], row["credential"])
            self._seen[name] = (row["epoch"], row["seen"])
            self.workers[name] = worker
            await self._ledger.workers.update(name, owner=self._owner)
            adopted.append(worker)
        return adopted

    def call(self, workers: Sequence[Worker]) -> None:
        """Tells adopted workers the address of this engine; others' targets may hang."""
        for worker in workers:
            provider = self._catalogue.provider(worker.target)
            assert provider is not None
            self._watch_idle(worker)  # until a task takes up what goes on there; none may
            self._spawn(self._watch(worker, provider))
        for target in {worker.target.name: worker.target for worker in workers}.values():
            self._spawn(self._calling.call(target, at_once=True))

    def ghost(self, target: str) -> Worker:
        """Stands for a worker that is no more but whose result the ledger has."""
        place = self._catalogue.targets.get(target) or self._catalogue.targets["local"]
        return Worker(new_id(), place, "", 0, ended="it ended before its result was taken up")

    async def wait_ready(self, worker: Worker, tell: Tell | None = None) -> bool:
        """Whether an adopted worker dialled in again (False: it is gone)."""
        with contextlib.suppress(ProviderFault):
            await self._ready(worker, tell)
            return True
        return False

    async def reconnected(self, worker: Worker) -> None:
        """Returns when the worker is linked again. Raises `Lost` where it has ended."""
        while worker.connection is None and not worker.ended:
            await self._news.wait()
        if worker.ended:
            raise Lost(f"the worker was lost: {worker.ended}", worker=True)

    def end_orphans(self, rows: Sequence[Any]) -> None:
        """Ends workers that nobody owns any more."""
        for row in rows:
            self._spawn(self._end_orphan(row))

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

    # WorkerEvents

    async def authenticate(
        self, worker: str, secret: str | None, credential: str | None
    ) -> Welcome | None:
        known = self._secrets.get(worker)
        if known is None:
            row = (await self._ledger.workers.named([worker])).get(worker)
            if row is not None and row["state"] != "ended" and row["owner"] != self._owner:
                raise NotOurs(f"worker {worker} belongs to another server")
            return None
        if credential is not None:
            good = known[1] is not None and hmac.compare_digest(known[1], _hash(credential))
            if good and known[0] is not None:
                await self._spend_secret(worker)
            return Welcome() if good else None
        if secret is None or known[0] is None or not hmac.compare_digest(known[0], _hash(secret)):
            return None
        fresh = secrets.token_urlsafe(32)
        self._secrets[worker] = (known[0], _hash(fresh))
        await self._ledger.workers.update(worker, credential=_hash(fresh))
        return Welcome(fresh)

    async def _spend_secret(self, worker: str) -> None:
        self._secrets[worker] = (None, self._secrets[worker][1])
        await self._ledger.workers.update(worker, secret=None, state="ready")

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
            self._spawn(self._end(known, str(hello["fault"])[:1000]))
            return
        self._tell_kept(known)
        known.ready.set()
        known.phase = None
        while known.doomed:
            worker.send({"type": "kill", "kernel": known.doomed.pop()})
        for execution in list(self.executions.values()):
            if execution.worker is not known:
                continue
            if execution.attempt not in known.known:
                self._send(execution)
            elif execution.interrupted:
                self.interrupt(execution)
        self._news.tell()

    async def disconnected(self, worker: str) -> None:
        known = self.workers.get(worker)
        if known is not None:
            known.connection = None
            if not known.ended:
                self._spawn(self._calling.call(known.target))

    def seen(self, worker: str) -> tuple[str, int]:
        return self._seen.get(worker, ("", 0))

    async def received(self, worker: str, epoch: str, batch: Sequence[Frame]) -> None:
        secret = self._secrets.get(worker)
        if secret is not None and secret[0] is not None:
            await self._spend_secret(worker)
        entries: list[tuple[str, str, str, str, Json]] = []
        results: list[tuple[str, Json]] = []
        settled: list[tuple[Execution, Commit]] = []
        ended = {name for name, known in self.executions.items() if known.done.done()}
        after: list[Callable[[], None]] = []
        parts: list[Part] = []
        durable = False
        for _seq, message, buffers in batch:
            execution = self.executions.get(str(message.get("attempt")))
            kind = message.get("type")
            if kind == "kernel_died":
                after.append(lambda m=message: self._kernel_died(worker, m))  # type: ignore[misc]
            if kind == "gone":
                after.append(functools.partial(self._leaves, worker, message))
            if kind == "environment":
                self._answered(worker, message)
            live = kind == "message" and (message.get("msg_type") in LIVE or execution is None)
            if live:
                after.append(functools.partial(self._said, worker, message, buffers))
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
            for execution in list(self.executions.values()):
                if execution.worker.id == worker and not execution.done.done():
                    execution.done.set_exception(fault)
            await asyncio.sleep(LEDGER_PAUSE)  # it is sent again, but not in a tight loop
            raise
        for (execution, _), counted in zip(settled, committed, strict=True):
            execution.committed = counted
        self._seen[worker] = (epoch, last)
        for call in after:
            call()

    def _kernel_died(self, worker: str, message: Json) -> None:
        known = self.workers.get(worker)
        kernel = known.kernels.pop(str(message.get("kernel")), None) if known else None
        if kernel is None:
            return
        kernel.end(str(message.get("why")))
        for execution in list(self.executions.values()):
            if execution.kernel is kernel and not execution.done.done():
                why = f"the worker kernel died: {message.get('why') or 'nobody knows why'}"
                execution.done.set_exception(Lost(why, worker=False))

    def _leaves(self, worker: str, message: Json) -> None:
        known = self.workers.get(worker)
        if known is None:
            return
        known.leaving = True
        for kernel in known.kernels.values():
            kernel.end(f"its worker ends: {str(message.get('reason'))[:200]}")

    def _spawn(self, coroutine: Awaitable[None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _kept(worker: Worker) -> list[Kernel]:
    return [kernel for kernel in worker.kernels.values() if kernel.kept]


def _held(target: Target, alive: Sequence[Worker], mine: Sequence[Worker]) -> str | None:
    """Where only workers of other options or environments may be there: what one is kept for."""
    if not target.strict or mine or len(alive) < target.workers:
        return None
    for worker in alive:
        for kernel in _kept(worker):
            place = worker.made_by.place
            return f"its place is held by a worker of {place}, which is kept: {kernel.kept}"
    return None


def _resolve(execution: Execution, message: Json) -> None:
    if not execution.done.done():
        execution.done.set_result(message)


def _detail(detail: Any) -> str | None:
    return as_text(detail)[:1000] if detail else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
