"""Cleaning: old runs leave the ledger, and blobs that nothing names any more leave the store.

Runs go by age and by the size of the store, oldest first. What stays in any case: runs that have
not ended, the last run of each notebook and of each of its cells, runs of cells whose values a
living engine may still hold, and runs whose values those that stay refer to.

A blob goes where no version and no output names it and nobody has asked for it for a while. That
while reaches back to before the oldest run that has not ended began: its attempts may have stored
results that the ledger does not know yet. Blobs that never came whole go by the same rule.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..model import Json
from ..values import blobs

if TYPE_CHECKING:
    from ...store import Store
    from .ledger import Ledger
    from .outputs import Part

DAY = 24 * 3600.0
# Between a blob's coming and its first mention in the ledger.
_GRACE = 3600.0

Sizes = dict[str, int]


@dataclass(frozen=True)
class Policy:
    """What may stay."""

    age: float = 30 * DAY
    """Seconds for which an ended run is kept."""
    size: int = 50 << 30
    """Bytes of what runs keep in the store above which the oldest go, though they are not old."""
    last: bool = True
    """Whether the last run of each notebook and of each cell stays, however old."""


@dataclass(frozen=True)
class Cleaned:
    """What was removed, or would be; sizes in bytes."""

    runs: list[str]
    blobs: int
    freed: int
    store: int
    """The store's size before."""
    ledger: int

    def to_json(self) -> Json:
        return asdict(self)


async def clean(
    ledger: Ledger, store: Store, policy: Policy, lives: Callable[[str | None], bool],
    dry: bool = False,
) -> Cleaned:  # fmt: skip
    """Removes what the policy does not keep; with `dry`, only says what.

    `lives` says whether the engine of a name still runs. Other engines may work meanwhile.
    """
    now = time.time()
    rows, versions = await ledger.runs.all(), await ledger.versions.all()
    before = await asyncio.to_thread(store.size)
    going = await asyncio.to_thread(
        _going, rows, versions, await ledger.outputs.all_parts(), policy, lives, now
    )
    if going and not dry:
        await ledger.runs.forget(going)
        # Read anew: what was recorded meanwhile may name a blob, too.
        versions = await ledger.versions.all()
    named: Sizes = {}
    for run, _, manifest in versions:
        if run not in going:
            named.update(blobs(manifest))
    named.update({p.blob: p.size for p in await ledger.outputs.all_parts() if p.run not in going})
    running = [row["created"] for row in rows if row["state"] == "running"]
    since = min([now, *running]) - _GRACE
    count, freed = await asyncio.to_thread(_sweep, store, named.keys(), since, dry)
    return Cleaned(sorted(going), count, freed, before, await ledger_size(ledger))


async def ledger_size(ledger: Ledger) -> int:
    """Bytes of the ledger's files."""
    return await asyncio.to_thread(_size_of, ledger.database.path)


def _going(
    rows: Sequence[sqlite3.Row], versions: Sequence[tuple[str, str, Json]], parts: Sequence[Part],
    policy: Policy, lives: Callable[[str | None], bool], now: float,
) -> set[str]:  # fmt: skip
    may_go = [row for row in rows if row["run"] not in _staying(rows, policy, lives)]
    going = {row["run"] for row in may_go if row["ended"] < now - policy.age}
    kept: dict[str, Sizes] = {row["run"]: {} for row in rows}
    for run, _, manifest in versions:
        kept[run].update(blobs(manifest))
    for part in parts:
        kept[part.run][part.blob] = part.size
    holders = Counter(blob for run, sizes in kept.items() if run not in going for blob in sizes)
    sizes = {blob: size for found in kept.values() for blob, size in found.items()}
    total = sum(sizes[blob] for blob in holders)
    for row in may_go:
        if total <= policy.size:
            break
        if row["run"] not in going:
            going.add(row["run"])
            for blob in kept[row["run"]]:
                holders[blob] -= 1
                total -= sizes[blob] if not holders[blob] else 0
    return going - _needed(kept.keys() - going, versions)


def _staying(
    rows: Sequence[sqlite3.Row], policy: Policy, lives: Callable[[str | None], bool]
) -> set[str]:
    last: dict[tuple[str, str | None], str] = {}
    for row in rows:  # oldest first
        last[row["path"], row["cell"] if row["kind"] == "cell" else None] = row["run"]
    return {
        row["run"]
        for row in rows
        if row["ended"] is None or (row["kind"] == "cell" and lives(row["owner"]))
    } | (set(last.values()) if policy.last else set())


def _needed(staying: Set[str], versions: Sequence[tuple[str, str, Json]]) -> set[str]:
    """Runs whose versions those of the runs that stay refer to."""
    maker = {version: run for run, version, _ in versions}
    refers: dict[str, set[str]] = {}
    for run, _, manifest in versions:
        found = (maker.get(dep) for dep in manifest.get("deps") or ())
        refers.setdefault(run, set()).update(other for other in found if other is not None)
    return _closure(staying, refers)


def _closure(names: Iterable[str], refers: Mapping[str, set[str]]) -> set[str]:
    found, todo = set(names), list(names)
    while todo:
        new = refers.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def _sweep(store: Store, named: Set[str], since: float, dry: bool) -> tuple[int, int]:
    count, freed = store.blobs.sweep(since, dry)
    for blob in list(store.blobs.names()):
        if blob not in named:
            size = store.unused(blob, since) if dry else store.blobs.remove_unused(blob, since)
            count += size > 0
            freed += size
    return count, freed


def _size_of(path: Path) -> int:
    total = 0
    for file in path.parent.glob(path.name + "*"):
        with contextlib.suppress(OSError):
            total += file.stat().st_size
    return total
