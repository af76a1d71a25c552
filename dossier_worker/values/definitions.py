"""Classes and functions of the notebook, as values.

They are pickled by value: what a kernel loads looks as if the cell that defines them had run there.
A function's globals are the kernel's own namespace, never a copy of what it used.
"""

from __future__ import annotations

import abc
import enum
import functools
import importlib
import linecache
import marshal
import os
import sys
import types
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import singletons

if TYPE_CHECKING:
    from .pickler import Handler, ValuePickler

_LRU = type(functools.lru_cache(lambda: None))
_EMPTY = "dossier: empty cell"


def handler(cls: type) -> Handler | None:
    """How definitions of this kind are pickled; None: as their class says."""
    if issubclass(cls, type):
        return _reduce_class
    if issubclass(cls, enum.Enum) and not importable(cls):
        return _reduce_member
    if issubclass(cls, BaseException) and cls.__reduce__ is BaseException.__reduce__:
        return _reduce_exception
    return _HANDLERS.get(cls)


def importable(obj: Any) -> bool:
    """Whether a class or function can be had by an import in any process."""
    module = getattr(obj, "__module__", None)
    if not isinstance(module, str) or module in ("__main__", "__mp_main__"):
        return False
    found: Any = sys.modules.get(module)
    for part in getattr(obj, "__qualname__", "<none>").split("."):
        found = getattr(found, part, None)
        if found is None:
            return False
    return found is obj


def is_definition(obj: Any) -> bool:
    """Whether this is a class or function that travels by value."""
    if isinstance(obj, type) and not _made_in_python(obj):
        return False
    return isinstance(obj, (type, types.FunctionType, _LRU)) and not importable(obj)


def _made_in_python(cls: type) -> bool:
    # Not so e.g. types.MethodType, which no module has under its own name.
    heap_type = 1 << 9
    return bool(cls.__flags__ & heap_type)


# Functions


def _reduce_function(pickler: ValuePickler, fn: Any) -> Any:
    if pickler.postpone(fn):
        return pickler.placeholder
    if importable(fn):
        return NotImplemented
    if fn.__globals__ is pickler.namespace:
        home: Any = fn.__globals__  # a singleton: each kernel has its own
    else:
        home = fn.__globals__.get("__name__")
        module = sys.modules.get(home) if isinstance(home, str) else None
        if module is None or vars(module) is not fn.__globals__ or home == "__main__":
            return pickler.by_cloudpickle(fn)
    code = fn.__code__
    args = (_dump_code(code), home, fn.__name__, fn.__closure__, pickler.source(code.co_filename))
    state = {
        "__qualname__": fn.__qualname__,
        "__module__": fn.__module__,
        "__doc__": fn.__doc__,
        "__defaults__": fn.__defaults__,
        "__kwdefaults__": fn.__kwdefaults__,
        "__annotations__": fn.__annotations__,
        "__dict__": fn.__dict__,
        "__type_params__": getattr(fn, "__type_params__", ()),
    }
    return make_function, args, {k: v for k, v in state.items() if v}, None, None, set_function


def _dump_code(code: types.CodeType) -> bytes:
    try:
        # Version 2 does not depend on who else refers to the constants.
        return marshal.dumps(code, 2)
    except ValueError:
        return marshal.dumps(code)


def make_function(code: bytes, home: Any, name: str, closure: Any, source: Any) -> Any:
    """A function over the kernel's namespace, or over that of the module it comes from."""
    namespace = vars(importlib.import_module(home)) if isinstance(home, str) else home
    if source is not None:
        register_source(*source)
    return types.FunctionType(marshal.loads(code), namespace, name, None, closure)


def set_function(fn: Any, state: dict[str, Any]) -> None:
    for name, value in state.items():
        if name == "__dict__":
            fn.__dict__.update(value)
        elif value:
            setattr(fn, name, value)
    if "__doc__" not in state:
        fn.__doc__ = None


