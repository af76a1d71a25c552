"""The prepared process: everything imported, the shell built, forked once per worker kernel.

It is told over a SEQPACKET socket: each message brings a kernel's socket and the pipes of its
descriptors 1 and 2, and is answered with the child's pid; later with how the child ended.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import warnings
from typing import Any, cast

from .host import Host, look_like_ipykernel
from .processes import die_with_parent, kill_group


def main(fd: int, blobs: str, preload: list[str]) -> None:
    control = socket.socket(fileno=fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    look_like_ipykernel()  # a library may read the environment when it is imported
    for module in preload:
        if not _import_quietly(module):
            _start_over(fd, module)
    host = Host(blobs)
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page that it marks
    Zygote(control, host).run()


def _import_quietly(module: str) -> bool:
    """Whether a cell that imports the module will miss nothing.

    One that prints, warns, fails or starts threads (they would be dead after the fork) is left to
    the cell. The filters of warnings that it adds stay.
    """
    kept = os.dup(1), os.dup(2)
    warnings.simplefilter("always", UserWarning)
    ours = warnings.filters[0]
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
        try:
            importlib.import_module(module)
        except BaseException:
            return False
        finally:
            cast(list[Any], warnings.filters).remove(ours)
            with warnings.catch_warnings():  # says that they changed
                pass
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            for to, descriptor in zip((1, 2), kept, strict=True):
                os.dup2(descriptor, to)
                os.close(descriptor)
        return threading.active_count() == 1 and printed.seek(0, os.SEEK_END) == 0


def _start_over(fd: int, module: str) -> None:
    """An import cannot be taken back: become a new process that leaves this module out."""
    os.set_inheritable(fd, True)
    arguments = list(sys.orig_argv)
    arguments.remove(module)
    os.execv(sys.executable, [sys.executable, *arguments[1:]])


class Zygote:
    def __init__(self, control: socket.socket, host: Host) -> None:
        self._control = control
        self._host = host
        self._children: set[int] = set()
        self._woken, self._wake = os.pipe()

    def run(self) -> None:
        """Until the worker closes the socket or dies; then every child's group is killed."""
        import selectors

        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._tell({"ready": os.getpid()})
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._control:
                        if not self._request():
                            self._end()
                    else:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._woken, 4096)
                        self._reap()

    def _request(self) -> bool:
        try:
            message, fds, _, _ = socket.recv_fds(self._control, 65536, 3)
        except OSError:
            return False
        if not message:
            return False
        request = json.loads(message)
        try:
            pid = os.fork()
        except OSError as error:
            self._tell({"id": request["id"], "failed": f"no new process: {error}"})
        else:
            if pid == 0:
                self._child(fds)
            self._children.add(pid)
            self._tell({"id": request["id"], "pid": pid})
        for fd in fds:
            os.close(fd)
        return True

    def _child(self, fds: list[int]) -> None:
        """Become a worker kernel. Never returns."""
        status = 1
        try:
            zygote = os.getppid()
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for fd in (self._control.detach(), self._woken, self._wake):
                os.close(fd)
            link, out, err = fds
            with open(os.devnull, "rb") as null:
                os.dup2(null.fileno(), 0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)
            die_with_parent(link, zygote)
            # The generator of module random seeds itself after a fork, numpy's does not.
            numpy_random = sys.modules.get("numpy.random")
            if numpy_random is not None:
                numpy_random.seed()
            self._host.serve(socket.socket(fileno=link))
            status = 0
        except BaseException:
            import traceback

            with contextlib.suppress(Exception):
                traceback.print_exc(file=sys.__stderr__)
                sys.__stderr__.flush()  # type: ignore[union-attr]
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._children.discard(pid)
            self._tell({"died": pid, "status": status})

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the worker is gone: its end is noticed above
            self._control.send(json.dumps(message).encode())

    def _end(self) -> None:
        for pid in self._children:
            kill_group(pid)
        os._exit(0)
