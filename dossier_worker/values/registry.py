"""The variable versions whose objects are in this process, and which object belongs to which.

A version is one pickle. Pickler and unpickler number the objects of a pickle alike (their memo),
so (version, number) names an object in every process that holds the version.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from . import singletons

Manifest: TypeAlias = dict[str, Any]

_SHIFT = 40
_MASK = (1 << _SHIFT) - 1


class Span(NamedTuple):
    """Memory whose content is (or was, when it was stored) that of a blob."""

    address: int
    size: int
    path: Path
    mapped: bool  # copy-on-write from the blob's file


class Held:
    """A version whose objects are in this process."""

    __slots__ = ("__weakref__", "_root", "_weak", "definition", "deps", "keep", "manifest",
                 "memory", "objects", "root_id", "root_index", "serial")  # fmt: skip

    def __init__(
        self,
        manifest: Manifest,
        root: Any,
        root_index: int | None,
        objects: dict[int, Any],
        deps: list[Held],
        definition: bool = False,
        memory: Sequence[Span] = (),
    ) -> None:
        self.manifest = manifest
        self.objects = objects
        self.root_index = root_index
        self.root_id = id(root)
        self.deps = deps
        # What a version shares with another one stays whole as long as the version is here.
        self.keep = [dep.root() for dep in deps]
        self.definition = definition
        self.memory = memory
        self.serial = -1
        self._weak = False
        self._root = root

    @property
    def version(self) -> str:
        return str(self.manifest["version"])

    def root(self) -> Any:
        return self._root() if self._weak else self._root

    def get(self, index: int) -> Any:
        """The object with this number; KeyError if it is not here."""
        return self.root() if index == self.root_index else self.objects[index]

    def loosen(self, died: Callable[[Held], None]) -> None:
        """Hold the root weakly, so that `del big` in a cell frees the memory at once."""
        if self.root_index is not None:
            self.objects.pop(self.root_index, None)
        me = weakref.ref(self)

        def gone(_: object) -> None:
            held = me()
            if held is not None:
                died(held)

        self._root = weakref.ref(self._root, gone)
        self._weak = True


@contextmanager
def collector_paused() -> Iterator[None]:
    """Many objects come to be at once and stay: looking for garbage among them is a waste."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Registry:
    """All versions held, and `known`: id of an object -> where it belongs.

    A value in `known` is a number (of version and memo entry), the name of a singleton, or, during
    an export, the variable that is still to be exported.
    """

    def __init__(self) -> None:
        self.versions: dict[str, Held] = {}
        self.known: dict[int, Any] = {}
        # Memory of pandas objects. It is copy-on-write: other frames do as well with a copy, and
        # need not take this version along. It is `known` once an array looks at it.
        self.frame_memory: dict[int, int] = {}
        self._by_serial: dict[int, Held] = {}
        self._next = 1
        self._singletons: list[tuple[int, Any]] = []

    def add(self, held: Held, frame_memory: Set[int] = frozenset()) -> None:
        held.serial = self._next
        self._next += 1
        self._by_serial[held.serial] = held
        self.versions[held.version] = held
        base = held.serial << _SHIFT
        known = self.known
        for index, obj in held.objects.items():
            if id(obj) in frame_memory:
                self.frame_memory.setdefault(id(obj), base | index)
            elif type(known.get(id(obj))) not in (int, str):
                known[id(obj)] = base | index
        root = held.root()
        if _frees_memory(root):
            held.loosen(self.drop)

    def find(self, code: int) -> tuple[Held, int]:
        return self._by_serial[code >> _SHIFT], code & _MASK

    def drop(self, held: Held) -> None:
        if self.versions.get(held.version) is held:
            del self.versions[held.version]
        if self._by_serial.pop(held.serial, None) is None:
            return
        keys = [id(obj) for obj in held.objects.values()]
        if held.root_index is not None:
            keys.append(held.root_id)
        for table in (self.known, self.frame_memory):
            for key in keys if table else ():
                code = table.get(key)
                if type(code) is int and code >> _SHIFT == held.serial:
                    del table[key]

    def promote(self, obj: Any) -> None:
        """Let others refer to memory of a frame."""
        code = self.frame_memory.pop(id(obj), None)
        if code is not None:
            self.known[id(obj)] = code

    def drop_changed(self, versions: Iterable[str], unchanged: Collection[str]) -> None:
        """Forget versions whose objects changed, and all that share objects with them.

        An object of a changed variable may belong to an older version that it was taken from. That
        one changed as well, unless it is of a variable that is known to be `unchanged`.
        """
        changed: set[int] = set()
        todo = [self.versions[v] for v in versions if v in self.versions]
        while todo:
            held = todo.pop()
            if held.serial not in changed:
                changed.add(held.serial)
                todo.extend(dep for dep in held.deps if dep.version not in unchanged)
        # A version is added after those it depends on, so one pass in order sees them all.
        for held in sorted(self._by_serial.values(), key=lambda h: h.serial) if changed else ():
            if held.serial in changed or any(dep.serial in changed for dep in held.deps):
                changed.add(held.serial)
                self.drop(held)

    def clear(self) -> None:
        for held in list(self._by_serial.values()):
            self.drop(held)

    def sweep(self, live: Iterable[str]) -> None:
        """Drop what neither these versions nor any they share objects with need."""
        needed: set[int] = set()
        todo = [self.versions[v] for v in live if v in self.versions]
        while todo:
            held = todo.pop()
            if held.serial not in needed:
                needed.add(held.serial)
                todo.extend(held.deps)
        for held in list(self._by_serial.values()):
            if held.serial not in needed:
                self.drop(held)

    def refresh_singletons(self, namespace: dict[str, Any]) -> None:
        for key, _ in self._singletons:
            self.known.pop(key, None)
        self._singletons = []
        for name, obj in singletons.current(namespace):
            self.known[id(obj)] = name
            self._singletons.append((id(obj), obj))


def _frees_memory(root: Any) -> bool:
    # Only roots whose parts nobody can keep without keeping the root: a view keeps its base.
    # For others the parts may live on in variables that are not here now.
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(root, numpy.ndarray):
        return not root.dtype.hasobject
    pandas = sys.modules.get("pandas")
    frames = () if pandas is None else (pandas.DataFrame, pandas.Series, pandas.Index)
    return isinstance(root, frames)
