"""sys.stdout and sys.stderr of a worker kernel: ipykernel's OutStream without zmq or its thread."""

from __future__ import annotations

import contextvars
import os
import sys
import threading
import time
from collections import deque
from itertools import groupby
from operator import itemgetter
from typing import Any

from ipykernel.iostream import IOPubThread, OutStream

from .captured import Captured
from .link import Link

# A cell that prints faster than is read waits for its reader, and a message is not larger.
_HELD = 1 << 20

# Before one of these a child process may print; what Python printed until then goes first.
_SPAWNS = frozenset(
    {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.spawn"}
)


class Channel:
    """Stands where ipykernel has a socket."""

    closed = False

    def __init__(self, name: str) -> None:
        self.name = name


class _NoThread:
    ident = -1
    name = "IOPub"

    def is_alive(self) -> bool:
        return False


class PublishHere(IOPubThread):
    """What OutStream and user code take for the IOPub thread; it runs things at once."""

    # What ipykernel declares as sockets and threads is only looked at, never used as such.
    socket: Any
    background_socket: Any
    thread: Any
    io_loop: Any

    def __init__(self, channel: Channel) -> None:
        self.socket = channel
        self.background_socket = channel
        self.thread = _NoThread()
        self.io_loop = None
        self._stopped = False
        self._pipe_flag = False
        self._master_pid = os.getpid()

    def schedule(self, f: Any) -> None:
        f()

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Flusher:
    """One thread, started by the first print, that sends what has been printed in time."""

    def __init__(self) -> None:
        self.waiting: set[WorkerStream] = set()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    def soon(self, stream: WorkerStream) -> None:
        self.waiting.add(stream)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dossier-flush", daemon=True)
            self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(OutStream.flush_interval)
            self._wake.clear()
            # stdout first, as a kernel does at the end of a cell
            for stream in sorted(self.waiting, key=lambda s: s.fileno()):
                self.waiting.discard(stream)
                stream.send_pending()


class WorkerStream(OutStream):
    """Collects text per task and sends it over the link; a forked child writes to the pipe."""

    def __init__(
        self, session: Any, channel: PublishHere, name: str, link: Link, flusher: Flusher,
        captured: Captured,
    ) -> None:  # fmt: skip
        super().__init__(session, channel, name, watchfd=False)  # type: ignore[no-untyped-call]
        self._link = link
        self._flusher = flusher
        self._captured = captured
        # Appending and taking from the left are atomic: printing takes no lock.
        self._text: deque[tuple[str | None, str]] = deque()
        self._held = 0
        self.muted = False
        self._send_lock = threading.RLock()  # keeps what two flushing threads send in order
        self._task: contextvars.ContextVar[str | None] = contextvars.ContextVar("task")
        self._last_task: str | None = None

    def fileno(self) -> int:
        return 1 if self.name == "stdout" else 2

    def set_parent(self, parent: dict[str, Any]) -> None:
        self._last_task = parent["header"].get("msg_id")
        self._task.set(self._last_task)

    def set_thread_parent(self, parent: dict[str, Any]) -> Any:
        return self._task.set(parent["header"].get("msg_id"))

    def reset_thread_parent(self, token: Any) -> None:
        self._task.reset(token)

    def write(self, string: str) -> int:
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if self.muted:
            return len(string)
        if not self._link.usable:
            data = string.encode("utf-8", "replace")
            while data:
                data = data[os.write(self.fileno(), data) :]
        elif string:
            # An asyncio task of an earlier cell prints there; a thread prints in the last one.
            self._text.append((self._task.get(self._last_task), string))
            if self not in self._flusher.waiting:
                with self._link.interrupts.shield():
                    self._flusher.soon(self)
            self._held += len(string)
            if self._held >= _HELD:
                self.send_pending()
        return len(string)

    def flush(self) -> None:
        if self._link.usable and self.send_pending():
            self._link.settle()

    def send_pending(self) -> bool:
        """Send what was written; False when there was nothing."""
        if not self._link.usable:
            return False
        with self._link.interrupts.shield(), self._send_lock:
            # Asked in here: what another thread has taken must be sent before the caller goes on.
            if not self._text:
                return False
            self._held = 0
            text = [self._text.popleft() for _ in range(len(self._text))]
            for task, parts in groupby(text, key=itemgetter(0)):
                joined = "".join(part for _, part in parts)
                if self._captured.take(task, "stream", {"name": self.name, "text": joined}):
                    continue
                for at in range(0, len(joined), _HELD):
                    self._link.send(
                        {
                            "type": "message",
                            "attempt": task,
                            "msg_type": "stream",
                            "content": {"name": self.name, "text": joined[at : at + _HELD]},
                            "metadata": {},
                        }
                    )
        return True


def flush_before_children(streams: list[WorkerStream]) -> None:
    """Keep `print` before the output of a child process that is started after it."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _SPAWNS:
            for stream in streams:
                stream.flush()

    sys.addaudithook(hook)
