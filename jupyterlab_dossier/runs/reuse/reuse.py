"""Results of earlier runs, taken where nothing that they depend on has changed.

A task that is ready is looked up by its key (`keys`). Where an earlier result was made under the
same key, and all of it is still there, it becomes the task's: outputs, values, files. Before
anything is executed, all tasks that hang on nothing but such results are taken at once; the others
when their turn comes, since a cell that ran again may have left the values of before.

Not taken, unless the user says so (`effects.reuse`): what used the network, started programs, read
the clock, drew unseeded random numbers, or read files in ways nobody sees.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from .. import values
from ..files.contents import Contents, Unknown
from ..ledger.keys import Key, Taken
from ..model import SUCCEEDED, Json
from ..planning import again, observations
from ..planning import plan as planning
from . import keys
from .earlier import Earlier, Match
from .keys import Difference, Fixed, Met
from .seen import Seen

if TYPE_CHECKING:
    from ...store import Store
    from ..ledger.ledger import Ledger
    from ..planning.plan import Step
    from ..tasks.attempts import Outcome
    from ..tasks.dispatch import Dispatcher
    from ..tasks.state import RunState, Task
    from .lineage import Lineage

# More than this is not loaded only to be compared.
_MOST_BYTES = 256 << 20


@dataclass
class Begun:
    """What is known of a task before it is executed: its key but for what it will be seen to do."""

    fixed: Fixed
    met: Met
    differences: list[Difference] = field(default_factory=list)
    """Why no earlier result was taken."""
    last: Key | None = None
    """The newest key of the same cell."""


class Reuse:
    """Looks up, takes and records the results of one run's tasks."""

    def __init__(
        self, run: str, state: RunState, ledger: Ledger, store: Store, lineage: Lineage,
        dispatcher: Dispatcher,
    ) -> None:  # fmt: skip
        self._run = run
        self._state = state
        self._ledger = ledger
        self._lineage = lineage
        self._dispatcher = dispatcher
        self._contents = Contents(os.path.dirname(state.workflow.path))
        self._earlier = Earlier(state, ledger, store)
        self._seen = Seen(state, lineage, self._contents)
        self._full: dict[str, str] = {}
        """The whole key of each task that has succeeded: values without bytes are known by it."""
        self._read: dict[str, str] = {}
        """What files were in it that a task read: a module is known by those of its import."""
        self._noticed: dict[str, Difference] = {}
        """What of a result was found missing, by cell."""
        workflow = state.workflow
        self._takes = not workflow.fresh and workflow.shuffle is None

    # keys

    async def begin(self, task: Task) -> Begun | None:
        """The key of a task that is about to run; None where nothing is known by keys."""
        if self._state.complete is not None:
            return None
        fixed = await self._lineage.fixed(task)
        return Begun(fixed, self._met(task))

    def renewed(self, task: Task, begun: Begun | None) -> Begun | None:
        """What a task had begun with, as it is now: it may have waited for its worker."""
        return None if begun is None else replace(begun, met=self._met(task))

    def _met(self, task: Task) -> Met:
        """What the task would be given now."""
        state = self._state
        met = Met(asked=None if task.step.barrier else list(task.step.outputs))
        for name, producer, label in _needs(task.step):
            manifest = state.versions.find(name, producer, state.inputs)
            if manifest is None:
                continue
            met.inputs[label] = self._identity(manifest)
            met.versions[label] = manifest["version"]
        met.process = [
            self._full.get(step.cell.id) or f"unknown:{step.cell.id}"
            for step in state.plan.changers
            if step.cell.index < task.cell.index and step.cell.id in state.tasks
        ]
        met.raw = self._lineage.raw(task)
        met.numbers = self._lineage.numbers(task)
        met.there = self._lineage.there(task)
        return met

    def _identity(self, manifest: Json) -> str:
        content = self._state.versions.content(manifest["version"])
        maker = self._state.versions.makers.get(manifest["version"], "")
        if content is not None:
            read = self._read.get(maker) if manifest.get("type") == "module" else None
            return f"{content}:{read}" if read else content
        return f"recipe:{self._full.get(maker) or manifest['version']}"

    # taking

    async def take_unchanged(self) -> set[str]:
        """Takes, before anything runs, every result that hangs on such results only."""
        state = self._state
        if not self._takes or state.complete is not None:
            return set()
        if any(t.state not in ("queued", *SUCCEEDED, "skipped") or t.span for t in _all(state)):
            return set()  # the run goes on after a restart: what had been taken, was
        found: dict[str, Match] = {}
        for cell in state.plan.order:
            task = state.tasks.get(cell)
            if task is None or planning.is_blank(task.cell):
                continue
            waits = (c for c in task.step.waits if c in state.tasks)
            if all(c in found or planning.is_blank(state.tasks[c].cell) for c in waits):
                match, _ = await self._match(task, found)
                if match is not None:
                    found[cell] = match
                    self._enter(task, match)
        while gone := self._untenable(found):
            for cell in gone & found.keys():
                del found[cell]
                state.versions.drop(cell)
                self._full.pop(cell, None)
        await self._commit({cell: found[cell] for cell in found})
        return set(found)

    def _untenable(self, found: Mapping[str, Match]) -> set[str]:
        """Cells whose results cannot stand since others, which share something with them, run."""
        state = self._state
        run = [t for t in _all(state) if not planning.is_blank(t.cell) and t.cell.id not in found]
        running = {t.cell.id for t in run}
        gone = {cell for cell in found if running & state.tasks[cell].step.waits}
        together = {t.step.together for t in run} - {None}
        last = max((t.cell.index for t in run), default=-1)
        looks = max((t.cell.index for t in run if t.step.spec.get("looks_back")), default=-1)
        written: dict[str, set[str | None]] = {}
        for cell, match in found.items():
            step = state.tasks[cell].step
            if step.together in together:
                gone.add(cell)  # they share a worker kernel, or what cannot be shipped
            if step.cell.index < looks:
                gone.add(cell)  # what it showed is looked for in the kernel that it ran in
            if step.changes_process and last > step.cell.index:
                gone.add(cell)
            needed = {name for t in run for name, producer, _ in _needs(t.step)}
            if any(m.get("unshippable") and m["name"] in needed for m in match.manifests):
                gone.add(cell)
            for path, content in match.met.written.items():
                written.setdefault(path, set()).add(content)
        for cell, match in found.items():
            for path in match.met.written:
                # Written more than once: what is there is only what the last one left.
                if (run and len(written[path]) > 1) or not self._stands(path, found):
                    gone.add(cell)
        return gone

    def _stands(self, path: str, found: Mapping[str, Match]) -> bool:
        left = [m.met.written[path] for m in found.values() if path in m.met.written]
        try:
            return self._contents.of(path) == left[-1]
        except Unknown:
            return False

    async def take(self, task: Task, begun: Begun) -> bool:
        """Takes an earlier result for a task that is ready, if there is one."""
        if not self._takes or self._shares_kernel(task):
            begun.differences = await self._why(task, begun, [])
            return False
        match, begun.differences = await self._match(task, None, begun)
        if match is None or self._met(task).inputs != match.now.inputs:
            return False
        self._enter(task, match)
        if await self._commit({task.cell.id: match}):
            return True
        self._state.versions.drop(task.cell.id)
        return False

    def _shares_kernel(self, task: Task) -> bool:
        """Whether cells that run look for what it leaves in the kernel that it ran in."""
        return bool(task.step.together or task.step.changes_process) or any(
            other.step.spec.get("looks_back")
            for other in _all(self._state)
            if other.cell.index > task.cell.index and other.state != "reused"
        )

    async def _match(
        self, task: Task, found: Mapping[str, Match] | None, begun: Begun | None = None
    ) -> tuple[Match | None, list[Difference]]:
        """An earlier result for the task, else in what it differs."""
        begun = begun or await self.begin(task)
        assert begun is not None
        fixed, now = begun.fixed, begun.met
        differences: list[Difference] = []
        for candidate in await self._ledger.keys.under(fixed.hash):
            was = Met.of(candidate.met)
            seen = [*keys.met_differences(was, now, self._makers(task))]
            seen += await asyncio.to_thread(self._files, was, found)
            if candidate.barred and not seen:
                seen = [_barred(candidate)]
            if not seen:
                match, lost = await self._earlier.whole(task, candidate, was, now)
                if match is not None:
                    return match, []
                # Told once: what is damaged is removed.
                seen = [self._noticed.setdefault(task.cell.id, lost)]
            differences = differences or seen
        return None, await self._why(task, begun, differences)

    async def _why(
        self, task: Task, begun: Begun, differences: list[Difference]
    ) -> list[Difference]:
        """In what the newest result of the same cell differs; nothing where there is none."""
        if not self._takes:
            return []
        last = await self._ledger.keys.last(self._state.workflow.path, task.cell.id, self._run)
        begun.last = last
        if last is None or last.parts.get("schema") != keys.SCHEMA:
            return differences
        fixed = [*keys.fixed_differences(last.parts, asdict(begun.fixed))]
        was = Met.of(last.met)
        met = [*keys.met_differences(was, begun.met, self._makers(task), raw=not fixed)]
        met += await asyncio.to_thread(self._files, was, None)
        found = [*fixed, *met]
        if not found and last.barred:
            found = [_barred(last)]
        if not found and self._shares_kernel(task):
            words = "it shares a worker kernel with cells that run"
            found = [Difference("together", None, words)]
        return found or differences

    def _makers(self, task: Task) -> dict[str, tuple[int, str]]:
        found = {}
        for name, producer, label in _needs(task.step):
            manifest = self._state.versions.find(name, producer, self._state.inputs)
            if manifest is not None:
                maker = self._state.versions.makers.get(manifest["version"], producer)
                index = self._state.plan.steps[maker].cell.index
                found[label] = (index, str(manifest.get("type")))
        return found

    def _files(self, was: Met, found: Mapping[str, Match] | None) -> list[Difference]:
        return [*self._file_differences(was, found)]

    def _file_differences(
        self, was: Met, found: Mapping[str, Match] | None
    ) -> Iterator[Difference]:
        """Files that are not as they were. `found`: results that are taken with this one, in whose
        order files are as each of them left them."""
        left: dict[str, str | None] = {}
        for match in (found or {}).values():
            left |= match.met.written
        for path, content in was.files.items():
            try:
                now = left[path] if path in left else self._contents.of(path, path in was.trees)
            except Unknown as error:
                yield Difference("files", path, str(error))
                continue
            if now != content:
                fate = "is gone" if now is None else "changed" if content else "is there now"
                yield Difference("files", path, f"file `{path}` {fate}")
        if found is not None:
            return  # judged when all are known: `_untenable`
        for path, content in was.written.items():
            try:
                now = self._contents.of(path)
            except Unknown as error:
                yield Difference("written", path, str(error))
                continue
            if now != content:
                yield Difference("written", path, f"file `{path}` is not as it left it")

    def _enter(self, task: Task, match: Match) -> None:
        self._state.versions.add(task.cell.id, match.manifests, match.met.deleted)
        self._full[task.cell.id] = keys.digest([match.source.fixed, match.met.hash])
        self._note_read(task.cell.id, match.met)
        self._seen.met[task.cell.id] = match.met
        task.moved = match.met.moved

    def _note_read(self, cell: str, met: Met) -> None:
        # Modules by their text are parts of their own.
        data = {path: content for path, content in met.files.items() if path[-3:] != ".py"}
        if data:
            self._read[cell] = keys.digest(data)

    async def _commit(self, found: Mapping[str, Match]) -> bool:
        tasks, began = self._state.tasks, time.time()
        taken = [
            Taken(match.attempt, self._run, cell, tasks[cell].count, _words(match.source),
                  match.source, asdict(match.met), began, _given(match.met), match.manifests)
            for cell, match in found.items()
        ]  # fmt: skip
        if not taken:
            return True
        for one in taken:
            # Something that it was looked up without may end meanwhile: then it is judged.
            tasks[one.cell].span = again.Span(began, None, one.given)
        done = await self._ledger.keys.take(taken)
        for one, there in zip(taken, done, strict=True):
            task = tasks[one.cell]
            if there:
                task.taken(one.why, again.Span(began, began, one.given))
            else:
                # It was cleaned away just now, and so was what hangs on it: they run.
                task.span = None
                self._state.versions.drop(one.cell)
                self._full.pop(one.cell, None)
        return all(done)

    # another hash is not yet another value

    async def settled(self, task: Task, begun: Begun | None, outcome: Outcome) -> list[Json]:
        """What the task left: the versions of before where it made equal values again.

        Bytes may differ though nothing that can be seen does; then those after it need not run.
        """
        kernel, last = task.kernel, begun.last if begun is not None else None
        made = outcome.manifests
        if last is None or kernel is None or outcome.status != "ok" or not made:
            return made
        step = task.step
        alone = not (step.together or step.changes_process or kernel.kept)
        if not alone or any(m.get("unshippable") for m in made) or task.touched:
            return made
        if not kernel.worker.target.shares_store or sum(m["size"] for m in made) > _MOST_BYTES:
            return made
        assert begun is not None
        was = Met.of(last.met)
        left = {
            m["name"]: m
            for m in await self._ledger.versions.left(last.run, last.cell, last.attempt)
        }
        if left.keys() != {m["name"] for m in made} or any(
            m["type"] != left[m["name"]]["type"] for m in made
        ):
            return made
        versions = values.Versions()
        versions.add("", made)
        versions.manifests |= self._state.versions.manifests
        match, _ = await self._earlier.whole(task, last, was, begun.met)
        if match is None or match.met.inputs != begun.met.inputs:
            return made
        ours = {m["name"]: m["version"] for m in made}
        theirs = {m["name"]: m["version"] for m in match.manifests}
        versions.add("before", match.manifests)
        if all(versions.content(ours[n]) == versions.content(theirs[n]) for n in ours):
            return made  # the very bytes
        manifests = versions.closure([*ours.values(), *theirs.values()])
        if not await self._dispatcher.same(kernel, ours, theirs, manifests):
            return made
        stand = [{**m, "version": f"{ours[m['name']]}~"} for m in match.manifests]
        names = {theirs[n]: f"{ours[n]}~" for n in ours}
        for manifest in stand:
            manifest["deps"] = [names.get(dep, dep) for dep in manifest.get("deps") or []]
        await self._ledger.versions.replace(self._run, task.cell.id, stand)
        return stand

    # recording

    async def record(self, task: Task, begun: Begun | None, outcome: Outcome) -> None:
        """Keeps the key of a task that has succeeded, with what it was seen to do."""
        cell, span, message = task.cell.id, task.span, outcome.message
        if begun is None or span is None or self._state.complete is not None:
            return
        if task.state not in SUCCEEDED or task.attempt_done is None:
            return
        attempt = task.attempt_done
        met = begun.met
        met.status = str(message.get("status"))
        barred = None
        try:
            await asyncio.to_thread(self._seen.note_files, task, met, message, span.began)
        except Unknown as error:
            barred = str(error)
        else:
            self._seen.met[cell] = met
        shown = await self._ledger.outputs.shown(attempt, self._run)
        if not self._lineage.shows_source(task):
            if not (shown.stderr or shown.error):
                met.raw = None
            if not (shown.names_cells or self._lineage.shows_numbers(task)):
                met.numbers = None
        if shown.asked:
            barred = "it asks for input"
        elif shown.stderr and self._lineage.logs_time(task):
            barred = barred or "lines of the log show the time"
        said = (task.cell.effects or {}).get("reuse")
        if said is None:
            barred = barred or next(self._seen.bars(task, begun.met, message), None)
        elif said is False:
            barred = "its metadata says so"
        if outcome.unplaced:
            barred = f"not all that it wrote is in place ({outcome.unplaced})"
        met.deleted = sorted(observations.deleted(message))
        met.moved = observations.moves(message)
        self._full[cell] = keys.digest([begun.fixed.hash, met.hash])
        self._note_read(cell, met)
        if barred is not None:
            self._full[cell] = f"{attempt}"
        if self._state.workflow.shuffle is not None:
            return
        await self._ledger.keys.add(
            Key(self._run, cell, attempt, begun.fixed.hash, asdict(begun.fixed), asdict(met),
                barred, None, [d.to_json() for d in begun.differences])
        )  # fmt: skip

    # after a restart

    def restored(self, known: Mapping[str, Key]) -> None:
        """The keys of tasks that had succeeded before this engine took the run up."""
        for cell, key in known.items():
            met = Met.of(key.met)
            self._state.tasks[cell].moved = met.moved
            self._full[cell] = keys.digest([key.fixed, met.hash])
            self._note_read(cell, met)
            if key.barred is None:
                self._seen.met[cell] = met
            else:
                self._full[cell] = key.attempt


def _barred(key: Key) -> Difference:
    return Difference("barred", None, f"not taken from an earlier run: {key.barred}")


def _words(source: Key) -> str:
    origin = source.origin or source.run
    return f"reused from run {origin}: nothing it depends on has changed"


def _all(state: RunState) -> list[Task]:
    return list(state.tasks.values())


def _needs(step: Step) -> Iterator[tuple[str, str, str]]:
    """Name, the cell that made it, and what it is called in a key: also of the set-up's inputs."""
    for name, producer in step.inputs.items():
        yield name, producer, name
    for number, setup in enumerate(step.prefix):
        for name, producer in setup.inputs.items():
            yield name, producer, f"set-up {number} {name}"


def _given(met: Met) -> dict[str, str]:
    return {n: v for n, v in met.versions.items() if not n.startswith("set-up ")}
