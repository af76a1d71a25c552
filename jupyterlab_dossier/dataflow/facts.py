"""What one cell does, collected while it is walked; and the notebook's state between cells."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .needs import Needs
from .tables import GONE, Log, Names, Table
from .traits import Traits
from .values import Class, Frame, Heap, Value
from .words import shortened, typed

if TYPE_CHECKING:
    from .local import Files

# What a State has in tables, or anew for each cell.
_APART = {"log", "names", "at", "heap", "cell", "stamp", "writer", "instances", "subclasses"}
_APART |= {"changed_objects", "files"}

Where = tuple[list[str], ast.AST | None]  # the lines of the text and the node in it


def quote(where: Where) -> str:
    """The piece of source a node stands for, as it was typed, on one line."""
    lines, node = where
    row = getattr(node, "lineno", None)
    if row is None or row > len(lines):
        return ""
    end = getattr(node, "end_lineno", row) or row
    if end == row:
        raw = lines[row - 1].encode()
        text = raw[node.col_offset : node.end_col_offset].decode(errors="replace")  # type: ignore[union-attr]
        return shortened(typed(text))
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and body[0].lineno > row:
        # Of a definition or a block only its first line; a comment may follow it.
        head = " ".join(lines[row - 1 : body[0].lineno - 1]).partition(" #")[0]
        return shortened(head.rstrip()) + " …"
    return shortened(" ".join(lines[row - 1 : end]))


@dataclass
class Setup:
    source: str
    names: dict[str, bool]  # name -> made by this very cell
    reads: tuple[str, ...] = ()  # files
    enters: tuple[str, ...] = ()  # folders, which must be there
    after: tuple[str, ...] = ()  # names that its cell changed before it, and not later
    statement: int = 0  # of its cell


@dataclass
class Facts:
    """Effects of a cell; names are global ones. Each event knows where it stands."""

    reads: dict[str, Where] = field(default_factory=dict)
    bound: dict[str, Where] = field(default_factory=dict)
    must: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    mutated: dict[str, Where] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)  # of `mutated`: changed directly, by known code
    seen: dict[str, str] = field(default_factory=dict)  # name -> what a run was seen to do to it
    barrier: str | None = None
    opaque: bool = False  # code nobody sees may bind any name to any object
    binds_unseen: bool = False  # may bind names that nobody sees
    setup: list[Setup] = field(default_factory=list)
    only_prepares: bool = True  # it imports, and writes process state, and does nothing else
    sticky: str | None = None
    outside: dict[str, Where] = field(default_factory=dict)
    unknown: dict[str, Where] = field(default_factory=dict)
    imports: dict[str, None] = field(default_factory=dict)
    unshippable: dict[str, str] = field(default_factory=dict)
    resource_reads: dict[str, Where] = field(default_factory=dict)
    resource_writes: dict[str, Where] = field(default_factory=dict)
    enters: dict[str, Where] = field(default_factory=dict)  # folders that it makes its own
    takes_away: dict[str, int] = field(default_factory=dict)  # names of folders -> last statement
    syntax_error: str | None = None
    quoted: dict[str, str] = field(default_factory=dict)  # name -> source of what was done to it
    needs: Needs = field(default_factory=Needs)
    traits: Traits = field(default_factory=Traits)
    needs_kernel_of: dict[int, str] = field(default_factory=dict)  # an earlier cell -> why
    history: set[str] = field(default_factory=set)  # of IPython's history: `_`, `Out`, `In` …


class State:
    """Everything that is known after some cells: the value of each name, and the heap."""

    def __init__(self) -> None:
        self.log = Log()
        self.names: Names[Value] = Names(self.log)
        self.at: dict[int, set[str]] = {}  # region as bound -> names
        self.heap = Heap(self.log)
        self.cell = 0
        self.stamp = 0  # a number of the cell that it keeps when it moves
        self.writer: Table[str, int] = Table(self.log)  # the cell that wrote a name last
        self.paths_unclear = False  # another working folder, or links: which file a name means
        self.patched: list[Value] = []  # objects of the notebook that were put into modules
        self.patches: dict[str, Value] = {}
        self.instances: Table[Class, frozenset[int]] = Table(self.log)
        self.subclasses: Table[Class, tuple[Class, ...]] = Table(self.log)
        self.opaque = False  # a barrier before may have bound any name
        self.own_history: set[str] = set()  # `_` and the like that the notebook has bound itself
        self.files: Files | None = None  # the notebook's folder, if it is known
        self.written: dict[str, str | None] = {}  # modules written by cells: path -> text
        self.modules: dict[str, Frame] = {}  # local ones that were imported
        self.module_files: dict[str, int] = {}  # their files -> the cell that imported them
        self.finalizers = False  # some objects run code when they are dropped
        self.changed_objects = False  # closures or classes of earlier cells were changed

    def rest(self) -> dict[str, Any]:
        """What is not in tables, and so cannot be undone piece by piece: a copy of it."""
        return {name: copy(value) for name, value in vars(self).items() if name not in _APART}

    def restore(self, rest: dict[str, Any]) -> None:
        for name, value in rest.items():
            setattr(self, name, copy(value))

    def put(self, table: Table[Any, Any], key: Any, value: Any) -> None:
        """Writes into a table without a note; GONE takes the key away."""
        if table is not self.names:
            table.put(key, value)
            return
        old = dict.get(self.names, key)
        if old is not None:
            for region in old.regions:
                self.at[region].discard(key)
        table.put(key, value)
        if value is not GONE:
            for region in value.regions:
                self.at.setdefault(region, set()).add(key)

    def share(self, cls: Class) -> set[int]:
        """From now on instances may see a change of the class; the regions this ties together."""
        self.changed_objects = True
        cls.shared = True
        regions = {cls.region, *self.instances.get(cls, ())}
        for below in self.subclasses.get(cls, ()):
            regions |= self.share(below)
        return regions

    def bind(self, name: str, value: Value | None) -> None:
        old: Value | None = self.names.pop(name, None)
        if old is not None:
            for region in old.regions:
                self.at.get(region, set()).discard(name)
        if value is not None:
            self.names[name] = value
            for region in value.regions:
                self.at.setdefault(region, set()).add(name)

    def sharing(self, roots: set[int]) -> set[str]:
        """Names that get a new version when these regions change.

        A version is written with all it reaches, so that names which share anything with it are
        written too. Only what is kept one-sidedly may stay, if its version is older: then the new
        one refers to it.
        """
        found: set[str] = set()
        todo = list(roots)
        seen = set(todo)
        find = self.heap.find
        while todo:
            root = todo.pop()
            regions: Iterable[int] = self.heap.together(root)
            if len(self.heap.members.get(root, ())) > len(self.at):
                regions = [r for r in self.at if self.heap.root.get(r, r) == root]
            for region in regions:
                for name in self.at.get(region, ()):
                    if name in found:
                        continue
                    found.add(name)
                    for other in self.names[name].regions:
                        other = find(other)
                        if other not in seen:
                            seen.add(other)
                            todo.append(other)
            for kept, keepers in self.heap.kept_by.items():
                if kept not in seen and any(find(k) == root for k in keepers):
                    writers = {self.writer.get(n) for n in found}
                    names = self.sharing({kept})
                    if any(self.writer.get(n) in writers for n in names):
                        found |= names
                        seen.add(kept)
        return found
