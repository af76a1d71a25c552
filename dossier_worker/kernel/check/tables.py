"""Dictionaries that are compared with what they were: modules, classes, options.

To look at each entry would copy, in a forked process, every page that has one of the objects, for
the count of references. Up to Python 3.12 a dictionary has a number that changes with each of its
changes; only where that is another one the entries are looked at.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Mapping
from typing import Any

from .items import equal

# In the struct of a dictionary: after the object's head and the count of entries.
_OFFSET = object.__basicsize__ + ctypes.sizeof(ctypes.c_ssize_t)
MISSING = object()


class Table:
    """One dictionary, as it was when it was last looked at."""

    def __init__(self, entries: dict[Any, Any]) -> None:
        self.entries = entries
        self._copy = dict.copy(entries)
        self._number = _number_of(entries) if NUMBERED else None
        self._last = self._number.value if self._number is not None else 0

    def changes(self) -> list[tuple[Any, Any, Any]]:
        """(key, value before, value now) since the last time; MISSING where there is none."""
        if self._number is not None:
            now = self._number.value
            if now == self._last:
                return []
            self._last = now
        before, entries = self._copy, dict.copy(self.entries)
        self._copy = entries
        found = [
            (key, was, entries.get(key, MISSING))
            for key, was in before.items()
            if not _same(was, entries.get(key, MISSING))
        ]
        found += [(key, MISSING, new) for key, new in entries.items() if key not in before]
        return found


def of_class(cls: type) -> dict[Any, Any]:
    """The dictionary behind a class's read-only view of it."""
    entries: dict[Any, Any] = gc.get_referents(cls.__dict__)[0]
    return entries


def _same(was: Any, now: Any) -> bool:
    return was is now or equal(was, now)


def _number_of(entries: Mapping[Any, Any]) -> ctypes.c_uint64:
    return ctypes.c_uint64.from_address(id(entries) + _OFFSET)


def _numbered() -> bool:
    """Whether dictionaries have that number here: tried out."""
    probe: dict[str, object] = {"a": 1}
    try:
        number = _number_of(probe)
        seen = [number.value]
        for step in (lambda: probe.update(a=2), lambda: probe.update(b=3), lambda: probe.pop("a")):
            step()  # type: ignore[no-untyped-call]
            seen.append(number.value)
        return len(set(seen)) == len(seen) and number.value == seen[-1]
    except Exception:
        return False


NUMBERED = _numbered()
