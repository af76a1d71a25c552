"""Worker kernels for the oracles: the project's own, forked from its prepared process.

No engine and no worker stand between: a test speaks to the kernel as the worker does, one
`execute` message a cell, so that a cell in a kernel of its own costs a few milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dossier_worker.kernel.frames import Splitter, pack
from dossier_worker.kernels import ROOT, command
from jupyterlab_dossier.runs.planning.conditions import environment

Json = dict[str, Any]
PATIENCE = 60.0


class Died(Exception):
    """The worker kernel ended, or did not answer."""


class Prepared:
    """The prepared process with these modules imported; kernels are its forks."""

    def __init__(self, folder: Path, preload: Sequence[str] = ()) -> None:
        self.blobs = folder / "blobs"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        env = {
            **os.environ,
            **environment(2),
            "PYTHONPATH": os.pathsep.join(p for p in paths if p),
            "IPYTHONDIR": str(folder / "ipython"),
            "PYTHONWARNINGS": "ignore::DeprecationWarning:ipykernel",
        }
        self._popen = subprocess.Popen(
            command("--zygote", str(theirs.fileno()), str(self.blobs), *preload),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=env,
            cwd=folder,
        )
        theirs.close()
        self._tell()

    def _tell(self) -> Json:
        """The next message that is no kernel's end."""
        self._control.settimeout(PATIENCE)
        while True:
            message = self._control.recv(65536)
            if not message:
                raise Died("the prepared process ended")
            told: Json = json.loads(message)
            if "died" not in told:
                return told

    def fork(self, sock: int, out: int) -> int:
        socket.send_fds(self._control, [b'{"id": 0}'], [sock, out, out])
        return int(self._tell()["pid"])

    def close(self) -> None:
        """Ends it and every kernel forked from it."""
        self._control.close()
        self._popen.wait(30)


class Kernel:
    """One worker kernel."""

    def __init__(self, prepared: Prepared) -> None:
        self._sock, theirs = socket.socketpair()
        self._sock.settimeout(PATIENCE)
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 (what child processes write)
        self._pid = prepared.fork(theirs.fileno(), self._printed.fileno())
        theirs.close()
        self._splitter = Splitter()
        self.fresh = True
        self.prefix: list[str] = []  # set-up statements it has been through

    def execute(self, task: Json) -> tuple[list[Json], Json]:
        """Jupyter messages of a cell, and the `done` message."""
        self.fresh = False
        self._sock.sendall(pack({"type": "execute", **task}))
        shown: list[Json] = []
        while True:
            try:
                data = self._sock.recv(1 << 20)
            except TimeoutError:
                raise Died(f"no answer within {PATIENCE:.0f} s") from None
            if not data:
                raise Died("the worker kernel ended")
            for message, _ in self._splitter.feed(data):
                if message["type"] == "message":
                    shown.append(message)
                elif message["type"] == "done":
                    return shown + self._raw(), message

    def _raw(self) -> list[Json]:
        self._printed.seek(0)
        text = self._printed.read().decode(errors="replace")
        self._printed.seek(0)
        self._printed.truncate()
        content = {"name": "stdout", "text": text}
        return [{"msg_type": "stream", "content": content}] if text else []

    def close(self) -> None:
        self._sock.close()  # it ends by itself
        self._printed.close()


class Kernels:
    """Starts kernels for notebooks, each from a process that has imported what they need."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._prepared: dict[tuple[str, ...], Prepared] = {}

    def start(self, preload: Sequence[str] = ()) -> Kernel:
        key = tuple(preload)
        if key not in self._prepared:
            self._prepared[key] = Prepared(self._folder, key)
        return Kernel(self._prepared[key])

    def close(self) -> None:
        for prepared in self._prepared.values():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                prepared.close()
