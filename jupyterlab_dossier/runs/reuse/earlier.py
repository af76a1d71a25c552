"""Results of earlier runs: whether all of one is still there, led over to this run's values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import values
from ..ledger.keys import Key
from ..model import Json, new_id
from .keys import Difference, Met

if TYPE_CHECKING:
    from ...store import Store
    from ..ledger.ledger import Ledger
    from ..tasks.state import RunState, Task

_NOTHING = Difference("", None, "")


@dataclass
class Match:
    """An earlier result as it would be a task's."""

    attempt: str
    """The new attempt that would stand for it."""
    source: Key
    met: Met
    now: Met
    """What the task would be given."""
    manifests: list[Json]


class Earlier:
    """Results that the ledger knows, for the tasks of one run."""

    def __init__(self, state: RunState, ledger: Ledger, store: Store) -> None:
        self._state, self._ledger, self._store = state, ledger, store

    async def whole(
        self, task: Task, candidate: Key, was: Met, now: Met
    ) -> tuple[Match | None, Difference]:
        """The result, if all of it is there; else what is missing."""
        left = await self._ledger.versions.left(candidate.run, candidate.cell, candidate.attempt)
        known = {
            **await self._ledger.versions.manifests(
                [*(m["version"] for m in left), *was.versions.values()]
            )
        }
        if was.asked is not None:
            names = {m["name"] for m in left}.union(was.asked, was.deleted)
            for name in task.step.outputs:
                if name not in names:
                    words = f"`{name}` is wanted of it, which was not stored"
                    return None, Difference("outputs", name, words)
        same: dict[str, str] = {}
        for label, version in was.versions.items():
            if label in now.versions:
                self._pair(version, now.versions[label], known, same)
        attempt = new_id()
        for manifest in left:
            same[manifest["version"]] = f"{attempt}/{manifest['name']}"
        made = []
        for manifest in left:
            deps = manifest.get("deps") or []
            if any(dep not in same for dep in deps):
                words = f"`{manifest['name']}` refers to values that are not those of this run"
                return None, Difference("outputs", manifest["name"], words)
            copy = {**manifest, "version": same[manifest["version"]]}
            if "deps" in manifest:
                copy["deps"] = [same[dep] for dep in deps]
            made.append(copy)
        parts = await self._ledger.outputs.parts(candidate.run, candidate.attempt)
        wanted = [(b, s, m["name"]) for m in made for b, s in values.blobs(m)]
        wanted += [(part.blob, part.size, None) for part in parts]
        lost = await asyncio.to_thread(self._lost, wanted, candidate.time)
        if lost is not None:
            return None, lost
        met = Met.of({**was.__dict__, "versions": now.versions})
        return Match(attempt, candidate, met, now, made), _NOTHING

    def _pair(self, old: str, new: str, known: Mapping[str, Json], same: dict[str, str]) -> None:
        """Equal content refers to equal content, one by one."""
        todo = [(old, new)]
        while todo:
            a, b = todo.pop()
            if a in same:
                continue
            same[a] = b
            ours, theirs = known.get(a), self._state.versions.manifests.get(b)
            if ours and theirs:
                todo += zip(ours.get("deps") or [], theirs.get("deps") or [], strict=False)

    def _lost(
        self, wanted: Iterable[tuple[str, int, str | None]], when: float
    ) -> Difference | None:
        """The first part of a result that is not in the store any more, or is not what it was."""
        for blob, size, name in wanted:
            what = f"its value `{name}`" if name else "its long output"
            if not self._store.has(blob, size):
                if self._store.has(blob):
                    self._store.remove(blob)  # lest it is taken for stored when it is made again
                return Difference("store", name, f"{what} is not in the store any more")
            # Whoever writes to a file cannot help changing this time.
            path = self._store.blobs.path(blob)
            if path.stat().st_ctime > when and not self._store.verify(blob):
                self._store.remove(blob)
                return Difference("store", name, f"{what} was damaged in the store")
        return None
