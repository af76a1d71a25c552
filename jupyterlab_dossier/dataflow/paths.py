"""Names of files as resources, and which of them may be the same file.

A folder that is listed, made or removed goes with all that is in it. Links are not followed.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

ANY_FILE = "<files>"
_Parts = tuple[str, ...]


def resource(path: str) -> str:
    """`a/../b.csv` is `<file b.csv>`; the notebook's folder itself is `<file >`."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return f"<file {'/' if path.startswith('/') else ''}{'/'.join(parts)}>"


@lru_cache(4096)
def overlap(a: str, b: str) -> bool:
    """May these two resources have a file in common?"""
    if a == b:
        return True
    if not a.startswith("<file") or not b.startswith("<file"):
        return False
    if ANY_FILE in (a, b):
        return True
    (base, parts), (other_base, others) = _taken_apart(a), _taken_apart(b)
    if base == other_base:
        return _within(parts, others)
    # Only where the notebook runs is known what is above its folder: what could fit may be it.
    return (bool(base) and _ends_like(parts, others)) or (
        bool(other_base) and _ends_like(others, parts)
    )


def among(name: str, resources: Iterable[str]) -> list[str]:
    """Those of the resources that may have a file in common with this one."""
    return [other for other in resources if overlap(name, other)]


def taken(path: str) -> str:
    """A pattern of the name that is gone where a file or folder is moved or removed."""
    name = path.rstrip("/").rpartition("/")[2]
    # What is above has the name of a folder that is not written there.
    return "*" if name in ("", ".", "..") or any(c in name for c in "{}$~[") else name


def gone(folder: str, pattern: str) -> bool:
    """May a folder be gone with what has such a name, from whatever folder that is named?"""
    return folder == ANY_FILE or any(fnmatchcase(p, pattern) for p in _taken_apart(folder)[1])


def _taken_apart(name: str) -> tuple[str, _Parts]:
    """What a path begins at ("/", "..", "" for the notebook's folder), and the parts below it."""
    path = name[6:-1]
    parts = [part for part in path.split("/") if part]
    if path.startswith("/"):
        return "/", tuple(parts)
    ups = parts.count("..")
    return "/".join(parts[:ups]), tuple(parts[ups:])


def _ends_like(a: _Parts, b: _Parts) -> bool:
    """Could `b`, from some folder on the way, be the end of `a`?"""
    return not a or any(_within(a[n:], b) for n in range(len(a)))


def _within(a: _Parts, b: _Parts) -> bool:
    """Is one of them the other, or in it?"""
    return all(x == y for x, y in zip(a, b, strict=False))
