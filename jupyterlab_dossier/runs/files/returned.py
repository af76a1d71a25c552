"""Files that a cell wrote where the notebook's folder is not, put into that folder.

What a worker says is untrusted: paths only lead to what is below the folder, and no link is
followed out of it. What was changed here meanwhile is never written over. Every step may be
repeated: a run that is taken up does so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dossier_worker.blobs import is_name
from dossier_worker.folders import SKIPPED

from ...targets import Target
from ..model import Json
from ..progress import bytes_words

_LONGEST = 4096
_TOLD = 3


class Malformed(ValueError):
    """It is not what a worker of ours says."""


class Refused(Exception):
    """Files that cannot be kept; the text says which, and why."""


@dataclass(frozen=True)
class Made:
    """A file (or, without a blob, a folder) as the cell left it."""

    path: str
    blob: str | None = None
    size: int = 0
    mtime: int = 0
    executable: bool = False
    was: str | None = None
    """The content that the cell began with there."""


@dataclass
class Returned:
    """What a cell did to the notebook's folder, as its worker tells it."""

    made: list[Made] = field(default_factory=list)
    gone: list[Made] = field(default_factory=list)
    """Without a blob; folders, where `was` is None."""
    notes: list[str] = field(default_factory=list)

    @property
    def blobs(self) -> list[tuple[str, int, str]]:
        return [(m.blob, m.size, f"file `{m.path}`") for m in self.made if m.blob is not None]


def read(message: Any, target: Target, notebook: str) -> Returned:
    """The `files` of a `done` message. Raises `Malformed`, `Refused`."""
    if not isinstance(message, dict):
        return Returned()
    if fault := message.get("fault"):
        raise Refused(f"the files that it wrote could not be read on its worker: {_text(fault)}")
    if isinstance(over := message.get("over"), dict):
        raise Refused(_over(over, target))
    found = Returned()
    try:
        for item in message.get("made") or []:
            found.made.append(_made(item))
        for item in message.get("gone") or []:
            found.gone.append(Made(_path(item["path"]), was=_was(item)))
        left = [_text(path) for path in message.get("left") or []]
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed(str(error)) from None
    total = sum(made.size for made in found.made)
    if len(found.made) + len(found.gone) > target.files_count or total > target.files_size:
        raise Malformed("more files than the worker was allowed to send")
    paths = [made.path for made in (*found.made, *found.gone)]
    if len({*paths}) < len(paths):
        raise Malformed("two files of one name")
    if notebook in paths:
        found.made = [made for made in found.made if made.path != notebook]
        found.gone = [made for made in found.gone if made.path != notebook]
        found.notes.append(f"it changed `{notebook}`, its notebook, which did not come back")
    if left:
        names = ", ".join(f"`{path}`" for path in left[:_TOLD])
        found.notes.append(f"no file, and so it did not come back: {names}")
    return found


def _made(item: Json) -> Made:
    path = _path(item["path"])
    if item.get("blob") is None:
        return Made(path, was=_was(item))
    blob, size, mtime = item["blob"], item["size"], item["mtime"]
    if not is_name(blob):
        raise Malformed("a blob's name that is no hash")
    if not isinstance(size, int) or not isinstance(mtime, int) or size < 0:
        raise Malformed("a size or time that is none")
    mtime = min(max(0, mtime), time.time_ns())
    return Made(path, blob, size, mtime, item.get("executable") is True, _was(item))


def _was(item: Json) -> str | None:
    was = item.get("was")
    return was if is_name(was) else None


def _path(path: Any) -> str:
    """A path below the notebook's folder. Raises `Malformed` for any other."""
    if not isinstance(path, str) or not 0 < len(path) <= _LONGEST or "\0" in path:
        raise Malformed("a path that is none")
    parts = path.split("/")
    if os.sep != "/" and (os.sep in path or ":" in path):
        raise Malformed(f"a path that cannot be here: {path[:100]!r}")
    try:
        os.fsencode(path)
    except UnicodeError:
        raise Malformed("a path that cannot be here") from None
    if {"", ".", ".."} & {*parts} or PurePosixPath(path).is_absolute():
        raise Malformed(f"a path that leads out of the folder: {path[:100]!r}")
    if SKIPPED & {*parts}:
        raise Malformed(f"a path that is not a cell's to write: {path[:100]!r}")
    return path


def _over(over: Json, target: Target) -> str:
    about = {name: over.get(name) for name in ("files", "bytes", "size")}
    count, size, largest = (n if isinstance(n, int) else 0 for n in about.values())
    return (
        f"it wrote {count} files of {bytes_words(size)}, of which `{_text(over.get('largest'))}`"
        f" has {bytes_words(largest)}: from {target.name!r} come back at most"
        f" {target.files_count} files of {bytes_words(target.files_size)} (`files_count`,"
        " `files_size` in its settings)"
    )


def _text(text: Any) -> str:
    return str(text)[:200]


# placing


@dataclass(frozen=True)
class Basis:
    """What the cell had begun with, and where."""

    folder: str
    attempt: str
    began: float
    label: str
    """Of the cell, for names of files beside others."""
    read: frozenset[str]
    """What it was seen to read, or to add to."""
    notebook: str
    hidden: frozenset[str] = frozenset()
    """Paths that the cell's own text names: only these may be hidden."""


@dataclass(frozen=True)
class Places:
    """What is here, and what is not a cell's."""

    blob_at: Callable[[str], str | None]
    """What a file here holds."""
    open_blob: Callable[[str], Path]
    ours: str
    """The folder of ledger and store."""
    stopped: Callable[[], bool] = lambda: False


