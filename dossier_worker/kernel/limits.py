"""Limits that a cell asks for, kept by the operating system while the cell runs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MIB = 1 << 20
_DATA = re.compile(r"^VmData:\s*(\d+) kB$", re.MULTILINE)


@contextlib.contextmanager
def kept(options: Mapping[str, Any] | None, pid: int | None = None) -> Iterator[None]:
    """Keeps a process, by default this one, to the options of the cell that it runs.

    `memory`: MiB that the cell may take beside what the process has; allocations beyond fail.
    """
    memory = (options or {}).get("memory")
    if memory is None:
        yield
        return
    import resource  # not on every system; there the server offers no such option

    found = _DATA.search(Path("/proc", str(pid or "self"), "status").read_text())
    taken = int(found[1]) << 10 if found else 0
    before = resource.prlimit(pid or 0, resource.RLIMIT_DATA)
    wanted = taken + memory * MIB
    highest = before[1]
    if highest != resource.RLIM_INFINITY:
        wanted = min(wanted, highest)
    resource.prlimit(pid or 0, resource.RLIMIT_DATA, (wanted, highest))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid or 0, resource.RLIMIT_DATA, before)
