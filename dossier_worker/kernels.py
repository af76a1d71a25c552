"""The worker kernels of this worker: started, fed, interrupted, killed, and heard of when dead."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from .kernel.frames import Buffer, Splitter, pack
from .kernel.processes import kill_group, words

log = logging.getLogger("dossier.worker")

Message = dict[str, Any]

# Where this package lies: a folder, or the zipapp itself.
ROOT = Path(__file__).parent.parent
STOCK = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
START_TIMEOUT = 60.0
# A killed process is told of by its parent within this time, else without a reason.
STATUS_TIMEOUT = 2.0
SPARES = 1
# When something runs all the time, the next spare is forked anyway after this time.
REFILL_AFTER = 0.5
_PIPE = 65536
_DRAIN = 4 << 20


class KernelFailed(Exception):
    """A worker kernel could not be started, in words."""


class Events(Protocol):
    """What kernels tell the worker."""

    def emit(self, message: Message, buffers: Sequence[Buffer] = ()) -> None: ...

    def kernel_ended(self, kernel: str) -> None: ...


class Kernel(Protocol):
    """One worker kernel, ours or a stock one."""

    name: str
    attempt: str | None

    async def execute(self, task: Message) -> None:
        """Returns after the task's done message, or the kernel's end, has been emitted."""

    def interrupt(self) -> None: ...

    def input(self, value: str) -> None: ...

    def comm(self, message: Message, buffers: Sequence[Buffer]) -> None: ...

    def kill(self, why: str | None) -> None:
        """`why` is told in kernel_died; None: nothing is told."""

    @property
    def pid(self) -> int | None: ...


def command(*arguments: str) -> list[str]:
    """The command line that runs this package again in this interpreter."""
    if ROOT.is_file():
        return [sys.executable, str(ROOT), *arguments]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import dossier_worker.__main__ as m"
    return [sys.executable, "-c", f"{code}; m.main()", *arguments]


class Pipes(NamedTuple):
    """Our ends of a kernel's socket and output pipes."""

    sock: socket.socket
    out: int
    err: int


def _connections() -> tuple[Pipes, tuple[int, int, int]]:
    """Our ends, and descriptors of the kernel's (to be closed here once it has them)."""
    ours, theirs = socket.socketpair()
    read_out, write_out = os.pipe()
    read_err, write_err = os.pipe()
    return Pipes(ours, read_out, read_err), (theirs.detach(), write_out, write_err)


class Process:
    """A started worker kernel process, before it has a name."""

    def __init__(self, pid: int, pipes: Pipes) -> None:
        self.pid = pid
        self.pipes = pipes
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """Kill it, with its children, and let go of it."""
        kill_group(self.pid)
        self.pipes.sock.close()
        os.close(self.pipes.out)
        os.close(self.pipes.err)


