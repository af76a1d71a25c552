"""Files and folders that are found where a cell names them, and the modules that it brings."""

from __future__ import annotations

import errno
import glob
import itertools
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from dossier_worker.folders import SKIPPED

from ...dataflow import traits
from ...targets import Target
from .contents import local_modules, module_files
from .naming import texts_in

# Of what a literal only may mean (a folder, a pattern), more than this is left to be declared.
_GUESSED_FILES = 1000
_GUESSED_BYTES = 256 << 20
# A module that imports others, which import others.
_MODULES = 1000
# Of names that are told, so many at most.
TOLD = 3
PATTERN = re.compile(r"[*?\[]")


class Files:
    """Files and folders that were found below (or above) a notebook's folder."""

    def __init__(self, folder: str, ours: str) -> None:
        self._folder, self._ours = folder, ours
        self.there: dict[str, os.stat_result | None] = {}
        """None for a folder."""
        self.notes: list[str] = []
        self.size = 0
        self.fitted = False
        """Whether a pattern found some."""

    def fits(self, target: Target) -> bool:
        return self.count <= target.files_count and self.size <= target.files_size

    @property
    def count(self) -> int:
        return len(self.there)

    @property
    def largest(self) -> tuple[str, int]:
        sizes = {path: found.st_size for path, found in self.there.items() if found is not None}
        path = max(sizes, key=lambda p: sizes[p], default="")
        return path, sizes.get(path, 0)

    def add(self, path: str, *, guessed: bool = False, opened: bool = True) -> bool:
        """Takes what is at a path; whether something is there.

        Of a folder all that is below it, if it is `opened`; not much, where that is `guessed`.
        """
        path = os.path.normpath(path)
        if os.path.isabs(path):
            return True  # nothing stands for it there: told where it fails
        place = os.path.join(self._folder, path)
        try:
            found = os.stat(place)
        except (FileNotFoundError, NotADirectoryError):
            self._take_above(path)
            return False
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return False
            raise
        if not stat.S_ISDIR(found.st_mode):
            if stat.S_ISREG(found.st_mode):
                self._take({path: found})
            return True
        if not opened:
            self._take_above(os.path.join(path, "x"))
            return True
        if guessed and path.startswith(".."):
            return True
        below: dict[str, os.stat_result | None] = {}
        size = 0
        for name, what in self._below(path, guessed):
            below[name] = what
            size += what.st_size if what is not None else 0
            if guessed and (len(below) > _GUESSED_FILES or size > _GUESSED_BYTES):
                words = "it has too much in it for a guess: declare it in the cell's `reads`"
                self.notes.append(f"folder `{path}` was not sent: {words}")
                return True
        self._take(below)
        return True

    def add_pattern(self, pattern: str) -> None:
        """Files whose names are made while the cell runs: all that fit, if they are not many."""
        self._take_above(os.path.normpath(PATTERN.split(pattern, 1)[0] + "x"))
        taken: dict[str, os.stat_result | None] = {}
        size = 0
        for name, found in itertools.islice(self._fitting(pattern), _GUESSED_FILES + 1):
            taken[name] = found
            size += found.st_size
        if len(taken) > _GUESSED_FILES or size > _GUESSED_BYTES:
            words = "fit it, too much for a guess: declare them in the cell's `reads`"
            more = "at least " if len(taken) > _GUESSED_FILES else ""
            self.notes.append(f"`{pattern}` was not sent: {more}{len(taken)} files {words}")
            return
        self.fitted = self.fitted or bool(taken)
        self._take(taken)

    def _fitting(self, pattern: str) -> Iterator[tuple[str, os.stat_result]]:
        for name in glob.iglob(pattern, root_dir=self._folder, recursive=True):
            place = os.path.join(self._folder, name)
            if {*name.split(os.sep)} & SKIPPED or not os.path.isfile(place):
                continue
            if not os.path.realpath(place).startswith(self._ours + os.sep):
                yield os.path.normpath(name), os.stat(place)

    def _take_above(self, path: str) -> None:
        """The folders in which a file may be made."""
        while (path := os.path.dirname(path)) and not path.startswith(".."):
            if os.path.isdir(os.path.join(self._folder, path)):
                self._take({path: None})

    def _take(self, found: Mapping[str, os.stat_result | None]) -> None:
        for path, what in found.items():
            if path not in self.there:
                self.there[path] = what
                self.size += what.st_size if what is not None else 0

    def _below(self, path: str, guessed: bool) -> Iterator[tuple[str, os.stat_result | None]]:
        """All in a folder, links as what they lead to; where it is `guessed`, nothing hidden."""
        todo, seen, hidden = [path], set[str](), list[str]()
        while todo:
            folder = todo.pop()
            real = os.path.realpath(os.path.join(self._folder, folder))
            if real in seen or real == self._ours:
                continue
            seen.add(real)
            if folder != ".":
                yield folder, None
            try:
                entries = sorted(os.scandir(real), key=_name)
            except PermissionError:
                self.notes.append(f"folder `{folder}` was not sent: it cannot be read here")
                continue
            for entry in entries:
                name = os.path.normpath(os.path.join(folder, entry.name))
                if entry.name in SKIPPED:
                    continue
                if guessed and entry.name.startswith("."):
                    hidden.append(name)
                elif entry.is_dir():
                    todo.append(name)
                elif entry.is_file():
                    yield name, entry.stat()
        if hidden:
            names = ", ".join(f"`{name}`" for name in hidden[:TOLD])
            self.notes.append(f"hidden, and not named in the cell, so not sent: {names}")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def modules_of(names: Iterable[str], folder: Path) -> list[Path]:
    """The notebook's own modules among these, and those that they import."""
    found: dict[str, Path] = {}
    todo, seen = set(names), set[str]()
    while todo and len(seen) < _MODULES:
        seen |= todo
        more: set[str] = set()
        for name in local_modules(todo, folder):
            place = folder / name if (folder / name).is_dir() else folder / f"{name}.py"
            if name in SKIPPED:
                continue
            found[name] = place
            for text in _texts(place):
                more |= _imported(text)
        todo = more - seen
    return list(found.values())


@lru_cache(256)
def _imported(text: str) -> frozenset[str]:
    return frozenset(traits.of_module(text)[1])


def texts_of_module(place: Path) -> set[str]:
    """As `naming.texts_in`, of all files of a module."""
    return {literal for text in _texts(place) for literal in texts_in(text)}


def _texts(place: Path) -> Collection[str]:
    try:
        return module_files(place).values()
    except OSError:
        return ()
