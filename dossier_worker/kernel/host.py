"""The worker kernel: ipykernel's IPythonKernel on the main thread, without zmq.

It talks to the worker over one socket pair. Everything a notebook can notice is ipykernel's
own (shell, displays, comms, magics); replaced are the sockets, the output streams and the way
a request comes in: one message per task, which sets up, loads, runs and collects.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import importlib.util
import inspect
import logging
import os
import select
import socket
import sys
import threading
import time
import traceback
import types
from collections import deque
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, cast

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.utils.capture import capture_output
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait
from traitlets.config import Config

from . import limits
from .captured import Captured
from .history import recall
from .link import Interrupts, Link
from .place import Place, Refused
from .processes import die_with_parent
from .shell import count_from, reset
from .streams import Channel, Flusher, PublishHere, WorkerStream, flush_before_children
from .waiting import Interruptible

# ipykernel needs a log; what it says is not for the cell's output, where it would go by default.
log = logging.getLogger("dossier.kernel")
log.addHandler(logging.NullHandler())
log.propagate = False

Message = dict[str, Any]

# A new kernel without a task for this long waits as a spare.
_IDLE = 0.005
_ROOT = str(Path(__file__).parents[2])


class LinkSession(Session):
    """Sends Jupyter messages over the link instead of a zmq socket."""

    link: Any = AnyTrait()
    captured: Any = AnyTrait()

    def send(
        self,
        stream: Any,
        msg_or_type: Message | str,
        content: Message | None = None,
        parent: Message | None = None,
        ident: Any = None,
        buffers: list[Any] | None = None,
        track: bool = False,
        header: Message | None = None,
        metadata: Message | None = None,
    ) -> Message | None:
        if not self.link.usable:
            return None  # a forked child of the user's code: as in ipykernel, it displays nothing
        if isinstance(msg_or_type, dict):
            message = msg_or_type
            buffers = buffers or message.get("buffers")
        else:
            message = self.msg(msg_or_type, content, parent, header, metadata)
        kind = message["header"]["msg_type"]
        request = message["parent_header"].get("msg_id")
        if kind.startswith("comm_"):
            self.captured.note(kind, message["content"])
        elif self.captured.take(request, kind, message["content"]):
            return message
        # The server knows a task's state and source; it needs no echo of them.
        if kind not in ("status", "execute_input"):
            self.link.send(
                {
                    "type": "message",
                    "attempt": request,
                    "msg_type": kind,
                    "content": message["content"],
                    "metadata": message["metadata"],
                },
                buffers or (),
            )
        return message


class WorkerShell(ZMQInteractiveShell):
    """The shell, told which kernel its event loops belong to."""

    # (code, transformed code, whether it awaits) of the cell being started
    _prepared: tuple[str, str, bool] | None = None

    def enable_gui(self, gui: Any = None) -> None:
        from ipykernel.eventloops import enable_gui
        from IPython.core.error import UsageError

        try:
            enable_gui(gui, kernel=self.kernel)  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise UsageError(str(error)) from error
        self.active_eventloop = gui

    def prepare(self, code: str) -> tuple[str, bool, Any]:
        """Transform once what ipykernel would transform and parse twice."""
        self._prepared = None
        try:
            transformed, failure = self.transform_cell(code), None
        except Exception:
            return code, False, sys.exc_info()
        is_async = self.should_run_async(code, transformed_cell=transformed)
        self._prepared = (code, transformed, is_async)
        return transformed, is_async, failure

    def transform_cell(self, raw_cell: str) -> str:
        if self._prepared and self._prepared[0] == raw_cell:
            return self._prepared[1]
        transformed: str = super().transform_cell(raw_cell)  # type: ignore[no-untyped-call]
        return transformed

    def should_run_async(self, raw_cell: str, **known: Any) -> bool:
        if self._prepared and self._prepared[0] == raw_cell:
            return self._prepared[2]
        return bool(super().should_run_async(raw_cell, **known))


class WorkerKernel(IPythonKernel):
    """The kernel object that libraries find; its requests come through Host."""

    shell_class = WorkerShell
    host: Any = AnyTrait()
    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing queues here: the worker sends one task at a time."""

    def _input_request(
        self, prompt: str, ident: Any, parent: Message, password: bool = False
    ) -> str:
        try:
            answer: str = self.host.ask(prompt, password)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("Interrupted by user") from None
        return answer


