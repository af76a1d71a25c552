"""Files and folders by content, as reuse keys know them: never by time or place."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

# Of a folder that a cell reads as a whole (a data set in parts); a larger one is not taken in.
_ENTRIES = 10_000

Stamp = tuple[int, int, int, int]


class Unknown(Exception):
    """It cannot be said what a file holds; the text says why."""


class Contents:
    """Digests of files below (or beside) one folder; each file is read once while it stays."""

    def __init__(self, folder: str, known: dict[str, tuple[Stamp, str]] | None = None) -> None:
        self._folder = folder
        self._known: dict[str, tuple[Stamp, str]] = {} if known is None else known

    def of(self, path: str, tree: bool = False) -> str | None:
        """What is there now; None for nothing. A folder is its names, or with `tree` all in it."""
        place = os.path.join(self._folder, path)
        try:
            if os.path.isdir(place):
                return self._folder_of(place, tree)
            return self._file_of(place)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unknown(f"`{path}` cannot be read: {error.strerror}") from None

    def changed_since(self, path: str, moment: float) -> bool:
        """Whether it may have been written to after a time (seconds since the epoch)."""
        try:
            return os.stat(os.path.join(self._folder, path)).st_ctime >= moment
        except OSError:
            return False

    def _file_of(self, place: str) -> str:
        if not stat.S_ISREG(os.stat(place).st_mode):
            raise Unknown(f"`{place}` is no file")  # who opens a pipe may wait for ever
        with open(place, "rb") as file:
            found = os.fstat(file.fileno())
            stamp = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            known = self._known.get(place)
            if known is not None and known[0] == stamp:
                return known[1]
            digest = hashlib.sha256()
            while piece := file.read(1 << 20):
                digest.update(piece)
        self._known[place] = (stamp, digest.hexdigest())
        return digest.hexdigest()

    def _folder_of(self, place: str, tree: bool) -> str:
        digest = hashlib.sha256(b"folder\0")
        todo, count = [place], 0
        while todo:
            folder = todo.pop()
            for entry in sorted(os.scandir(folder), key=lambda e: e.name):
                count += 1
                if count > _ENTRIES:
                    raise Unknown(f"the folder `{place}` is too large to be compared")
                digest.update(os.fsencode(os.path.relpath(entry.path, place)) + b"\0")
                if tree and entry.is_dir():
                    todo.append(entry.path)
                elif tree:
                    digest.update(self._file_of(entry.path).encode())
        return digest.hexdigest()


def local_modules(names: Iterable[str], folder: Path) -> set[str]:
    """Modules of the notebook's folder; looks on disk."""
    return {n for n in names if (folder / f"{n}.py").exists() or (folder / n).is_dir()}


def module_files(place: str | Path) -> dict[str, str]:
    """The texts of a module or of all of a package, by path below it."""
    place = Path(place)
    if place.is_file():
        return {place.name: place.read_text("utf-8", "replace")}
    found = {}
    for count, path in enumerate(sorted(place.rglob("*.py"))):
        if count > _ENTRIES:
            break
        if "__pycache__" not in path.parts and ".git" not in path.parts:
            found[str(path.relative_to(place))] = path.read_text("utf-8", "replace")
    return found


def digest_of(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{len(text)}\0{text}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
