"""Types whose objects live only in the process that made them, and where one was found."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Iterator
from typing import Any

# "module.qualname" of a class -> what its instances are. Subclasses count as well.
_TYPES = {
    "_io.FileIO": "an open file",
    "_io.TextIOWrapper": "an open file",
    "_io.BufferedReader": "an open file",
    "_io.BufferedWriter": "an open file",
    "_io.BufferedRandom": "an open file",
    "_io.BufferedRWPair": "an open file",
    "tempfile._TemporaryFileWrapper": "an open temporary file",
    "tempfile.SpooledTemporaryFile": "an open temporary file",
    "tempfile.TemporaryDirectory": "a temporary folder that goes away with its process",
    "gzip.GzipFile": "an open file",
    "bz2.BZ2File": "an open file",
    "lzma.LZMAFile": "an open file",
    "zipfile.ZipFile": "an open archive",
    "tarfile.TarFile": "an open archive",
    "h5py._hl.files.File": "an open HDF5 file",
    "h5py._hl.base.HLObject": "part of an open HDF5 file",
    "builtins.memoryview": "a view of memory",
    "mmap.mmap": "a memory map of a file",
    "posix.ScandirIterator": "an open folder listing",
    "_socket.socket": "an open socket",
    "socket.socket": "an open socket",
    "ssl.SSLContext": "a TLS context",
    "_ssl._SSLContext": "a TLS context",
    "http.client.HTTPConnection": "an open connection",
    "select.epoll": "an open poll object",
    "selectors.BaseSelector": "an open selector",
    "zmq.backend.cython._zmq.Socket": "an open socket",
    "sqlite3.Connection": "an open database connection",
    "sqlite3.Cursor": "a database cursor",
    "builtins.generator": "a generator in mid-run",
    "builtins.coroutine": "a coroutine",
    "builtins.coroutine_wrapper": "a coroutine",
    "builtins.async_generator": "an asynchronous generator in mid-run",
    "builtins.frame": "an execution frame",
    "builtins.traceback": "a traceback (it holds execution frames)",
    "_thread.lock": "a lock",
    "_thread.RLock": "a lock",
    "threading._RLock": "a lock",
    "threading.Condition": "a lock",
    "threading.Event": "a thread event",
    "threading.Semaphore": "a lock",
    "threading.Barrier": "a lock",
    "threading.Thread": "a thread",
    "_thread._local": "thread-local data",
    "_thread._ThreadHandle": "a thread",
    "queue.Queue": "a queue between threads",
    "_queue.SimpleQueue": "a queue between threads",
    "subprocess.Popen": "a child process",
    "multiprocessing.process.BaseProcess": "a child process",
    "multiprocessing.pool.Pool": "a pool of processes or threads",
    "concurrent.futures._base.Executor": "a pool of processes or threads",
    "concurrent.futures._base.Future": "a future of a running pool",
    "_asyncio.Future": "a running asyncio task or future",
    "_asyncio.Task": "a running asyncio task",
    "asyncio.futures.Future": "a running asyncio task or future",
    "asyncio.events.AbstractEventLoop": "an event loop",
    "asyncio.events.Handle": "a scheduled call of an event loop",
    "contextlib._GeneratorContextManagerBase": "a context manager in mid-run",
    "_contextvars.ContextVar": "a context variable",
    "_contextvars.Context": "a context",
    "_contextvars.Token": "a context token",
    "ipywidgets.widgets.widget.Widget": "a widget, linked to the process that made it",
    "comm.base_comm.BaseComm": "a channel between a kernel and its pages",
    "weakref.finalize": "a finalizer of this process",
    "cupy.ndarray": "in the memory of a GPU",
    "cupy._core.core.ndarray": "in the memory of a GPU",
    "numba.cuda.cudadrv.devicearray.DeviceNDArrayBase": "in the memory of a GPU",
}


def kind(cls: type) -> str | None:
    """What the instances of a class are, if they cannot be shipped."""
    for base in cls.__mro__:
        found = _TYPES.get(f"{base.__module__}.{base.__qualname__}")
        if found is not None:
            return found
    return None


def words(obj: Any, kind_of_it: str) -> str:
    """The kind, with the name of what is open."""
    if kind_of_it == "an open file":
        if getattr(obj, "closed", False) is True:
            kind_of_it = "a closed file"
        name = getattr(obj, "name", None)
        if isinstance(name, (str, int)):
            return f"{kind_of_it} ({name})"
    return kind_of_it


def path_to(culprit: Any, root: Any, name: str, limit: int = 20_000) -> str | None:
    """How to write, starting from the variable `name`, where the culprit is."""
    seen = {id(root)}
    todo: deque[tuple[Any, str]] = deque([(root, name)])
    alive = [root]
    while todo and len(seen) < limit:
        obj, path = todo.popleft()
        if obj is culprit:
            return path
        for child, step in _children(obj):
            if id(child) not in seen:
                seen.add(id(child))
                alive.append(child)
                todo.append((child, path + step))
    return None


def _children(obj: Any) -> Iterator[tuple[Any, str]]:
    kind_of_it = type(obj)
    if kind_of_it in (str, bytes, int, float, bool, type(None)):
        return
    if isinstance(obj, dict):
        for key, value in list(dict.items(obj)):
            label = repr(key) if type(key) in (str, int, float, bool, tuple, bytes) else "…"
            yield value, f"[{label}]"
            yield key, f" (key {label})"
    elif isinstance(obj, (list, tuple, deque)):
        for index, value in enumerate(tuple(obj)):
            yield value, f"[{index}]"
    elif isinstance(obj, (set, frozenset)):
        for value in tuple(obj):
            yield value, " (element)"
    elif isinstance(obj, types.FunctionType):
        for free, cell in zip(obj.__code__.co_freevars, obj.__closure__ or (), strict=False):
            try:
                yield cell.cell_contents, f" (its captured `{free}`)"
            except ValueError:
                continue
        for default in obj.__defaults__ or ():
            yield default, " (a default argument)"
        yield from ((value, f".{key}") for key, value in vars(obj).items())
        return
    elif isinstance(obj, types.MethodType):
        yield obj.__self__, ".__self__"
        yield obj.__func__, ".__func__"
        return
    elif type(obj).__module__ == "functools" and hasattr(obj, "func"):
        yield obj.func, ".func"
        yield obj.args, ".args"
        yield obj.keywords, ".keywords"
    elif type(obj).__name__ == "ndarray" and obj.dtype.kind == "O":
        for index, value in enumerate(list(obj.flat)):
            yield value, f".flat[{index}]"
    attributes = getattr(obj, "__dict__", None)
    if isinstance(attributes, (dict, types.MappingProxyType)):
        for key, value in list(attributes.items()):
            yield value, f".{key}"
    for base in kind_of_it.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else tuple(slots):
            try:
                yield object.__getattribute__(obj, slot), f".{slot}"
            except AttributeError:
                continue
