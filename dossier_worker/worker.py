"""The worker: takes tasks from the link, runs them in worker kernels, tells how it goes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Sequence, Set
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from . import environment, sharing
from .blobs import YOUNG, BlobFolder, Buffer, cpus
from .bounds import Limits
from .client import Client, Config, NotAccepted
from .folders import Folder, FolderFault, Folders, Gone
from .kernels import Kernel, KernelFailed, Kernels
from .outflow import Outflow
from .room import Room
from .wire import Frame, Message, WireError

log = logging.getLogger("dossier.worker")

# Finished attempts that are still known, should the server ask again.
REMEMBERED = 200
# Those of which the server has not said that it has what they stored: it may be slow to take it.
UNTAKEN = 2000
# Bytes that stay on our own disk for later cells, and seconds until what is too new now may go.
KEEPS = 10 << 30
CLEAR_AGAIN = 10.0
TICK = 0.5
FAREWELL = 2.0
EXIT_REFUSED = 77


class Attempt:
    """One task that was sent to us: where it stands, and how it ended."""

    def __init__(self, task: Message, outflow: Outflow) -> None:
        self.task = task
        self.outflow = outflow
        self.kernel = str(task["kernel"])
        self.end: Message | None = None
        self.folder: Folder | None = None
        """What stands for the notebook's folder, where that is not here."""
        self.held: Message | None = None
        """Its end, until the files that it wrote are in blobs."""
        self.stored: set[str] = set()
        """Blobs that it made and of which the server has not said that it has them."""
        self.storing: float | None = None
        """When it began to make them."""
        self.running: asyncio.Task[None] | None = None