class Exec:
    """Starts each worker kernel as a new interpreter: where forking is not possible."""

    def __init__(self, blobs: str) -> None:
        self._blobs = blobs

    async def start(self) -> Process:
        pipes, theirs = _connections()
        sock, out, err = theirs
        try:
            popen = subprocess.Popen(  # noqa: ASYNC220
                command("--kernel", str(sock), self._blobs),
                pass_fds=[sock],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        finally:
            for fd in theirs:
                os.close(fd)
        process = Process(popen.pid, pipes)
        loop = asyncio.get_running_loop()

        def ended(code: int) -> None:
            if not process.ended.done():
                process.ended.set_result(code << 8 if code >= 0 else -code)

        def wait() -> None:
            code = popen.wait()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
                loop.call_soon_threadsafe(ended, code)

        import threading

        threading.Thread(target=wait, name="dossier-wait", daemon=True).start()
        return process

    def close(self) -> None: ...


class Zygote:
    """Starts worker kernels by forking a prepared process."""

    def __init__(self, blobs: str, preload: Sequence[str]) -> None:
        self._blobs = blobs
        self._preload = list(preload)
        self._popen: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready: asyncio.Future[None] | None = None
        self._number = 0
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._processes: dict[int, Process] = {}
        self._early: dict[int, int] = {}

    def launch(self) -> asyncio.Future[None]:
        """Start the prepared process, if it is not there, and say when it is ready."""
        if self._ready is not None:
            return self._ready
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._popen = subprocess.Popen(
            command("--zygote", str(theirs.fileno()), self._blobs, *self._preload),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        ours.setblocking(False)
        self._control = ours
        loop.add_reader(ours.fileno(), self._readable, ours)
        return self._ready

    async def start(self) -> Process:
        # Not `wait_for`: before Python 3.12 it may swallow a cancellation.
        ready = self.launch()
        await asyncio.wait({ready}, timeout=START_TIMEOUT)
        if not ready.done():
            raise asyncio.TimeoutError
        ready.result()
        assert self._control is not None
        self._number += 1
        pipes, theirs = _connections()
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = answer
        request = json.dumps({"id": self._number}).encode()
        try:
            socket.send_fds(self._control, [request], list(theirs))
            for fd in theirs:
                os.close(fd)
            theirs = ()  # type: ignore[assignment]
            pid = await answer
        except BaseException as error:
            for fd in (*theirs, pipes.out, pipes.err):
                os.close(fd)
            pipes.sock.close()
            if isinstance(error, OSError):
                raise KernelFailed(f"the prepared process does not answer: {error}") from error
            raise
        process = Process(pid, pipes)
        if pid in self._early:
            process.ended.set_result(self._early.pop(pid))
        else:
            self._processes[pid] = process
        return process

    def close(self) -> None:
        self._lost("the worker ends")
        if self._popen is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(5)

    def _readable(self, control: socket.socket) -> None:
        while True:
            try:
                data = control.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._lost("the prepared process ended")
                return
            self._told(json.loads(data))

    def _told(self, message: Message) -> None:
        if "ready" in message:
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)
        elif "died" in message:
            process = self._processes.pop(message["died"], None)
            if process is None:
                self._early[message["died"]] = message["status"]
            elif not process.ended.done():
                process.ended.set_result(message["status"])
        else:
            answer = self._asked.pop(message["id"])
            if not answer.done():
                if "pid" in message:
                    answer.set_result(message["pid"])
                else:
                    answer.set_exception(KernelFailed(message["failed"]))

    def _lost(self, why: str) -> None:
        """It is gone, and its kernels with it; the next start makes another one."""
        if self._control is None:
            return
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        self._control.close()
        self._control = None
        log.info("%s", why)
        ready, self._ready = self._ready, None
        if ready is not None and not ready.done():
            ready.set_exception(KernelFailed(why))
            ready.exception()  # not every caller waits for it
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(KernelFailed(why))
        self._asked.clear()
        for process in self._processes.values():
            if not process.ended.done():
                process.ended.set_exception(KernelFailed(f"{why}, and its worker kernels with it"))
                process.ended.exception()  # a spare's is asked for by nobody
        self._processes.clear()
        self._early.clear()


class HostKernel:
    """A worker kernel of our own (kernel/host.py) in a process of its own."""

    def __init__(self, name: str, process: Process, events: Events) -> None:
        self.name = name
        self.attempt: str | None = None
        self._process = process
        self._events = events
        self._splitter = Splitter()
        self._unsent: deque[memoryview] = deque()
        self._last: str | None = None
        self._done: asyncio.Future[None] | None = None
        self._over = False
        self._decoders = {
            stream: codecs.getincrementaldecoder("utf-8")("replace")
            for stream in ("stdout", "stderr")
        }
        self._loop = asyncio.get_running_loop()
        self._sock = process.pipes.sock
        self._sock.setblocking(False)
        self._fds = {"stdout": process.pipes.out, "stderr": process.pipes.err}
        for stream, fd in self._fds.items():
            os.set_blocking(fd, False)
            self._loop.add_reader(fd, self._drain, stream)
        self._loop.add_reader(self._sock.fileno(), self._readable)
        process.ended.add_done_callback(self._process_ended)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    async def execute(self, task: Message) -> None:
        if self._over:
            raise KernelFailed("the worker kernel ended before the cell started")
        self.attempt = self._last = task["attempt"]
        self._done = self._loop.create_future()
        prepares = bool(task.get("inputs") or task.get("setup") or task.get("reset"))
        state = "preparing" if prepares else "running"
        self._events.emit({"type": "state", "attempt": self.attempt, "state": state})
        self._send({**task, "announce": prepares})
        await self._done

    def interrupt(self) -> None:
        """As a kernel is interrupted: its child processes get the signal too."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGINT)

    def input(self, value: str) -> None:
        self._send({"type": "input", "value": value})

    def comm(self, message: Message, buffers: Sequence[Buffer]) -> None:
        self._send({**message, "type": "comm"}, buffers)

    def kill(self, why: str | None) -> None:
        if not self._over:
            self._finish(why, signal.SIGKILL, None)

    def _send(self, message: Message, buffers: Sequence[Buffer] = ()) -> None:
        if self._over:
            return
        self._unsent.append(memoryview(pack(message, buffers)))
        if len(self._unsent) == 1:
            self._writable()

    def _writable(self) -> None:
        """A kernel that computes does not read: what does not fit waits here."""
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent[0])
            except BlockingIOError:
                self._loop.add_writer(self._sock.fileno(), self._writable)
                return
            except OSError:
                self._unsent.clear()  # it ended; the reader notices
                break
            if sent < len(self._unsent[0]):
                self._unsent[0] = self._unsent[0][sent:]
            else:
                self._unsent.popleft()
        self._loop.remove_writer(self._sock.fileno())

    def _readable(self) -> None:
        # Text that came by the pipes until now was printed before what is read now.
        for stream in self._fds:
            self._drain(stream)
        try:
            data = self._sock.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._sock.fileno())
            self._closed()
            return
        for message, buffers in self._splitter.feed(data):
            self._message(message, buffers)

    def _message(self, message: Message, buffers: list[bytes]) -> None:
        kind = message["type"]
        if kind == "message":
            message["kernel"] = self.name
            if message.get("attempt") is None:
                message["attempt"] = self._last
            self._events.emit(message, buffers)
        elif kind == "done":
            for stream in self._fds:
                self._drain(stream)
            self._finish_task(message)
        elif kind == "state":
            self._events.emit(message)

    def _finish_task(self, message: Message | None) -> None:
        self.attempt = None
        if message is not None:
            self._events.emit(message)
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _drain(self, stream: str) -> None:
        """Pass on what child processes and C code wrote to descriptor 1 or 2."""
        fd = self._fds.get(stream)
        if fd is None:
            return
        parts: list[bytes] = []
        total = 0
        while total < _DRAIN:
            try:
                data = os.read(fd, _PIPE)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._loop.remove_reader(fd)
                break
            parts.append(data)
            total += len(data)
        if parts:
            self._text(stream, self._decoders[stream].decode(b"".join(parts)))

    def _text(self, stream: str, text: str) -> None:
        if not text:
            return
        content = {"name": stream, "text": text}
        message = {"type": "message", "attempt": self._last, "kernel": self.name}
        self._events.emit({**message, "msg_type": "stream", "content": content, "metadata": {}})

    def _closed(self) -> None:
        """It closed its socket: it ended, or the user's code closed all descriptors."""
        if not self._process.ended.done():
            self._loop.call_later(STATUS_TIMEOUT, self._no_status)

    def _no_status(self) -> None:
        if not self._over:
            self._finish("it closed its connection to the worker", None, None)

    def _process_ended(self, future: asyncio.Future[int]) -> None:
        if self._over or future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self._finish(str(error), None, None)
        else:
            number, code, why = words(future.result())
            self._finish(why, number, code)

    def _finish(self, why: str | None, number: int | None, code: int | None) -> None:
        """The end: the last output, the news, and nothing of its process group stays."""
        self._over = True
        kill_group(self._process.pid)
        with contextlib.suppress(BlockingIOError, OSError):
            while data := self._sock.recv(1 << 20):
                for message, buffers in self._splitter.feed(data):
                    if why is not None:
                        self._message(message, buffers)
        for stream in list(self._fds):
            if why is not None:
                self._drain(stream)
                self._text(stream, self._decoders[stream].decode(b"", True))
        for fd in (self._sock.fileno(), *self._fds.values()):
            self._loop.remove_reader(fd)
        self._loop.remove_writer(self._sock.fileno())
        self._fds.clear()
        self._process.close()
        attempt, self.attempt = self.attempt, None
        if why is not None:
            self._events.emit(
                {
                    "type": "kernel_died",
                    "kernel": self.name,
                    "attempt": attempt,
                    "signal": None if number is None else int(number),
                    "exitcode": code,
                    "why": why,
                }
            )
        self._finish_task(None)
        self._events.kernel_ended(self.name)


class Kernels:
    """Makes worker kernels; keeps one started ahead where that is cheap."""

    def __init__(self, events: Events, config: Message, blobs: str) -> None:
        self._events = events
        self._argv: list[str] | None = config.get("argv")
        self._blobs = blobs
        self.all: dict[str, Kernel] = {}
        forks = sys.platform == "linux" and os.environ.get("DOSSIER_WORKER_FORK") != "0"
        self._starter: Zygote | Exec = (
            Zygote(blobs, config.get("preload") or []) if forks else Exec(blobs)
        )
        self._spares: deque[Process] = deque()
        self._refilling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.own = self._argv is None and _host_is_tested()

    def prepare(self) -> None:
        """Start what makes the first kernel fast."""
        if self.own:
            self._refill()

    async def create(self, name: str) -> Kernel:
        kernel: Kernel
        if not self.own:
            from .kernel.stock import StockKernel

            argv = self._argv or STOCK
            kernel = await StockKernel.start(
                name, argv, self._blobs, self._events, command("--guard")
            )
        else:
            process = self._spare()
            if process is None:
                process = await self._start()
            kernel = HostKernel(name, process, self._events)
            self._later()
        self.all[name] = kernel
        return kernel

    def forget(self, name: str) -> None:
        self.all.pop(name, None)

    def idle(self) -> None:
        """A task is over: a good moment to fork."""
        if self.own and not any(kernel.attempt for kernel in self.all.values()):
            self._refill()

    def close(self) -> None:
        for kernel in list(self.all.values()):
            kernel.kill(None)
        if self._timer is not None:
            self._timer.cancel()
        if self._refilling is not None:
            self._refilling.cancel()
        while self._spares:
            self._spares.popleft().close()
        self._starter.close()

    def _spare(self) -> Process | None:
        while self._spares:
            process = self._spares.popleft()
            if not process.ended.done():
                return process
            process.close()
        return None

    async def _start(self) -> Process:
        try:
            return await self._starter.start()
        except (KernelFailed, asyncio.TimeoutError, OSError) as error:
            if isinstance(self._starter, Exec):
                raise KernelFailed(f"no worker kernel could be started: {error}") from error
            log.warning("no fork of the prepared process (%s): starting an interpreter", error)
            return await Exec(self._blobs).start()

    def _later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(REFILL_AFTER, self._refill)

    def _refill(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._refilling is None and len(self._spares) < SPARES:
            self._refilling = asyncio.ensure_future(self._fill())

    async def _fill(self) -> None:
        try:
            while len(self._spares) < SPARES and isinstance(self._starter, Zygote):
                self._spares.append(await self._starter.start())
        except (KernelFailed, asyncio.TimeoutError, OSError) as error:
            log.warning("no spare worker kernel: %s", error)
        finally:
            self._refilling = None


def _host_is_tested() -> bool:
    """Whether this interpreter's ipykernel is one that the own kernel host is tested with."""
    from importlib.metadata import version

    major, minor = (int(part) for part in version("ipykernel").split(".")[:2])
    return major == 7 or (major, minor) == (6, 29)
