"""Files on their way to a target that does not have the notebook's folder.

Decided when a cell is sent, not when it is planned: what an earlier cell wrote is there by then.
What travels: files that analysis says it reads or writes, or that its metadata declares; those that
a literal of its text, or of what it calls, names; and the notebook's own modules that it imports.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...targets import Target
from ..model import Cell, Json
from ..progress import bytes_words
from . import returned
from .finding import PATTERN, Files, modules_of, texts_of_module
from .naming import Named, hidden, plain
from .returned import Basis, Returned

if TYPE_CHECKING:
    from ...store import Store

_SPACES = 100

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class Wanted:
    """What is to be found for one attempt."""

    path: str
    """The notebook's."""
    target: Target
    space: str = ""
    """Names the run, or the session: each has a folder of its own on a worker."""
    named: Named = field(default_factory=Named)
    enter: bool = False
    """Its kernel has not been in the folder yet."""
    label: str = ""
    """What a file of the cell's is called by that stands beside the one that is here."""

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)


@dataclass
class Sent:
    """What travels with one attempt."""

    entries: dict[str, Json] = field(default_factory=dict)
    """By path from the notebook's folder; one without a blob is a folder."""
    gone: list[str] = field(default_factory=list)
    """Named, and not there."""
    notes: list[str] = field(default_factory=list)
    anew: bool = False
    space: Space | None = None
    """What else a worker has in that folder is not known here: it is to go."""

    @property
    def blobs(self) -> list[tuple[str, int]]:
        return [(e["blob"], e["size"]) for e in self.entries.values() if "blob" in e]


@dataclass
class Space:
    """What the folders of a run have, or had, as far as this engine knows."""

    paths: set[str] = field(default_factory=set)
    workers: set[str] = field(default_factory=set)
    """Those that have nothing else there."""


class TooMuch(Exception):
    """What a cell needs is more than its target takes; the text says which."""


def wanted(
    path: str, target: Target, cell: Cell, run: str, names: Callable[[], Named], enter: bool = False
) -> Wanted | None:
    """What is to travel with a cell; None where its target has the notebook's folder.

    `run`: of which the cell is a part, or its session.
    """
    if target.shares_folder:
        return None
    return Wanted(path, target, space(run), names(), enter, f"code cell {cell.index + 1}")


def to_remember(wanted: Wanted | None) -> Json:
    """What of it must be known to bring back what the cell wrote, also by another engine."""
    return {} if wanted is None else {"hidden": sorted(hidden(wanted.named))}