class Worker:
    def __init__(self, config: Config) -> None:
        values = config.values
        self._config = config
        self._folder = Path(values["folder"])
        shared = Path(values["blobs"]) if values.get("blobs") else None
        self._fault: str | None = None
        """Why this worker cannot be used, for the server, which then ends it."""
        if shared is not None and values.get("marked"):
            self._fault = sharing.fault(shared, str(values["worker"]))
        blobs = self._folder / "blobs" if shared is None or self._fault else shared
        self._kernels = Kernels(self, values, str(blobs))
        self._blobs = BlobFolder(blobs)
        self._room: Room | None = None
        if blobs is not shared:
            self._room = Room(self._blobs, int(values.get("keeps") or KEEPS))
        self._holds: dict[str, Set[str]] = {}
        """Blobs by which worker kernels know what their memory was."""
        self._clearing = asyncio.Lock()
        self._cleared: asyncio.Future[None] | None = None
        self._clear_timer: asyncio.TimerHandle | None = None
        self._folders = Folders(self._folder / "folders", self._blobs)
        self._client = Client(config, self._folder, self._blobs, self._hello, self._received)
        self._attempts: OrderedDict[str, Attempt] = OrderedDict()
        self._lines: dict[str, asyncio.Lock] = {}
        self._asking: set[asyncio.Future[None]] = set()
        self._slots = asyncio.Semaphore(int(values.get("slots") or 1))
        self._leaving: asyncio.Future[None] | None = None
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Until there is no reason to live on; the exit status."""
        self._kernels.prepare()
        link = asyncio.ensure_future(self._client.run())
        clock = asyncio.ensure_future(self._watch_clock())
        try:
            ends: set[asyncio.Future[Any]] = {link, self._end}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if link.done():
                try:
                    link.result()
                except NotAccepted as refused:
                    log.error("the server does not accept this worker: %s", refused)
                    return EXIT_REFUSED
            return self._end.result() if self._end.done() else 1
        finally:
            self._kernels.close()
            link.cancel()
            clock.cancel()
            await asyncio.gather(link, clock, return_exceptions=True)
            self._client.close()
            self._folders.close()

    def stop(self, reason: str) -> None:
        """End by ourselves, and say so if somebody listens."""
        if self._end.done():
            return
        log.info("ending: %s", reason)
        self._leaving = asyncio.ensure_future(self._farewell(reason))

    async def _farewell(self, reason: str) -> None:
        self.emit({"type": "gone", "reason": reason})
        deadline = time.monotonic() + FAREWELL
        while self._client.unacknowledged and time.monotonic() < deadline:
            if self._client.cut_since is not None:
                break
            await asyncio.sleep(0.02)
        if not self._end.done():
            self._end.set_result(0)

    # What kernels tell (kernels.Events)

    def emit(self, message: Message, buffers: Sequence[Buffer] = ()) -> None:
        kind = message["type"]
        attempt = self._attempts.get(message.get("attempt") or "")
        if attempt is not None:
            if kind == "message":
                attempt.outflow.take(message, buffers)
                return
            if kind == "state" and message["state"] == "collecting":
                attempt.storing = time.time()
                if attempt.task.get("exports") == []:
                    return  # it was told for this alone
            if "holds" in message:
                self._holds[attempt.kernel] = frozenset(message.pop("holds"))
            if kind in ("done", "kernel_died"):
                if message is not attempt.held:
                    attempt.outflow.finish()
            else:
                attempt.outflow.flush()
            ran = kind == "done" and message["status"] in ("ok", "error")
            if ran and attempt.folder is not None and attempt.held is None:
                attempt.held = message
                return
        if kind in ("done", "kernel_died"):
            self._ended(message)
        self._send(message, buffers)

    def _send(self, message: Message, buffers: Sequence[Buffer] = ()) -> None:
        if message["type"] == "whole" and self._room is not None:
            self._attempts[message["attempt"]].stored.add(message["blob"])
        try:
            self._client.emit(message, buffers, soon=message["type"] == "state")
        except WireError as error:
            self._client.emit(_instead(message, str(error)))

    def kernel_ended(self, kernel: str) -> None:
        self._kernels.forget(kernel)
        self._folders.kernel_ended(kernel)
        self._holds.pop(kernel, None)
        self._clear_soon()

    def _ended(self, message: Message) -> None:
        attempt = self._attempts.get(message.get("attempt") or "")
        if attempt is None:
            return
        attempt.end = message
        attempt.task = {}
        if self._room is not None:
            attempt.stored |= _stored(message)
        self._attempts.move_to_end(str(message["attempt"]))
        # Those that run stand before the finished ones, in the order in which they came.
        if len(self._attempts) > 2 * REMEMBERED:
            finished = [(n, known) for n, known in self._attempts.items() if known.end is not None]
            for number, (name, known) in enumerate(reversed(finished)):
                if number >= (UNTAKEN if known.stored else REMEMBERED):
                    del self._attempts[name]

    # What the server says

    def _received(self, frame: Frame) -> None:
        message = frame.message
        handle = getattr(self, f"_on_{message['type']}", None)
        if handle is None:
            log.warning("ignored a message of type %r", message["type"])
            return
        try:
            handle(message, frame.buffers)
        except (KeyError, TypeError, ValueError) as error:
            log.error("malformed %r from the server: %r", message["type"], error)
            if message["type"] == "execute" and isinstance(message.get("attempt"), str):
                self.emit(_refused(message["attempt"], f"a malformed request: {error!r}"))

    def _on_execute(self, message: Message, buffers: list[bytes]) -> None:
        known = self._attempts.get(message["attempt"])
        if known is not None:  # asked again after a restart of the server
            if known.end is not None:
                self._client.emit(known.end)
            return
        name = message["attempt"]
        limits = Limits(**{key: int(n) for key, n in (message.get("limits") or {}).items()})
        attempt = Attempt(message, Outflow(name, limits, self._blobs, self._send))
        self._attempts[message["attempt"]] = attempt
        attempt.running = asyncio.ensure_future(self._run(message["attempt"], attempt))

    def _on_interrupt(self, message: Message, buffers: list[bytes]) -> None:
        name = message.get("attempt")
        kernel = self._kernels.all.get(str(message.get("kernel")))
        if kernel is not None and kernel.attempt and name in (None, kernel.attempt):
            kernel.interrupt()
            return
        attempt = self._attempts.get(str(name))
        if attempt is not None and attempt.end is None and attempt.held is None:
            self._abort(attempt)

    def _on_kill(self, message: Message, buffers: list[bytes]) -> None:
        name = str(message["kernel"])
        kernel = self._kernels.all.get(name)
        current = kernel.attempt if kernel is not None else None
        for attempt in list(self._attempts.values()):
            waits = attempt.kernel == name and attempt.end is None
            if waits and attempt.task["attempt"] != current:
                self._abort(attempt)
        if kernel is not None:
            kernel.kill("killed on request")

    def _on_kept(self, message: Message, buffers: list[bytes]) -> None:
        """The server has what an attempt stored, or does not want it."""
        attempt = self._attempts.get(message["attempt"])
        if attempt is not None:
            attempt.stored.clear()
            self._clear_soon()

    def _on_input(self, message: Message, buffers: list[bytes]) -> None:
        kernel = self._kernels.all.get(message["kernel"])
        if kernel is not None:
            kernel.input(str(message["value"]))

    def _on_comm(self, message: Message, buffers: list[bytes]) -> None:
        kernel = self._kernels.all.get(message["kernel"])
        if kernel is not None:
            kernel.comm(message, buffers)

    def _on_environment(self, message: Message, buffers: list[bytes]) -> None:
        asking = asyncio.ensure_future(self._tell_environment(message["ask"], message["modules"]))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _tell_environment(self, ask: str, modules: list[str]) -> None:
        """What is installed where the cells run; asked of that interpreter where it is not ours."""
        argv = self._config.values.get("argv")
        loop = asyncio.get_running_loop()
        described: Message = {}
        try:
            work = partial(environment.ask, argv[0]) if argv else environment.describe
            described = await loop.run_in_executor(None, work, modules)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            log.warning("the environment could not be described: %r", error)
        self.emit({"type": "environment", "ask": ask, "environment": described})

    def _on_shutdown(self, message: Message, buffers: list[bytes]) -> None:
        log.info("shut down by the server")
        # One turn later: the acknowledgement of this message leaves first.
        asyncio.get_running_loop().call_later(0.05, self._shut_down)

    def _shut_down(self) -> None:
        if not self._end.done():
            self._end.set_result(0)

    # One attempt

    async def _run(self, name: str, attempt: Attempt) -> None:
        task = attempt.task
        line = self._lines.setdefault(attempt.kernel, asyncio.Lock())
        kernel: Kernel | None = None
        try:
            async with line, self._slots:
                kernel = await self._kernel(attempt.kernel, bool(task.get("new")))
                if self._room is not None:
                    task["holds"] = True
                await self._fetch(name, task)
                try:
                    await self._lay_out(name, attempt)
                except Gone:
                    await self._fetch(name, task, all_files=True)
                    await self._lay_out(name, attempt)
                await kernel.execute(task)
                await self._take_files(name, attempt)
        except (KernelFailed, FolderFault) as error:
            if attempt.end is None:
                self.emit(_refused(name, str(error)))
        except Exception as error:
            log.exception("attempt %s", name)
            if attempt.end is None:
                self.emit(_refused(name, f"the worker failed: {error!r}"))
        finally:
            self._leave_folder(name, attempt)
            attempt.running = None
            if kernel is not None and not task.get("keep", True):
                kernel.kill(None)
            if attempt.kernel not in self._kernels.all and not line.locked():
                self._lines.pop(attempt.kernel, None)
            self._kernels.idle()
            self._clear_soon()

    def _abort(self, attempt: Attempt) -> None:
        """Take back what has not reached its kernel."""
        error = {"ename": "KeyboardInterrupt", "evalue": "", "traceback": []}
        answer = {**_refused(attempt.task["attempt"], ""), "status": "aborted", "error": error}
        if attempt.running is not None:
            attempt.running.cancel()
            attempt.running = None
        self.emit(answer)

    async def _kernel(self, name: str, new: bool) -> Kernel:
        kernel = self._kernels.all.get(name)
        if kernel is not None and not new:
            return kernel
        if kernel is not None:
            kernel.kill(None)
        elif not new:
            raise KernelFailed(f"worker kernel {name} is gone, and with it what it held")
        return await self._kernels.create(name)

    async def _fetch(self, name: str, task: Message, all_files: bool = False) -> None:
        """Have every blob that the task loads: all are there where the store's folder is shared,
        unless a file system of the network is behind its time.

        Of files only those that are not in place already, but for `all_files`.
        """
        async with self._clearing:  # what is found here now stays until the task has ended
            wanted = self._lacking(task, all_files)
        if not wanted:
            return
        self.emit({"type": "state", "attempt": name, "state": "preparing"})

        async def pull(blob: str, size: int, what: str) -> None:
            try:
                await self._client.puller.pull(blob, size)
            except (LookupError, ValueError, OSError) as error:
                raise KernelFailed(f"{what} could not be fetched: {error}") from error

        pulls = [asyncio.ensure_future(pull(b, *about)) for b, about in wanted.items()]
        try:
            await asyncio.gather(*pulls)
        finally:
            for one in pulls:
                one.cancel()

    def _lacking(self, task: Message, all_files: bool) -> dict[str, tuple[int, str]]:
        wanted: dict[str, tuple[int, str]] = {}
        for manifest in (task.get("manifests") or {}).values():
            for part in (manifest.get("pickle"), *(manifest.get("buffers") or ())):
                if part and not self._blobs.has(part["blob"], part["size"]):
                    wanted[part["blob"]] = (part["size"], f"variable {manifest['name']!r}")
        order = task.get("files") or {}
        for path, entry in (order.get("sent") or {}).items():
            if not entry.get("blob") or self._blobs.has(entry["blob"], entry["size"]):
                continue
            if all_files or not self._folders.has(order, path):
                wanted[entry["blob"]] = (entry["size"], f"file {path!r}")
        return wanted

    # Room on our own disk

    def _clear_soon(self, seconds: float = TICK) -> None:
        """See before long whether something can go."""
        loop = asyncio.get_running_loop()
        timer, when = self._clear_timer, loop.time() + seconds
        if self._room is None or (timer is not None and timer.when() <= when):
            return
        if timer is not None:
            timer.cancel()
        self._clear_timer = loop.call_at(when, self._begin_to_clear, self._room)

    def _begin_to_clear(self, room: Room) -> None:
        self._clear_timer = None
        if self._cleared is None or self._cleared.done():
            self._cleared = asyncio.ensure_future(self._try_to_clear(room))
        else:
            self._clear_soon()

    async def _try_to_clear(self, room: Room) -> None:
        try:
            await self._clear(room)
        except OSError as error:
            log.warning("what is not needed could not be removed: %s", error)

    async def _clear(self, room: Room) -> None:
        """Remove what later cells can fetch again, where it is more than we keep."""
        loop = asyncio.get_running_loop()
        async with self._clearing:
            used, since = self._in_use(), self._stored_since()
            idle = self._folders.idle()
            beside = sum(folder.size for folder in idle)
            excess = await loop.run_in_executor(None, room.excess, used, beside)
            # Meanwhile a cell may have entered one.
            for folder in self._folders.idle():
                if excess <= 0:
                    break
                excess -= folder.size
                self._folders.take_out(folder)
                await loop.run_in_executor(None, folder.remove)
            if await loop.run_in_executor(None, room.free, excess, used, since) > 0:
                self._clear_soon(CLEAR_AGAIN)

    def _in_use(self) -> set[str]:
        """Blobs of tasks that wait or run, those that worker kernels look at, and those that the
        server has yet to take."""
        used = {blob for held in self._holds.values() for blob in held}
        for attempt in self._attempts.values():
            used |= attempt.stored
            for manifest in (attempt.task.get("manifests") or {}).values():
                used |= _parts(manifest)
            sent = (attempt.task.get("files") or {}).get("sent") or {}
            used |= {entry["blob"] for entry in sent.values() if entry.get("blob")}
        return used

    def _stored_since(self) -> float:
        """What is older than this no cell is about to name as its result."""
        storing = [a.storing for a in self._attempts.values() if a.storing and a.end is None]
        # Of what it asks for a blob does not tell for a while, and its kernel's word is on its way.
        return min([time.time(), *storing]) - 2 * YOUNG

    # Files, where the notebook's folder is not here

    async def _lay_out(self, name: str, attempt: Attempt) -> None:
        """Make the files that were sent be there, in the folder where the kernel is at home."""
        task = attempt.task
        order = task.get("files")
        if order is None:
            return
        folder = attempt.folder = self._folders.enter(order, name, attempt.kernel)
        loop = asyncio.get_running_loop()
        for old in self._folders.old():
            await loop.run_in_executor(None, old.remove)
        await loop.run_in_executor(None, folder.lay_out, order, name)
        task["filename_cwd"] = str(folder.path) if order.get("enter") else None
        if task.get("check") is not None:
            task["check"] = {**task["check"], "folder": str(folder.path)}

    async def _take_files(self, name: str, attempt: Attempt) -> None:
        """Put what the cell wrote into blobs, and tell its end, which waited for that."""
        done, folder, order = attempt.held, attempt.folder, attempt.task.get("files")
        if done is None or folder is None or order is None:
            return
        seen = (done.get("effects") or {}).get("files") or {}
        written = frozenset(seen.get("written") or ())

        def work() -> Message:
            return {
                "missing": folder.missing(seen.get("read") or ()),
                "beside": folder.beside(written),
                **folder.changes(name, written, order["count"], order["size"]),
            }

        try:
            done["files"] = await asyncio.get_running_loop().run_in_executor(None, work)
        except OSError as error:
            done["files"] = {"fault": f"`{error.filename}`: {error.strerror}"}
        self.emit(done)

    def _leave_folder(self, name: str, attempt: Attempt) -> None:
        folder, attempt.folder = attempt.folder, None
        if folder is not None:
            folder.cells.discard(name)
            # Killed, or taken back: what it wrote is no other cell's.
            folder.spoiled = folder.spoiled or attempt.held is None

    # Life and death

    async def _watch_clock(self) -> None:
        """End where the server stays away. That we are not needed any more only it can know:
        kernels without work may hold what later cells need."""
        grace = self._config.values.get("grace")
        while grace:
            await asyncio.sleep(TICK)
            cut = self._client.cut_since
            if cut is not None and time.monotonic() - cut > grace:
                self.stop(f"no server for {grace:g} seconds")
                return

    def _hello(self) -> Message:
        return {
            "kernels": [
                {"kernel": name, "attempt": kernel.attempt}
                for name, kernel in self._kernels.all.items()
            ],
            "attempts": {
                name: "running" if attempt.end is None else "finished"
                for name, attempt in self._attempts.items()
            },
            "python": platform.python_version(),
            "platform": platform.platform(),
            "ipykernel": version("ipykernel"),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "cpus": cpus(),
            "memory": _memory(),
            **({"fault": self._fault} if self._fault else {}),
        }


def _parts(manifest: Message) -> set[str]:
    parts = (manifest.get("pickle"), *(manifest.get("buffers") or ()))
    return {part["blob"] for part in parts if part}


def _stored(done: Message) -> set[str]:
    """Blobs that the server takes after an attempt's end."""
    made = (done.get("files") or {}).get("made") or ()
    stored = {entry["blob"] for entry in made if entry.get("blob")}
    return stored.union(*map(_parts, done.get("exports") or ()))


