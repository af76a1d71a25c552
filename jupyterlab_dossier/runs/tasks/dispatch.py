"""From "this cell, these values, that kernel" to a committed result, one attempt at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import anyio

from dossier_worker.blobs import BlobMismatch
from dossier_worker.wire import BlobMissing, WireError, pack

from ...store import Store, StoreFull
from ...targets import Target
from .. import progress
from ..files import naming, returned, told, travel
from ..files.travel import TooMuch, Travel
from ..ledger.ledger import Ledger
from ..ledger.tasks import Commit
from ..model import Json, TaskState
from ..planning.observations import files
from ..progress import Tell
from ..values import blobs
from ..workers.executions import Execution
from ..workers.pool import Pool
from ..workers.worker import Keeper, Kernel, Lost, Recipe
from .attempts import Failure, Interrupted, Killed, Outcome, Setting, commit_of
from .results import read

log = logging.getLogger(__name__)

Part = tuple[str, int, str]  # a blob, its size, and what of the cell it is


_NOT_SENT = "interrupted before it was sent: it has not run"
_NOT_KEPT = "interrupted while its results were on their way: none of them is kept"


@dataclass
class Transfer:
    """What an attempt takes to its worker, or brings from there, while the cell does not run."""

    kernel: Kernel
    interrupted: str
    """What is told where the user interrupts it."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    end: Exception | None = None
    """Why it is not wanted any more."""

    def stop(self, end: Exception) -> None:
        if self.end is None:
            self.end = end
            self.scope.cancel()


