"""The content of Python objects: digests of values, and what can be reached from them.

`digest` says whether two values are equal in content, also over processes: without addresses,
without the order of sets, and without running the notebook's own code (its `__reduce__` or
`__repr__` might count or print). `Snapshot` is the same by identity: each object that the names
reach with what it holds itself, so that two snapshots tell which objects changed in between.
"""

from __future__ import annotations

import array
import collections
import datetime
import functools
import gc
import hashlib
import io
import re
import sys
import types
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_LEAVES = (type(None), bool, int, float, complex, str, bytes, range, slice, type(...))
_LEAVES += (datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, re.Pattern)
_CELL_FILE = re.compile(r"ipykernel_\d+")  # ipykernel names a cell's file after its process
_ADDRESS = re.compile(r"0x[0-9a-f]+")
_LOOKS = ("get_label", "get_text", "get_title", "get_xlabel", "get_ylabel", "get_xydata")
_LOOKS += ("get_xlim", "get_ylim", "get_facecolor", "get_edgecolor", "get_color", "get_array")
_REFERENCED = (types.ModuleType, types.BuiltinFunctionType, types.MethodDescriptorType)


class Parts(NamedTuple):
    """What an object holds itself, the objects it refers to, and values made up on the way."""

    own: str
    children: list[Any] = []  # noqa: RUF012 (never changed)
    made: list[Any] = []  # noqa: RUF012
    unordered: bool = False
    opaque: bool = False  # its state cannot be seen


def _of(module: str, *names: str) -> tuple[type, ...]:
    """Classes of a library, if it is loaded."""
    found = sys.modules.get(module)
    return tuple(getattr(found, name) for name in names if hasattr(found, name))


def _is_ours(cls: Any) -> bool:
    return getattr(cls, "__module__", None) == "__main__"


def _hash(*values: bytes | str) -> str:
    made = hashlib.blake2b(digest_size=12)
    for value in values:
        made.update(value.encode(errors="surrogatepass") if isinstance(value, str) else value)
        made.update(b"\0")
    return made.hexdigest()


