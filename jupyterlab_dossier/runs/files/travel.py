"""Files on their way to a target that does not have the notebook's folder.

Decided when a cell is sent, not when it is planned: what an earlier cell wrote is there by then.
What travels: files that analysis says it reads or writes, or that its metadata declares; those that
a literal of its text, or of what it calls, names; and the notebook's own modules that it imports.
"""

from __future__ import annotations

import asyncio
import errno
import glob
import hashlib
import itertools
import os
import re
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dossier_worker.folders import SKIPPED

from ...dataflow import traits
from ...targets import Target
from ..model import Cell, Json
from ..progress import bytes_words
from . import returned
from .contents import local_modules, module_files
from .returned import Basis, Returned

if TYPE_CHECKING:
    from ...store import Store
    from ..planning.plan import Plan, Step

# Of what a literal only may mean (a folder, a pattern), more than this is left to be declared.
_GUESSED_FILES = 1000
_GUESSED_BYTES = 256 << 20
# A module that imports others, which import others.
_MODULES = 1000

_LITERAL = re.compile(r"([A-Za-z]{0,2})('{3}|\"{3}|'|\")((?:\\.|(?!\2)[^\\]){1,1000}?)\2", re.S)
_COMMAND = re.compile(r"^\s*[!%]+(.*)$", re.M)
# The notebook's folder itself, listed.
_LISTS = re.compile(
    r"\b(listdir|scandir|walk)\(\s*(\)|['\"]\.['\"])|\b(getcwd|cwd|Path)\(\s*(['\"]\.['\"])?\s*\)"
)
_FIELD = re.compile(r"\{[^{}]*\}")
_NOT_FOUND = ("FileNotFoundError", "NotADirectoryError", "OSError")
_TOLD = 3
_PATTERN = re.compile(r"[*?\[]")

_SPACES = 100

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class Named:
    """What the text of a cell and its metadata say of the files that it uses."""

    reads: frozenset[str] = frozenset()
    """By analysis, or declared."""
    writes: frozenset[str] = frozenset()
    literals: frozenset[str] = frozenset()
    """Texts and patterns, of which some may name files."""
    modules: frozenset[str] = frozenset()
    unknown: bool = False
    """It may read files that no text names."""
    opens: bool = False
    """It may read what is in folders that it names."""


@dataclass(frozen=True)
class Wanted:
    """What is to be found for one attempt."""

    path: str
    """The notebook's."""
    target: Target
    space: str = ""
    """Names the run, or the session: each has a folder of its own on a worker."""
    named: Named = Named()
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


def remembered(setting: Json) -> Named:
    """What a cell that another engine sent is known to name."""
    return Named(literals=frozenset(setting.get("hidden") or ()))


def named(plan: Plan, cell: str) -> Named:
    """What a cell names: itself, what it calls, and the set-up that is replayed before it."""
    return Naming(plan).of(cell)


