"""What this process's control group says of its memory (Linux, both versions of control groups)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
# A limit beyond it is none (version 1 says it with a very large number).
_NO_LIMIT = 1 << 50


def kills(root: Path = _ROOT, of: Path = Path("/proc/self/cgroup")) -> int:
    """How many processes of the group were killed because memory ran out."""
    for name in ("memory.events", "memory.oom_control"):
        for line in _read(name, root, of).splitlines():
            key, _, count = line.partition(" ")
            if key == "oom_kill":
                return int(count)
    return 0


def limit(root: Path = _ROOT, of: Path = Path("/proc/self/cgroup")) -> int | None:
    """The group's limit in bytes, where it has one."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        text = _read(name, root, of).strip()
        if text.isdigit() and int(text) < _NO_LIMIT:
            return int(text)
    return None


def _read(name: str, root: Path, of: Path) -> str:
    for folder in _folders(root, of):
        with contextlib.suppress(OSError):
            return (folder / name).read_text()
    return ""


def _folders(root: Path, of: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for line in of.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                yield root / controllers / path.strip("/")
    # In a container the group is mounted as if it were the root.
    yield root / "memory"
    yield root


class Kills:
    """Tells of each killed process whether memory ran out."""

    def __init__(self) -> None:
        self._told = kills()

    def words(self) -> str | None:
        """Why a process of the group that was just killed was killed, if memory ran out."""
        if kills() <= self._told:
            return None
        self._told += 1
        most = limit()
        if most is None:
            return "out of memory"
        return f"out of memory: its limit is {most / (1 << 20):.0f} MiB"
