"""Whether values are the same to whoever looks at them, though their bytes differ.

Equal strings may be one object or two, a dictionary may have grown and shrunk: such things change
a pickle and nothing else. Nothing of the user's is called, so that `==` of a class has no say. What
is not known here is not equal.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any

from .arrays import is_writeable

_ATOMS = (int, str, bytes, bool, type(None), range, type(...), type(NotImplemented))
# Values nest; deeper ones are left as changed.
_DEPTH = 200


class Comparison:
    """Compares values of one kernel with those of another; which of them share objects counts."""

    def __init__(self) -> None:
        self._there: dict[int, int] = {}
        self._here: dict[int, int] = {}
        self._kept: list[Any] = []  # an address must not be used again meanwhile

    def equal(self, a: Any, b: Any, depth: int = 0) -> bool:
        kind = type(a)
        if kind is not type(b) or depth > _DEPTH:
            return False
        if kind in _ATOMS:
            return bool(a == b)
        if kind in (float, complex):
            return _number(a, b)
        if a is b:
            return True
        known = self._there.get(id(a))
        if known is not None or id(b) in self._here:
            return known == id(b)
        self._there[id(a)], self._here[id(b)] = id(b), id(a)
        self._kept += (a, b)
        if kind in (list, tuple):
            return len(a) == len(b) and self._all(a, b, depth)
        if kind is dict:
            return len(a) == len(b) and self._all(a, b, depth) and self._all(
                a.values(), b.values(), depth
            )  # fmt: skip
        if kind in (set, frozenset):
            # Whoever goes through it sees its order.
            return len(a) == len(b) and self._all(a, b, depth)
        if kind is bytearray:
            return bool(a == b)
        return self._library(a, b, depth)

    def _all(self, a: Iterable[Any], b: Iterable[Any], depth: int) -> bool:
        return all(self.equal(x, y, depth + 1) for x, y in zip(a, b, strict=True))

    def _library(self, a: Any, b: Any, depth: int) -> bool:
        kind = type(a)
        name = f"{kind.__module__}.{kind.__qualname__}"
        numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
        if numpy is not None and kind is numpy.ndarray:
            return self._array(a, b, depth)
        if numpy is not None and isinstance(a, numpy.generic):
            return bool(a.dtype == b.dtype and a.tobytes() == b.tobytes())
        if pandas is not None and kind in (pandas.DataFrame, pandas.Series):
            return self._frame(a, b, depth)
        if pandas is not None and isinstance(a, pandas.Index) and name.startswith("pandas."):
            same = a.dtype == b.dtype and self.equal(list(a.names), list(b.names), depth + 1)
            same = same and getattr(a, "freq", None) == getattr(b, "freq", None)
            return bool(same and self.equal(a.to_numpy(), b.to_numpy(), depth + 1))
        plain = not {"__reduce__", "__reduce_ex__", "__slots__"} & _own_names(kind)
        if plain and hasattr(a, "__dict__") and kind.__flags__ & (1 << 9) and not _extends(kind):
            return self.equal(vars(a), vars(b), depth + 1)
        return False

    def _array(self, a: Any, b: Any, depth: int) -> bool:
        if a.dtype != b.dtype or a.shape != b.shape or a.strides != b.strides:
            return False
        if is_writeable(a) != is_writeable(b):
            return False
        # Views of an array; what else holds the memory is nobody's business.
        one, two = (x.base if type(x.base) is type(x) else None for x in (a, b))
        if not self.equal(one, two, depth + 1):
            return False
        if a.dtype.hasobject:
            return self._all(a.ravel().tolist(), b.ravel().tolist(), depth)
        return bool(a.tobytes() == b.tobytes())

    def _frame(self, a: Any, b: Any, depth: int) -> bool:
        if a.shape != b.shape or not self.equal(dict(a.attrs), dict(b.attrs), depth + 1):
            return False
        if not self.equal(a.index, b.index, depth + 1):
            return False
        if a.ndim == 1:
            return a.dtype == b.dtype and self.equal(a.name, b.name) and self._column(a, b, depth)
        if not self.equal(a.columns, b.columns, depth + 1):
            return False
        columns = range(a.shape[1])
        return all(self._column(a.iloc[:, n], b.iloc[:, n], depth) for n in columns)

    def _column(self, a: Any, b: Any, depth: int) -> bool:
        if a.dtype != b.dtype:
            return False
        one, two = a.to_numpy(), b.to_numpy()
        if one.dtype.hasobject:
            return self._all(one.tolist(), two.tolist(), depth)
        return bool(one.tobytes() == two.tobytes())


def _number(a: Any, b: Any) -> bool:
    if isinstance(a, complex):
        return _number(a.real, b.real) and _number(a.imag, b.imag)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return bool(a == b and math.copysign(1, a) == math.copysign(1, b))


def _own_names(kind: type) -> set[str]:
    return {name for base in kind.__mro__ if base is not object for name in vars(base)}


def _extends(kind: type) -> bool:
    """Whether it is more than its attributes: a list of its own, an extension type."""
    return any(base is not object and not base.__flags__ & (1 << 9) for base in kind.__mro__)
