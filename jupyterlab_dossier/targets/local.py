"""Workers as processes on the server's machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import psutil

from .provider import Ended, ProviderFault, Target, Usable, WorkerOrder

LOG_TAIL = 64 * 1024
# A cell's share of memory below which another one at once would rather swap than help.
BYTES_PER_CELL = 1 << 30
# Linux alone counts what a process has allocated against its RLIMIT_DATA.
MEMORY: dict[str, Any] = {
    "type": "integer",
    "title": "Memory limit in MiB",
    "description": "What the cell may allocate; beyond it, allocations fail with MemoryError."
    " Without a number there is no limit.",
    "minimum": 64,
}


class LocalProvider:
    """Starts worker processes; a handle is (process id, its start time), so none is mistaken."""

    kind = "local"
    settings: Collection[str] = ()

    def options(self, target: Target) -> dict[str, Any]:
        properties = {"memory": MEMORY} if sys.platform.startswith("linux") else {}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def worker_options(self, target: Target, asked: dict[str, Any]) -> dict[str, Any]:
        """None: a cell's limits are its process's, for as long as it runs."""
        return {}

    def default_slots(self, target: Target) -> int:
        """One cell a core, as far as memory goes."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return max(1, min(cores or 1, psutil.virtual_memory().total // BYTES_PER_CELL))

    def time_limit(self, target: Target, asked: dict[str, Any]) -> None:
        """None: nobody ends a process but us."""

    def interpreter(self, target: Target, python: str) -> str | None:
        return target.python or python

    async def check(self, target: Target) -> Usable:
        python = target.python
        if python is not None and not await asyncio.to_thread(_executable, python):
            words = f"its setting python: {python[:300]!r} is not there or cannot be executed"
            return Usable(False, words)
        return Usable(True)

    async def face(self, target: Target) -> None:
        return None

    def plan(self, order: WorkerOrder) -> None:
        """A process is known once it is there."""
        return None

    async def start(self, order: WorkerOrder) -> dict[str, Any]:
        log = order.config.parent / "process.log"
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(None, _start, order, log)
        except OSError as error:
            raise ProviderFault(f"{order.python} cannot be started: {error.strerror}") from None

    async def wait(self, handle: dict[str, Any], tell: Callable[[str], bool]) -> Ended:
        if not _alive(handle):
            return Ended("its process is gone")
        pid = handle["pid"]
        if hasattr(os, "pidfd_open"):
            await _wait_pidfd(pid)
        else:
            while _alive(handle):  # noqa: ASYNC110 - no event to wait for on this system
                await asyncio.sleep(0.5)
        return Ended(_reap(pid))

    async def end(self, handle: dict[str, Any]) -> None:
        if _alive(handle):
            with contextlib.suppress(ProcessLookupError):
                # The worker leads a session of its own; its kernels die with it (PDEATHSIG).
                os.killpg(handle["pid"], signal.SIGKILL)

    async def left(self, handle: dict[str, Any]) -> None:
        """A process that has ended takes none."""

    async def moved(self, handle: dict[str, Any], config: Path) -> None:
        """It reads the file itself, each time it dials."""

    async def close(self) -> None:
        """It has no connections."""

    async def logs(self, handle: dict[str, Any]) -> str:
        folder = Path(handle["folder"])
        texts = []
        for name in ("process.log", "worker.log"):
            with contextlib.suppress(OSError), (folder / name).open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_TAIL))
                texts.append(file.read().decode("utf-8", "replace"))
        return "\n".join(texts)


def _executable(path: str) -> bool:
    try:
        return os.path.isfile(path) and os.access(path, os.X_OK)
    except ValueError:  # it is no name of a file
        return False


def _start(order: WorkerOrder, log: Path) -> dict[str, Any]:
    with open(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as output:
        process = subprocess.Popen(
            [order.python, str(order.zipapp), str(order.config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=order.cwd,
            env={**os.environ, **order.env},
            start_new_session=True,
        )
    # The handle outlives this object: its exit is awaited by pid, not by Popen.
    process.returncode = 0
    started = psutil.Process(process.pid).create_time()
    return {"pid": process.pid, "started": started, "folder": str(order.config.parent)}


def _alive(handle: dict[str, Any]) -> bool:
    try:
        process = psutil.Process(handle["pid"])
        return (
            abs(process.create_time() - handle["started"]) < 1
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False


async def _wait_pidfd(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _reap(pid: int) -> str:
    try:
        _, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return "its process ended"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        words = f"its process was killed by signal {number} ({signal.Signals(number).name})"
        return words + (", possibly out of memory" if number == signal.SIGKILL else "")
    return f"its process ended with status {os.waitstatus_to_exitcode(status)}"
