"""Whether objects consist of the same parts: by identity, plain values by equality."""

from __future__ import annotations

from operator import is_
from typing import Any

_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})


def same_items(before: list[Any], now: list[Any]) -> bool:
    """Nothing of the user's is called."""
    if len(before) != len(now):
        return False
    if all(map(is_, before, now)):
        return True
    return all(a is b or equal(a, b) for a, b in zip(before, now, strict=True))


def equal(a: Any, b: Any) -> bool:
    if type(a) is not type(b) or type(a) not in _PLAIN:
        return False
    return bool(a == b) and (type(a) is not float or repr(a) == repr(b))