def place(returned: Returned, basis: Basis, places: Places) -> list[str]:
    """Makes the notebook's folder be as the cell left it; what is to be told, in words.

    Raises `Refused`, `OSError`.
    """
    placing = _Placing(basis, places)
    for change, things in ((placing.remove, returned.gone), (placing.put, returned.made)):
        for thing in things:
            if places.stopped():
                return []
            if not placing.forbids(thing.path):
                change(thing)
    return [*returned.notes, *placing.notes()]


class _Placing:
    def __init__(self, basis: Basis, places: Places) -> None:
        self._basis = basis
        self._blob_at = places.blob_at
        self._open_blob = places.open_blob
        self._root = os.path.realpath(basis.folder)
        self._forbidden = {places.ours, os.path.realpath(basis.notebook)}
        self._beside: list[str] = []
        self._kept: list[str] = []
        self._left: list[str] = []

    def forbids(self, path: str) -> bool:
        """Whether it is hidden, and not the user's wish: login files, keys, settings of tools."""
        parts = path.split("/")
        first = next((n for n, part in enumerate(parts) if part.startswith(".")), None)
        if first is None:
            return False
        hidden = "/".join(parts[: first + 1])
        if any(text == hidden or text.startswith(f"{hidden}/") for text in self._basis.hidden):
            return False
        self._left.append(f"`{path}`")
        return True

    def put(self, made: Made) -> None:
        place = self._resolve(made.path)
        if made.blob is None:
            if made.was is not None and self._blob_at(place) == made.was:
                os.unlink(place)  # a folder has taken its place
            if os.path.isfile(place):
                self._kept.append(f"`{made.path}`")
            else:
                os.makedirs(place, exist_ok=True)
            return
        if os.path.isdir(place):
            with contextlib.suppress(OSError):  # what is in it was not the cell's to remove
                os.rmdir(place)
        here = self._blob_at(place)
        if os.path.isdir(place) or (here != made.blob and self._changed_here(made, place, here)):
            stem, suffix = os.path.splitext(place)
            place = f"{stem} ({self._basis.label}){suffix}"
            here = self._blob_at(place)
            if here not in (None, made.blob) or os.path.isdir(place):
                place = f"{stem} ({self._basis.label}, {self._basis.attempt[-6:]}){suffix}"
                here = self._blob_at(place)
            self._beside.append(f"`{made.path}` (its own is `{os.path.basename(place)}`)")
        if here == made.blob:
            _set_executable(place, made.executable)
            return
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            self._kept.append(f"`{os.path.dirname(made.path)}`")
            return
        self._write(made, place)

    def remove(self, gone: Made) -> None:
        place = self._resolve(gone.path)
        if gone.was is None:
            with contextlib.suppress(OSError):  # something else is in it, or it is no folder
                os.rmdir(place)
        elif (here := self._blob_at(place)) == gone.was:
            os.unlink(place)
        elif here is not None:
            self._kept.append(f"`{gone.path}`")

    def notes(self) -> list[str]:
        found = []
        if self._beside:
            words = "what is here was changed meanwhile, or had not been sent, and stays"
            found.append(f"{words}: {_list(self._beside)}")
        if self._kept:
            found.append(f"not removed, since it was changed here meanwhile: {_list(self._kept)}")
        if self._left:
            words = "hidden, and not named in the cell's text, so it did not come back"
            found.append(f"{words}: {_list(self._left)}")
        return found

    def _changed_here(self, made: Made, place: str, here: str | None) -> bool:
        """Whether what is here is not what the cell had begun with."""
        if here is None or here == made.was:
            return False
        if made.was is not None or made.path in self._basis.read:
            return True
        # It made a file of this name, not knowing of the one that is here.
        return os.lstat(place).st_ctime >= self._basis.began

    def _resolve(self, path: str) -> str:
        """Where a path is, through links that stay below the folder."""
        place = os.path.realpath(os.path.join(self._root, path))
        if not place.startswith(self._root + os.sep):
            raise Refused(f"`{path}` is, or is behind, a link that leads out of the folder")
        above = {place[:end] for end, char in enumerate(place + os.sep) if char == os.sep}
        if SKIPPED & {*os.path.relpath(place, self._root).split(os.sep)} or self._forbidden & above:
            raise Refused(f"`{path}` is, or leads to, what is not a cell's to write")
        return place

    def _write(self, made: Made, place: str) -> None:
        assert made.blob is not None
        # The same name when it is done again: nothing is left behind.
        temporary = os.path.join(os.path.dirname(place), f".{self._basis.attempt}.dossier")
        flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
        mode = 0o777 if made.executable else 0o666
        try:
            descriptor = os.open(temporary, flags, mode)
            with os.fdopen(descriptor, "wb") as file, self._open_blob(made.blob).open("rb") as blob:
                shutil.copyfileobj(blob, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(os.stat(place).st_mode))
            _set_executable(temporary, made.executable)
            os.utime(temporary, ns=(made.mtime, made.mtime))
            os.replace(temporary, place)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def _set_executable(place: str, executable: bool) -> None:
    mode = stat.S_IMODE(os.stat(place).st_mode)
    # Whoever may read it may execute it.
    wanted = mode | (mode & 0o444) >> 2 if executable else mode & ~0o111
    if wanted != mode:
        os.chmod(place, wanted)


def _list(words: list[str]) -> str:
    more = f" and {len(words) - _TOLD} more" if len(words) > _TOLD else ""
    return ", ".join(words[:_TOLD]) + more