def _code(code: types.CodeType) -> str:
    inner = [_code(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_flags)
    return _hash(code.co_code, repr(names), *map(str, inner))


def _array(value: Any) -> Parts:
    head = f"{type(value).__name__} {value.dtype} {value.shape}"
    if value.dtype.hasobject:
        return Parts(head, list(value.ravel().tolist()))
    return Parts(f"{head} {_hash(value.tobytes())}")


def _column(value: Any) -> str:
    """The content of a pandas column or index."""
    array = value.array
    plain = getattr(array, "to_numpy", array.__array__)()
    if plain.dtype.hasobject:
        return f"{value.dtype} " + _hash(*(digest(x) for x in plain.tolist()))
    return f"{value.dtype} {plain.dtype} {_hash(plain.tobytes())}"


def _frame(value: Any) -> Parts:
    columns = [_column(value.iloc[:, n]) for n in range(value.shape[1])]
    head = [f"DataFrame {digest(value.attrs)}", *columns]
    for axis in value.axes:
        head.append(_index(axis))
    return Parts(_hash(*head))


def _index(value: Any) -> str:
    levels = getattr(value, "nlevels", 1)
    parts = [_column(value.get_level_values(n)) for n in range(levels)]
    return _hash(type(value).__name__, repr(list(value.names)), *parts)


def _artist(value: Any) -> Parts:
    """A figure, or what stands in one: the figure's visible content."""
    figure = value.get_figure() if not hasattr(value, "savefig") else value
    if figure is None:
        return Parts(type(value).__name__, opaque=True)
    words = []
    todo = [figure]
    while todo:
        artist = todo.pop()
        if type(artist).__module__ == "matplotlib.axis":
            continue  # made when they are first looked at
        todo += artist.get_children()
        words.append(f"{type(artist).__name__} {artist.get_visible()} {artist.get_alpha()}")
        for get in _LOOKS:
            method = getattr(artist, get, None)
            if method is not None:
                found = method()
                words.append(found if isinstance(found, str) else digest(found))
    return Parts(_ADDRESS.sub("", _hash(*words)))


def _function(value: Any) -> Parts:
    children = [value.__defaults__, value.__kwdefaults__, value.__dict__ or None]
    for cell in value.__closure__ or ():
        try:
            children.append(cell.cell_contents)
        except ValueError:
            children.append(None)
    return Parts(f"function {value.__qualname__} {_code(value.__code__)}", children)


def _class(value: Any) -> Parts:
    skipped = ("__dict__", "__weakref__", "__doc__", "_abc_impl")
    skipped += ("__annotations__", "__annotations_cache__", "__static_attributes__")
    items = [(k, v) for k, v in vars(value).items() if k not in skipped]
    names = repr([k for k, _ in items])
    return Parts(f"class {value.__qualname__} {names}", [*value.__bases__, *(v for _, v in items)])


def _instance(value: Any, cls: Any) -> Parts:
    """Attributes, and for kinds of built-in containers their items."""
    children: list[Any] = [cls] if _is_ours(cls) else []
    own = f"{cls.__module__}.{cls.__qualname__}"
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        attributes = {}
    if isinstance(attributes, Mapping):
        own += f" {list(attributes)!r}"
        children += attributes.values()
    for base in cls.__mro__:
        for name in _slots(base):
            try:
                children.append(getattr(value, name))
                own += f" {name}"
            except AttributeError:
                own += f" no {name}"
    for kind in (list, tuple, dict, set, frozenset, collections.deque, BaseException):
        if isinstance(value, kind):
            inner = _container(kind, value)
            return Parts(own + inner.own, children + inner.children, unordered=inner.unordered)
    if isinstance(value, (*_LEAVES, bytearray)):
        kind = next(k for k in (*_LEAVES, bytearray) if isinstance(value, k))
        own += f" {kind.__repr__(value)}"
    return Parts(own, children)


def _slots(base: Any) -> Iterable[str]:
    found = vars(base).get("__slots__", ())
    return [found] if isinstance(found, str) else [n for n in found if n[:2] != "__"]


def _container(kind: Any, value: Any) -> Parts:
    if kind is dict:
        keys = list(dict.keys(value))
        return Parts(f"dict {len(keys)}", [*keys, *dict.values(value)])
    if kind in (set, frozenset):
        return Parts(f"{kind.__name__}", list(kind.__iter__(value)), unordered=True)
    if kind is BaseException:
        return Parts("exception", list(value.args))
    return Parts(f"{kind.__name__} {len(value)}", list(kind.__iter__(value)))


def parts(value: Any) -> Parts:
    """What an object is made of."""
    cls = type(value)
    if cls is str:
        return Parts(f"str {_CELL_FILE.sub('', value)!r}")
    if cls in _LEAVES or isinstance(value, (datetime.date, datetime.time, re.Pattern)):
        return Parts(f"{cls.__name__} {value!r}")
    if isinstance(value, _REFERENCED):
        owner = getattr(value, "__self__", None)
        named = getattr(value, "__qualname__", None) or value.__name__
        own = f"{cls.__name__} {getattr(value, '__module__', '')}.{named}"
        return Parts(own, [] if owner is None or isinstance(owner, types.ModuleType) else [owner])
    if cls in (list, tuple, dict, set, frozenset, collections.deque):
        return _container(cls, value)
    if isinstance(value, type):
        return _class(value) if _is_ours(value) else Parts(f"{value.__module__}.{value.__name__}")
    if isinstance(value, types.FunctionType):
        wrapped = getattr(value, "__wrapped__", None)
        if _is_ours(value) or value.__closure__ or wrapped is not None:
            return _function(value)
        return Parts(f"function {value.__module__}.{value.__qualname__}")
    if isinstance(value, types.MethodType):
        return Parts("method", [value.__func__, value.__self__])
    if isinstance(value, property):
        return Parts("property", [value.fget, value.fset, value.fdel])
    if isinstance(value, (staticmethod, classmethod)):
        return Parts(cls.__name__, [value.__func__])
    if isinstance(value, functools.partial):
        return Parts("partial", [value.func, value.args, value.keywords])
    if cls is functools._lru_cache_wrapper:
        return Parts(f"cached {value.cache_info()}", [value.__wrapped__])
    if isinstance(value, (types.GeneratorType, types.CoroutineType)):
        frame = getattr(value, "gi_frame", None) or getattr(value, "cr_frame", None)
        if frame is None:
            return Parts(f"{cls.__name__} {value.__qualname__} ended")
        return Parts(
            f"{cls.__name__} {value.__qualname__} {frame.f_lasti}", list(frame.f_locals.values())
        )
    if isinstance(value, (bytearray, memoryview, array.array)):
        return Parts(f"{cls.__name__} {bytes(value)!r}")
    if isinstance(value, io.IOBase):
        return _file(value)
    if any(value is known for known in _of("numpy.random.mtrand", "_rand")):
        return Parts("the global generator")  # which is watched by itself
    if isinstance(value, _of("numpy", "ndarray")):
        return _array(value)
    if isinstance(value, _of("numpy", "generic", "dtype")):
        return Parts(f"{cls.__name__} {value!r}")
    if isinstance(value, _of("pandas", "DataFrame")):
        return _frame(value)
    if isinstance(value, _of("pandas", "Series")):
        name = digest(value.name)
        return Parts(
            _hash("Series", name, digest(value.attrs), _column(value), _index(value.index))
        )
    if isinstance(value, _of("pandas", "Index")):
        return Parts(_index(value))
    if isinstance(value, _of("matplotlib.artist", "Artist")):
        return _artist(value)
    return _instance(value, cls) if _is_plain(cls) else _reduced(value, cls)


def _is_plain(cls: Any) -> bool:
    """Are its attributes all there is? The notebook's own `__reduce__` is not called."""
    if any(_is_ours(c) for c in cls.__mro__):
        return True
    plain = cls.__reduce_ex__ is object.__reduce_ex__ and cls.__reduce__ is object.__reduce__
    return plain and (hasattr(cls, "__dictoffset__") and cls.__dictoffset__ != 0)


def _reduced(value: Any, cls: Any) -> Parts:
    """By the pickle protocol: how it would be made again."""
    own = f"{cls.__module__}.{cls.__qualname__}"
    try:
        found = value.__reduce_ex__(4)
    except Exception:
        return Parts(own, opaque=True)
    if isinstance(found, str):
        return Parts(f"{own} {found}")
    maker, arguments, *rest = found
    own += f" {getattr(maker, '__qualname__', maker)}"
    made = [list(x) if hasattr(x, "__next__") else x for x in rest if x is not None]
    given = list(arguments) if isinstance(arguments, tuple) else [arguments]
    held = {id(x) for x in gc.get_referents(value)}  # others are made when they are asked for
    return Parts(
        own, [x for x in given if id(x) in held], [x for x in (*given, *made) if id(x) not in held]
    )


def _file(value: Any) -> Parts:
    own = f"{type(value).__name__} {getattr(value, 'name', '')} {value.closed}"
    if value.closed:
        return Parts(own)
    if isinstance(value, (io.StringIO, io.BytesIO)):
        return Parts(f"{own} {value.tell()} {value.getvalue()!r}")
    return Parts(own, opaque=True)


class _Digests:
    def __init__(self) -> None:
        self.known: dict[int, str] = {}
        self.alive: list[Any] = []
        self.active: dict[int, int] = {}

    def of(self, value: Any) -> str:
        key = id(value)
        found = self.known.get(key)
        if found is not None:
            return found
        if key in self.active:
            return f"cycle {len(self.active) - self.active[key]}"
        self.active[key] = len(self.active)
        self.alive.append(value)
        try:
            what = parts(value)
            inner = [self.of(child) for child in (*what.children, *what.made)]
        except RecursionError:
            raise
        except Exception as error:
            what, inner = Parts(f"{type(value).__name__} {type(error).__name__}"), []
        finally:
            del self.active[key]
        if what.unordered:
            inner.sort()
        made = _hash(what.own, *inner)
        if not self.active or "cycle" not in "".join(inner):
            self.known[key] = made
        return made


def digest(value: Any) -> str:
    """The content of a value."""
    try:
        return _Digests().of(value)
    except RecursionError:
        return f"{type(value).__name__} too deep"


def digests(names: Mapping[str, Any]) -> dict[str, str]:
    """The content of each name's value."""
    made = _Digests()
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in names.items():
            try:
                found[name] = made.of(value)
            except RecursionError:
                found[name] = "too deep"
    return found


class Snapshot:
    """Every object that names reach, by identity: what it holds itself, and what it refers to."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.bound = dict(names)
        self.own: dict[int, str] = {}
        self.children: dict[int, list[int]] = {}
        self.opaque: set[int] = set()
        self._alive: list[Any] = []  # so that no id comes again while this is looked at
        self._reached: dict[str, set[int]] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for value in names.values():
                self._take(value)

    def _take(self, value: Any) -> None:
        todo = [value]
        while todo:
            value = todo.pop()
            if id(value) in self.own or type(value) in _LEAVES:
                continue
            if isinstance(value, type) and not _is_ours(value):
                continue  # classes of libraries are nobody's
            self._alive.append(value)
            try:
                what = parts(value)
                made = [digest(x) for x in what.made]
            except Exception as error:
                what, made = Parts(type(error).__name__, opaque=True), []
            inner = [repr(c) if type(c) in _LEAVES else str(id(c)) for c in what.children]
            if what.unordered:
                inner.sort()
            self.own[id(value)] = _hash(what.own, *inner, *made)
            self._alive.extend(what.children)
            self.children[id(value)] = [id(c) for c in what.children if type(c) not in _LEAVES]
            if what.opaque:
                self.opaque.add(id(value))
            todo.extend(what.children)

    def reached(self, name: str) -> set[int]:
        """All objects that a name reaches."""
        found = self._reached.get(name)
        if found is None:
            found = set()
            todo = [id(self.bound[name])]
            while todo:
                key = todo.pop()
                if key not in found:
                    found.add(key)
                    todo.extend(self.children.get(key, ()))
            self._reached[name] = found
        return found

    def changed(self, before: Snapshot) -> set[int]:
        """Objects that are new, or hold something else than before."""
        return {key for key, own in self.own.items() if before.own.get(key) != own}
