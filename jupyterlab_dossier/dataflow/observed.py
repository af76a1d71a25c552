"""What runs of a cell were seen to do beyond what its source says, taken into its facts.

The run-time check finds what no analysis can; what it found once is counted from then on. The
keys: `reads`, `writes`, `mutated` (names), `files_read`, `files_written` (paths), `process`,
`outside`, `hidden` (words), `random` (generators), `unchanged` (names left as they were).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from . import paths
from .facts import Facts, State, Where
from .values import ANY, Value

_NOWHERE: Where = ([], None)


def listed(data: Mapping[str, Any] | None, key: str) -> list[str]:
    """The strings under a key; what is not well formed counts as nothing."""
    given = data.get(key) if isinstance(data, Mapping) else None
    return [n for n in given if isinstance(n, str)] if isinstance(given, (list, tuple)) else []


def widen(observed: Mapping[str, Any], facts: Facts, state: State) -> None:
    """Adds what was observed to the facts of a cell, and to the state after it."""
    generators = listed(observed, "random")
    writes = [*listed(observed, "writes"), *generators]
    for name in (*listed(observed, "reads"), *generators):
        if name not in facts.reads:
            facts.reads[name] = _NOWHERE
            facts.seen.setdefault(name, "use")
    for name in listed(observed, "mutated"):
        if name not in facts.mutated and name not in facts.bound:
            facts.mutated[name] = _NOWHERE
            facts.sure.add(name)
            facts.seen[name] = "change"
            for other in _sharing(state, name):
                # They go on sharing with what it has become: they are stored together.
                facts.mutated.setdefault(other, _NOWHERE)
                state.writer[other] = state.stamp
    unseen = [name for name in writes if name not in facts.bound]
    for name in unseen:
        # Only may: another run of the cell may leave it.
        facts.bound[name] = _NOWHERE
        facts.seen[name] = "set"
    facts.sure.difference_update(listed(observed, "unchanged"))
    changed = {n: what for n, what in facts.seen.items() if what != "use"}
    _hold_anything(state, {n: what == "set" for n, what in changed.items() if n[0] != "<"})
    for name in changed:
        state.writer[name] = state.stamp
    files = [paths.resource(path) for path in listed(observed, "files_read")]
    for name in files:
        facts.resource_reads.setdefault(name, _NOWHERE)
    # Which of its statements read them nobody knows.
    facts.setup = [replace(setup, reads=(*setup.reads, *files)) for setup in facts.setup]
    written = listed(observed, "files_written")
    if written and facts.setup:
        # Which of its statements wrote them nobody knows: none of them is repeated.
        facts.sticky = facts.sticky or f"it was seen to write `{written[0]}`, perhaps as set-up"
        facts.setup = []
    for path in written:
        facts.resource_writes.setdefault(paths.resource(path), _NOWHERE)
        facts.outside.setdefault(f"writes `{path}`", _NOWHERE)
    for words in listed(observed, "outside"):
        facts.outside.setdefault(words, _NOWHERE)
    if facts.sticky is None and (process := listed(observed, "process")):
        facts.sticky = f"it was seen to change {process[0]}"
    if facts.barrier is None and (hidden := listed(observed, "hidden")):
        facts.barrier = f"it was seen to use {hidden[0]}"


def _sharing(state: State, name: str) -> Iterable[str]:
    """Names whose objects may hold what was changed, or be held by it."""
    value = state.names.get(name)
    return () if value is None else state.sharing(state.heap.affected(value.regions))


def _hold_anything(state: State, names: Mapping[str, bool]) -> None:
    """Code that nobody saw set (True) or changed these names: they may share any object."""
    if not names:
        return
    values = state.names.values()
    regions = frozenset(r for value in values for r in value.regions)
    types = frozenset(t for value in values for t in value.types if not isinstance(t, str))
    if not regions:
        regions = frozenset((state.heap.new(types | {ANY}),))
    state.heap.add(regions, types | {ANY})
    for name, was_set in names.items():
        known = state.names.get(name)
        kinds = frozenset() if known is None else known.types
        state.bind(name, Value(regions, kinds | types | {ANY} if was_set or not kinds else kinds))