class Naming:
    """What the cells of a plan name. For all of them, the text of each is looked at once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lines: dict[str, Texts] = {}

    def of(self, cell: str) -> Named:
        step = self._plan.steps[cell]
        makers = (maker for setup in step.prefix for maker in setup.inputs.values())
        line = _all_of(map(self._line, dict.fromkeys((cell, *makers))))
        literals, modules = set(line.literals), set(line.modules)
        for setup in step.prefix:
            literals |= _literals(setup.source)
            modules |= _imports(setup.source)
        reads, writes = (step.spec.get(kind) or [] for kind in ("reads", "writes"))
        said = (step.cell.effects or {}).get("reads") or []
        declared = {name[len("file:") :] for name in said if name.startswith("file:")} - {"*"}
        literals.discard(".")  # of what a text is split at, most often
        if "<files>" in reads and _LISTS.search(step.cell.source):
            literals.add(".")
        return Named(
            reads=frozenset(_paths(reads) | declared),
            writes=frozenset(_paths(writes)),
            literals=frozenset(literals),
            modules=frozenset(modules),
            unknown="<files>" in reads,
            opens="<files>" in (*reads, *writes) or bool(step.barrier or step.spec.get("unknown")),
        )

    def _line(self, cell: str) -> Texts:
        """The texts of a cell and of all that its inputs come from."""
        todo = [cell]
        while cell not in self._lines:
            current = todo[-1]
            makers = dict.fromkeys(self._plan.steps[current].inputs.values())
            before = [maker for maker in makers if maker not in self._lines]
            if before:
                todo += before
                continue
            todo.pop()
            if current not in self._lines:
                own = _texts_of(self._plan.steps[current])
                self._lines[current] = _all_of((*(self._lines[m] for m in makers), own))
        return self._lines[cell]


class Texts(NamedTuple):
    """Literals and modules in the text of cells."""

    literals: frozenset[str]
    modules: frozenset[str]


def _texts_of(step: Step) -> Texts:
    needs = step.spec.get("needs") or {}
    names = [*(step.spec.get("imports") or []), *(needs.get("modules") or {})]
    names += map(str, (needs.get("imported") or {}).values())
    modules = frozenset(name.partition(".")[0] for name in names)
    return Texts(_literals(step.cell.source), modules)


def _all_of(found: Iterable[Texts]) -> Texts:
    """Together; along a chain that names nothing new it stays the same object."""
    parts = sorted(found, key=lambda texts: -len(texts.literals))
    whole = parts[0]
    for part in parts[1:]:
        literals = whole.literals
        if not part.literals <= literals:
            literals |= part.literals
        modules = whole.modules
        if not part.modules <= modules:
            modules |= part.modules
        whole = Texts(literals, modules)
    return whole


def _paths(resources: Iterable[str]) -> set[str]:
    return {name[len("<file ") : -1] or "." for name in resources if name.startswith("<file ")}


@lru_cache(4096)  # a cell's text is that of every cell that uses its names
def _literals(source: str) -> frozenset[str]:
    found = set()
    for kind, _, text in _LITERAL.findall(source):
        if "\n" in text or not text.strip():
            continue
        if "f" in kind.lower():
            text = _FIELD.sub("*", text)
            if len(_plain(text)) < 2:
                continue  # it may be any name: told as unknown
        found.add(text)
    for line in _COMMAND.findall(source):
        found |= set(re.split(r"[\s;|&<>\"'=]+", line))
    if source.lstrip().startswith("%%"):
        found |= set(re.split(r"[\s;|&<>\"'=()]+", source))
    return frozenset(found - {""})


def _plain(pattern: str) -> str:
    """What of a pattern stands in every name that fits it."""
    return re.sub(r"\[[^\]]*\]|[^A-Za-z0-9_]", "", pattern)


def _imports(source: str) -> set[str]:
    return set(re.findall(r"(?:^|\s)(?:from|import)\s+(\w+)", source))


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
        for place in _modules(wanted.named.modules, Path(wanted.folder)):
            files.add(os.path.relpath(place, wanted.folder))
            literals |= _module_literals(place)
        for path in sorted(wanted.named.reads | wanted.named.writes):
            if _PATTERN.search(path) and not os.path.lexists(os.path.join(wanted.folder, path)):
                literals.add(path)
            elif not files.add(path, opened=path in wanted.named.reads):
                gone.append(path)
        for text in sorted(literals):
            if "\0" in text or os.path.isabs(text) or "://" in text:
                continue
            try:
                if _PATTERN.search(text):
                    # A mere star is seldom a name, but in what opens files.
                    if _plain(text) or wanted.named.opens:
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
        self._take_above(os.path.normpath(_PATTERN.split(pattern, 1)[0] + "x"))
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
            names = ", ".join(f"`{name}`" for name in hidden[:_TOLD])
            self.notes.append(f"hidden, and not named in the cell, so not sent: {names}")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _modules(names: Iterable[str], folder: Path) -> list[Path]:
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


def _module_literals(place: Path) -> set[str]:
    return {literal for text in _texts(place) for literal in _literals(text)}


def _texts(place: Path) -> Collection[str]:
    try:
        return module_files(place).values()
    except OSError:
        return ()


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


# Of an error, what may be the path or the module that was not found.
_QUOTED = re.compile(r"'([^'\n]{1,1000})'" r'|"([^"\n]{1,1000})"')
_DECLARE = 'name it in the cell\'s `effects.reads` (`"file:{}"`)'


def missing(message: Json) -> list[str]:
    """Paths that a cell looked for below its folder, where they were not; untrusted input."""
    return [path for path in _told(message, "missing") if isinstance(path, str)]


def changed(message: Json) -> list[str]:
    """Files that a cell made, changed or removed where the notebook's folder is not."""
    made = [item for item in _told(message, "made") if isinstance(item, dict) and item.get("blob")]
    gone = [item for item in _told(message, "gone") if isinstance(item, dict)]
    return [item["path"] for item in (*made, *gone) if isinstance(item.get("path"), str)]


def untouched(sent: Sent | None, message: Json) -> bool:
    """Whether there is nothing to bring, to put in place or to tell."""
    told = message.get("files")
    quiet = sent is not None and not sent.notes and message.get("status") == "ok"
    return quiet and isinstance(told, dict) and not any(told.values())


def _told(message: Json, kind: str) -> list[Any]:
    told = message.get("files")
    found = told.get(kind) if isinstance(told, dict) else None
    return found if isinstance(found, list) else []


def hidden(named: Named) -> frozenset[str]:
    """Of the paths that a cell's text names, those that are hidden."""
    texts = (*named.reads, *named.writes, *named.literals)
    paths = {os.path.normpath(text) for text in texts if "." in text}
    return frozenset(path for path in paths if f"{os.sep}." in f"{os.sep}{path}")


def beyond(message: Json) -> list[str]:
    """That files were written beside the folder that stands for the notebook's; in words."""
    found = [path for path in _told(message, "beside") if isinstance(path, str)]
    names = ", ".join(f"`{path[:200]}`" for path in found[:_TOLD])
    return [f"outside of the notebook's folder, and so it did not come back: {names}"][: len(found)]


def unsent(wanted: Wanted, sent: Sent, message: Json) -> list[str]:
    """Files that a cell looked for, and that are here but did not travel; in words."""
    error = message.get("error")
    missed: dict[str, None] = {}
    if isinstance(error, dict):
        words = str(error.get("evalue"))[:10_000]
        quoted = [a or b for a, b in _QUOTED.findall(words)]
        if error.get("ename") == "ModuleNotFoundError":
            found = [f"{name.partition('.')[0]}" for name in quoted]
            quoted = [p for name in found for p in (f"{name}.py", name)]
        elif error.get("ename") not in _NOT_FOUND:
            quoted = []
        missed.update(dict.fromkeys([*quoted, *words.split()[-1:]] if quoted else quoted))
    missed.update(dict.fromkeys(missing(message)))
    notes = []
    for path in missed:
        if not path or "\0" in path or len(path) > 4000:
            continue
        place = os.path.normpath(os.path.join(wanted.folder, path))
        name = os.path.relpath(place, wanted.folder)
        here = place.startswith(wanted.folder + os.sep) and os.path.exists(place)
        if not here or name in sent.entries:
            continue
        if os.path.isabs(path):
            words = "it is named by its absolute path: name it from the notebook's folder"
        else:
            words = _DECLARE.format(name)
        notes.append(f"`{name}` is in the notebook's folder but was not sent: {words}")
    return notes[:_TOLD]
