"""How one object looked before the cell, and whether it still looks so.

Shallow: which elements, not what these look like. What they are is compared by identity, and where
that differs, plain values (numbers, texts) by equality. Nothing of the user's is called.
"""

from __future__ import annotations

import abc
import collections
import contextlib
import functools
import itertools
import random
import sys
import types
import weakref
from array import array as Array
from collections.abc import Callable
from typing import Any, Protocol

from ...values import arrays, closed, sharing
from .cell import Clock
from .frames import FrameLook
from .items import same_items
from .memory import ArrayLook, Memory

# Seconds that an element of a container costs, before and after; of a list much less.
_COST, _LIST_COST = 40e-9, 4e-9


class Look(Protocol):
    def same(self, clock: Clock) -> bool | None:
        """None: it cannot be said."""


class Parts:
    """An object that consists of others."""

    def __init__(self, obj: Any, read: Callable[[Any], list[Any]]) -> None:
        self._obj = obj
        self._read = read
        self._before = read(obj)

    def same(self, clock: Clock) -> bool | None:
        # A list needs no second copy.
        plain = type(self._obj) is list
        return same_items(self._before, self._obj if plain else self._read(self._obj))


class Unknown:
    def same(self, clock: Clock) -> bool | None:
        return None


class Lazily:
    """An object of a class, by its attributes.

    A cached property that comes to be is no change to be told, and not none either.
    """

    def __init__(self, obj: Any) -> None:
        self._obj = obj
        self._before = _attributes(obj)

    def same(self, clock: Clock) -> bool | None:
        now = _attributes(self._obj)
        before = self._before
        cached: set[str] = set()
        if len(now) != len(before):
            cls = type(self._obj)
            for name in now.keys() - before.keys():
                if isinstance(_of_class(cls, name), functools.cached_property):
                    cached.add(name)
                    del now[name]
        same = same_items([*before, *before.values()], [*now, *now.values()])
        return None if same and cached else same