class Travel:
    """Finds what travels and puts it into the store; each file is read once while it stays."""

    def __init__(self, store: Store, ours: Path) -> None:
        self._store = store
        self._ours = os.path.realpath(ours)
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._spaces: OrderedDict[str, Space] = OrderedDict()

    async def pack(self, wanted: Wanted, worker: str) -> Sent:
        """All that is sent with an attempt. Raises `TooMuch`, `StoreFull`."""
        space = self._space(wanted.space)
        sent = await asyncio.to_thread(self._pack, wanted, tuple(space.paths))
        sent.anew = worker not in space.workers
        sent.space = space
        space.paths |= sent.entries.keys()
        return sent

    def _pack(self, wanted: Wanted, before: Iterable[str]) -> Sent:
        sent = Sent()
        files, sent.gone = self.find(wanted)
        if not files.fits(wanted.target):
            raise TooMuch(too_much("it needs", files, wanted.target))
        sent.notes = files.notes
        sent.gone += [p for p in before if not os.path.lexists(os.path.join(wanted.folder, p))]
        for path, found in files.there.items():
            if found is None:
                sent.entries[path] = {}
                continue
            try:
                blob, size = self._blob(os.path.join(wanted.folder, path))
            except FileNotFoundError:
                sent.gone.append(path)
                continue
            except PermissionError:
                sent.notes.append(f"`{path}` was not sent: it cannot be read here")
                continue
            sent.entries[path] = {
                "blob": blob,
                "size": size,
                "mtime": found.st_mtime_ns,
                "executable": bool(found.st_mode & 0o111),
            }
        return sent

    @staticmethod
    def laid_out(sent: Sent, worker: str, message: Json) -> None:
        """A cell ended: where its worker looked what it wrote, all was there as it was sent."""
        if sent.space is not None and isinstance(message.get("files"), dict):
            sent.space.workers.add(worker)

    def forget(self, name: str) -> None:
        """What a cell wrote there was not taken: what is there is not what is here."""
        self._spaces.pop(name, None)

    def _space(self, name: str) -> Space:
        known = self._spaces.setdefault(name, Space())
        self._spaces.move_to_end(name)
        while len(self._spaces) > _SPACES:
            self._spaces.popitem(last=False)
        return known

    def find(self, wanted: Wanted) -> tuple[Files, list[str]]:
        """What is there of what is named, and what is not. Reads no content but of modules."""
        files, gone = Files(wanted.folder, self._ours), []
        literals = set(wanted.named.literals)
        for place in modules_of(wanted.named.modules, Path(wanted.folder)):
            files.add(os.path.relpath(place, wanted.folder))
            literals |= texts_of_module(place)
        for path in sorted(wanted.named.reads | wanted.named.writes):
            if PATTERN.search(path) and not os.path.lexists(os.path.join(wanted.folder, path)):
                literals.add(path)
            elif not files.add(path, opened=path in wanted.named.reads):
                gone.append(path)
        for text in sorted(literals):
            if "\0" in text or os.path.isabs(text) or "://" in text:
                continue
            try:
                if PATTERN.search(text):
                    # A mere star is seldom a name, but in what opens files.
                    if plain(text) or wanted.named.opens:
                        files.add_pattern(text)
                else:
                    files.add(text, guessed=True, opened=wanted.named.opens)
            except (OSError, ValueError):
                continue  # no path at all
        return files, gone

    def _blob(self, place: str) -> tuple[str, int]:
        found = os.stat(place)
        stamp = _stamp(found)
        known = self._known.get(place)
        if known is not None and known[0] == stamp and self._store.has(known[1], found.st_size):
            return known[1], found.st_size
        with self._store.in_words(found.st_size):
            blob, size = self._store.blobs.add(place)
        # A file that was written to just now may have the same stamp when it is again.
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > 10**8:
            self._known[place] = (stamp, blob)
        return blob, size

    async def place(self, came: Returned, basis: Basis, space: str) -> list[str]:
        """Puts what a cell wrote elsewhere into the notebook's folder; what is to be told."""
        if not (came.made or came.gone or came.notes):
            return []
        stopped = threading.Event()
        places = returned.Places(self.blob_of, self._store.blobs.path, self._ours, stopped.is_set)
        work = asyncio.ensure_future(asyncio.to_thread(returned.place, came, basis, places))
        try:
            notes = await asyncio.shield(work)
        except asyncio.CancelledError:
            # Nothing is put there any more once the run says that it has ended.
            stopped.set()
            await asyncio.wait({work})
            raise
        self._space(space).paths.update(made.path for made in came.made)
        return notes

    def blob_of(self, place: str) -> str | None:
        """The content of a file here as a blob's name; None where it is none."""
        try:
            # Who opens a pipe may wait for ever.
            return self._blob(place)[0] if stat.S_ISREG(os.stat(place).st_mode) else None
        except FileNotFoundError:
            return None


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def space(name: str) -> str:
    """What the folder of a run or session is called on workers."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def order(wanted: Wanted, sent: Sent) -> Json:
    """Of an `execute` message, the part about files."""
    inside = Path(wanted.folder)
    return {
        "space": wanted.space,
        "inside": str(inside.relative_to(inside.anchor)),
        "enter": wanted.enter,
        "sent": sent.entries,
        "gone": sent.gone,
        "anew": sent.anew,
        "count": wanted.target.files_count,
        "size": wanted.target.files_size,
    }


def too_much(verb: str, files: Files, target: Target) -> str:
    """That files are more than a target takes, with the largest of them."""
    path, size = files.largest
    return (
        f"{verb} {files.count} files of {bytes_words(files.size)}, of which `{path}` has"
        f" {bytes_words(size)}: {target.name!r} takes {target.files_count} files of"
        f" {bytes_words(target.files_size)} (`files_count`, `files_size` in its settings)"
    )
