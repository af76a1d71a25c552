"""Whether objects consist of the same parts: by identity, plain values by equality."""

from __future__ import annotations

import ctypes
from operator import is_
from typing import Any

_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})


def same_items(before: list[Any], now: list[Any]) -> bool:
    """Nothing of the user's is called."""
    if len(before) != len(now):
        return False
    if len(before) >= _LONG and _memcmp is not None:
        if not _memcmp(_items(before), _items(now), len(now) * _POINTER):
            return True
    elif all(map(is_, before, now)):
        return True
    return all(a is b or equal(a, b) for a, b in zip(before, now, strict=True))


def equal(a: Any, b: Any) -> bool:
    if type(a) is not type(b) or type(a) not in _PLAIN:
        return False
    return bool(a == b) and (type(a) is not float or repr(a) == repr(b))


# A list has, after its head and its length, the address of its items.
_OFFSET = object.__basicsize__ + ctypes.sizeof(ctypes.c_ssize_t)
_POINTER = ctypes.sizeof(ctypes.c_void_p)
_LONG = 256


def _items(of: list[Any]) -> int:
    return ctypes.c_void_p.from_address(id(of) + _OFFSET).value or 0


def _find_memcmp() -> Any:
    """The C library's, twenty times as fast as a loop; None if lists are not as expected: tried."""
    try:
        memcmp = ctypes.CDLL(None).memcmp
        memcmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        probe = [object(), object(), object()]
        other = [*probe[:2], object()]
        size = len(probe) * _POINTER
        addresses = (ctypes.c_void_p * len(probe)).from_address(_items(probe))
        if list(addresses) != [id(each) for each in probe]:
            return None
        if memcmp(_items(probe), _items(list(probe)), size) or not memcmp(
            _items(probe), _items(other), size
        ):
            return None
    except Exception:
        return None
    return memcmp


_memcmp = _find_memcmp()
