"""Which objects of a pickle others may refer to: those whose identity can be noticed."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Iterable
from enum import Enum
from typing import Any

from . import definitions, frames
from .describe import module_of

# Immutable, or the same object in a process anyway (modules, members of enums, dtypes).
_EQUAL_IS_ENOUGH = frozenset({
    type(None), bool, int, float, complex, str, bytes, tuple, frozenset, range, slice,
    type(Ellipsis), type(NotImplemented), types.CodeType, types.ModuleType,
    types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.GetSetDescriptorType, types.MemberDescriptorType, types.GenericAlias,
    types.MappingProxyType, property, classmethod, staticmethod,
    pickle.PickleBuffer,  # how memory is pickled; kept, it would keep the memory
})  # fmt: skip
_EQUAL_MODULES = frozenset({
    "datetime", "decimal", "fractions", "_decimal", "pathlib", "uuid", "re", "typing", "zoneinfo",
    "logging", "ipaddress", "pandas._libs.internals", "pandas.core.internals.managers",
    "pandas.core.internals.blocks",
})  # fmt: skip

DROP, KEEP, DEFINITION, NAMED, FRAME_PART = range(5)
_verdicts: dict[type, int] = {}


def is_atom(obj: Any) -> bool:
    """Whether nobody can tell this object from an equal one."""
    return _verdict(type(obj)) == DROP


def is_named_definition(obj: Any) -> bool:
    """Whether this is a class or function of the notebook that others look up by its name."""
    return _verdict(type(obj)) == DEFINITION and definitions.is_definition(obj)


def _verdict(cls: type) -> int:
    found = _verdicts.get(cls)
    if found is None:
        found = _judge(cls)
        if module_of(cls) != "__main__":  # those come and go with the notebook's edits
            _verdicts[cls] = found
    return found


def _judge(cls: type) -> int:
    if cls in _EQUAL_IS_ENOUGH:
        return DROP
    if issubclass(cls, (type, types.FunctionType)) or cls.__name__ == "_lru_cache_wrapper":
        return DEFINITION
    if frames.is_block(cls) or frames.is_index(cls):
        return FRAME_PART
    if cls.__name__ == "BlockValuesRefs":
        return KEEP
    if module_of(cls) in _EQUAL_MODULES or issubclass(cls, Enum):
        return DROP
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(cls, (numpy.dtype, numpy.generic, numpy.ufunc)):
        return DROP
    extensions = sys.modules.get("pandas.api.extensions")
    if extensions is not None and issubclass(
        cls, (extensions.ExtensionDtype, extensions.ExtensionArray)
    ):
        return DROP
    if module_of(cls).startswith(("pandas._libs", "pyarrow")):
        return DROP
    if module_of(cls) != "__main__" and any("__call__" in base.__dict__ for base in cls.__mro__):
        return NAMED  # functions made by Cython, numpy and others travel by name, mostly
    return KEEP


def select(
    memo: Iterable[tuple[int, Any]], root: Any, pickled: bool
) -> tuple[dict[int, Any], set[int]]:
    """Of (number, object): those that others may refer to, and ids of what holds frames' data.

    After pickling, what only the memo refers to was a temporary of pickling.
    """
    chosen: dict[int, Any] = {}
    parts: list[Any] = []
    verdicts = _verdicts
    count = sys.getrefcount
    only_memo = _count_of_temporaries() if pickled else 0
    for index, obj in memo:
        cls = type(obj)
        verdict = verdicts.get(cls)
        if verdict is None:
            verdict = _verdict(cls)
        if verdict == DROP or count(obj) <= only_memo:
            continue
        if verdict == FRAME_PART:
            parts.append(obj)
            if obj is not root:
                continue
        elif verdict == DEFINITION:
            if not definitions.is_definition(obj):
                continue
        elif verdict == NAMED and definitions.importable(obj):
            continue
        chosen[index] = obj
    return chosen, frames.memory_of(parts) if parts else set()


def _count_of_temporaries() -> int:
    # Versions of Python differ in how many references a loop and a call are.
    count = sys.getrefcount
    counted = 0
    for _, obj in {0: (0, object())}.values():
        counted = count(obj)
    return counted