class _MainThread:
    """ipykernel asks the shell channel's thread which thread runs the cells."""

    parent_thread = threading.main_thread()


def skip_debugger() -> None:
    """A worker kernel has no debugger; its import alone would take 0.1 s of the start."""
    stub = types.ModuleType("ipykernel.debugger")
    stub._is_debugpy_available = False  # type: ignore[attr-defined]
    stub.Debugger = type("Debugger", (), {})  # type: ignore[attr-defined]
    sys.modules.setdefault("ipykernel.debugger", stub)


class Host:
    """Builds the kernel (before a fork, if there is one) and serves its tasks (after it)."""

    def __init__(self, blobs: str) -> None:
        look_like_ipykernel()
        self.interrupts = Interrupts()
        self.link = Link(self.interrupts)
        self._captured = Captured(self._show)
        session = LinkSession(link=self.link, captured=self._captured, key=b"")
        iopub = Channel("iopub")
        publisher = PublishHere(iopub)
        flusher = Flusher()
        self.streams = [
            WorkerStream(session, publisher, name, self.link, flusher, self._captured)
            for name in ("stdout", "stderr")
        ]
        self._raw = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = self.streams
        config = Config()
        # Enabled for %history; in memory, since workers of many runs share the home folder.
        config.HistoryManager.hist_file = ":memory:"
        # Libraries tell a notebook by this section (tqdm.auto for one).
        config.IPKernelApp.connection_file = ""
        asyncio.set_event_loop(asyncio.new_event_loop())
        # Neither ipykernel nor IPython annotates what is called here.
        self.kernel: Any = WorkerKernel.instance(
            session=session,
            iopub_socket=iopub,
            iopub_thread=publisher,
            stdin_socket=Channel("stdin"),
            shell_channel_thread=_MainThread(),
            host=self,
            config=config,
            log=log,
            user_module=None,  # the shell makes a module `__main__`, as in a stock kernel
            user_ns=None,
        )
        self.shell = cast(Any, self.kernel.shell)
        self.session = session
        self.place = Place(self.shell.user_ns, blobs)
        self._fflush = _c_flush()
        self._context = contextvars.copy_context()
        self._inbox: deque[tuple[Message, list[bytes]]] = deque()
        self._wake = asyncio.Event()
        self._cell: asyncio.Task[Any] | None = None
        self._runner: asyncio.Task[None] | None = None
        self._task: str | None = None
        self._parent: Message | None = None
        self._cell_arguments = _accepted(self.shell.run_cell_async, ("cell_id", "cell_meta"))
        flush_before_children(self.streams)
        self.shell.extension_manager.load_extension("storemagic")  # as in every ipykernel
        # First use compiles patterns and imports modules: once here, for all children of a fork.
        self.shell.run_cell("None", silent=True)
        self.place.warm()

    def serve(self, sock: socket.socket) -> None:
        """Serve tasks until the worker closes the socket or the user's code ends the kernel."""
        pid = os.getpid()
        self.link.attach(sock)
        self.session.pid = pid
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self.interrupts.install()
        loop.add_reader(sock.fileno(), self._readable)
        runner = self._runner = loop.create_task(self._comms())
        loop.call_later(_IDLE, self._warm)
        self.link.send({"type": "ready", "pid": pid})
        while not runner.done():
            # KeyboardInterrupt and SystemExit of the user's callbacks come out of the loop.
            with contextlib.suppress(KeyboardInterrupt, SystemExit):
                loop.run_forever()
                break
        self._flush()

    def _warm(self) -> None:
        """Copy the pages that a check writes to while this kernel waits for its first task."""
        if self._cell is None:
            self.place.warm()

    def ask(self, prompt: str, password: bool) -> str:
        """input() and getpass(): wait for the answer, interruptible; other messages queue."""
        for stream in self.streams:
            stream.send_pending()
        for message, _ in list(self._inbox):
            if message["type"] == "input":  # an answer to a question that was interrupted
                self._inbox.remove((message, _))
        self.link.send(
            {
                "type": "message",
                "attempt": self._task,
                "msg_type": "input_request",
                "content": {"prompt": prompt, "password": password},
                "metadata": {},
            }
        )
        while True:
            select.select([self.link.fileno()], [], [])
            try:
                arrived = self.link.receive()
            except EOFError:
                os._exit(0)
            for message, buffers in arrived:
                if message["type"] == "input":
                    answer = str(message["value"])
                    rest = arrived[arrived.index((message, buffers)) + 1 :]
                    self._inbox.extend(rest)
                    self._wake.set()
                    if answer == "\x04":
                        raise EOFError
                    return answer
                self._inbox.append((message, buffers))

    def _readable(self) -> None:
        try:
            arrived = self.link.receive()
        except (EOFError, OSError):
            asyncio.get_event_loop().stop()
            return
        for message, buffers in arrived:
            if message["type"] == "execute":
                self._cell = self._task_of(self._execute(message))
                self.interrupts.spare(self._runner, self._cell)
            else:
                self._inbox.append((message, buffers))
                self._wake.set()

    def _task_of(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task whose context variables (numpy's print options, decimal's context) stay."""
        if sys.version_info >= (3, 11):
            return asyncio.get_running_loop().create_task(work, context=self._context)

        async def keep() -> Any:
            try:
                return await work
            finally:
                self._context = contextvars.copy_context()

        return self._context.run(asyncio.ensure_future, keep())

    async def _comms(self) -> None:
        """One at a time; also while a cell awaits something, perhaps just this message."""
        # The kernel's loop in tornado's words: event loop integration and exit() use it.
        self.kernel.io_loop = IOLoop.current()
        while True:
            while self._inbox:
                message, buffers = self._inbox.popleft()
                if message["type"] == "comm":
                    await self._comm(message, buffers)
            self._wake.clear()
            await self._wake.wait()

    async def _comm(self, message: Message, buffers: list[bytes]) -> None:
        kind = message["msg_type"]
        if kind not in ("comm_open", "comm_msg", "comm_close"):
            log.warning("ignored a message of type %r", kind)
            return
        request = message.get("msg_id")
        jupyter = {
            "header": {"msg_id": request, "msg_type": kind, "session": self.session.session},
            "parent_header": {},
            "metadata": message.get("metadata") or {},
            "content": message["content"],
            "buffers": [memoryview(buffer) for buffer in buffers],
            "msg_id": request,
            "msg_type": kind,
        }
        self._captured.note(kind, message["content"])
        if request:
            # What a callback says answers the page's message, not the last cell.
            self.kernel.set_parent([], jupyter, channel="shell")
        try:
            with self.interrupts.user_code():
                handled = self.kernel.shell_handlers[kind](None, [], jupyter)
                if inspect.isawaitable(handled):
                    await handled
        except KeyboardInterrupt:
            pass
        except Exception:
            self.shell.showtraceback()
        for stream in self.streams:
            stream.send_pending()
        if not request:
            return
        if self._parent is not None:
            self.kernel.set_parent([], self._parent, channel="shell")
        # A widget sends its next change when this one has been dealt with.
        self.link.send(
            {
                "type": "message",
                "attempt": request,
                "msg_type": "status",
                "content": {"execution_state": "idle"},
                "metadata": {},
            }
        )

    def _show(self, comm: str, outputs: list[Message]) -> None:
        """Set what an Output widget shows, here and on the pages."""
        found = self.kernel.comm_manager.get_comm(comm)
        if found is None:
            return
        data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
        content = {"comm_id": comm, "data": data}
        echoes = self._captured.echoes
        found.handle_msg({"header": {}, "content": content, "buffers": []})
        if self._captured.echoes == echoes:  # this ipywidgets does not tell what a page set
            found.send(data)

    async def _execute(self, task: Message) -> None:
        attempt = task["attempt"]
        began = time.perf_counter()
        done: Message = {"type": "done", "attempt": attempt, "exports": [], "execution_count": None}
        self.interrupts.prepare()
        self._task = attempt
        cell = {"cellId": task.get("cell")}
        header = {"msg_id": attempt, "msg_type": "execute_request", "session": self.session.session}
        parent = {"header": header, "parent_header": {}, "metadata": cell, "content": {}}
        self._parent = {**parent, "msg_id": attempt, "buffers": []}
        self._captured.enabled = bool(task.get("live"))
        self.kernel.set_parent([], self._parent, channel="shell")
        try:
            try:
                if task.get("compare"):
                    done.update(status="ok", same=self.place.compare(task), effects={})
                    return  # its end is told below
                self._prepare(task)
            except Refused as refusal:
                error = {"ename": "Refused", "evalue": str(refusal), "traceback": []}
                done.update(status="refused", error=error)
            else:
                if task.get("announce"):
                    self._state(attempt, "running")
                started = time.perf_counter()
                with limits.kept(task.get("options")):
                    done.update(await self._run_cell(task))
                done["seconds"] = time.perf_counter() - started
                self.interrupts.finish()
                if task.get("exports") != [] or task.get("holds"):
                    self._state(attempt, "collecting")
                done.update(self.place.collect(task))
        except BaseException as failure:  # a fault of ours must not leave the task without an end
            words = f"the worker kernel failed around the cell: {failure!r}"
            lines = traceback.format_exc().splitlines()
            error = {"ename": "WorkerError", "evalue": words, "traceback": lines}
            done.update(status="refused" if "status" not in done else "error", error=error)
        finally:
            self.interrupts.finish()
            done.setdefault("seconds", time.perf_counter() - began)
            self._flush()
            self.link.send(done)

    def _state(self, attempt: str, state: str) -> None:
        self.link.send({"type": "state", "attempt": attempt, "state": state})

    def _prepare(self, task: Message) -> None:
        if task.get("reset"):
            self.place.values.reset()
            reset(self.shell)
        self.place.enter(task)
        manifests = task.get("manifests") or {}
        for number, statement in enumerate(task.get("setup") or ()):
            self.place.load(statement.get("inputs") or {}, manifests)
            self._set_up(statement["code"], number)
        self.place.load(task.get("inputs") or {}, manifests)
        if task.get("history"):
            recall(self.shell, task["history"]["inputs"], task["history"]["results"])

    def _set_up(self, source: str, number: int) -> None:
        """Replay a statement that only sets process state, without its outputs."""
        try:
            with self._quiet(), self.shell.builtin_trap, self.interrupts.user_code():
                code = self.shell.transform_cell(source)
                # The shell's compiler, so that a `from __future__` counts for the cell too
                exec(self.shell.compile(code, f"<set-up {number}>", "exec"), self.shell.user_ns)
        except BaseException as error:
            first = source.strip().splitlines()[0] if source.strip() else ""
            raise Refused(
                f"the set-up statement `{first}` failed: {type(error).__name__}: {error}"
            ) from error

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """Nothing is shown. The streams stay those that a log handler may keep for later cells."""
        for stream in self.streams:
            stream.muted = True
        try:
            with capture_output(stdout=False, stderr=False):
                yield
        finally:
            for stream in self.streams:
                stream.muted = False

    async def _run_cell(self, task: Message) -> Message:
        shell, code = self.shell, task["code"]
        silent = bool(task.get("silent"))
        store = bool(task.get("store_history", not silent)) and not silent
        count = task.get("execution_count")
        if count is not None and not silent:
            count_from(shell, int(count))
        self.place.start(task)
        extra = {"cell_id": task.get("cell"), "cell_meta": {"cellId": task.get("cell")}}
        extra = {name: extra[name] for name in self._cell_arguments}
        shell._last_traceback = None
        shell._last_traceback_during_displayhook = False
        result: Any = None
        interrupted: BaseException | None = None
        self.kernel._forward_input(bool(task.get("allow_stdin")))
        try:
            with self.interrupts.user_code():
                transformed, is_async, failure = shell.prepare(code)
                if is_async:
                    waits = Interruptible(
                        shell.run_cell_async(
                            code,
                            store_history=store,
                            silent=silent,
                            transformed_cell=transformed,
                            preprocessing_exc_tuple=failure,
                            **extra,
                        )
                    )
                    self.interrupts.watch(waits)
                    future = self._task_of(waits.run())
                    self.interrupts.spare(self._runner, self._cell, future)
                    try:
                        result = await future
                    finally:
                        self.interrupts.watch(None)
                        shell.events.trigger("post_execute")
                        if not silent:
                            shell.events.trigger("post_run_cell", result)
                else:
                    result = shell.run_cell(code, store_history=store, silent=silent, **extra)
        except (KeyboardInterrupt, asyncio.CancelledError) as error:
            # It came before the user's first line or after the last one.
            interrupted = KeyboardInterrupt(*error.args)
            shell._showtraceback(KeyboardInterrupt, interrupted, ["KeyboardInterrupt: "])
        finally:
            shell._prepared = None
            self.kernel._restore_input()
        payload = shell.payload_manager.read_payload()
        shell.payload_manager.clear_payload()
        reply: Message = {"status": "ok", "execution_count": shell.execution_count - 1}
        if payload:
            reply["payload"] = payload
        failed_display = getattr(shell, "_last_traceback_during_displayhook", False)
        if interrupted is not None or not result.success or failed_display:
            failed = interrupted
            if failed is None:
                failed = result.error_before_exec or result.error_in_exec
            if failed is None:
                # It came while the result was shown: the shell has told it already.
                failed = getattr(sys, "last_value", None)
            reply["status"] = "error"
            reply["error"] = {
                "ename": type(failed).__name__,
                "evalue": str(failed),
                "traceback": shell._last_traceback or [],
            }
        return reply

    def _flush(self) -> None:
        """All that was printed, by Python and by C, leaves before what follows."""
        for stream in self.streams:
            stream.send_pending()
        for raw in self._raw:
            with contextlib.suppress(Exception):
                raw.flush()
        self._fflush(None)


def _accepted(function: Any, names: tuple[str, ...]) -> list[str]:
    parameters = inspect.signature(function).parameters
    return [name for name in names if name in parameters]


def _c_flush() -> Any:
    try:
        return ctypes.CDLL(None).fflush
    except (OSError, AttributeError, TypeError):
        return lambda _: None


def look_like_ipykernel() -> None:
    """What a notebook finds in a process that `python -m ipykernel_launcher` started."""
    skip_debugger()
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [(launcher and launcher.origin) or "ipykernel_launcher.py", "-f", "kernel.json"]
    # The working folder comes after the standard library; we ourselves come last.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", _ROOT)]
    if not getattr(sys.flags, "safe_path", False):
        packages = ("site-packages", "dist-packages")
        ends = (n for n, e in enumerate(sys.path) if os.path.basename(e) in packages)
        sys.path.insert(next(ends, 0), "")
    sys.path.append(_ROOT)


def main(fd: int, blobs: str) -> None:
    """A worker kernel in a process of its own (where the prepared process cannot be forked)."""
    die_with_parent(fd)
    Host(blobs).serve(socket.socket(fileno=fd))
    os._exit(0)
