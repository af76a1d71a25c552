"""Tables that remember what was written to them and read from them, so that a walk can be undone.

`Log` is shared by all tables of one state. Each write is noted with what stood there before; the
keys that were looked at are noted for those tables where a walk's result depends on them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, TypeVar

V = TypeVar("V")
GONE: Any = object()  # what stands at a key that is not there

Write = tuple["Table[Any, Any]", Hashable, Any]  # table, key, what stood there


class Log:
    """What happened to the tables since it was cleared."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.names: set[str] = set()  # names that were asked for
        self.all_names = False
        self.regions: set[int] = set()  # regions that were asked for
        self.together: set[int] = set()  # regions of which all that share were asked for

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]


K = TypeVar("K", bound=Hashable)


class Table(dict[K, V]):
    """A dictionary whose writes are noted."""

    __slots__ = ("log",)
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(self, log: Log) -> None:
        super().__init__()
        self.log = log

    def __setitem__(self, key: K, value: V) -> None:
        self.log.writes.append((self, key, dict.get(self, key, GONE)))
        dict.__setitem__(self, key, value)

    def __delitem__(self, key: K) -> None:
        self.log.writes.append((self, key, dict.__getitem__(self, key)))
        dict.__delitem__(self, key)

    def pop(self, key: K, default: Any = GONE) -> Any:
        if dict.__contains__(self, key):
            self.log.writes.append((self, key, dict.__getitem__(self, key)))
        elif default is GONE:
            raise KeyError(key)
        return dict.pop(self, key, default)

    def setdefault(self, key: K, default: Any = None) -> Any:
        if not dict.__contains__(self, key):
            self[key] = default
        return dict.__getitem__(self, key)

    def put(self, key: K, value: Any) -> None:
        """Writes without a note; GONE takes the key away."""
        if value is GONE:
            dict.pop(self, key, None)
        else:
            dict.__setitem__(self, key, value)


class Names(Table[str, V]):
    """A table of names: which ones were asked for is noted too."""

    __slots__ = ()

    def get(self, key: str, default: Any = None) -> Any:
        self.log.names.add(key)
        return dict.get(self, key, default)

    def __getitem__(self, key: str) -> V:
        self.log.names.add(key)
        return dict.__getitem__(self, key)

    def __contains__(self, key: object) -> bool:
        self.log.names.add(key)  # type: ignore[arg-type]
        return dict.__contains__(self, key)

    def __iter__(self) -> Iterator[str]:
        self.log.all_names = True
        return dict.__iter__(self)

    def keys(self) -> Any:
        self.log.all_names = True
        return dict.keys(self)

    def values(self) -> Any:
        self.log.all_names = True
        return dict.values(self)

    def items(self) -> Any:
        self.log.all_names = True
        return dict.items(self)


class Marked(Table[int, bool]):
    """A set of regions, kept as a table."""

    __slots__ = ()

    def __ior__(self, more: Iterable[int]) -> Marked:  # type: ignore[override,misc]
        for region in more:
            self.add(region)
        return self

    def add(self, region: int) -> None:
        if not dict.__contains__(self, region):
            self[region] = True

    def isdisjoint(self, regions: Iterable[int]) -> bool:
        return not any(dict.__contains__(self, region) for region in regions)
