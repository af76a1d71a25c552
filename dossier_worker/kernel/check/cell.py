"""The cell that is watched, and the time that watching it may take."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ...values import Values

Effects = dict[str, Any]

# Entries of any list in the effects.
LIMIT = 1000
# Of the cell's own time, when that is more than the budget.
SHARE = 0.05
# How much longer than it works the check may wait for the machine.
_PATIENCE = 10

# Ours (in the zipapp or as files), and the standard library.
_NOT_LOCAL = (
    os.path.abspath(__file__).rpartition(f"{os.sep}kernel{os.sep}")[0] + os.sep,
    os.path.dirname(os.path.abspath(os.__file__)) + os.sep,
)


class Clock:
    """Counts the seconds that the check takes, against its budget.

    They are of processor time, so that a busy machine sees no less; a slow disk is waited for ten
    times as long at most.
    """

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._spent = 0.0
        self._since: tuple[float, float] | None = None
        self._began = time.perf_counter()

    def start(self) -> None:
        self._since = time.thread_time(), time.perf_counter()

    def stop(self) -> None:
        self._spent = self.spent()
        self._since = None
        self._began = time.perf_counter()

    def cell_ended(self) -> None:
        """A long cell may be looked at for longer."""
        self._budget = max(self._budget, SHARE * (time.perf_counter() - self._began))

    def spent(self) -> float:
        if self._since is None:
            return self._spent
        busy, since = self._since
        passed = (time.perf_counter() - since) / _PATIENCE
        return self._spent + max(time.thread_time() - busy, passed)

    def left(self) -> float:
        return self._budget - self.spent()


class Cell:
    """One execution of a cell: where it runs and what was predicted of it."""

    def __init__(self, namespace: dict[str, Any], values: Values, task: Mapping[str, Any]) -> None:
        self.namespace = namespace
        self.values = values
        self.inputs = dict(task.get("inputs") or {})
        self.mutated = frozenset(task.get("mutated") or ())
        self.exports = frozenset(task.get("exports") or ())
        self.replayed = bool(task.get("setup") or task.get("reset") or task.get("new"))
        # The notebook's folder, which a cell before may have left.
        known = (task.get("check") or {}).get("folder") or task.get("filename_cwd")
        self.folder = os.path.abspath(known or os.getcwd())
        self.clock = Clock(float((task.get("check") or {}).get("budget") or 0.005))
        # Set when the cell has ended: the names that it bound or rebound.
        self.bound: frozenset[str] = frozenset()
        self.failed: list[Way] = []

    def owns(self, space: Mapping[str, Any]) -> bool:
        """Whether these are the globals of the notebook's own code."""
        if space is self.namespace or space.get("__name__") == "__main__":
            return True
        file = space.get("__file__")
        return isinstance(file, str) and self.is_local(file)

    def is_local(self, path: str) -> bool:
        """Whether a module's file belongs to the notebook, not to a library."""
        path = os.path.abspath(path)
        # The worker, an environment and the interpreter may lie below the folder too.
        if not path.startswith(self.folder + os.sep) or path.startswith(_NOT_LOCAL):
            return False
        return not set(path.split(os.sep)) & {"site-packages", "dist-packages"}


class Way(Protocol):
    """One way of seeing what a cell does."""

    def begin(self, cell: Cell) -> None: ...

    def report(self, cell: Cell, effects: Effects) -> None: ...


def bounded(words: Iterable[str]) -> list[str]:
    """Sorted, without doubles, and not endless."""
    return sorted({word[:500] for word in words})[:LIMIT]
