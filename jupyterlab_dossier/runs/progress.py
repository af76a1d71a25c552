"""How far a phase is that takes long: told in the task's `why`, seldom enough for the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

Words = Callable[[], "str | None"]
Tell = Callable[[str], Awaitable[None]]

EVERY = 0.5  # seconds; what is over sooner is not told of


@contextlib.asynccontextmanager
async def told(words: Words, tell: Tell) -> AsyncIterator[None]:
    """Meanwhile looks at `words` now and then, and tells them when they are others."""

    async def look() -> None:
        said = None
        while True:
            await asyncio.sleep(EVERY)
            if (now := words()) is not None and now != said:
                said = now
                await tell(now)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        # What is told last stands in the ledger before anything that follows; a ledger that
        # cannot be written is a fault of what follows too. Who is cancelled meanwhile hears it.
        await asyncio.wait({looking})
        if not looking.cancelled():
            looking.exception()


def moving(sizes: Iterable[tuple[str, int]], moved: Callable[[str], int]) -> Words:
    """Words for blobs on their way: "moving 1.2 of 2.0 GB, 4 s"; none before the first piece."""
    wanted = dict(sizes)
    total = sum(wanted.values())
    begun = time.monotonic()

    def words() -> str | None:
        done = sum(min(size, moved(blob)) for blob, size in wanted.items())
        if not 0 < done < total:
            return None
        return f"moving {amount(done, total)}, {time.monotonic() - begun:.0f} s"

    return words


def waiting(before: Callable[[], int | None], held: Words = lambda: None) -> Words:
    """Words for a cell that waits for a worker behind others; none where it does not wait.

    `held` are those of what holds the place that it needs.
    """
    begun = time.monotonic()

    def words() -> str | None:
        if (count := before()) is None:
            return None
        seconds = time.monotonic() - begun
        # Each change is an event: the longer it takes, the less a second is.
        step = 1 if seconds < 10 else 5 if seconds < 60 else 30
        line = f"{in_line(count)}, {seconds // step * step:.0f} s"
        return "; ".join(filter(None, (line, held())))

    return words


def in_line(before: int) -> str:
    """Words for a task that waits behind so many others."""
    return f"waiting for a worker: {f'{before} before it' if before else 'it is next'}"


def amount(done: int, total: int) -> str:
    """Bytes of bytes, in the unit of the whole: "1.2 of 2.0 GB"."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if total >= unit:
            return f"{done / unit:.1f} of {total / unit:.1f} {name}"
    return f"{done} of {total} bytes"


def bytes_words(size: int) -> str:
    """Bytes for people: "1.2 GB"."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"