def _reduce_cell(pickler: ValuePickler, cell: Any) -> Any:
    try:
        state = (cell.cell_contents,)
    except ValueError:
        return make_cell, ()
    return make_cell, (), state, None, None, set_cell


def make_cell() -> Any:
    return types.CellType()


def set_cell(cell: Any, state: tuple[Any]) -> None:
    cell.cell_contents = state[0]


def _reduce_lru(pickler: ValuePickler, cached: Any) -> Any:
    if pickler.postpone(cached):
        return pickler.placeholder
    if importable(cached):
        return NotImplemented
    if any(cached.cache_info()[:2]):
        # Nothing gives its results out, which may be of values that have changed since.
        pickler.refuse(cached, "a function that remembers results")
    parameters = cached.cache_parameters()
    state = {k: v for k, v in vars(cached).items() if k not in ("__wrapped__", "cache_parameters")}
    args = (cached.__wrapped__, parameters["maxsize"], parameters["typed"])
    return make_lru, args, state, None, None, set_lru


def make_lru(fn: Any, maxsize: int | None, typed: bool) -> Any:
    """The same function with an empty cache."""
    return functools.lru_cache(maxsize=maxsize, typed=typed)(fn)


def set_lru(cached: Any, state: dict[str, Any]) -> None:
    vars(cached).update(state)


def _reduce_cached_property(pickler: ValuePickler, prop: Any) -> Any:
    return make_cached_property, (prop.func, prop.attrname, prop.__doc__)


def make_cached_property(func: Any, attrname: str | None, doc: str | None) -> Any:
    prop: functools.cached_property[Any] = functools.cached_property(func)
    prop.attrname = attrname
    prop.__doc__ = doc
    return prop


# Source text, for tracebacks and inspect.getsource


def source_of(filename: str) -> tuple[str, str, int | None] | None:
    """The text of a cell, as IPython keeps it; None for a file on the disk."""
    entry = linecache.cache.get(filename)
    if entry is None or len(entry) != 4 or entry[1] is not None:
        return None
    return filename, "".join(entry[2]), _cell_numbers().get(filename)


def _cell_numbers() -> dict[str, int]:
    """By which IPython writes `Cell In[3]` in a traceback instead of a file name."""
    compiler = getattr(singletons.shell_of_process(), "compile", None)
    numbers = getattr(compiler, "_filename_map", None)
    return numbers if isinstance(numbers, dict) else {}


def register_source(filename: str, text: str, number: int | None) -> None:
    """Make the text of a cell known, so that tracebacks and inspect show it."""
    if filename not in linecache.cache:
        lines = text.splitlines(keepends=True)
        linecache.cache[filename] = (len(text), None, lines, filename)
    if number is not None:
        _cell_numbers()[filename] = number


def number_cells(told: Mapping[str, int]) -> None:
    """The cells of a workflow have these numbers, by the names of their files: what they define may
    come from an earlier run, in which they had others."""
    numbers = _cell_numbers()
    for filename in numbers:
        name = os.path.basename(filename).removesuffix(".py")
        if name in told:
            numbers[filename] = told[name]


# Classes


def _reduce_class(pickler: ValuePickler, cls: Any) -> Any:
    if pickler.postpone(cls):
        return pickler.placeholder
    if importable(cls):
        return NotImplemented
    if not _made_in_python(cls):
        return pickler.by_cloudpickle(cls)
    if isinstance(cls, enum.EnumMeta):
        return _reduce_enum(cls)
    home = next(k for k in type(cls).__mro__ if importable(k))
    if home not in (type, abc.ABCMeta):
        return _without_tracker(pickler.by_cloudpickle(cls))
    slots = cls.__dict__.get("__slots__")
    args = (type(cls), home, cls.__name__, cls.__bases__, cls.__module__, slots)
    return make_class, args, _class_state(cls), None, None, set_class


