"""Abstract values: what a name may hold, and what it may share.

A *region* stands for everything that may be reached from some mutable objects. Values that may
share an object share a region: storing one in another unites their regions, for good. Rebinding a
name gives it another value and thereby detaches it.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import scopes
from .tables import Log, Marked, Table

ANY = "?"  # the type of what nothing is known of
MISSING: Any = object()


class Value:
    """What an expression may give: regions it may reach, types it may have.

    A type is the short name of a library class, "=dotted.path" for a module or what is found in
    one, a Function/Class/Instance/Method of the notebook, or ANY.
    `parts` are the elements of a tuple; `loose` ones are of one fresh value each.
    """

    __slots__ = ("const", "loose", "parts", "regions", "types")

    def __init__(
        self,
        regions: frozenset[int],
        types: frozenset[Any],
        const: Any = MISSING,
        parts: tuple[Value, ...] | None = None,
        loose: bool = False,
    ) -> None:
        self.regions = regions
        self.types = types
        self.const = const
        self.parts = parts
        self.loose = loose

    def __repr__(self) -> str:
        return f"Value({sorted(self.regions)}, {sorted(map(str, self.types))})"


NO_REGIONS: frozenset[int] = frozenset()
_PLAIN: dict[str, Value] = {}


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def plain(kind: str) -> Value:
    """An immutable value of a library type, or a reference to a module or to what is in one."""
    value = _PLAIN.get(kind)
    if value is None:
        value = _PLAIN[kind] = Value(NO_REGIONS, frozenset((kind,)))
    return value


NOTHING = Value(NO_REGIONS, frozenset())


def constant(value: Any) -> Value:
    return Value(NO_REGIONS, frozenset((type(value).__name__,)), value)


def join(a: Value, b: Value) -> Value:
    if a is b or not b.types:
        return a
    if not a.types:
        return b
    const = a.const if a.const is not MISSING and b.const is not MISSING else MISSING
    if const is not MISSING and (type(a.const) is not type(b.const) or a.const != b.const):
        const = MISSING
    parts = None
    if a.parts is not None and b.parts is not None and len(a.parts) == len(b.parts):
        parts = tuple(map(join, a.parts, b.parts))
    return Value(a.regions | b.regions, a.types | b.types, const, parts)


def same(a: Any, b: Any) -> bool:
    """Is it the same, for all that a walk can see?"""
    if not isinstance(a, Value) or not isinstance(b, Value):
        return bool(type(a) is type(b) and a == b)
    if a.regions != b.regions or a.types != b.types or a.loose != b.loose:
        return False
    if a.const is not b.const and (type(a.const) is not type(b.const) or a.const != b.const):
        return False
    if a.parts is None or b.parts is None:
        return a.parts is b.parts
    return len(a.parts) == len(b.parts) and all(map(same, a.parts, b.parts))


def join_all(values: Iterable[Value]) -> Value:
    result = NOTHING
    for value in values:
        result = join(result, value)
    return result


Mark = tuple[int, int]  # a moment of a walk: how many changes, and regions, there were


class Heap:
    """Regions as a union-find; for each the types found inside, who keeps it, what cannot leave."""

    def __init__(self, log: Log | None = None) -> None:
        self.log = log or Log()
        self.root: Table[int, int] = Table(self.log)  # of regions that were united with others
        self.elements: Table[int, frozenset[Any]] = Table(self.log)
        self.members: Table[int, tuple[int, ...]] = Table(self.log)
        self.kept_by: Table[int, frozenset[int]] = Table(self.log)
        self.unshippable: Table[int, str] = Table(self.log)
        self.process: Table[int, str] = Table(self.log)  # what belongs to a local module
        self.later: Table[int, frozenset[Any]] = Table(self.log)  # what lazy iterators call
        self.files: Table[int, frozenset[str]] = Table(self.log)  # what changes of them write
        self.opaque = Marked(self.log)
        self.next = 0
        self.made: list[int] = []  # regions of this cell
        self.again: list[int] = []  # the numbers that an earlier walk of it gave to its regions
        self.fresh: set[int] = set()  # regions of this statement
        self.ages: dict[int, int] = {}  # root -> the place in `made` of its eldest region
        self.changes: list[int] = []  # of this cell: the age that a region needs to see each

    def begin(self, again: list[int]) -> None:
        """A cell is walked; `again` are the numbers of an earlier walk of it."""
        self.made, self.again, self.ages, self.changes = [], again, {}, []

    def mark(self) -> Mark:
        return len(self.changes), len(self.made)

    def changed_since(self, mark: Mark) -> bool:
        """Did anything happen that could be seen by what existed then?

        What is made and put somewhere each time, and is like what is there, is nothing new.
        """
        count, made = mark
        changes = self.changes
        return any(changes[n] < made for n in range(count, len(changes)))

    def age(self, root: int) -> int:
        return self.ages.get(root, -1)

    def new(self, elements: frozenset[Any] = frozenset()) -> int:
        made = self.made
        if len(made) < len(self.again):
            # What is made again has the same number: later cells see no difference.
            region = self.again[len(made)]
        else:
            region = self.next
            self.next += 1
        self.ages[region] = len(made)
        made.append(region)
        self.fresh.add(region)
        if elements:
            self.elements[region] = elements
        return region

    def find(self, region: int) -> int:
        root = self.root.get(region, region)
        asked = self.log.regions
        asked.add(region)
        asked.add(root)
        return root

    def roots(self, regions: Iterable[int]) -> set[int]:
        if not isinstance(regions, (frozenset, set, tuple)):
            regions = tuple(regions)
        get = self.root.get
        found = {get(region, region) for region in regions}
        asked = self.log.regions
        asked.update(regions)
        asked.update(found)
        return found

    def compact(self, value: Value) -> Value:
        """The same value by as few regions as there are now."""
        roots = frozenset(self.roots(value.regions))
        if len(roots) == len(value.regions):
            return value
        return Value(roots, value.types, value.const, value.parts, value.loose)

    def together(self, root: int) -> tuple[int, ...]:
        """All regions that were united into this one."""
        members = self.members.get(root, (root,))
        # All of them: this walk itself may have united them.
        self.log.together.update(members)
        return members

    def union(self, regions: Iterable[int]) -> int | None:
        """One region for all of them."""
        root: int | None = None
        for other in self.roots(regions):
            if root is None:
                root = other
                continue
            self._note(root, other)
            joined = self.members.pop(other, (other,))
            kept = self.members.get(root, (root,))
            if len(joined) > len(kept):
                self.members.pop(root, None)
                root, other, kept, joined = other, root, joined, kept
            for one in joined:
                self.root[one] = root
            self.members[root] = kept + joined
            inside = self.elements.pop(other, None)
            if inside:
                self.elements[root] = self.elements.get(root, frozenset()) | inside
            keepers = self.kept_by.pop(other, None)
            if keepers:
                self.kept_by[root] = self.kept_by.get(root, frozenset()) | keepers
            reason = self.unshippable.pop(other, None)
            if reason:
                self.unshippable.setdefault(root, reason)
            module = self.process.pop(other, None)
            if module:
                self.process.setdefault(root, module)
            later = self.later.pop(other, None)
            if later:
                self.later[root] = self.later.get(root, frozenset()) | later
            files = self.files.pop(other, None)
            if files:
                self.files[root] = self.files.get(root, frozenset()) | files
            if other in self.opaque:
                self.opaque.add(root)
        return root

    def _note(self, a: int, b: int) -> None:
        """Two regions become one: both change for who sees both, else the elder may."""
        ages = self.ages
        first, second = ages.get(a, -1), ages.get(b, -1)
        if first > second:
            a, b, first, second = b, a, second, first
        self.changes.append(second)
        for table in (self.elements, self.kept_by, self.later, self.files):
            if not table.get(b, frozenset()) <= table.get(a, frozenset()):
                self.changes.append(first)
        for marks in (self.unshippable, self.process, self.opaque):
            if b in marks and a not in marks:
                self.changes.append(first)
        if second >= 0:
            ages[a] = ages[b] = first

    def inside(self, regions: Iterable[int]) -> frozenset[Any]:
        found: frozenset[Any] = frozenset()
        for root in self.roots(regions):
            more = self.elements.get(root)
            if more:
                found = found | more if found else more
        return found

    def add(self, regions: Iterable[int], types: frozenset[Any]) -> None:
        for root in self.roots(regions):
            known = self.elements.get(root, frozenset())
            if not types <= known:
                self.elements[root] = known | types
                self.changes.append(self.age(root))

    def keep(self, keeper: int, kept: Iterable[int]) -> None:
        """What changes in `kept` changes `keeper` too, not the other way round."""
        for root in self.roots(kept):
            keepers = self.kept_by.get(root, frozenset())
            if keeper not in keepers and self.find(keeper) != root:
                self.kept_by[root] = keepers | {keeper}
                self.changes.append(max(self.age(root), self.age(self.find(keeper))))

    def call_later(self, regions: Iterable[int], functions: frozenset[Any]) -> None:
        for root in self.roots(regions):
            known = self.later.get(root, frozenset())
            if not functions <= known:
                self.later[root] = known | functions
                self.changes.append(self.age(root))

    def write_through(self, regions: Iterable[int], file: str) -> None:
        """What changes there is written to the file, now or when it is flushed."""
        for root in self.roots(regions):
            known = self.files.get(root, frozenset())
            if file not in known:
                self.files[root] = known | {file}
                self.changes.append(self.age(root))

    def affected(self, regions: Iterable[int]) -> set[int]:
        """The regions that change when these do."""
        todo = list(self.roots(regions))
        found: set[int] = set()
        while todo:
            root = todo.pop()
            if root in found:
                continue
            found.add(root)
            todo.extend(self.find(k) for k in self.kept_by.get(root, ()))
        return found


class Frame:
    """The variables of one activation of a function, class body or comprehension."""

    __slots__ = (
        "outer",
        "owner",
        "parent",
        "region",
        "scope",
        "self_value",
        "serial",
        "vars",
        "weak",
    )

    def __init__(
        self, scope: scopes.Scope, parent: Frame | None, owner: Class | None = None, serial: int = 0
    ) -> None:
        self.scope = scope
        self.parent = parent
        self.owner = owner
        self.vars: dict[str, Value] = {}
        self.region: int | None = None
        self.self_value: Value | None = None
        self.outer: Value | None = None  # globals of their own: what is not in them
        self.serial = serial
        self.weak = False

    @property
    def home(self) -> Frame | None:
        """The frame whose variables are the globals here, if they are not the notebook's."""
        frame: Frame | None = self
        while frame is not None and frame.outer is None:
            frame = frame.parent
        return frame


