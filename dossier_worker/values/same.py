"""Whether two values are the same, looked into: pickles of equal values may differ.

For `verify`, which tells a user where two values differ; `equal` is for reuse, which must not call
equal what it does not know. Values come from two runs, each with the classes of its own notebook.
Those are the same if they have the same name; what they do is compared where they are values.
"""

from __future__ import annotations

import math
import re
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

_PLAIN = (int, str, bytes, bytearray, bool, type(None), range, type(...), slice)
_DEPTH = 20_000
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")
_WORDS = 120
# Members of a class that say nothing of what it does.
_BOOKKEEPING = {"__dict__", "__weakref__", "__module__", "__firstlineno__", "__static_attributes__"}


class Differs(Exception):
    """The values are not the same; the text says where and how. `small`: as rounding does."""

    def __init__(self, words: str, small: bool = False) -> None:
        super().__init__(words)
        self.small = small


class Unknown(Exception):
    """It cannot be said; the text says why."""


def compare(left: Any, right: Any, texts: Callable[[str], str] = lambda text: text) -> None:
    """Raises `Differs` or `Unknown` unless the values are the same.

    `texts` is applied to every text before it is compared (a folder may have another name).
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        _Comparison(texts).same(left, right, "")
    except RecursionError:
        raise Unknown("it is nested too deeply") from None
    finally:
        sys.setrecursionlimit(limit)


class _Comparison:
    def __init__(self, texts: Callable[[str], str]) -> None:
        self._texts = texts
        self._seen: dict[tuple[int, int], tuple[Any, Any]] = {}

    def same(self, left: Any, right: Any, where: str) -> None:
        if left is right:
            return
        if _name(type(left)) != _name(type(right)):
            raise Differs(f"{where}{_name(type(left))} and {_name(type(right))}")
        pair = (id(left), id(right))
        if pair in self._seen:
            return  # or under way, further up: a value may contain itself
        self._seen[pair] = (left, right)  # held, lest an address be used again
        if isinstance(left, float):
            self._floats(left, right, where)
        elif type(left) is complex:
            self._floats(left.real, right.real, where)
            self._floats(left.imag, right.imag, where)
        elif isinstance(left, str) and type(left) is str:
            if left != right and self._texts(left) != self._texts(right):
                raise Differs(f"{where}{_shown(left)} and {_shown(right)}")
        elif isinstance(left, _PLAIN) and type(left) in _PLAIN:
            if left != right:
                raise Differs(f"{where}{_shown(left)} and {_shown(right)}")
        elif isinstance(left, types.ModuleType):
            if left.__name__ != right.__name__:
                raise Differs(f"{where}modules {left.__name__} and {right.__name__}")
        elif isinstance(left, type):
            self._classes(left, right, where)
        elif isinstance(left, types.FunctionType):
            self._functions(left, right, where)
        elif isinstance(left, types.CodeType):
            self._codes(left, right, where)
        elif isinstance(left, types.CellType):
            self.same(_content(left), _content(right), where)
        elif type(left) in (list, tuple):
            self._sequences(left, right, where)
        elif type(left) is dict:
            self._sequences(list(left.items()), list(right.items()), where)
        elif type(left) in (set, frozenset):
            self._sets(left, right, where)
        else:
            self._others(left, right, where)

    def _floats(self, left: float, right: float, where: str) -> None:
        if left != right and not (math.isnan(left) and math.isnan(right)):
            raise Differs(f"{where}{left!r} and {right!r}", math.isclose(left, right, rel_tol=1e-6))

    def _sequences(self, left: Any, right: Any, where: str) -> None:
        if len(left) != len(right):
            raise Differs(f"{where}{len(left)} and {len(right)} items")
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            self.same(one, other, f"{where}item {number}: " if len(where) < _WORDS else where)

    def _sets(self, left: Any, right: Any, where: str) -> None:
        """Their order is no part of the value."""
        ours, theirs = self._ordered(left), self._ordered(right)
        try:
            self._sequences([item for _, item in ours], [item for _, item in theirs], where)
        except Differs:
            keys = [key for key, _ in ours]
            if len(ours) == len(theirs) and len({*keys}) < len(keys):
                words = "a set of objects that look alike: which is which cannot be said"
                raise Unknown(f"{where}{words}") from None
            raise

    def _ordered(self, values: Any) -> list[tuple[str, Any]]:
        """The items of a set with what they are ordered by, which is the same in every process."""
        items = ((self._sort_key(value), value) for value in values)
        return sorted(items, key=lambda item: item[0])

    def _sort_key(self, value: Any) -> str:
        if type(value) in (frozenset, tuple):
            keys = [self._sort_key(item) for item in value]
            shown = ",".join(keys if type(value) is tuple else sorted(keys))
        else:
            shown = self._texts(_ADDRESS.sub("", repr(value)))
        return f"{_name(type(value))}({shown})"

    def _classes(self, left: type, right: type, where: str) -> None:
        if _name(left) != _name(right):
            raise Differs(f"{where}classes {_name(left)} and {_name(right)}")
        if left.__module__ != "__main__":
            return
        ours, theirs = ({k: v for k, v in vars(c).items() if k not in _BOOKKEEPING}
                        for c in (left, right))  # fmt: skip
        if ours.keys() != theirs.keys():
            raise Differs(f"{where}the members of class {left.__name__}")
        for name in ours:
            self.same(ours[name], theirs[name], f"{where}{left.__name__}.{name}: ")
        self.same(left.__bases__, right.__bases__, f"{where}bases of {left.__name__}: ")

    def _functions(self, left: Any, right: Any, where: str) -> None:
        if (left.__module__, left.__qualname__) != (right.__module__, right.__qualname__):
            raise Differs(f"{where}functions {left.__qualname__} and {right.__qualname__}")
        for part in ("__code__", "__defaults__", "__kwdefaults__", "__closure__", "__dict__"):
            self.same(getattr(left, part), getattr(right, part), f"{where}{left.__name__}: ")

    def _codes(self, left: types.CodeType, right: types.CodeType, where: str) -> None:
        for part in ("co_code", "co_consts", "co_names", "co_varnames", "co_freevars", "co_flags"):
            self.same(getattr(left, part), getattr(right, part), f"{where}code of {left.co_name}: ")

    def _others(self, left: Any, right: Any, where: str) -> None:
        module = type(left).__module__.partition(".")[0]
        special = _SPECIAL.get(module)
        if special is not None and special(self, left, right, where):
            return
        if isinstance(left, (types.BuiltinFunctionType, types.MethodType)):
            self.same(left.__self__, right.__self__, where)
            if left.__name__ != right.__name__:
                raise Differs(f"{where}methods {left.__name__} and {right.__name__}")
            return
        if isinstance(left, (staticmethod, classmethod)):
            self.same(left.__func__, right.__func__, where)
            return
        if isinstance(left, property):
            self.same(
                (left.fget, left.fset, left.fdel), (right.fget, right.fset, right.fdel), where
            )
            return
        try:
            ours, theirs = left.__reduce_ex__(4), right.__reduce_ex__(4)
        except Exception as error:
            raise Unknown(f"{where}{_name(type(left))}: {error}") from None
        if isinstance(ours, str) or isinstance(theirs, str):
            self.same(ours, theirs, where)
            return
        for one, other in zip(_expanded(ours), _expanded(theirs), strict=True):
            self.same(
                one, other, f"{where}{type(left).__name__}: " if len(where) < _WORDS else where
            )

    def array(self, left: Any, right: Any, where: str) -> None:
        """Two numpy arrays."""
        import numpy as np

        if (left.dtype, left.shape) != (right.dtype, right.shape):
            ours, theirs = ((str(a.dtype), a.shape) for a in (left, right))
            raise Differs(f"{where}arrays {ours} and {theirs}")
        if left.dtype.hasobject:
            self._sequences(left.ravel().tolist(), right.ravel().tolist(), where)
            return
        if left.tobytes() == right.tobytes():
            return
        unequal = np.not_equal(left, right)
        if left.dtype.kind in "fcmM":
            unequal &= ~((left != left) & (right != right))
        count = int(np.count_nonzero(unequal))
        if count:
            small = left.dtype.kind in "fc" and bool(
                np.allclose(left, right, rtol=1e-5, atol=1e-8, equal_nan=True)
            )
            raise Differs(f"{where}{count} of {left.size} elements", small)

    def _numpy(self, left: Any, right: Any, where: str) -> bool:
        import numpy as np

        if isinstance(left, np.ndarray) and type(left) is np.ndarray:
            self.array(left, right, where)
            return True
        if isinstance(left, np.generic):
            self.array(np.asarray(left), np.asarray(right), where)
            return True
        return False

    def _pandas(self, left: Any, right: Any, where: str) -> bool:
        pd: Any = sys.modules["pandas"]
        if isinstance(left, pd.DataFrame):
            self.same(left.columns, right.columns, f"{where}columns: ")
            self.same(left.index, right.index, f"{where}index: ")
            for number in range(left.shape[1]):
                name = f"{where}column {_shown(left.columns[number])}: "
                self._column(left.iloc[:, number], right.iloc[:, number], name)
        elif isinstance(left, pd.Series):
            self.same(left.index, right.index, f"{where}index: ")
            self._column(left, right, where)
        elif isinstance(left, pd.MultiIndex):
            self.same(list(left.names), list(right.names), f"{where}names: ")
            for level in range(left.nlevels):
                self._column(left.get_level_values(level), right.get_level_values(level), where)
        elif isinstance(left, pd.Index):
            self._column(left, right, where)
        else:
            return False
        self.same(getattr(left, "attrs", {}), getattr(right, "attrs", {}), f"{where}attrs: ")
        return True

    def _column(self, left: Any, right: Any, where: str) -> None:
        self.same(left.name, right.name, f"{where}name: ")
        if left.dtype != right.dtype:
            raise Differs(f"{where}{left.dtype} and {right.dtype}")
        if len(left) != len(right):
            raise Differs(f"{where}{len(left)} and {len(right)} rows")
        if getattr(left, "freq", None) != getattr(right, "freq", None):
            raise Differs(f"{where}frequencies {left.freq} and {right.freq}")
        if not left.equals(right):
            self.array(left.to_numpy(), right.to_numpy(), where)

    def _matplotlib(self, left: Any, right: Any, where: str) -> bool:
        """What is drawn is compared by what it looks like."""
        figures = [getattr(value, "figure", None) or value for value in (left, right)]
        if not all(hasattr(figure, "savefig") for figure in figures):
            return False
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        pictures = []
        for figure in figures:
            canvas: Any = FigureCanvasAgg(figure)
            canvas.draw()
            pictures.append(bytes(canvas.buffer_rgba()))
        if pictures[0] != pictures[1]:
            raise Differs(f"{where}the pictures")
        return True


_SPECIAL: Mapping[str, Callable[[_Comparison, Any, Any, str], bool]] = {
    "numpy": _Comparison._numpy,
    "pandas": _Comparison._pandas,
    "matplotlib": _Comparison._matplotlib,
}


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _expanded(reduced: tuple[Any, ...]) -> list[Any]:
    parts = [*reduced, None, None, None, None][:5]
    return [part if number < 3 or part is None else list(part) for number, part in enumerate(parts)]
