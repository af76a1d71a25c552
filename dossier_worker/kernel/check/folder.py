"""Files of the notebook's folder that were written without an audit event.

By native code, or by a child process. Other cells may write there at the same time: a file is this
cell's only if a child process ran, or this process wrote enough bytes that no event explains. These
may have gone elsewhere, into a pipe perhaps: such files are told as `noticed` too, so that the
engine, which knows what the other cells do, has the last word.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from .audit import Audit, shown
from .cell import Cell, Effects

# By which Linux stamps files: CLOCK_REALTIME_COARSE, which has no name in Python.
_CLOCK = 5 if sys.platform == "linux" else time.CLOCK_REALTIME
# A larger folder is not looked at.
_ENTRIES = 2000
_SKIPPED = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", "node_modules", ".venv"})


class Folder:
    def __init__(self, audit: Audit, blobs: str) -> None:
        self._audit = audit
        # What stands beside the store is ours; a notebook in one's home folder has it below it.
        self._ours = os.path.dirname(os.path.realpath(blobs))
        self._written = 0
        self._began = 0
        # When files that earlier cells wrote were changed: the clock goes in steps of milliseconds.
        self._known: dict[str, int] = {}

    def begin(self, cell: Cell) -> None:
        self._written = _bytes_written()
        self._began = time.clock_gettime_ns(_CLOCK)

    def report(self, cell: Cell, effects: Effects) -> None:
        files: set[str] = effects["files"]["written"]
        written = _bytes_written() - self._written
        explained = sum(_size(os.path.join(cell.folder, path)) for path in files)
        # Larger than all that was written: some were changed in part, and nobody knows by how much.
        silent = written - explained if explained <= written else written
        if self._audit.spawned or silent > 0:
            noticed: set[str] = effects["files"]["noticed"]
            for path, found in _files(cell, self._ours):
                before = max(self._known.get(path, 0), self._began - 1)
                changed = found.st_ctime_ns > before
                if changed and (self._audit.spawned or 0 < found.st_size <= silent):
                    noticed.add(shown(cell, path))
            noticed -= files
            files |= noticed
        for name in files:
            with contextlib.suppress(OSError):
                path = os.path.join(cell.folder, name)
                self._known[path] = os.stat(path).st_ctime_ns


def _files(cell: Cell, ours: str) -> Iterator[tuple[str, os.stat_result]]:
    """Top level first."""
    count = 0
    todo = [cell.folder]
    for folder in todo:
        with os.scandir(folder) as entries:
            for entry in entries:
                count += 1
                if count > _ENTRIES or (not count % 32 and cell.clock.left() <= 0):
                    return
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _SKIPPED and os.path.realpath(entry.path) != ours:
                        todo.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path, entry.stat(follow_symlinks=False)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _bytes_written() -> int:
    """By write calls of this process and of the children that it waited for."""
    try:
        with open("/proc/self/io", "rb", buffering=0) as file:
            for line in file.read().splitlines():
                if line.startswith(b"wchar:"):
                    return int(line[6:])
    except OSError:
        pass
    return 0
