"""pandas objects: their axes, and the memory of their blocks."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from typing import Any

from ...values import arrays
from .cell import Clock
from .items import same_items
from .memory import ArrayLook, Memory

# What pandas keeps on its objects and makes anew when it is missing.
_CACHES = frozenset({"_mgr", "_item_cache", "_cacher", "_flags", "_is_copy", "_references"})


class _Block:
    """The memory of one block."""

    def __init__(self, block: Any, memory: Memory, clock: Clock) -> None:
        values = block.values
        self.place = block.mgr_locs.indexer
        self.values: Any = weakref.ref(values)
        self._parts: list[tuple[Any, list[Any] | ArrayLook | None]] = []
        for array in arrays.inner(values):
            look: list[Any] | ArrayLook | None
            if array.dtype.kind == "O":
                look = array.ravel().tolist() if array.size * 40e-9 < clock.left() else None
            elif arrays.is_raw(array.dtype):
                look = ArrayLook(array, memory, clock)
            else:
                look = None
            self._parts.append((weakref.ref(array), look))
        arrow = getattr(values, "_pa_array", None)  # never changes itself, but may be replaced
        self._arrow: Any = None if arrow is None else weakref.ref(arrow)
        self._known = bool(self._parts) or self._arrow is not None

    def is_of(self, block: Any) -> bool:
        """Whether the block still has the same parts, wherever their content."""
        values: Any = block.values
        if self.values() is not values:
            return False
        if self._arrow is not None and self._arrow() is not values._pa_array:
            return False
        now = list(arrays.inner(values))
        return len(now) == len(self._parts) and all(
            ref() is array for (ref, _), array in zip(self._parts, now, strict=True)
        )

    def same(self, clock: Clock) -> bool | None:
        verdict: bool | None = True if self._known else None
        for ref, look in self._parts:
            if isinstance(look, list):
                now = ref()
                found = now is None or same_items(look, now.ravel().tolist())
            else:
                found = None if look is None else look.same(clock)  # type: ignore[assignment]
            if found is False:
                return False
            if found is None:
                verdict = None
        return verdict

    def before(self) -> Any:
        """The block's values as they were, if they are known and are numbers."""
        if len(self._parts) == 1 and isinstance(self._parts[0][1], ArrayLook):
            return self._parts[0][1].before()
        return None


class FrameLook:
    def __init__(self, obj: Any, memory: Memory, clock: Clock) -> None:
        self._ref = weakref.ref(obj)
        self._axes: list[tuple[Any, list[Any]]] = [
            (weakref.ref(axis), list(axis.names)) for axis in obj._mgr.axes
        ]
        self._rest = _rest(obj)
        self._blocks: list[_Block] | None = []
        for block in obj._mgr.blocks:
            if clock.left() <= 0:
                self._blocks = None
                break
            self._blocks.append(_Block(block, memory, clock))

    def same(self, clock: Clock) -> bool | None:
        obj = self._ref()
        if obj is None:
            return True
        axes = obj._mgr.axes
        if len(axes) != len(self._axes) or not same_items(self._rest, _rest(obj)):
            return False
        for axis, (ref, names) in zip(list(axes), self._axes, strict=True):
            if ref() is not axis or list(axis.names) != names:
                return False
        if self._blocks is None:
            return None
        blocks = obj._mgr.blocks
        if len(blocks) != len(self._blocks) or not all(
            old.is_of(new) for old, new in zip(self._blocks, blocks, strict=True)
        ):
            return self._same_columns(blocks, clock)
        verdict: bool | None = True
        for block in self._blocks:
            if clock.left() <= 0:
                return None
            found = block.same(clock)
            if found is False:
                return False
            if found is None:
                verdict = None
        return verdict

    def _same_columns(self, blocks: Any, clock: Clock) -> bool | None:
        """pandas may have put blocks together, for speed: are the columns what they were?"""
        assert self._blocks is not None
        before: dict[int, Any] = {}
        for block in self._blocks:
            values = block.before()
            if values is not None:
                before.update(_columns(block.place, values))
        numpy = sys.modules["numpy"]
        old = {id(block.values()): block for block in self._blocks}
        for new in blocks:
            kept = old.get(id(new.values))
            kept = kept if kept is not None and kept.is_of(new) else None
            if kept is not None and _same_place(kept.place, new.mgr_locs.indexer):
                found = kept.same(clock)
                if found is not True:
                    return found
                continue
            if not isinstance(new.values, numpy.ndarray):
                return False
            for place, column in _columns(new.mgr_locs.indexer, new.values):
                was = before.get(place)
                if clock.left() < column.nbytes * 2e-9:
                    return None
                if was is None or was.dtype != column.dtype or was.tobytes() != column.tobytes():
                    return False
        return True


def _same_place(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)


def _columns(place: Any, values: Any) -> Iterator[tuple[int, Any]]:
    """(position, its values) of the columns of a block."""
    if values.ndim == 1:
        yield 0, values
        return
    places = range(place.start, place.stop, place.step or 1) if isinstance(place, slice) else place
    for row, position in enumerate(places):
        yield int(position), values[row]


def _rest(obj: Any) -> list[Any]:
    """Name, attributes and the like."""
    found = object.__getattribute__(obj, "__dict__")
    rest = {name: value for name, value in found.items() if name not in _CACHES}
    attrs = rest.pop("_attrs", None) or {}
    return [*rest, *rest.values(), *attrs, *attrs.values()]