class Stamp:
    """A cell of the notebook, whose place may change."""

    __slots__ = ("made", "number", "place")
    count = itertools.count(1)

    def __init__(self) -> None:
        self.place = 0
        self.made = 0
        self.number = next(Stamp.count)


class Serial:
    """When a function or class was made: the place of its cell, and how many came before in it."""

    __slots__ = ("number", "stamp")
    now = Stamp()  # the cell that is walked

    def __init__(self) -> None:
        stamp = self.stamp = Serial.now
        self.number = stamp.made
        stamp.made += 1

    def __lt__(self, other: Serial) -> bool:
        return (self.stamp.place, self.number) < (other.stamp.place, other.number)


def order(kind: Any) -> tuple[int, Any, str]:
    """A key to sort types by: what is found must not depend on the order of a set."""
    if isinstance(kind, str):
        return 0, 0, kind
    if isinstance(kind, (Function, Class)):
        return 1, kind.serial, ""
    if isinstance(kind, (Instance, Super)):
        return 2, kind.cls.serial, ""
    return 3, 0, f"{kind.name}"


def kinds(types: Iterable[Any]) -> set[Any]:
    """Types, where functions and classes that the same code makes each time it runs are one."""
    return {_kind(t) for t in types}


def _kind(t: Any) -> Any:
    if isinstance(t, str):
        return t
    if isinstance(t, Function):
        return t.node
    if isinstance(t, Class):
        return t.code
    if isinstance(t, (Instance, Super)):
        return type(t), t.cls.code
    return t.name, frozenset(map(_kind, t.receivers))


