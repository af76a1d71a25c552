"""One load of values into the user's kernel, as it is watched and stopped from outside.

The kernel, which does nothing else meanwhile, writes into a file how many bytes it has loaded. It
stops where that file is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from ..model import BadInput, Json, new_id


class Stopped(BadInput):
    """The user stopped what the kernel was asked for, by its interrupt or otherwise."""

    def __init__(self) -> None:
        super().__init__("interrupted while values were loaded into the kernel", "kernel")


class Loading:
    """What is loaded for one cell."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"load-{new_id()}"
        self.stopped = False
        self._names: Sequence[str] = ()
        self._bytes = 0

    async def begin(self, names: Sequence[str], size: int) -> None:
        """Raises `Stopped` where it was stopped before it began."""
        self._names, self._bytes = names, size
        await asyncio.to_thread(self.path.touch)
        self.check()

    def check(self) -> None:
        if self.stopped:
            raise Stopped

    async def stop(self) -> None:
        self.stopped = True
        await self.end()

    async def end(self) -> None:
        if self._names:
            await asyncio.to_thread(self.path.unlink, missing_ok=True)

    async def to_json(self) -> Json:
        done = 0
        with contextlib.suppress(OSError, ValueError):
            done = int(await asyncio.to_thread(self.path.read_bytes))
        return {"names": list(self._names), "bytes": self._bytes, "done": min(done, self._bytes)}
