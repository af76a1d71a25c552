"""How far a load into the user's kernel is, told by a file; taking the file away stops the load."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .errors import Stopped

# Seconds between two words, and the bytes of each, so that a reader never sees half of one.
_EVERY = 0.1
_WIDTH = 20

Told = Callable[[int], None]


class Progress:
    """Counts the bytes that were loaded, and raises `Stopped` where no more are wanted."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._done = 0
        self._next = 0.0
        self._interrupted = False

    def add(self, count: int) -> None:
        """So many bytes more are loaded."""
        self._done += count
        if self._interrupted:
            raise Stopped
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        try:
            with open(self._path, "r+b") as file:
                file.write(f"{self._done:{_WIDTH}d}".encode())
        except FileNotFoundError:
            raise Stopped from None

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """The kernel's interrupt stops the load between two reads; a second one at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def interrupted(*_: Any) -> None:
            self._interrupted = True
            signal.signal(signal.SIGINT, before)

        signal.signal(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


class CountedBytes(io.BytesIO):
    """Bytes that tell how many of them an unpickler has taken."""

    def __init__(self, data: Any, told: Told) -> None:
        super().__init__(data)
        self._told = told

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self._told(len(found))
        return found

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer)
        self._told(count)
        return count
