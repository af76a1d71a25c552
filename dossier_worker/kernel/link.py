"""The worker kernel's end of its socket to the worker, and what SIGINT does meanwhile."""

from __future__ import annotations

import array
import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from types import FrameType
from typing import Any

from jupyter_client.jsonutil import json_clean, json_default

from .frames import Buffer, Splitter, pack
from .waiting import Interruptible

if sys.platform == "linux":
    import fcntl
    import termios

# How long an explicit flush waits for the worker to have read what was sent.
SETTLE = 0.02


class Mode(Enum):
    """What a SIGINT means now."""

    IDLE = "nothing to interrupt"
    PREPARING = "remember it: the cell is about to start"
    USER = "raise it in the user's code"


class Interrupts:
    """SIGINT raises only while user code runs, and never in the middle of a send.

    The handler stays installed all the time: child processes then start with the default
    one (an ignored signal would stay ignored in them).
    """

    def __init__(self) -> None:
        self.mode = Mode.IDLE
        self._shields = 0
        self._pending = False
        self._watched: Interruptible | None = None
        self._own: tuple[asyncio.Task[Any], ...] = ()
        self._pid = os.getpid()

    def install(self) -> None:
        self._pid = os.getpid()
        signal.signal(signal.SIGINT, self._on_signal)

    def prepare(self) -> None:
        """A task begins; an interrupt from now on belongs to it."""
        self._pending = False
        self.mode = Mode.PREPARING

    def finish(self) -> None:
        self.mode = Mode.IDLE
        self._pending = False

    @contextmanager
    def user_code(self) -> Iterator[None]:
        """While this holds, SIGINT raises KeyboardInterrupt, if need be where `watch` waits."""
        previous, self.mode = self.mode, Mode.USER
        watched, self._watched = self._watched, None
        # A cell may have replaced the handler; each cell starts with ours, as in ipykernel.
        signal.signal(signal.SIGINT, self._on_signal)
        try:
            self._deliver()
            yield
        finally:
            self.mode = previous
            self._watched = watched
            signal.signal(signal.SIGINT, self._on_signal)

    def watch(self, code: Interruptible | None) -> None:
        """The user's code is a coroutine; or is not any more."""
        self._watched = code

    def spare(self, *tasks: asyncio.Task[Any] | None) -> None:
        """These tasks are ours: nothing is raised in them while a coroutine is watched."""
        self._own = tuple(task for task in tasks if task is not None)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Put an interrupt off to the end of a step that must not be torn."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python's signal handlers run in the main thread only
            return
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            if not self._shields:
                self._deliver()

    def _deliver(self) -> None:
        if self._pending and self.mode is Mode.USER:
            self._pending = False
            self._raise(sys._getframe())

    def _raise(self, frame: FrameType | None) -> None:
        code = self._watched
        if code is not None and not code.running:
            code.interrupt()
            # Something else of the user's may be keeping the loop.
            if code.step in self._own or (code.step is None and not _in_users_callback(frame)):
                return
        raise KeyboardInterrupt

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid:
            raise KeyboardInterrupt  # a forked child of the user's: Python's own behaviour
        if self.mode is Mode.USER and not self._shields:
            self._raise(frame)
        elif self.mode is not Mode.IDLE:
            self._pending = True


_CALLBACK = asyncio.Handle._run.__code__
_HERE = os.path.dirname(__file__)


def _in_users_callback(frame: FrameType | None) -> bool:
    """Whether an event loop runs a callback now that is not ours."""
    called: FrameType | None = None
    while frame is not None:
        if frame.f_code is _CALLBACK:
            if called is None:
                # At the first line the callback (a step of a task, perhaps) is still to be called.
                return frame.f_lineno > _CALLBACK.co_firstlineno
            return not called.f_code.co_filename.startswith(_HERE)
        called, frame = frame, frame.f_back
    return False


class Link:
    """Frames to and from the worker. Any thread may send; the main thread receives."""

    def __init__(self, interrupts: Interrupts) -> None:
        self.interrupts = interrupts
        self._sock: socket.socket | None = None
        self._splitter = Splitter()
        self._lock = threading.RLock()
        self._pid = os.getpid()

    def attach(self, sock: socket.socket) -> None:
        self._sock = sock
        self._pid = os.getpid()

    def fileno(self) -> int:
        assert self._sock is not None
        return self._sock.fileno()

    @property
    def usable(self) -> bool:
        """False before the fork, and in a forked child of the user's code."""
        return self._sock is not None and os.getpid() == self._pid

    def send(self, message: dict[str, Any], buffers: Sequence[Buffer] = ()) -> None:
        if not self.usable:
            return
        data = pack(_encode(message), buffers)
        assert self._sock is not None
        with self.interrupts.shield(), self._lock:
            self._sock.sendall(data)

    def receive(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """What has arrived (waits if nothing has); EOFError once the worker is gone."""
        assert self._sock is not None
        with self.interrupts.shield():
            data = self._sock.recv(1 << 20)
            if not data:
                raise EOFError
            return self._splitter.feed(data)

    def settle(self) -> None:
        """Wait until the worker has read what was sent.

        Text that reaches the worker by the raw descriptors afterwards (a child process, C code)
        then comes after it.
        """
        if sys.platform != "linux" or not self.usable:
            return
        unread = array.array("i", [0])
        deadline = time.monotonic() + SETTLE
        while time.monotonic() < deadline:
            try:
                fcntl.ioctl(self.fileno(), termios.TIOCOUTQ, unread)
            except OSError:
                return
            if not unread[0]:
                return
            time.sleep(0.0001)


def _encode(message: dict[str, Any]) -> bytes:
    """As jupyter_client writes JSON, but in ASCII: text with a lone surrogate passes too."""
    try:
        text = json.dumps(message, default=json_default, allow_nan=False)
    except (TypeError, ValueError):
        text = json.dumps(json_clean(message), default=json_default, allow_nan=False)
    return text.encode("ascii")
