"""Audit events (PEP 578) while a cell runs: files, network, processes, hidden ways to objects.

Native code that opens files without Python (pyarrow, HDF5) raises none.
"""

from __future__ import annotations

import contextlib
import os
import site
import sys
import sysconfig
import tempfile
from _thread import get_ident
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from .cell import LIMIT, Cell, Effects

Handler = Callable[[str, tuple[Any, ...]], None]

# The zipapp that this is part of, if it is one.
_OURS = str(Path(__file__).parents[3])
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)

# Ways to objects that no analysis follows; told when the notebook's own code uses them.
_HIDDEN = (
    "gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._getframe",
    "sys._current_frames", "sys._current_exceptions", "sys.settrace", "sys.setprofile",
    "sys.addaudithook", "sys.monitoring.register_callback", "code.__new__", "function.__new__",
    "ctypes.addressof", "ctypes.cdata", "ctypes.cdata/buffer", "ctypes.dlopen", "ctypes.dlsym",
    "ctypes.dlsym/handle", "ctypes.string_at", "ctypes.wstring_at", "ctypes.PyObj_FromPtr",
    "ctypes.call_function", "object.__setattr__", "object.__delattr__",
)  # fmt: skip
_FRAMES = frozenset({"tb_frame", "gi_frame", "cr_frame", "ag_frame"})
# Wrappers of such calls: who called them is meant.
_WRAPPERS = frozenset({"inspect"})

_LAUNCHERS = frozenset({"subprocess", "os", "pty", "pexpect", "ptyprocess", "asyncio", "shutil"})
# Programs by which libraries look at the machine, and the pools whose processes are Python's own.
_PROBES = frozenset({"lscpu", "ldconfig", "uname", "gcc", "cc", "ld", "objdump", "fc-list",
                     "sysctl", "nproc", "getconf", "locale"})  # fmt: skip
_POOLS = frozenset({"multiprocessing", "concurrent", "joblib", "loky"})


_READERS = frozenset({"zipfile", "pathlib", "tokenize", "codecs"})
_IMPORTERS = frozenset({"importlib", "_frozen_importlib", "_frozen_importlib_external", "zipimport",
                        "pkgutil", "pkg_resources", "linecache"})  # fmt: skip


