"""Folders that stand for the notebook's own where it is not there.

One for each run (or session): what the server sends is laid out in it before a cell, and what the
cell changed is found by a look at all of it afterwards, whoever wrote it: Python, native code or a
child process. Both go as blobs.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .blobs import BlobFolder

Message = dict[str, Any]

# Never sent, and never taken back: what tools keep for themselves, and run by themselves.
SKIPPED = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", "node_modules", ".venv"})
# Folders of other runs that stay laid out, though no kernel is in them.
_KEPT = 3
_SPACE = re.compile(r"[0-9a-f]{8,64}")

Stamp = tuple[int, int, int, int, int]


class Known(NamedTuple):
    """What the server has of a path, and how the path looked then."""

    blob: str | None
    """None for a folder."""
    stamp: Stamp | None


class Gone(Exception):
    """The content of a file has to be fetched: what was in its place is not there any more."""


class FolderFault(Exception):
    """The folder cannot be laid out; the text says why."""


class Folders:
    """The folders of one worker."""

    def __init__(self, path: Path, blobs: BlobFolder) -> None:
        self._path = path
        self._blobs = blobs
        self._all: OrderedDict[str, Folder] = OrderedDict()

    def enter(self, order: Mapping[str, Any], attempt: str, kernel: str) -> Folder:
        """The folder of an order's run, which the attempt uses until it leaves."""
        name, inside = str(order["space"]), str(order["inside"])
        if not _SPACE.fullmatch(name):
            raise ValueError("not the name of a folder")
        folder = self._all.get(name)
        if folder is None:
            own = self._path / f"{name}-{secrets.token_hex(4)}"  # an old one may be on its way out
            folder = self._all[name] = Folder(own, inside, self._blobs)
        self._all.move_to_end(name)
        folder.cells.add(attempt)
        folder.kernels.add(kernel)
        return folder

    def kernel_ended(self, kernel: str) -> None:
        for folder in self._all.values():
            folder.kernels.discard(kernel)

    def old(self) -> list[Folder]:
        """Folders that nobody is in any more, taken out of the list, to be removed."""
        empty = [n for n, folder in self._all.items() if not (folder.kernels or folder.cells)]
        return [self._all.pop(name) for name in empty[:-_KEPT]]

    def idle(self) -> list[Folder]:
        """Folders that nobody is in, oldest first."""
        return [folder for folder in self._all.values() if not (folder.kernels or folder.cells)]

    def take_out(self, folder: Folder) -> None:
        """It is about to be removed."""
        for name in [name for name, one in self._all.items() if one is folder]:
            del self._all[name]

    def has(self, order: Mapping[str, Any], path: str) -> bool:
        """Whether a path that is sent is as it should be already."""
        folder = self._all.get(str(order["space"]))
        return folder is not None and folder.has(path, order["sent"][path])

    def close(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


class Folder:
    """One of them. `path` is the notebook's folder; what it names above itself is beside it."""

    def __init__(self, space: Path, inside: str, blobs: BlobFolder) -> None:
        self._space, self._root, self._inside = space, space / "files", inside
        self._blobs = blobs
        self.path = self._place("")
        self.cells: set[str] = set()
        """Attempts that use it now."""
        self.kernels: set[str] = set()
        self.spoiled = False
        """A cell ended in it whose files are not wanted."""
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of its files, as far as they are known."""
        return sum(known.stamp[0] for known in list(self._known.values()) if known.stamp)

    def has(self, path: str, entry: Mapping[str, Any]) -> bool:
        known = self._known.get(path)
        if known is None or known.blob != entry.get("blob"):
            return False
        return known.stamp is not None and _stamp(self._place(path)) == known.stamp

    def remove(self) -> None:
        shutil.rmtree(self._space, ignore_errors=True)

    # before a cell

    def lay_out(self, order: Mapping[str, Any], attempt: str) -> None:
        """Makes what was `sent` be there as it is here, and what is `gone` not.

        `anew`, nothing else is there.
        """
        sent: Mapping[str, Message] = order["sent"]
        with self._lock:
            self.spoiled = self.spoiled or bool(order.get("anew"))
            alone = self.cells == {attempt}
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                (self._space / "tmp").mkdir(exist_ok=True)
                gone = {path: None for path in order["gone"] if path in self._known}
                if self.spoiled and alone:
                    kept = {*sent, *(above for path in sent for above in _above(path))}
                    gone = {path: None for path, *_ in self._look() if path not in kept}
                    self.spoiled = False
                for path in sorted(gone, reverse=True):  # what is in a folder before the folder
                    self._known.pop(path, None)
                    self._remove(self._place(path))
                for path, entry in sent.items():
                    self._lay(path, entry, alone)
            except OSError as error:
                raise FolderFault(f"`{error.filename}`: {error.strerror}") from error

    @staticmethod
    def _remove(place: Path) -> None:
        with contextlib.suppress(OSError):  # a folder in which something else is stays
            if place.is_dir() and not place.is_symlink():
                place.rmdir()
            else:
                place.unlink()

    def _lay(self, path: str, entry: Message, alone: bool) -> None:
        place = self._place(path)
        blob = entry.get("blob")
        known = self._known.get(path)
        there = _stamp(place)
        if blob is None:
            if not place.is_dir():
                self._remove(place)
            place.mkdir(parents=True, exist_ok=True)
            self._know_folder(path)
            return
        if known is not None and known.blob == blob and there == known.stamp:
            return
        if not alone and there is not None and (known is None or there != known.stamp):
            return  # a cell that runs has just written it
        if place.is_dir():
            self._remove(place)
        self._know_folder(os.path.dirname(path))
        if not self._blobs.has(blob):
            raise Gone(path)
        temporary = self._space / "tmp" / secrets.token_hex(8)
        try:
            shutil.copyfile(self._blobs.path(blob), temporary)
            os.chmod(temporary, 0o755 if entry.get("executable") else 0o644)
            os.utime(temporary, ns=(int(entry["mtime"]), int(entry["mtime"])))
            os.replace(temporary, place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self._known[path] = Known(blob, _stamp(place))

    def _know_folder(self, path: str) -> None:
        """A folder and those above it are there, as they are at the server."""
        while path and not path.startswith(".."):
            if self._known.get(path) == Known(None, None):
                return
            self._place(path).mkdir(parents=True, exist_ok=True)
            self._known[path] = Known(None, None)
            path = os.path.dirname(path)
        if path:
            self._place(path).mkdir(parents=True, exist_ok=True)

    def _place(self, path: str) -> Path:
        return _within(self._root, os.path.join(self._inside, path))

    # after a cell

    def missing(self, read: Iterable[str]) -> list[str]:
        """Of the paths that a cell looked for below the folder, those that are not there."""
        below = (path for path in read if not os.path.isabs(path))
        return [path for path in below if not os.path.lexists(self.path / path)][:100]

    def beside(self, written: Iterable[str]) -> list[str]:
        """Of what a cell wrote, what is outside of the notebook's folder as it is named in it."""
        top = f"{self._root}{os.sep}"
        found = [os.path.relpath(path, self.path) for path in written if path.startswith(top)]
        return [path for path in found if path.startswith("..")][:100]

    def changes(self, attempt: str, written: Collection[str], count: int, size: int) -> Message:
        """What the cell made, changed and removed; in blobs.

        Where other cells use the folder too, only what this one was seen to write is its own; the
        last of them takes the rest. Beyond `count` files or `size` bytes, nothing but that.
        """
        with self._lock:
            alone = self.cells == {attempt}
            mine: list[tuple[str, os.stat_result]] = []
            left: list[str] = []
            there = set()
            for path, stamp, found in self._look():
                there.add(path)
                known = self._known.get(path)
                if (
                    known is not None
                    and (known.stamp == stamp)
                    and (known.blob is None) == (stat.S_ISDIR(found.st_mode))
                ):
                    continue
                if not (alone or path in written):
                    continue
                if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
                    mine.append((path, found))
                else:
                    left.append(path)
                    self._known[path] = Known("", stamp)
            removed = [p for p in self._known if p not in there and not p.startswith("..")]
            removed = [p for p in removed if alone or p in written]
            sizes = {p: f.st_size for p, f in mine if stat.S_ISREG(f.st_mode)}
            if len(mine) + len(removed) > count or sum(sizes.values()) > size:
                largest = max(sizes, key=lambda p: sizes[p], default="")
                about = {"files": len(mine) + len(removed), "bytes": sum(sizes.values())}
                self.spoiled = True
                return {"over": {**about, "largest": largest, "size": sizes.get(largest, 0)}}
            self.spoiled, before = True, self.spoiled  # where one cannot be read, none is taken
            made = [self._take(path, found) for path, found in mine]
            self.spoiled = before
            gone = [
                {"path": path, "was": self._known.pop(path).blob or None}
                for path in sorted(removed, reverse=True)
            ]
            return {"made": [m for m in made if m], "gone": gone, "left": left[:100]}

    def _take(self, path: str, found: os.stat_result) -> Message | None:
        if stat.S_ISDIR(found.st_mode):
            was = self._known.get(path)
            self._known[path] = Known(None, None)
            return {"path": path, "was": (was.blob if was is not None else None) or None}
        try:
            blob, size = self._blobs.add(self._place(path))
        except FileNotFoundError:
            return None  # a child process that goes on removed it
        before = self._known.get(path)
        self._known[path] = Known(blob, _stamp_of(found))
        return {
            "path": path,
            "blob": blob,
            "size": size,
            "mtime": found.st_mtime_ns,
            "executable": bool(found.st_mode & 0o111),
            "was": (before.blob if before is not None else None) or None,
        }

    def _look(self) -> Iterator[tuple[str, Stamp | None, os.stat_result]]:
        """All that is below the notebook's folder; links are not followed."""
        root = str(self.path)
        todo = [root]
        while todo:
            try:
                entries = sorted(os.scandir(todo.pop()), key=lambda e: e.name)
            except FileNotFoundError:
                continue
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    path = os.path.relpath(entry.path, root)
                    if not stat.S_ISDIR(found.st_mode):
                        yield path, _stamp_of(found), found
                    elif entry.name not in SKIPPED:
                        todo.append(entry.path)
                        yield path, None, found


def _above(path: str) -> Iterator[str]:
    while path := os.path.dirname(path):
        yield path


def _within(top: Path, path: str) -> Path:
    """A path below `top`, whatever `..` it has. Raises ValueError where it leads out."""
    found = os.path.normpath(os.path.join(top, path))
    if found != str(top) and not found.startswith(f"{top}{os.sep}"):
        raise ValueError(f"a path that leads out: {path[:100]!r}")
    return Path(found)


def _stamp(path: Path) -> Stamp | None:
    try:
        return _stamp_of(os.lstat(path))
    except OSError:
        return None


def _stamp_of(found: os.stat_result) -> Stamp:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_mode