def _class_state(cls: Any) -> dict[str, Any]:
    state = dict(cls.__dict__)
    slots = state.pop("__slots__", ())
    for name in (slots,) if isinstance(slots, str) else tuple(slots):
        state.pop(_mangled(cls, name), None)
    for name in ("__weakref__", "__dict__", "__annotate_func__", "_abc_impl"):
        if name != "__dict__" or isinstance(state.get(name), types.GetSetDescriptorType):
            state.pop(name, None)
    if isinstance(cls, abc.ABCMeta):
        registered = abc._get_dump(cls)[0]  # type: ignore[attr-defined]
        state["_abc_impl"] = [ref() for ref in registered if ref() is not None]
    return state


def _mangled(cls: Any, name: str) -> str:
    if name.startswith("__") and not name.endswith("__"):
        return f"_{cls.__name__.lstrip('_')}{name}"
    return name


def make_class(meta: Any, home: Any, name: str, bases: Any, module: str, slots: Any) -> Any:
    """The class without its attributes. What the notebook does whenever a class is made (its
    metaclass, `__init_subclass__`) was done when the cell ran, and is not done again."""
    namespace: dict[str, Any] = {"__module__": module}
    if slots is not None:
        namespace["__slots__"] = slots
    with _no_init_subclass(bases):
        return home.__new__(meta, name, bases, namespace)


@contextmanager
def _no_init_subclass(bases: Any) -> Iterator[None]:
    hooks = {
        cls: cls.__dict__["__init_subclass__"]
        for base in bases
        for cls in base.__mro__
        if "__init_subclass__" in cls.__dict__ and not importable(cls)
    }
    for cls in hooks:
        type.__setattr__(cls, "__init_subclass__", classmethod(lambda c, **k: None))
    try:
        yield
    finally:
        for cls, hook in hooks.items():
            type.__setattr__(cls, "__init_subclass__", hook)


def set_class(cls: Any, state: dict[str, Any]) -> None:
    for name, value in state.items():
        if name == "_abc_impl":
            for registered in value:
                cls.register(registered)
        elif name != "__firstlineno__":
            type.__setattr__(cls, name, value)
    if "__firstlineno__" in state:  # setting __module__ removes it
        type.__setattr__(cls, "__firstlineno__", state["__firstlineno__"])


def _without_tracker(reduced: Any) -> Any:
    # cloudpickle's random id of a class would give each pickle of it another hash.
    function, args, *rest = reduced
    if isinstance(args, tuple) and len(args) >= 2 and isinstance(args[-2], str):
        args = (*args[:-2], None, args[-1])
    return (function, args, *rest)


# Enums

_ENUM_MADE = frozenset({
    "_generate_next_value_", "_member_names_", "_member_map_", "_member_type_", "_hashable_values_",
    "_value2member_map_", "_unhashable_values_", "_unhashable_values_map_", "_use_args_",
    "_value_repr_", "__new__", "_new_member_", "_flag_mask_", "_singles_mask_", "_all_bits_",
    "_inverted_", "_boundary_",
})  # fmt: skip


def _reduce_enum(cls: Any) -> Any:
    members = tuple((name, member._value_) for name, member in cls.__members__.items())
    plain = cls._member_type_
    payloads = None
    if "__new_member__" in cls.__dict__ or "_new_member_" in cls.__dict__:
        # The class has a __new__ of its own, which must not run again.
        convert = plain.__new__ if plain is not object else None
        payloads = tuple(
            _payload(plain, m) if convert else None for m in cls.__members__.values()
        )  # fmt: skip
    args = (type(cls), cls.__name__, cls.__bases__, cls.__module__, members, payloads,
            getattr(cls, "_boundary_", None))  # fmt: skip
    state = {k: v for k, v in _class_state(cls).items() if k not in _ENUM_MADE}
    for name in cls.__members__:
        state.pop(name, None)
    for name in ("__new_member__", "__reduce_ex__"):
        if name in state and importable_method(state[name]):
            state.pop(name)
    details = {name: _member_details(m) for name, m in cls._member_map_.items()}
    return make_enum, args, (state, details), None, None, set_enum