def take(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    """How the object looks; None for what does not change."""
    cls = type(obj)
    maker = _makers.get(cls)
    if maker is None:
        maker = _find(cls, obj)
        if cls.__module__ != "__main__":
            _makers[cls] = maker
    return maker(obj, memory, clock)


Maker = Callable[[Any, Memory, Clock], "Look | None"]


# What objects of each kind consist of


def _of_dict(obj: Any) -> list[Any]:
    return [*dict.keys(obj), *dict.values(obj)]


def _of_ordered(obj: Any) -> list[Any]:
    items = list(collections.OrderedDict.items(obj))
    return [part for item in items for part in item]


def _of_set(obj: Any) -> list[Any]:
    # In its order: one that lost and got the same element may be iterated differently.
    return list(set.__iter__(obj))


def _of_deque(obj: Any) -> list[Any]:
    return [collections.deque.maxlen.__get__(obj), *collections.deque.__iter__(obj)]


def _of_function(fn: Any) -> list[Any]:
    parts = [fn.__code__, fn.__name__, fn.__qualname__, fn.__doc__, fn.__closure__,
             fn.__defaults__, fn.__module__, *_of_dict(fn.__dict__)]  # fmt: skip
    # Made when it is asked for, and empty then.
    parts += _of_dict(fn.__kwdefaults__ or {})
    return parts + _of_dict(fn.__annotations__ if _has_annotations(fn) else {})


def _has_annotations(fn: Any) -> bool:
    return sys.version_info < (3, 14)  # from then on reading them runs code


_MADE_LATER = frozenset({"__annotations__", "__annotations_cache__", "__annotate_func__",
                         "__abstractmethods__", "__slotnames__", "__weakref__",
                         "__signature__", "_abc_impl"})  # fmt: skip


def _of_class(cls: type, name: str) -> Any:
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def _of_type(cls: Any) -> list[Any]:
    attributes = {k: v for k, v in cls.__dict__.items() if k not in _MADE_LATER}
    # Of references to what an abstract class was told: a set, in any order.
    told = abc._get_dump(cls)[0] if isinstance(cls, abc.ABCMeta) else ()  # type: ignore[attr-defined]
    return [*cls.__bases__, *_of_dict(attributes), *sorted(told, key=id)]


def _of_cell(cell: Any) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def _of_partial(obj: Any) -> list[Any]:
    return [obj.func, *obj.args, *_of_dict(obj.keywords)]


def _of_random(obj: Any) -> list[Any]:
    # A method of a subclass could be the user's.
    return [repr(hash(random.Random.getstate(obj)))]


def _of_numpy_random(obj: Any) -> list[Any]:
    # A legacy generator, one of bits, one over bits, or a sequence of seeds
    if hasattr(obj, "get_state"):
        return [repr(_flat(obj.get_state(legacy=False)))]
    return [repr(_flat(getattr(obj, "bit_generator", obj).state))]


def _flat(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _flat(value) for key, value in state.items()}
    return state.tobytes() if hasattr(state, "tobytes") else state


def _of_iterator(obj: Any) -> list[Any]:
    # A list iterator and the like: what they iterate over, and how far they are.
    reduced = obj.__reduce__()
    return [*reduced[1], *reduced[2:]]


def _of_index(obj: Any) -> list[Any]:
    return list(obj.names)  # its values do not change


def _of_cache(obj: Any) -> list[Any]:
    # What it remembers cannot be looked at; it changes with each call.
    return [*obj.cache_info(), obj.__wrapped__, *_of_dict(obj.__dict__)]


def _of_closed(file: Any) -> list[Any]:
    # Only closed ones have a version.
    return [file.closed, *_of_dict(vars(file))]


def _attributes(obj: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with contextlib.suppress(AttributeError):
        found.update(object.__getattribute__(obj, "__dict__"))
    for name, member in _slots(type(obj)):
        try:
            found[name] = member.__get__(obj)
        except AttributeError:
            continue
    return found


def _slots(cls: type) -> list[tuple[str, Any]]:
    return [
        (name, member)
        for base in cls.__mro__
        if "__slots__" in base.__dict__
        for name, member in base.__dict__.items()
        if type(member) is types.MemberDescriptorType
    ]


_READERS: dict[type, Callable[[Any], list[Any]]] = {
    list: list.copy,
    dict: _of_dict,
    collections.OrderedDict: _of_ordered,
    set: _of_set,
    collections.deque: _of_deque,
    types.FunctionType: _of_function,
    types.CellType: _of_cell,
    functools.partial: _of_partial,
    random.Random: _of_random,
}
_ITERATORS = frozenset({
    type(iter([])), type(iter(())), type(iter({})), type(iter(set())), type(iter(range(0))),
    type(iter("")), type(reversed([])), enumerate, zip, map, filter, itertools.count,
    itertools.cycle, itertools.repeat, itertools.chain, itertools.islice,
})  # fmt: skip
_ONCE = (bytearray, Array)


def _find(cls: type, obj: Any) -> Maker:
    """How objects of this class are looked at."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(cls, numpy.ndarray):
        return _array
    pandas = sys.modules.get("pandas")
    if pandas is not None and issubclass(cls, (pandas.DataFrame, pandas.Series)):
        return _frame
    if pandas is not None and issubclass(cls, pandas.Index):
        return _parts(_of_index, 1)
    if sharing.is_atom(obj) or cls.__name__ == "BlockValuesRefs":
        return _nothing  # does not change, or is bookkeeping of pandas
    if issubclass(cls, type):
        return _parts(_of_type, 30)
    if issubclass(cls, _ONCE):
        return _bytes
    if cls.__name__ == "_lru_cache_wrapper":
        return _parts(_of_cache, 1)
    if issubclass(cls, weakref.ref):
        return _nothing
    if cls.__module__.startswith("numpy.random."):
        return _parts(_of_numpy_random, 1000)
    if cls in _ITERATORS:
        return _iterator
    if cls in closed.TYPES:
        return _parts(_of_closed, 1)
    for base, read in _READERS.items():
        if issubclass(cls, base):
            if cls.__dictoffset__ and base is not types.FunctionType:
                return _with_attributes(read)
            return _parts(read, 0)
    return _unknown if _has_native_state(cls) else _instance


# What is in these does not change, whatever attributes a subclass adds.
_FIXED = (tuple, int, float, complex, str, bytes, frozenset)


def _has_native_state(cls: type) -> bool:
    """Whether objects of a class hold more than attributes and slots (`io.StringIO` does).

    As pickle decides whether attributes are all that there is (`object.__getstate__`): by size.
    """
    if issubclass(cls, _FIXED):
        return False
    return cls.__basicsize__ > _plain_size(len(_slots(cls)))


@functools.lru_cache
def _plain_size(slots: int) -> int:
    """The size of objects that have attributes and so many slots."""
    names = (*(f"slot{number}" for number in range(slots)), "__dict__", "__weakref__")
    return type("plain", (), {"__slots__": names}).__basicsize__


def _parts(read: Callable[[Any], list[Any]], least: int) -> Maker:
    def make(obj: Any, memory: Memory, clock: Clock) -> Look | None:
        size = least or (len(obj) if hasattr(type(obj), "__len__") else 1)
        cost = _LIST_COST if read is _READERS[list] else _COST
        if size > 1000 and size * cost > clock.left():
            return Unknown()
        return Parts(obj, read)

    return make


def _with_attributes(read: Callable[[Any], list[Any]]) -> Maker:
    def both(obj: Any) -> list[Any]:
        return [*read(obj), *_of_dict(_attributes(obj))]

    return _parts(both, 0)


def _instance(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    return Lazily(obj)


def _iterator(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    return Parts(obj, _of_iterator)


def _bytes(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    if len(obj) * 1e-9 > clock.left():
        return Unknown()
    return Parts(obj, lambda o: [bytes(memoryview(o))])


def _array(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    if obj.dtype.kind == "O":
        if obj.size * _COST > clock.left():
            return Unknown()
        return Parts(obj, _of_objects)
    if not arrays.is_raw(obj.dtype):
        return Unknown()
    return ArrayLook(obj, memory, clock)


def _of_objects(array: Any) -> list[Any]:
    return [*array.shape, *array.ravel().tolist()]


def _frame(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    return FrameLook(obj, memory, clock)


def _nothing(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    return None


def _unknown(obj: Any, memory: Memory, clock: Clock) -> Look | None:
    return Unknown()


_makers: dict[type, Maker] = {}