class Audit:
    """The hook of this process. It cannot be taken away again; between cells it does nothing."""

    def __init__(self, blobs: str) -> None:
        self._places = {*_places(), os.path.abspath(blobs) + os.sep}
        self._active: dict[str, Handler] = {}
        self._busy: set[int] = set()
        self._all = self._handlers()
        self._prefixes: tuple[str, ...] = ()
        self._cell: Cell | None = None
        self._clear()
        active, busy = self._active, self._busy

        def hook(event: str, args: tuple[Any, ...]) -> None:
            handler = active.get(event)
            if handler is None:
                return
            thread = get_ident()
            if thread in busy:
                return  # raised by what is done here
            busy.add(thread)
            try:
                with contextlib.suppress(Exception):  # it would be raised in the user's call
                    handler(event, args)
            finally:
                busy.discard(thread)

        sys.addaudithook(hook)

    def begin(self, cell: Cell) -> None:
        self._clear()
        self._cell = cell
        folder = cell.folder + os.sep
        self._prefixes = tuple(p for p in self._places if not folder.startswith(p))
        self._active.update(self._all)

    def report(self, cell: Cell, effects: Effects) -> None:
        self._active.clear()
        temporary = tempfile.gettempdir() + os.sep
        for kind, paths in (("read", self._read), ("written", self._written)):
            for path in paths:
                exists = os.path.lexists(path)
                made = path in self._made
                if made and not exists and path.startswith(temporary) and not cell.is_local(path):
                    continue  # by this cell, which removed it again
                if kind == "read" and (path in self._own or not (exists or cell.is_local(path))):
                    continue
                effects["files"][kind].add(shown(cell, path))
                below = path.startswith(tuple(new + os.sep for new in self._new))
                if kind == "written" and (path in self._new or below):
                    effects["files"]["new"].add(shown(cell, path))
        for path, before in self._databases.items():
            effects["files"]["read"].add(shown(cell, path))
            if _stamp(path) != before:
                effects["files"]["written"].add(shown(cell, path))
        effects["network"] |= self._network
        effects["spawned"] |= self.spawned
        effects["hidden"] |= self._hidden
        if any(_is_ctypes(cell.namespace.get(name)) for name in {*cell.inputs, *cell.bound}):
            effects["hidden"].add("ctypes")
        self._cell = None

    def _clear(self) -> None:
        self._read: set[str] = set()
        self._written: set[str] = set()
        self._own: set[str] = set()  # written before it was read
        self._made: set[str] = set()  # was not there before
        self._new: set[str] = set()  # by `tempfile`, under names that nobody else has
        self._databases: dict[str, Any] = {}
        self._network: set[str] = set()
        self.spawned: set[str] = set()
        self.set_by_imports: set[str] = set()  # variables of the environment
        self._hidden: set[str] = set()

    def _handlers(self) -> dict[str, Handler]:
        handlers: dict[str, Handler] = dict.fromkeys(_HIDDEN, self._on_hidden)
        handlers["object.__getattr__"] = self._on_attribute
        handlers["open"] = self._on_open
        for event in ("os.listdir", "os.scandir"):
            handlers[event] = self._on_list
        for event in ("os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.utime"):
            handlers[event] = self._on_change
        for event in ("tempfile.mkdtemp", "tempfile.mkstemp"):
            handlers[event] = self._on_temporary
        for event in ("os.rename", "os.link", "os.symlink"):
            handlers[event] = self._on_rename
        handlers["os.putenv"] = handlers["os.unsetenv"] = self._on_environment
        handlers["sqlite3.connect"] = self._on_database
        handlers["socket.connect"] = handlers["socket.bind"] = self._on_connect
        handlers["socket.sendto"] = self._on_connect
        handlers["socket.getaddrinfo"] = self._on_look_up
        for event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.spawn",
                      "os.fork", "os.forkpty", "pty.spawn"):  # fmt: skip
            handlers[event] = self._on_spawn
        return handlers

    # Files

    def _on_open(self, event: str, args: tuple[Any, ...]) -> None:
        path, _, flags = args
        known = self._path(path)
        if known is None or (isinstance(flags, int) and flags & _DIRECTORY):
            return
        writing = isinstance(flags, int) and bool(flags & _WRITING)
        if writing and os.path.isdir(known):
            return  # by an opener, which opens another one: so `tempfile` does
        if writing:
            kept = flags & (os.O_RDWR | os.O_APPEND) and not flags & os.O_TRUNC
            if kept and known not in self._own and (flags & os.O_APPEND or os.path.exists(known)):
                _add(self._read, known)  # what it comes to depends on what was there
            elif known not in self._read:
                self._own.add(known)
            self._write(known)
        elif not _importing() or self._is_module(known):
            _add(self._read, known)

    def _on_list(self, event: str, args: tuple[Any, ...]) -> None:
        known = self._path("." if args[0] is None else args[0])
        if known is not None and not _importing():
            _add(self._read, known)

    def _on_change(self, event: str, args: tuple[Any, ...]) -> None:
        known = self._path(args[0], args[-1] if len(args) > 1 else -1)
        if known is not None:
            self._write(known)

    def _on_rename(self, event: str, args: tuple[Any, ...]) -> None:
        for path in args[:2]:
            known = self._path(path)
            if known is not None and not (event != "os.rename" and path is args[0]):
                self._write(known)

    def _on_temporary(self, event: str, args: tuple[Any, ...]) -> None:
        known = self._path(args[0])
        if known is not None and self._cell is not None and not self._cell.is_local(known):
            _add(self._new, known)

    def _write(self, path: str) -> None:
        """It is just going to be written."""
        if path not in self._written and not os.path.lexists(path):
            _add(self._made, path)
        _add(self._written, path)

    def _on_database(self, event: str, args: tuple[Any, ...]) -> None:
        path = args[0]
        if isinstance(path, str) and (path in ("", ":memory:") or path.startswith("file:")):
            return
        known = self._path(path)
        if known is not None and known not in self._databases and len(self._databases) < LIMIT:
            self._databases[known] = _stamp(known)

    def _is_module(self, path: str) -> bool:
        """Whether this is a module of the notebook, not of a library."""
        return self._cell is not None and self._cell.is_local(path) and path.endswith(".py")

    def _path(self, path: Any, folder: Any = -1) -> str | None:
        """Absolute; None for what is of no interest."""
        if isinstance(path, int):
            return None
        text = os.fsdecode(path)
        if not os.path.isabs(text):
            at = os.getcwd()
            if isinstance(folder, int) and folder >= 0:
                at = os.readlink(f"/proc/self/fd/{folder}")
            text = os.path.join(at, text)
        text = os.path.normpath(text)
        if text.startswith(self._prefixes) or "__pycache__" in text or text == _OURS:
            return None
        return text

    def _on_environment(self, event: str, args: tuple[Any, ...]) -> None:
        if _in_import():
            self.set_by_imports.add(os.fsdecode(args[0]))

    # The world outside

    def _on_connect(self, event: str, args: tuple[Any, ...]) -> None:
        address = args[1]
        if isinstance(address, tuple) and len(address) >= 2:
            _add(self._network, f"{address[0]}:{address[1]}")

    def _on_look_up(self, event: str, args: tuple[Any, ...]) -> None:
        host, port = args[0], args[1]
        if host is not None:
            host = host.decode("ascii", "replace") if isinstance(host, bytes) else host
            _add(self._network, f"{host}:{port}")

    def _on_spawn(self, event: str, args: tuple[Any, ...]) -> None:
        program = _program(event, args)
        frame = _caller(_LAUNCHERS)
        by = "" if frame is None else str(frame.f_globals.get("__name__", ""))
        top = by.partition(".")[0]
        if top in _POOLS or (program in _PROBES and not self._own_code(frame)):
            return
        _add(self.spawned, "shell" if top == "IPython" and program == "fork" else program)

    # Hidden ways

    def _on_hidden(self, event: str, args: tuple[Any, ...]) -> None:
        if self._own_code(_caller(_WRAPPERS)):
            name = event
            if event.startswith("object."):
                name = f"{event} {args[1]}" if len(args) > 1 else event
            elif event.startswith("ctypes."):
                name = "ctypes"
            _add(self._hidden, name)

    def _on_attribute(self, event: str, args: tuple[Any, ...]) -> None:
        if args[1] in _FRAMES and self._own_code(_caller(_WRAPPERS)):
            _add(self._hidden, args[1])

    def _own_code(self, frame: FrameType | None) -> bool:
        return frame is not None and self._cell is not None and self._cell.owns(frame.f_globals)


