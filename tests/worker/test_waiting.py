"""A SIGINT at the moments when a watched coroutine does not run: it is neither lost nor torn."""

from __future__ import annotations

import asyncio
import selectors
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from dossier_worker.kernel.link import Interrupts
from dossier_worker.kernel.waiting import Interruptible


class Selector(selectors.DefaultSelector):
    """Interrupts when the loop looks for events, once it is told to."""

    armed = False

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(timeout)
        if self.armed:
            self.armed = False
            signal.raise_signal(signal.SIGINT)
        return found


class Raising(asyncio.Future[None]):
    """Interrupts when it is looked at on its way from the coroutine to the loop."""

    @property
    def _asyncio_future_blocking(self) -> bool:
        signal.raise_signal(signal.SIGINT)
        return self.blocking

    @_asyncio_future_blocking.setter
    def _asyncio_future_blocking(self, value: bool) -> None:
        self.blocking = value


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    before = signal.getsignal(signal.SIGINT)
    yield Interrupts()
    signal.signal(signal.SIGINT, before)


def run(interrupts: Interrupts, code: Callable[[Selector], Coroutine[Any, Any, str]]) -> str:
    """As a worker kernel runs a cell that awaits."""
    selector = Selector()
    loop = asyncio.SelectorEventLoop(selector)

    async def cell() -> str:
        interrupts.install()
        with interrupts.user_code():
            watched = Interruptible(code(selector))
            interrupts.watch(watched)
            task = asyncio.ensure_future(watched.run())
            interrupts.spare(asyncio.current_task(), task)
            found: str = await task
            return found

    try:
        return loop.run_until_complete(asyncio.wait_for(cell(), 30))
    finally:
        loop.close()


async def busy() -> str:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        pass
    return "was not interrupted"


def test_between_two_steps(interrupts: Interrupts) -> None:
    async def code(selector: Selector) -> str:
        try:
            selector.armed = True
            await asyncio.sleep(0)
            return await busy()
        except KeyboardInterrupt:
            await asyncio.sleep(0.01)
            return "interrupted"

    assert run(interrupts, code) == "interrupted"


def test_on_the_way_to_the_loop(interrupts: Interrupts) -> None:
    async def code(_: Selector) -> str:
        try:
            await Raising()
        except KeyboardInterrupt:
            await asyncio.sleep(0.01)
            return "interrupted"
        return "was not interrupted"

    assert run(interrupts, code) == "interrupted"


def test_in_a_callback_that_prints(interrupts: Interrupts) -> None:
    """What must not be torn puts the interrupt off; it then finds the callback, and the wait."""
    seen = []

    def callback() -> None:
        try:
            with interrupts.shield():
                signal.raise_signal(signal.SIGINT)
                seen.append("whole")
            seen.append("was not interrupted")
        except KeyboardInterrupt:
            seen.append("interrupted")

    async def code(_: Selector) -> str:
        asyncio.get_running_loop().call_soon(callback)
        try:
            await asyncio.sleep(10)
        except KeyboardInterrupt:
            return "interrupted"
        return "was not interrupted"

    assert run(interrupts, code) == "interrupted"
    assert seen == ["whole", "interrupted"]
