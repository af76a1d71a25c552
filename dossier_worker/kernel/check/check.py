"""The check of one worker kernel: all ways of seeing, in their order."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from ...values import Values
from .audit import Audit
from .cell import Cell, Effects, Way, bounded
from .contents import Contents
from .folder import Folder
from .generators import Generators
from .state import State

log = logging.getLogger("dossier.kernel")

_LISTS = (
    "changed", "unchanged", "unchecked", "random", "drawn", "process", "network", "spawned",
    "hidden",
)  # fmt: skip


class Check:
    """Watches one cell after the other."""

    def __init__(self, namespace: dict[str, Any], values: Values) -> None:
        self._namespace = namespace
        self._values = values
        self._cell: Cell | None = None
        audit = Audit(values.folder)
        # What is begun last is nearest to the cell; it ends first.
        self._ways: list[Way] = [
            State(audit),
            Generators(),
            Contents(),
            Folder(audit, values.folder),
            audit,
        ]

    def begin(self, task: Mapping[str, Any]) -> None:
        """The cell is about to start. Nothing is watched unless the task asks for it."""
        self._cell = None
        if task.get("check") is None:
            return
        cell = Cell(self._namespace, self._values, task)
        cell.clock.start()
        cell.failed = [way for way in self._ways if not _safely(way.begin, cell)]
        cell.clock.stop()
        self._cell = cell

    def report(self, bound: Collection[str]) -> Effects | None:
        """What the cell did; None if it was not watched."""
        cell, self._cell = self._cell, None
        if cell is None:
            return None
        cell.clock.cell_ended()
        cell.clock.start()
        cell.bound = frozenset(bound)
        found: Effects = {name: set() for name in _LISTS}
        found["files"] = {"read": set(), "written": set(), "noticed": set(), "new": set()}
        for way in reversed(self._ways):
            if way in cell.failed or not _safely(way.report, cell, found):
                found["unchecked"].add("*")
        effects: Effects = {name: bounded(found[name]) for name in _LISTS}
        effects["files"] = {kind: bounded(paths) for kind, paths in found["files"].items()}
        effects["seconds"] = round(cell.clock.spent(), 6)
        return effects


def _safely(step: Any, *arguments: Any) -> bool:
    """A fault of ours, or of an object that is looked at, must not be the cell's."""
    try:
        step(*arguments)
    except Exception:
        log.exception("the check of a cell failed")
        return False
    return True
