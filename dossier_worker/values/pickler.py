"""The pickler of one variable version."""

from __future__ import annotations

import gc
import io
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import arrays, closed, definitions, frames, unshippable
from .cloud import cloudpickle
from .describe import module_of
from .errors import Cycle, Unshippable
from .registry import Held, Registry

if TYPE_CHECKING:
    Base = pickle.Pickler
else:
    Base = cloudpickle.Pickler

Handler = Callable[["ValuePickler", Any], Any]

# Their own pickling is known to come back. Others are loaded once, as a trial.
_TRUSTED = frozenset({
    "builtins", "collections", "_collections", "datetime", "decimal", "_decimal", "fractions",
    "pathlib", "uuid", "random", "_random", "re", "functools", "operator", "_operator", "itertools",
    "enum", "types", "typing", "array", "copyreg", "zoneinfo", "logging", "numpy", "pandas",
    "scipy", "sklearn", "pyarrow", "io", "_io", "string", "argparse", "statistics", "ipaddress",
})  # fmt: skip
_HOOKS = ("__reduce__", "__reduce_ex__", "__setstate__", "__getstate__", "__getnewargs__",
          "__getnewargs_ex__", "__new__", "__getattr__", "__getattribute__")  # fmt: skip


class ValuePickler(Base):
    """Pickles one variable; what belongs to other versions becomes (dependency, number)."""

    def __init__(
        self,
        namespace: dict[str, Any],
        registry: Registry,
        root: Any,
        postponed: Callable[[Any], bool],
        implied: Callable[[Any], bool],
    ) -> None:
        self.file = io.BytesIO()
        self.buffers: list[pickle.PickleBuffer] = []
        self.deps: list[Held] = []
        self.namespace = namespace
        self.registry = registry
        self.untrusted: set[type] = set()
        self.placeholder: Any = (int, ())
        self._implied = implied
        self._handlers: dict[type, Handler | None] = {}
        self._marked: dict[int, Any] = {}
        self._roots: dict[int, Any] = {}
        self._sources: dict[str, Any] = {}
        self._last: Any = None
        buffers, deps = self.buffers, self.deps

        def take_out(buffer: pickle.PickleBuffer) -> bool:
            if buffer.raw().nbytes < arrays.LARGE:
                return True
            buffers.append(buffer)
            return False

        super().__init__(self.file, protocol=5, buffer_callback=take_out)
        positions: dict[int, int] = {}
        belongs = registry.known.get

        # Called for every object there is, so a closure that does next to nothing. It must not
        # refer to `self`: a cycle would keep large values alive until the next garbage collection.
        def persistent_id(obj: Any) -> Any:
            code = belongs(id(obj))
            if code is None:
                return None
            if type(code) is int:
                held, index = registry.find(code)
                position = positions.get(held.serial)
                if position is None:
                    position = positions[held.serial] = len(deps)
                    deps.append(held)
                return position, index
            if type(code) is str:
                return code
            # A variable that is to be exported before this one; what is written now is dropped.
            return "" if obj is not root and postponed(code) else None

        # Assigned, not defined: a method would be bound anew for each object.
        self.persistent_id = persistent_id  # type: ignore[method-assign]

    def reducer_override(self, obj: Any) -> Any:
        cls = type(obj)
        try:
            handler = self._handlers[cls]
        except KeyError:
            handler = self._handlers[cls] = self._find(cls)
        self._last = obj
        return NotImplemented if handler is None else handler(self, obj)

    def run(self, obj: Any) -> None:
        """Pickle; Unshippable if it cannot be, with what stands in the way."""
        try:
            self.dump(obj)
        except (Cycle, Unshippable):
            raise
        except Exception as error:
            # cloudpickle turns a RecursionError into a PicklingError.
            if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
                what = "is nested too deeply to be pickled (Python's recursion limit)"
                raise Unshippable(what) from None
            text = str(error).strip() or type(error).__name__
            raise Unshippable(f"cannot be pickled: {text}", self._last) from error

    def numbered(self) -> Iterable[tuple[int, Any]]:
        """(number, object) of all that was pickled."""
        memo: dict[int, tuple[int, Any]] = self.memo.copy()
        self.clear_memo()
        return memo.values()

    # What handlers ask

    def refuse(self, obj: Any, what: str) -> None:
        raise Unshippable(f"is {what}", obj)

    def postpone(self, definition: Any) -> bool:
        """Whether a class or function is a variable of its own that must be exported first."""
        return self._implied(definition)

    def by_cloudpickle(self, obj: Any) -> Any:
        return super().reducer_override(obj)

    def source(self, filename: str) -> Any:
        if filename not in self._sources:
            self._sources[filename] = definitions.source_of(filename)
        return self._sources[filename]

    def mark(self, array: Any) -> None:
        """Note that an array is the memory of a frame: copy-on-write."""
        self._marked[id(array)] = array

    def shares_memory(self, array: Any, root: Any) -> bool:
        """Whether an array is pickled as a window on its root, rather than with its own bytes."""
        marked = id(array) in self._marked
        if id(root) in self.registry.known or id(root) in self._roots:
            return True
        if id(root) in self.registry.frame_memory:
            if marked:
                return False
            self.registry.promote(root)
            return True
        alone = marked or sys.getrefcount(root) <= arrays.lone_count()
        if alone and not arrays.worth_sharing(array, root):
            return False
        self._roots[id(root)] = root
        return True

    def _find(self, cls: type) -> Handler | None:
        handler = definitions.handler(cls) or arrays.handler(cls) or frames.handler(cls)
        if handler is not None:
            return handler
        if cls in _VIEWS:
            return _reduce_view
        kind = unshippable.kind(cls)
        if kind is not None:
            return closed.reducer(cls, _refuser(kind))
        if module_of(cls) == "torch" or hasattr(cls, "is_cuda"):
            return _reduce_device_array
        if cls.__module__ == "builtins" and hasattr(cls, "__next__"):
            return _reduce_iterator
        if not _trusted(cls):
            self.untrusted.add(cls)
        return None