def importable_method(fn: Any) -> bool:
    return not isinstance(fn, types.FunctionType) or importable(fn)


def _payload(plain: Any, member: Any) -> Any:
    return plain(plain.__str__(member)) if plain is str else plain(member)


def _member_details(member: Any) -> dict[str, Any]:
    return {k: v for k, v in vars(member).items() if k not in ("_name_", "__objclass__")}


def make_enum(
    meta: Any, name: str, bases: Any, module: str, members: Any, payloads: Any, boundary: Any
) -> Any:
    """The enum with its members, without its methods."""
    namespace = meta.__prepare__(name, bases)
    namespace["__module__"] = module
    # The members' own __init__ and __new__ ran with the cell; here only the values count.
    namespace["__init__"] = _no_init
    if payloads is not None:
        queue = iter(zip(members, payloads, strict=True))

        def new(cls: Any, *args: Any) -> Any:
            (_, value), payload = next(queue)
            data = next((b for b in cls.__mro__ if b in (str, int, float, bytes, complex)), None)
            member = object.__new__(cls) if data is None else data.__new__(cls, payload)
            member._value_ = value
            return member

        namespace["__new__"] = new
    for member, value in members:
        namespace[member] = value
    extra = {} if boundary is None else {"boundary": boundary}
    home = next(k for k in meta.__mro__ if importable(k))
    cls = home.__new__(meta, name, bases, namespace, **extra)
    type.__delattr__(cls, "__init__")
    return cls


def _no_init(self: Any, *args: Any) -> None:
    pass


def set_enum(cls: Any, state: Any) -> None:
    attributes, details = state
    set_class(cls, attributes)
    for name, values in details.items():
        vars(cls._member_map_[name]).update(values)


def _reduce_member(pickler: ValuePickler, member: Any) -> Any:
    name = member._name_
    if name is not None and type(member)._member_map_.get(name) is member:
        return get_member, (type(member), name)
    return NotImplemented


def get_member(cls: Any, name: str) -> Any:
    return cls._member_map_[name]


# Exceptions


def _reduce_exception(pickler: ValuePickler, error: BaseException) -> Any:
    # The default calls the class again with `args`, which fails for every __init__ that gives its
    # base another text than it gets.
    state = (dict(vars(error)), error.__cause__, error.__context__, error.__suppress_context__)
    return make_exception, (type(error), error.args), state, None, None, set_exception


def make_exception(cls: Any, args: Any) -> Any:
    error = cls.__new__(cls, *args)
    error.args = args
    return error


def set_exception(error: Any, state: Any) -> None:
    attributes, cause, context, suppress = state
    vars(error).update(attributes)
    error.__cause__ = cause
    error.__context__ = context
    error.__suppress_context__ = suppress


# Weak references


def _reduce_ref(pickler: ValuePickler, ref: Any) -> Any:
    target = ref()
    if target is None:
        pickler.refuse(ref, "a weak reference whose target is gone")
    return make_ref, (target, ref.__callback__)


def make_ref(target: Any, callback: Any) -> Any:
    return weakref.ref(target, callback)


def _reduce_weak_mapping(pickler: ValuePickler, mapping: Any) -> Any:
    return type(mapping), (dict(mapping),)


_HANDLERS: dict[Any, Any] = {
    types.FunctionType: _reduce_function,
    types.CellType: _reduce_cell,
    _LRU: _reduce_lru,
    functools.cached_property: _reduce_cached_property,
    weakref.ref: _reduce_ref,
    weakref.WeakKeyDictionary: _reduce_weak_mapping,
    weakref.WeakValueDictionary: _reduce_weak_mapping,
}
