"""A stock kernel behind the worker, for kernelspecs other than ours and untested ipykernels.

The same steps as in our own worker kernel, by execute requests: silent ones before and after the
cell. Slower (about a bare kernel's pace), and with a stock kernel's own limits.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from ..kernels import ROOT, START_TIMEOUT, KernelFailed
from . import limits
from .captured import Captured
from .frames import Buffer
from .place import Refused
from .processes import kill_group, words

if TYPE_CHECKING:
    from ..kernels import Events

log = logging.getLogger("dossier.worker")

Message = dict[str, Any]

# Messages that say what the server knows already.
_ECHOES = frozenset({"status", "execute_input"})
# A stock kernel notices an interrupted `await` only when something else arrives: a request that
# changes nothing (`kernel_info` draws a random tip for the banner).
_NUDGE = 0.2
_REMEMBERED = 1000
# What the steps before the cell are told of it.
_WATCHED = (
    "execution_count", "silent", "check", "inputs", "mutated", "exports", "filename_cwd", "history",
    "numbers",
)  # fmt: skip


class StockKernel:
    """One kernel process with its zmq channels, shown to the worker like our own."""

    def __init__(self, name: str, blobs: str, events: Events, manager: Any, sockets: str) -> None:
        self.name = name
        self.attempt: str | None = None
        self._blobs = blobs
        self._events = events
        self._manager = manager
        self._client: Any = None
        self._sockets = sockets
        self._last: str | None = None
        self._over = False
        self._running = False
        self._attempts: OrderedDict[str, str | None] = OrderedDict()
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._captured = Captured(self._show)
        self._idles: dict[str, asyncio.Future[None]] = {}
        self._tasks: list[asyncio.Future[Any]] = []
        self._loop = asyncio.get_running_loop()
        self._waiter = ThreadPoolExecutor(1, "dossier-wait")

    @classmethod
    async def start(
        cls, name: str, argv: Sequence[str], blobs: str, events: Events, guard: Sequence[str]
    ) -> StockKernel:
        # Not in the worker's folder: the path of a unix socket has at most 107 characters.
        sockets = tempfile.mkdtemp(prefix="dossier-")
        manager = AsyncKernelManager(
            transport="ipc", ip=f"{sockets}/k", connection_file=f"{sockets}/connection.json"
        )
        python = os.path.basename(argv[0]) in ("python", "python3") and not os.path.isabs(argv[0])
        command = [*guard, sys.executable if python else argv[0], *argv[1:]]
        manager._kernel_spec = KernelSpec(argv=command, display_name=name, language="python")
        kernel = cls(name, blobs, events, manager, sockets)
        try:
            await manager.start_kernel(
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            client = kernel._client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=START_TIMEOUT)
        except BaseException as error:
            kernel._clean_up()
            if not isinstance(error, Exception):
                raise  # nobody wants it any more
            raise KernelFailed(f"the kernel `{argv[0]}` did not start: {error}") from error
        kernel._tasks = [
            asyncio.ensure_future(reader)
            for reader in (kernel._shell(), kernel._iopub(), kernel._stdin(), kernel._watch())
        ]
        return kernel

    @property
    def pid(self) -> int | None:
        process = getattr(self._manager.provisioner, "process", None)
        return process.pid if process is not None else None

    async def execute(self, task: Message) -> None:
        if self._over:
            raise KernelFailed("the worker kernel ended before the cell started")
        attempt = self.attempt = self._last = task["attempt"]
        self._captured.enabled = bool(task.get("live"))
        began = time.perf_counter()
        done: Message = {"type": "done", "attempt": attempt, "exports": [], "execution_count": None}
        try:
            self._state(attempt, "preparing")
            await self._prepare(task)
            self._state(attempt, "running")
            started = time.perf_counter()
            with limits.kept(task.get("options"), self.pid):
                done.update(await self._run_cell(task, attempt))
            done["seconds"] = time.perf_counter() - started
            if task.get("exports") != [] or task.get("holds"):
                self._state(attempt, "collecting")
            done.update(
                await self._step(
                    "collect", task, "exports", "mutated", "versions", "result", "holds"
                )
            )
        except Refused as refusal:
            error = {"ename": "Refused", "evalue": str(refusal), "traceback": []}
            done.update(status="refused" if "status" not in done else "error", error=error)
        except _Died:
            return
        done.setdefault("seconds", time.perf_counter() - began)
        self.attempt = None
        self._events.emit(done)

    def interrupt(self) -> None:
        pid = self.pid
        if pid is None or self._over:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGINT)
        asyncio.get_running_loop().call_later(_NUDGE, self._nudge)

    def input(self, value: str) -> None:
        self._send(self._client.stdin_channel, "input_reply", {"value": value})

    def comm(self, message: Message, buffers: Sequence[Buffer]) -> None:
        kind, content, request = message["msg_type"], message["content"], message.get("msg_id")
        self._captured.note(kind, content)
        name = self._send(
            self._client.shell_channel, kind, content, request, message.get("metadata"), buffers
        )
        # What a callback says answers the page's message, as does the word that it has ended.
        self._remember(name, request or self._last)

    def _show(self, comm: str, outputs: list[Message]) -> None:
        """Set what an Output widget shows: on the pages now, in the kernel when it reads."""
        data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
        content = {"comm_id": comm, "data": data}

        def tell() -> None:
            if not self._over:
                self._emit(self._last, "comm_msg", content, {}, ())
                self._send(self._client.shell_channel, "comm_msg", content)

        self._loop.call_soon_threadsafe(tell)

    def kill(self, why: str | None) -> None:
        if not self._over:
            self._finish(why, int(signal.SIGKILL), None)

    def _nudge(self) -> None:
        if not self._over and self._running:
            self._remember(self._send(self._client.shell_channel, "comm_info_request", {}), None)

    def _send(
        self,
        channel: Any,
        kind: str,
        content: Message,
        name: str | None = None,
        metadata: Message | None = None,
        buffers: Sequence[Buffer] = (),
    ) -> str:
        """Send a request without waiting; returns its message id.

        By the socket's own asynchronous send: `Session.send` writes past it, and such a write can
        swallow the edge by which the socket learns of a reply (zmq_getsockopt(3), ZMQ_FD).
        """
        session = self._client.session
        request = session.msg(kind, content, metadata=metadata)
        if name:
            request["header"]["msg_id"] = request["msg_id"] = name
        sent = channel.socket.send_multipart([*session.serialize(request), *buffers])
        sent.add_done_callback(_tell)
        return str(request["header"]["msg_id"])

    def _state(self, attempt: str, state: str) -> None:
        self._events.emit({"type": "state", "attempt": attempt, "state": state})

    async def _prepare(self, task: Message) -> None:
        await self._step("enter", task, "reset", "env", "filename_cwd", "new", "deletes", "inputs")
        for statement in task.get("setup") or ():
            await self._load(statement.get("inputs"), task)
            reply = await self._request(statement["code"], None, silent=True)
            if reply["status"] != "ok":
                first = (statement["code"].strip().splitlines() or [""])[0]
                raise Refused(
                    f"the set-up statement `{first}` failed: "
                    f"{reply.get('ename')}: {reply.get('evalue')}"
                )
        await self._load(task.get("inputs"), task)
        await self._step("start", task, *_WATCHED)

    async def _load(self, inputs: Message | None, task: Message) -> None:
        if inputs:
            loaded = {"inputs": inputs, "manifests": task.get("manifests") or {}}
            await self._step("load", loaded, "inputs", "manifests")

    async def _run_cell(self, task: Message, attempt: str) -> Message:
        silent = bool(task.get("silent"))
        reply = await self._request(
            task["code"],
            attempt,
            silent=silent,
            store_history=bool(task.get("store_history", True)) and not silent,
            allow_stdin=bool(task.get("allow_stdin")),
            cell=task.get("cell"),
        )
        result = {"status": reply["status"], "execution_count": reply.get("execution_count")}
        if reply.get("payload"):
            result["payload"] = reply["payload"]
        if reply["status"] == "error":
            result["error"] = {name: reply.get(name) for name in ("ename", "evalue", "traceback")}
        return result

    async def _step(self, step: str, task: Message, *fields: str) -> Any:
        """Have kernel/remote.py do a step of the task inside the kernel."""
        about = json.dumps({"blobs": self._blobs, **{name: task.get(name) for name in fields}})
        root = repr(str(ROOT))
        path = "__import__('sys').path"
        here = f"({root} in {path} or {path}.append({root}))"
        module = "__import__('dossier_worker.kernel.remote', fromlist=['call'])"
        expressions = {"a": here, "b": f"{module}.call({step!r}, {about!r})"}
        reply = await self._request("", None, silent=True, expressions=expressions)
        answer = (reply.get("user_expressions") or {}).get("b") or {}
        if answer.get("status") != "ok":
            why = f"{answer.get('ename')}: {answer.get('evalue')}"
            raise Refused(f"the kernel could not {step} for the cell: {why}")
        result = json.loads(ast.literal_eval(answer["data"]["text/plain"]))
        if "refused" in result:
            raise Refused(result["refused"])
        return result["ok"]

    async def _request(
        self,
        code: str,
        attempt: str | None,
        *,
        silent: bool,
        store_history: bool = False,
        allow_stdin: bool = False,
        expressions: dict[str, str] | None = None,
        cell: str | None = None,
    ) -> Message:
        """An execute request; returns the reply after all its outputs were passed on."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": expressions or {},
            "allow_stdin": allow_stdin,
            "stop_on_error": False,
        }
        metadata = {"cellId": cell} if cell else {}
        loop = asyncio.get_running_loop()
        name = self._send(self._client.shell_channel, "execute_request", content, metadata=metadata)
        # No reply is read before this coroutine waits.
        self._remember(name, attempt)
        self._replies[name], self._idles[name] = loop.create_future(), loop.create_future()
        self._running = attempt is not None
        try:
            reply = await self._replies[name]
            await self._idles[name]
        finally:
            self._running = False
            del self._replies[name], self._idles[name]
        return reply

    def _remember(self, request: str, attempt: str | None) -> None:
        self._attempts[request] = attempt
        while len(self._attempts) > _REMEMBERED:
            self._attempts.popitem(last=False)

    async def _shell(self) -> None:
        while True:
            message = await self._client.get_shell_msg()
            waiting = self._replies.get(message["parent_header"].get("msg_id"))
            if waiting is not None and not waiting.done():
                waiting.set_result(message["content"])

    async def _iopub(self) -> None:
        while True:
            message = await self._client.get_iopub_msg()
            kind, content = message["msg_type"], message["content"]
            parent = message["parent_header"].get("msg_id")
            attempt = self._attempts.get(parent, self._last)
            if kind == "status" and content.get("execution_state") == "idle":
                idle = self._idles.get(parent)
                if idle is not None and not idle.done():
                    idle.set_result(None)
                elif attempt == parent:
                    self._emit(attempt, kind, content, {}, ())
            if kind.startswith("comm_"):
                self._captured.note(kind, content)
            elif self._captured.take(parent, kind, content):
                continue
            if kind not in _ECHOES and attempt is not None:
                self._emit(attempt, kind, content, message["metadata"], message["buffers"])

    async def _stdin(self) -> None:
        while True:
            message = await self._client.get_stdin_msg()
            if message["msg_type"] == "input_request":
                self._emit(self._last, "input_request", message["content"], {}, ())

    def _emit(
        self,
        attempt: str | None,
        kind: str,
        content: Message,
        metadata: Message,
        buffers: Sequence[Buffer],
    ) -> None:
        message = {"type": "message", "attempt": attempt, "kernel": self.name, "msg_type": kind}
        # Dates in headers were parsed; contents are plain JSON.
        self._events.emit({**message, "content": content, "metadata": metadata}, buffers)

    async def _watch(self) -> None:
        process = self._manager.provisioner.process
        loop = asyncio.get_running_loop()
        code = await loop.run_in_executor(self._waiter, process.wait)
        if not self._over:
            number, exitcode, why = words(code << 8 if code >= 0 else -code)
            self._finish(why, number, exitcode)

    def _finish(self, why: str | None, number: int | None, code: int | None) -> None:
        self._over = True
        attempt, self.attempt = self.attempt, None
        self._clean_up()
        if why is not None:
            self._events.emit(
                {
                    "type": "kernel_died",
                    "kernel": self.name,
                    "attempt": attempt,
                    "signal": number,
                    "exitcode": code,
                    "why": why,
                }
            )
        waits: list[asyncio.Future[Any]] = [*self._replies.values(), *self._idles.values()]
        for waiting in waits:
            if not waiting.done():
                waiting.set_exception(_Died())
        self._events.kernel_ended(self.name)

    def _clean_up(self) -> None:
        pid = self.pid
        if pid is not None:
            kill_group(pid)
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            self._client.stop_channels()
        self._waiter.shutdown(wait=False)
        self._manager.cleanup_connection_file()
        shutil.rmtree(self._sockets, ignore_errors=True)


def _tell(sent: asyncio.Future[Any]) -> None:
    if not sent.cancelled() and (error := sent.exception()) is not None:
        log.warning("a message to a stock kernel was not sent: %s", error)


class _Died(Exception):
    """The kernel ended while a request was under way."""