class Dispatcher:
    """Executes attempts on worker kernels and commits each result once."""

    def __init__(self, pool: Pool, ledger: Ledger, store: Store, travel: Travel) -> None:
        self._pool = pool
        self._ledger = ledger
        self._store = store
        self._travel = travel
        self._transfers: dict[str, Transfer] = {}
        self._between: dict[str, bool] = {}
        """Attempts under way, and whether an interrupt came between their steps: when nothing was
        moved, and no cell ran that it could reach."""

    @asynccontextmanager
    async def kernel(
        self, *, target: Target, recipe: Recipe, kernel: Kernel | None, prefix: Sequence[str],
        fresh: bool, tell: Tell | None = None, keeper: Keeper | None = None,
        ahead: Set[str] = frozenset(),
    ) -> AsyncIterator[Kernel]:  # fmt: skip
        """A worker kernel for one task: the given one, a clean one of the same prefix, or new.

        A clean one had imported `ahead`, in the words of who asks, as `Kernel.ahead` has it.

        `tell` hears what is waited for.
        """
        if kernel is not None:
            async with self.held(kernel):
                if kernel.dead:
                    raise Lost("the worker kernel that held its values is gone", worker=True)
                yield kernel
            return
        worker = await self._pool.leases.lease(target, recipe, tell, keeper)
        try:
            chosen = None if fresh else self._clean(worker.clean, prefix, ahead)
            chosen = chosen or worker.kernel()
            async with chosen.lock:
                try:
                    yield chosen
                except BaseException:
                    # What state it is in nobody knows.
                    if not chosen.kept:
                        self._pool.leases.kill(chosen)
                    raise
        finally:
            await self._pool.leases.give_back(worker)

    @asynccontextmanager
    async def held(self, kernel: Kernel) -> AsyncIterator[None]:
        """A worker kernel that is there already, for one task alone; its worker counts as busy."""
        async with kernel.lock:
            self._pool.leases.take(kernel.worker)
            try:
                yield
            finally:
                await self._pool.leases.give_back(kernel.worker)

    @staticmethod
    def _clean(kernels: list[Kernel], prefix: Sequence[str], ahead: Set[str]) -> Kernel | None:
        for kernel in kernels:
            if not kernel.dead and kernel.prefix == list(prefix) and ahead <= kernel.ahead:
                kernels.remove(kernel)
                return kernel
        return None

    def release(self, kernel: Kernel, clean: bool) -> None:
        """What becomes of a kernel after a task: kept where it must be, reused, or ended."""
        if kernel.kept or kernel.dead:
            return
        if clean:
            kernel.worker.clean.append(kernel)
            while len(kernel.worker.clean) > kernel.worker.slots:
                self._pool.leases.kill(kernel.worker.clean.pop(0))
        else:
            self._pool.leases.kill(kernel)

    async def run(self, setting: Setting, kernel: Kernel) -> Outcome:
        """Records the intent, executes, and brings what was stored into our store.

        Raises `Lost` where the worker or the kernel ended first.
        """
        with self._under_way(setting.attempt):
            return await self._run(setting, kernel)

    async def _run(self, setting: Setting, kernel: Kernel) -> Outcome:
        if setting.files is not None:
            try:
                with self._wanted(setting.attempt, kernel, _NOT_SENT):
                    setting.sent = await self._travel.pack(setting.files, kernel.worker.id)
            except (TooMuch, OSError) as error:
                raise Failure(f"not run: {error}") from None
        order = setting.order(kernel)
        await asyncio.to_thread(_check_sendable, order)
        execution = self._execution(setting, kernel, order)
        remembered = {
            "prefix": kernel.prefix + setting.prefix,
            "number": setting.number,
            "given": setting.inputs,
            **travel.to_remember(setting.files),
        }
        await self._ledger.tasks.add_attempt(
            setting.attempt, setting.run, setting.cell, setting.number, kernel.worker.id,
            kernel.id, remembered, setting.durable,
        )  # fmt: skip
        try:
            async with self._parts(execution), self._giving(setting, execution):
                self._go_on(setting.attempt, _NOT_SENT)
                message = await self._pool.executions.execute(execution)
        except (Lost, Killed, Interrupted):
            await self._ledger.tasks.end_attempt(setting.attempt, "lost")
            raise
        if not kernel.fresh or message.get("status") not in ("aborted", "refused"):
            # Else it is not sure that its worker has made it: there is nothing in it yet.
            kernel.fresh = False
            kernel.prefix += setting.prefix
        if setting.sent is not None:
            self._travel.laid_out(setting.sent, kernel.worker.id, message)
        return await self._collected(setting, kernel, message, execution)

    async def same(
        self, beside: Kernel, ours: Mapping[str, str], theirs: Mapping[str, str],
        manifests: dict[str, Json],
    ) -> bool:  # fmt: skip
        """Whether two sets of versions hold equal values: found out in a worker kernel."""
        kernel = beside.worker.kernel()
        inputs = {f"a {name}": version for name, version in ours.items()}
        inputs |= {f"b {name}": version for name, version in theirs.items()}
        setting = Setting("", "", "", 0, 0, inputs=inputs, manifests=manifests, exports=[])
        order = {**setting.order(kernel), "compare": sorted(ours)}
        try:
            message = await self._pool.executions.execute(self._execution(setting, kernel, order))
        except (Lost, WireError):
            return False
        finally:
            self._pool.leases.kill(kernel)
        return message.get("status") == "ok" and message.get("same") is True

    async def found(self, setting: Setting, kernel: Kernel, message: Json | None) -> Outcome | None:
        """The outcome of an attempt that an earlier engine sent; None where it never arrived.

        `message` is the worker's `done` where the ledger has it already.
        """
        with self._under_way(setting.attempt):
            return await self._found(setting, kernel, message)

    async def _found(
        self, setting: Setting, kernel: Kernel, message: Json | None
    ) -> Outcome | None:
        if message is None:
            execution = self._execution(setting, kernel, None)
            try:
                async with self._parts(execution):
                    message = await self._pool.adoption.rejoin(execution)
            except (Lost, Killed, Interrupted):
                await self._ledger.tasks.end_attempt(setting.attempt, "lost")
                raise
            if message is None:
                return None
            return await self._collected(setting, kernel, message, execution)
        return await self._collected(setting, kernel, message, None)

    def _execution(self, setting: Setting, kernel: Kernel, order: Json | None) -> Execution:
        return Execution(
            setting.attempt, setting.run, setting.cell, kernel.worker, kernel, order,
            asyncio.get_running_loop().create_future(), setting.durable,
            lambda message: self._settle(setting, kernel, message),
        )  # fmt: skip

    def _settle(self, setting: Setting, kernel: Kernel, message: Json) -> Commit | None:
        """What can be committed as it came: nothing is to be pulled, or failed to be read."""
        try:
            outcome = read(setting, message, kernel.worker.target)
        except Failure:
            return None
        if setting.files is not None and not told.untouched(setting.sent, message):
            return None
        shared = kernel.worker.target.shares_store
        parts = [part for manifest in outcome.manifests for part in blobs(manifest)]
        if parts and not (shared and all(self._store.has(*part) for part in parts)):
            return None
        return commit_of(outcome)

    async def _collected(
        self, setting: Setting, kernel: Kernel, message: Json, execution: Execution | None
    ) -> Outcome:
        """The outcome, with all that it names in our store; its worker then hears that it is."""
        committed = execution.committed if execution is not None else None
        stored = committed is None or (execution is not None and execution.has_parts)
        try:
            if committed is None:
                with self._wanted(setting.attempt, kernel, _NOT_KEPT):
                    outcome = await self._outcome(setting, kernel, message, committed)
            else:
                outcome = await self._outcome(setting, kernel, message, committed)
        except (Failure, Lost):  # nobody asks for it again
            self._pool.executions.kept(kernel.worker, setting.attempt)
            raise
        if stored:
            self._pool.executions.kept(kernel.worker, setting.attempt)
        return outcome

    @contextmanager
    def _under_way(self, attempt: str) -> Iterator[None]:
        self._between[attempt] = False
        try:
            yield
        finally:
            del self._between[attempt]

    def _go_on(self, attempt: str, interrupted: str) -> None:
        """Raises `Interrupted` where the next step of an attempt is not wanted any more."""
        if self._between.get(attempt):
            raise Interrupted(interrupted)

    @contextmanager
    def _wanted(self, attempt: str, kernel: Kernel, interrupted: str) -> Iterator[None]:
        """What is moved within it is given up when the user interrupts the cell or ends its
        worker kernel."""
        self._go_on(attempt, interrupted)
        transfer = self._transfers[attempt] = Transfer(kernel, interrupted)
        try:
            with transfer.scope:
                yield
        finally:
            del self._transfers[attempt]
        if transfer.end is not None:
            raise transfer.end

    async def _outcome(
        self, setting: Setting, kernel: Kernel, message: Json, committed: bool | None
    ) -> Outcome:
        """Reads a `done` message and, where it is not settled yet, pulls the blobs it names."""
        outcome = read(setting, message, kernel.worker.target)
        outcome.committed = committed
        if setting.files is not None and setting.sent is not None:
            looked = asyncio.to_thread(told.unsent, setting.files, setting.sent, message)
            outcome.tell(*setting.sent.notes, *await looked, *told.beyond(message))
        if committed is None:
            named = [
                (*b, f"the value of `{m['name']}`") for m in outcome.manifests for b in blobs(m)
            ]
            named += outcome.files.blobs
            missing = await asyncio.to_thread(self._missing, named)
            await asyncio.to_thread(self._check_room, missing)
            came: set[str] = set()

            def come(blob: str) -> int:
                connection = kernel.worker.connection
                if blob in came:
                    return sys.maxsize
                return connection.fetched(blob) if connection is not None else 0

            moving = progress.moving([part[:2] for part in missing], come)
            async with self._told(setting, "collecting", moving):
                await self._bring_all(kernel, missing, came)
        return outcome

    def _giving(self, setting: Setting, execution: Execution) -> AbstractAsyncContextManager[None]:
        """Tells how far the inputs are that a worker without our store is given."""
        worker = execution.worker
        parts = [part for manifest in setting.manifests.values() for part in blobs(manifest)]
        parts += setting.sent.blobs if setting.sent is not None else []
        if worker.target.shares_store or not parts:
            return contextlib.nullcontext()

        def given(blob: str) -> int:
            return worker.connection.served(blob) if worker.connection is not None else 0

        moving = progress.moving(parts, given)
        # Once it runs, the worker has the word.
        words = lambda: moving() if execution.phase in ("", "preparing") else None  # noqa: E731
        return self._told(setting, "preparing", words)

    def _told(
        self, setting: Setting, state: TaskState, words: Callable[[], str | None]
    ) -> AbstractAsyncContextManager[None]:
        return progress.told(
            words, lambda why: self._ledger.tasks.move(setting.run, setting.cell, state, why)
        )

    def _missing(self, named: Iterable[Part]) -> list[Part]:
        return [part for part in named if not self._store.has(*part[:2])]

    def _check_room(self, parts: Iterable[Part]) -> None:
        """A worker says how much is to come: it does not fill the disk."""
        try:
            self._store.check_room(sum({blob: size for blob, size, _ in parts}.values()))
        except StoreFull as error:
            raise Failure(f"what it left cannot be kept: {error}") from None

    async def _bring_all(self, kernel: Kernel, parts: Iterable[Part], came: set[str]) -> None:
        """Brings blobs, many at once: of small ones each is a way there and back. The first that
        does not come ends it."""

        async def bring(part: Part) -> None:
            await self._bring(kernel, *part)
            came.add(part[0])

        bringing = [asyncio.ensure_future(bring(part)) for part in parts]
        try:
            await asyncio.gather(*bringing)
        finally:
            for one in bringing:
                one.cancel()

    async def _bring(self, kernel: Kernel, blob: str, size: int, name: str) -> None:
        # A shared store is one folder to both, but a file system of the network may be behind.
        if self._store.has(blob, size):
            return
        try:
            while True:
                connection = kernel.worker.connection
                if connection is None:
                    await self._pool.roster.reconnected(kernel.worker)
                    continue
                fetching = asyncio.ensure_future(connection.fetch(blob, size))
                gone = asyncio.ensure_future(kernel.worker.gone.wait())
                try:
                    await asyncio.wait({fetching, gone}, return_when=asyncio.FIRST_COMPLETED)
                    come = fetching.done()
                finally:
                    gone.cancel()
                    fetching.cancel()  # also where nobody wants it any more
                if not come:
                    raise Lost(f"the worker was lost: {kernel.worker.ended}", worker=True)
                with contextlib.suppress(ConnectionError):
                    fetching.result()
                    return
        except StoreFull as error:
            raise Failure(f"{name} cannot be kept: {error}") from None
        except (BlobMissing, BlobMismatch) as error:
            raise Failure(f"{name} did not come: {error}") from None

    @asynccontextmanager
    async def _parts(self, execution: Execution) -> AsyncIterator[None]:
        """Meanwhile, brings the parts of the cell's whole output into our store."""

        async def bring() -> None:
            while True:
                blob, size = await execution.parts.get()
                try:
                    await self._bring(execution.kernel, blob, size, "the whole output")
                except Exception as error:  # the cell's result stands without it
                    log.warning("a part of the output of %s is missing: %s", execution.cell, error)
                finally:
                    execution.parts.task_done()

        bringing = asyncio.create_task(bring())
        try:
            yield
            try:
                with self._wanted(execution.attempt, execution.kernel, _NOT_KEPT):
                    await execution.parts.join()
            except (Failure, Lost):
                if execution.committed is None:
                    self._pool.executions.kept(execution.worker, execution.attempt)
                    raise
        finally:
            bringing.cancel()

    async def commit(self, outcome: Outcome) -> bool:
        """Commits a result, once; False where another attempt has taken its place."""
        if outcome.committed is None:
            await self._place(outcome)
            outcome.committed = await self._ledger.tasks.commit(commit_of(outcome))
        return outcome.committed

    async def _place(self, outcome: Outcome) -> None:
        """Puts the files that a cell wrote elsewhere into the notebook's folder, before its end is
        committed: until then the ledger has them in its worker's answer, for who goes on here."""
        setting, wanted = outcome.setting, outcome.setting.files
        if wanted is None:
            return
        began = None
        if outcome.state in ("done", "failed"):
            began = await self._ledger.tasks.began(setting.run, setting.cell, setting.attempt)
        if began is None:  # it was cancelled, or another attempt has taken its place
            self._travel.forget(wanted.space)
            return
        read = frozenset(files(outcome.message)[0])
        basis = returned.Basis(
            wanted.folder, setting.attempt, began, wanted.label, read, wanted.path,
            naming.hidden(wanted.named),
        )  # fmt: skip
        try:
            notes = await self._travel.place(outcome.files, basis, wanted.space)
        except (returned.Refused, OSError) as error:
            self._travel.forget(wanted.space)
            raise Failure(f"the files that it wrote cannot be kept here: {error}") from None
        outcome.unplaced = "; ".join(notes) or None
        outcome.tell(*notes)

    def interrupt(self, attempt: str) -> None:
        execution = self._pool.executions.running.get(attempt)
        if execution is not None and not execution.heard:
            self._pool.executions.interrupt(execution)
        elif (transfer := self._transfers.get(attempt)) is not None:
            transfer.stop(Interrupted(transfer.interrupted))
        elif attempt in self._between:
            self._between[attempt] = True

    def input(self, attempt: str, value: str) -> None:
        execution = self._pool.executions.running.get(attempt)
        if execution is not None:
            self._pool.executions.input(execution, value)

    def kill(self, kernel: Kernel, asked: bool = False) -> None:
        """Ends a worker kernel; a cell that runs in it, is on its way there, or whose results
        are on theirs, is lost, or has failed where `asked` by the user."""
        end: Exception = Lost("its worker kernel was ended", worker=False)
        if asked:
            end = Killed("killed: its worker kernel was ended, as you asked")
        for execution in list(self._pool.executions.running.values()):
            if execution.kernel is kernel and not execution.done.done():
                execution.done.set_exception(end)
        for transfer in self._transfers.values():
            if transfer.kernel is kernel:
                transfer.stop(end)
        self._pool.leases.kill(kernel)


def _check_sendable(order: Json) -> None:
    """Raises `Failure` for what can never be sent, before anything of it is recorded."""
    try:
        pack(0, order)
    except WireError as error:
        raise Failure(f"not run: it cannot be sent to a worker: {error}") from None
