"""Leases: a cell waits for a worker with a free slot, has it for its time, and gives it back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

import anyio

from ...targets import Catalogue, NoAnswer, ProviderFault, Target
from .. import progress
from ..progress import Tell, Words
from .lives import PAUSES, Lives
from .roster import Roster
from .worker import Keeper, Kernel, Recipe, Worker

# How many workers are started for a cell whose platform sends them back before they have begun.
STARTS = 4
# How long a worker that has not begun is kept for the next cell, where its own went elsewhere.
SPARE = 5.0
_LEAVES = "a worker that has ended is not gone yet"


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


class Leases:
    """The slots of workers, and who waits for one."""

    def __init__(self, catalogue: Catalogue, roster: Roster, lives: Lives) -> None:
        self._catalogue, self._roster, self._lives = catalogue, roster, lives
        self._queues: dict[str, list[Turn]] = {}

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
                w
                for w in self._roster.workers.values()
                if w.target.name == target.name and not w.ended
            ]
            leaving = [w for w in self._roster.leaving.values() if w.target.name == target.name]
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
                    await self._lives.end(spent, "more than half of its time limit was over")
                    continue
                taken = len(alive) + len(leaving) if target.strict else len(mine)
                if taken < target.workers:
                    turn.leave()
                    await self._lives.start(target, recipe)
                    continue
                others = [w for w in alive if w.recipe != recipe.key and w.idle is not None]
                turn.join(self._queues.setdefault(target.name, []))
                # Each of those that leave makes room for one of those that wait.
                if target.strict and others and len(leaving) <= (turn.before() or 0):
                    turn.held = _LEAVES
                    async with _telling(words, tell):
                        await self._lives.end(others[0], "its place was needed")
                    continue
            turn.held = _held(target, alive, mine)
            if turn.held and keeper and all(any(map(keeper.keeps, _kept(w))) for w in alive):
                raise ProviderFault(
                    f"not run: {turn.held}; it is kept {keeper.until}. Give these cells the same"
                    f" options, or let {target.name} have more `workers`"
                )
            turn.held = turn.held or (_LEAVES if leaving else None)
            turn.join(self._queues.setdefault(target.name, []))
            async with _telling(words, tell):
                await self._roster.news.wait()

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
        self.watch_idle(worker)
        self._roster.news.tell()

    def kill(self, kernel: Kernel) -> None:
        """Ends a worker kernel, whatever it does."""
        worker = kernel.worker
        worker.kernels.pop(kernel.id, None)
        kernel.end("it was ended")
        kernel.kept = None
        if worker.ended:
            return
        if kernel.sent or not kernel.fresh:
            if worker.connection is not None:
                worker.connection.send({"type": "kill", "kernel": kernel.id})
            else:
                worker.doomed.append(kernel.id)
        self.watch_idle(worker)

    async def _take_ready(self, worker: Worker, tell: Tell | None) -> bool:
        """Takes a worker once it has dialled in; False where another one like it is free first."""
        self.take(worker)
        taken = switched = False
        try:
            taken = await self.ready(worker, tell, switch=True)
            switched = not taken
        finally:
            if not taken:
                await self.give_back(worker)
                if worker.phase is not None and not worker.busy and not worker.ended:
                    # Nobody waits for it any more, and it may wait long itself. But where a cell
                    # went to another one, the next cell comes as that one ends.
                    self.watch_idle(worker, SPARE if switched else 0)
        return taken

    async def ready(self, worker: Worker, tell: Tell | None = None, switch: bool = False) -> bool:
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
                for w in self._roster.workers.values()
            ):
                return False
            else:
                try:
                    with anyio.fail_after(deadline - loop.time()):
                        await self._roster.news.wait()
                except TimeoutError:
                    last = f"; the last that was heard: {worker.phase}" if worker.phase else ""
                    await self._lives.end(worker, f"it did not dial in within {limit:.0f} s{last}")
                    break
        if worker.ended:
            kind = SentBack if worker.again else ProviderFault
            if worker.unanswered:
                kind = NoAnswer
            raise kind(f"a worker on {worker.target.name} did not start: {worker.ended}")
        return True

    def watch_idle(self, worker: Worker, seconds: float | None = None) -> None:
        """Ends a worker once nobody has had it, or a kernel of it, for so long."""
        if worker.idle:
            worker.idle.cancel()
            worker.idle = None
        if worker.busy == 0 and not _kept(worker) and not worker.ended:
            loop = asyncio.get_running_loop()
            why = "it was idle" if seconds is None else "it was not needed any more"
            worker.idle = loop.call_later(
                worker.seconds_idle if seconds is None else seconds,
                lambda: self._lives.spawn(self._lives.end(worker, why)),
            )


def _telling(words: Words, tell: Tell | None) -> AbstractAsyncContextManager[None]:
    return nullcontext() if tell is None else progress.told(words, tell)


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
