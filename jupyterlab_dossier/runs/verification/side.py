"""A run as it is compared: what each of its cells showed, left, and was seen to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Json
from ..planning.observations import deleted, effects_of
from ..values import Versions

if TYPE_CHECKING:
    from ..engine.engine import Engine

# Attempts whose results are not the task's.
_NOT_ITS_OWN = ("superseded", "lost", "cancelled")


@dataclass
class Side:
    """One of the two runs."""

    run: str
    graph: Json
    tasks: dict[str, str]
    """State by cell, in notebook order."""
    outputs: dict[str, list[Json]]
    left: dict[str, dict[str, Json]]
    """Manifests by cell and name."""
    deleted: dict[str, set[str]]
    versions: Versions
    effects: dict[str, list[Json]]
    """What each cell was seen to do, by all its attempts. A result that was taken from an earlier
    run has the effects of the attempt that made it."""
    conditions: Json

    @staticmethod
    async def of(engine: Engine, run: str) -> Side:
        """Raises `NoSuchRun`."""
        record = await engine.record(run)
        _, spec, known = await engine.ledger.runs.spec(run)
        outputs, _ = await engine.outputs(run)
        effects: dict[str, list[Json]] = {}
        gone: dict[str, set[str]] = {}
        own: dict[str, str] = {}
        for row in await engine.ledger.tasks.attempts(run):
            message = json.loads(row["result"]) if row["result"] else {}
            effects.setdefault(row["cell"], []).append(effects_of(message))
            if row["state"] not in _NOT_ITS_OWN:
                own[row["cell"]] = row["attempt"]
                gone[row["cell"]] = set(deleted(message))
        left: dict[str, dict[str, Json]] = {}
        versions = Versions()
        for cell, manifest in await engine.ledger.versions.of_run(run):
            if manifest["version"].startswith(f"{own.get(cell)}/"):
                left.setdefault(cell, {})[manifest["name"]] = manifest
        named = [m["version"] for manifests in left.values() for m in manifests.values()]
        versions.manifests = await engine.ledger.versions.manifests(named)
        tasks = {task.id: task.state for task in record.tasks}
        return Side(run, spec["graph"], dict(tasks), outputs, left, gone, versions, effects, known)

    def value(self, cell: str, name: str) -> Json | None:
        """The manifest of a name as it was once a cell had run; None where it was not bound.

        A cell that only might have changed a name may have left no version of it.
        """
        order = list(self.tasks)
        for at in reversed(order[: order.index(cell) + 1]):
            if name in self.left.get(at, {}):
                return self.left[at][name]
            if name in self.deleted.get(at, ()):
                return None
        return None

    def bound_unkept(self, cell: str, name: str) -> bool:
        """Whether a cell is known to have bound a name of which nothing was stored."""
        return any(name in (effects.get("bound") or ()) for effects in self.effects.get(cell, ()))