def shown(cell: Cell, path: str) -> str:
    """Relative to the notebook's folder where the path is below it."""
    for folder in (cell.folder, os.path.realpath(cell.folder)):
        if path == folder:
            return "."
        if path.startswith(folder + os.sep):
            return os.path.relpath(path, folder)
    return path


def _add(words: set[str], word: str) -> None:
    if len(words) < LIMIT:
        words.add(word)


def _caller(passed_over: frozenset[str]) -> FrameType | None:
    """The frame of the call that raised the event, without those of the modules to pass over."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__")
        if name != __name__ and str(name).partition(".")[0] not in passed_over:
            return frame
        frame = frame.f_back
    return None


def _importing() -> bool:
    """Whether the import system opens or lists, or something that shows source lines."""
    frame = _caller(_READERS)
    if frame is None:
        return True
    name = str(frame.f_globals.get("__name__"))
    return name.partition(".")[0] in _IMPORTERS


def _in_import() -> bool:
    """Whether a module is just being imported, by whomever."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        if frame.f_globals.get("__name__") == "__main__":
            return False
        frame = frame.f_back
    return False


def _program(event: str, args: tuple[Any, ...]) -> str:
    if event in ("os.fork", "os.forkpty"):
        return "fork"
    command: Any = args[0]
    if event == "subprocess.Popen":
        words = args[1] if isinstance(args[1], (list, tuple)) else [args[1]]
        parts = [os.fsdecode(word) for word in words]
        shell = len(parts) > 2 and parts[1] == "-c"
        command = parts[2] if shell and "sh" in os.path.basename(parts[0]) else parts[0]
        if command is parts[0]:
            return os.path.basename(command)
    elif event == "os.spawn":
        command = args[1]
    elif event == "pty.spawn":
        command = args[0][0]
    first = os.fsdecode(command).split() or [""]
    return os.path.basename(first[0])


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _is_ctypes(obj: Any) -> bool:
    name = getattr(obj, "__name__", None) if isinstance(obj, type(sys)) else type(obj).__module__
    return name in ("ctypes", "_ctypes", "cffi", "_cffi_backend")


def _places() -> set[str]:
    """Where the interpreter and libraries keep what they read and write by themselves."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages(),
              *sysconfig.get_paths().values(), site.getusersitepackages()}  # fmt: skip
    home = os.path.expanduser("~")
    for name in (".cache", ".config", ".ipython", ".jupyter", ".local/share/jupyter",
                 ".local/share/fonts", ".fonts"):  # fmt: skip
        places.add(os.path.join(home, name))
    places |= {"/proc", "/dev", "/sys", "/etc", "/usr/share", "/usr/lib"}
    places |= {os.path.realpath(place) for place in places if place}
    return {os.path.abspath(place) + os.sep for place in places if place}
