"""How long something keeps the event loop from going round."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator


class Gaps:
    """What `watched` has seen so far."""

    longest = 0.0
    """Seconds between two turns of the loop, at most."""


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Gaps]:
    """Looks at the running loop while the block runs."""
    gaps = Gaps()

    async def ticks() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            gaps.longest = max(gaps.longest, time.perf_counter() - before)

    ticking = asyncio.create_task(ticks())
    try:
        yield gaps
    finally:
        ticking.cancel()