def _refused(attempt: str, words: str) -> Message:
    return {
        "type": "done",
        "attempt": attempt,
        "status": "refused",
        "execution_count": None,
        "error": {"ename": "Refused", "evalue": words, "traceback": []},
        "exports": [],
        "seconds": 0.0,
    }


def _instead(message: Message, why: str) -> Message:
    """What is sent in place of a message that is too large for the link."""
    if message["type"] == "done":
        return _refused(message["attempt"], f"the cell's result could not be sent: {why}")
    content = {"name": "stderr", "text": f"An output was left out: {why}\n"}
    return {
        "type": "message",
        "attempt": message.get("attempt"),
        "kernel": message.get("kernel"),
        "msg_type": "stream",
        "content": content,
        "metadata": {},
    }


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def _be_first_to_go(score: Any) -> None:
    """Out of memory, the kernel's OOM killer takes us and our kernels before the server."""
    if score is not None:
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(int(score)))


def _private(log: Path) -> TextIO:
    """A log that others cannot read; what stands in it already stays."""
    flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND
    return open(os.open(log, flags, 0o600), "a", encoding="utf-8")


def main(path: str) -> int:
    config = Config(Path(path))
    values = config.values
    folder = Path(values["folder"])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    logging.basicConfig(
        stream=None if values.get("log") == "stderr" else _private(folder / "worker.log"),
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    _be_first_to_go(values.get("oom_score_adj"))
    os.environ.update({str(k): str(v) for k, v in (values.get("env") or {}).items()})
    # Ctrl-C in a terminal is for whoever started us; they tell us what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def run() -> int:
        worker = Worker(config)
        loop = asyncio.get_running_loop()
        if sys.platform != "win32":
            loop.add_signal_handler(signal.SIGTERM, worker.stop, "asked to end (SIGTERM)")
        return await worker.run()

    try:
        return asyncio.run(run())
    except Exception:
        log.exception("the worker failed")
        return 1
