"""A coroutine that an interrupt reaches while it waits: KeyboardInterrupt comes out of its `await`.

Cancelling its task would give it a CancelledError, and not before what it awaits gives up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from functools import partial
from types import CoroutineType
from typing import Any


class Interruptible:
    """Runs a coroutine within the task that awaits this object."""

    def __init__(self, coroutine: CoroutineType[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._loop = asyncio.get_running_loop()
        self._interrupted = False
        self._wait: _Wait | None = None

    @property
    def running(self) -> bool:
        """Whether what the main thread does now is done by the coroutine."""
        return self._coroutine.cr_running

    @property
    def step(self) -> asyncio.Task[Any] | None:
        """The task that runs a step now."""
        return asyncio.current_task(self._loop)

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt where it waits, or at its next `await`; for a signal handler."""
        self._interrupted = True
        self._loop.call_soon_threadsafe(self._give_up)

    def _give_up(self) -> None:
        if self._interrupted and self._wait is not None:
            self._wait.give_up()

    def __await__(self) -> Generator[Any, Any, Any]:
        step = partial(self._coroutine.send, None)
        while True:
            if self._interrupted:
                self._interrupted = False
                step = partial(self._coroutine.throw, KeyboardInterrupt())
            try:
                # No signal comes between the `if` above, when it does not hold, and the coroutine:
                # Python looks for them when a call or a turn of a loop has ended.
                awaited = step()
            except StopIteration as end:
                return end.value
            wait = self._wait = _Wait.on(awaited)
            try:
                yield awaited if wait is None else wait
            except BaseException as error:
                step = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, None)
            finally:
                self._wait = None

    async def run(self) -> Any:
        """As a coroutine, which a task wants."""
        return await self


class _Wait(asyncio.Future[None]):
    """Done when what is awaited is done, or given up before."""

    def __init__(self, awaited: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._awaited = awaited
        awaited._asyncio_future_blocking = False  # as the task does with what it has taken note of
        self._asyncio_future_blocking = True
        awaited.add_done_callback(self._over)

    @classmethod
    def on(cls, awaited: Any) -> _Wait | None:
        """None where the task itself has to deal with it: a bare yield, or a mistake."""
        loop = asyncio.get_running_loop()
        if not getattr(awaited, "_asyncio_future_blocking", None):
            return None
        if awaited is asyncio.current_task() or awaited.get_loop() is not loop:
            return None
        return cls(awaited, loop)

    def cancel(self, *args: Any, **named: Any) -> bool:
        """The task is cancelled: what it awaits decides when that is over."""
        return bool(self._awaited.cancel(*args, **named))

    def give_up(self) -> None:
        self._awaited.add_done_callback(_look_at)
        self._awaited.cancel()
        self._over(self._awaited)

    def _over(self, _: Any) -> None:
        if not self.done():
            self.set_result(None)


def _look_at(future: Any) -> None:
    """Nobody else will, and asyncio would complain of that."""
    if not future.cancelled():
        future.exception()