def in_order(types: Iterable[Any]) -> list[Any]:
    return sorted(types, key=order)


@dataclass(eq=False)
class Function:
    """A function or lambda of the notebook, with the frame it closes over."""

    node: scopes.FunctionNode
    frame: Frame | None
    region: int
    defaults: list[Value] = field(default_factory=list)
    keyword_defaults: dict[str, Value] = field(default_factory=dict)
    owner: Class | None = None
    kind: str = ""  # "static", "class", "property", "cached"
    kept: bool = False  # a property whose result is kept in the object
    serial: Serial = field(default_factory=Serial)

    def __hash__(self) -> int:
        # Not by address: the same notebook gives the same graph.
        return self.serial.number

    @property
    def name(self) -> str:
        return "a lambda" if isinstance(self.node, ast.Lambda) else self.node.name


@dataclass(eq=False)
class Class:
    """A class of the notebook."""

    name: str
    region: int
    bases: list[Class] = field(default_factory=list)
    library_bases: list[str] = field(default_factory=list)
    members: dict[str, Value] = field(default_factory=dict)
    stores_arguments: bool = False
    unknown_base: bool = False
    shared: bool = False  # instances reach mutable class attributes
    code: Any = None  # what of the source made it
    meta: Value = NOTHING  # its metaclass, if that is of the notebook
    serial: Serial = field(default_factory=Serial)

    def __hash__(self) -> int:
        return self.serial.number

    def lookup(self, name: str, skip: bool = False) -> Value | None:
        if not skip and name in self.members:
            return self.members[name]
        for base in self.bases:
            found = base.lookup(name)
            if found is not None:
                return found
        return None

    def libraries(self) -> list[str]:
        return [*self.library_bases, *(name for base in self.bases for name in base.libraries())]

    def is_unknown(self) -> bool:
        return self.unknown_base or any(base.is_unknown() for base in self.bases)

    def is_property(self, name: str) -> bool:
        member = self.lookup(name)
        return member is not None and any(
            not isinstance(t, Function) or t.kind == "property" for t in member.types
        )

    def all_members(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for base in self.bases:
            found.update(base.all_members())
        found.update(self.members)
        return found


@dataclass(frozen=True)
class Instance:
    cls: Class


@dataclass(frozen=True)
class Super:
    """What `super()` gives: the lookup starts after `cls`."""

    cls: Class


@dataclass(frozen=True)
class Method:
    """A method taken from its receiver and not called yet; its regions are the receiver's."""

    receivers: frozenset[Any]
    name: str
