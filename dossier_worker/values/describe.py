"""A value in a few words, without calling code of the notebook."""

from __future__ import annotations

from typing import Any

_SHORT = 60


def module_of(cls: type) -> str:
    """The module of a class; in some C extensions `__module__` is not a string."""
    module = cls.__module__
    return module if isinstance(module, str) else ""


def class_name(cls: type) -> str:
    module = module_of(cls)
    if module in ("", "builtins", "__main__"):
        return cls.__qualname__
    top = module.partition(".")[0]
    if top in ("pandas", "numpy"):
        module = top  # pandas.core.frame.DataFrame is what everyone calls pandas.DataFrame
    return f"{module}.{cls.__qualname__}"


def type_name(obj: Any) -> str:
    return class_name(type(obj))


def summary(obj: Any) -> str:
    cls = type(obj)
    if cls in (int, float, complex, bool, str, bytes, type(None)):
        text = repr(obj) if not isinstance(obj, (str, bytes)) else repr(obj[: _SHORT + 1])
        return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
    if isinstance(obj, type):
        return f"class {obj.__qualname__}"
    if module_of(cls).partition(".")[0] in ("numpy", "pandas"):
        shape = getattr(obj, "shape", None)
        dtype = getattr(obj, "dtype", None)
        if shape is not None:
            return f"{shape} {dtype}" if dtype is not None else str(shape)
    if cls in (list, tuple, dict, set, frozenset, bytearray):
        count = len(obj)
        return f"{count} item{'' if count == 1 else 's'}"
    if callable(obj) and hasattr(obj, "__qualname__"):
        return f"{obj.__qualname__}()"
    return ""