def _refuser(kind: str) -> Handler:
    def refuse(pickler: ValuePickler, obj: Any) -> Any:
        pickler.refuse(obj, unshippable.words(obj, kind))

    return refuse


_KINDS: tuple[dict[str, str], ...] = ({}, OrderedDict())
# Views of a dict -> the method that gives one.
_VIEWS: dict[type, str | None] = {types.MappingProxyType: None}
for _method in ("keys", "values", "items"):
    for _mapping in _KINDS:
        _VIEWS[type(getattr(_mapping, _method)())] = _method


def make_view(mapping: Any, method: str | None) -> Any:
    return types.MappingProxyType(mapping) if method is None else getattr(mapping, method)()


def _reduce_view(pickler: ValuePickler, obj: Any) -> Any:
    """With the dict that it looks at, not a copy: it goes on following it."""
    return make_view, (gc.get_referents(obj)[0], _VIEWS[type(obj)])


def _reduce_iterator(pickler: ValuePickler, obj: Any) -> Any:
    """Python pickles those of dicts and sets as lists, and some others too at their end."""
    how = obj.__reduce__()
    if how[0] is iter and type(iter(*how[1])) is not type(obj):
        pickler.refuse(obj, "an iterator that would come back as another one")
    return how


def _reduce_device_array(pickler: ValuePickler, obj: Any) -> Any:
    if getattr(obj, "is_cuda", False):
        pickler.refuse(obj, "in the memory of a GPU")
    return NotImplemented


def _trusted(cls: type) -> bool:
    if module_of(cls).partition(".")[0] in _TRUSTED:
        return True
    if module_of(cls) != "__main__":
        return False
    # A class of the notebook that leaves pickling to `object` only has its attributes set.
    plain = all(module_of(k) == "__main__" for k in cls.__mro__ if k is not object)
    return plain and not any(hook in k.__dict__ for k in cls.__mro__[:-1] for hook in _HOOKS)
