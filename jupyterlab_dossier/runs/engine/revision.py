"""What was not foreseen: the plan widened, what began too soon run again.

Results are kept as long as nothing they depend on turns out otherwise. What stands in a kept
worker kernel cannot be taken back cell by cell; then, and where a cell looked where no analysis
sees, all cells run again in one worker kernel, in order: a complete rerun. Cells that touch the
outside are never run twice: the run fails with words instead.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from ..model import ENDED_TASK, SUCCEEDED, Json
from ..planning import again, observations
from ..planning import plan as planning
from ..planning.observations import Observed
from ..tasks.placement import Conflict
from ..tasks.state import RunState, Task

if TYPE_CHECKING:
    from ..ledger.ledger import Ledger
    from ..tasks.dispatch import Dispatcher
    from ..tasks.places import Place

Analyse = Callable[[Mapping[str, Observed]], Awaitable[Json]]

# How often a cell runs again for what was not foreseen; each time more is known than before.
REVISIONS = 8


class Revision:
    """Judges what a run's cells did, and takes back what cannot stand."""

    def __init__(
        self, run: str, state: RunState, dispatcher: Dispatcher, ledger: Ledger, analyse: Analyse
    ) -> None:
        self._run = run
        self._state = state
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._analyse = analyse
        self._remembered = dict(state.observed)
        self.watchful = False
        """Something was not foreseen or started early: who began too soon is looked for."""
        self._reviews = 0
        self._reviewing = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether something is being judged, so that nothing may start or end meanwhile."""
        return self._reviews > 0

    @contextlib.contextmanager
    def _judging(self) -> Iterator[None]:
        self._reviews += 1
        try:
            yield
        finally:
            self._reviews -= 1

    def ended(self, task: Task, message: Json, manifests: Sequence[Json], when: float) -> Observed:
        """Notes when an attempt ended and what it did and left; what of it was not foreseen."""
        cell, state = task.cell.id, self._state
        same = observations.unchanged(message)
        if task.span is not None:
            # What it changed unforeseen was there for it, in whatever way it reached that.
            given = {**dict.fromkeys(observations.changed(message)), **task.span.given}
            task.span = again.Span(task.span.began, when, given)
        task.touched = observations.touches_outside(message)
        task.read_modules = observations.reads_modules(message)
        seen = observations.beyond(state.plan, cell, message)
        self.watchful = self.watchful or bool(seen)
        known = state.observed.get(cell) or {}
        stuck = {m["name"] for m in manifests if m.get("unshippable")}
        now = {
            "unchanged": sorted(same),
            "changed": sorted(set(task.step.spec.get("maybe") or ()) - same),
            "unshippable": sorted(stuck.union(known.get("unshippable", ()))),
        }
        state.observed[cell] = observations.merged(known, seen, now)
        return seen

    async def catch_up(self) -> None:
        """Takes up what was seen before this engine took the run up."""
        if self._state.complete is not None:
            return
        unforeseen = self.watchful
        self.watchful = unforeseen or any(map(self._began_early, self._state.tasks.values()))
        if self.watchful:
            await self._replan(widen=unforeseen)

    def _began_early(self, task: Task) -> bool:
        """Whether it was started, or taken, before all that it is ordered after had ended."""
        if task.span is None:
            return False
        before = [self._state.tasks[c] for c in task.step.ordered if c in self._state.tasks]
        return any(
            not self._state.succeeded(other.cell.id)
            or (other.span is not None and (other.span.ended or 0) > task.span.began)
            for other in before
        )

    async def review(self, task: Task, seen: Observed) -> None:
        """Widens the plan by what the cell did unforeseen; has run again what began too soon."""
        cell = task.cell
        known = self._state.observed[cell.id]
        if known and self._state.complete is None:
            path = self._state.workflow.path
            if known != self._remembered.get(cell.id):
                self._remembered[cell.id] = known
                await self._ledger.observations.keep(path, observations.source_key(cell), known)
        if not self.watchful or self._state.complete is not None:
            return
        if seen.get("hidden"):
            await self._run_all_again(task, observations.words(seen) or "")
            return
        await self._replan(widen=bool(seen))

    async def _replan(self, widen: bool) -> None:
        state = self._state
        with self._judging():
            async with self._reviewing:
                known = {step.cell.id for step in state.plan.changers}
                if widen:
                    state.spec["graph"] = await self._analyse(state.observed)
                    state.replan()
                spans = {t.cell.id: t.span for t in state.tasks.values() if t.span is not None}
                found = again.outdated(state.plan, spans, state.current, self._in_order())
                lost = self._lost(known, found)
                if lost is not None:
                    await self._run_all_again(*lost)
                else:
                    await self._again(found)

    def _lost(self, known: Set[str], found: Container[str]) -> tuple[Task, str] | None:
        """The first cell that needs a process which is gone, with the reason in words.

        What a cell set up was to be repeated in other processes, and cannot be any more since
        what it reads was seen to change. `known`: cells of which that was known before.
        """
        state = self._state
        for step in state.plan.changers:
            task = state.tasks.get(step.cell.id)
            if task is None or step.cell.id in known or task.state not in SUCCEEDED:
                continue
            if task.kernel is not None:
                continue  # its end is judged now: its worker kernel is kept if it must be
            place = state.places.of(task.ran_in) if task.ran_in is not None else None
            if place is not None and state.places.sticky in (None, place):
                state.places.sticky = place
                continue
            for other in state.after(task):
                begins = other.span is None and other.state not in ENDED_TASK
                if begins or other.cell.id in found:
                    why = step.spec.get("sticky") or step.barrier
                    return other, (
                        f"cell {other.cell.index} needs the process of cell {step.cell.index}"
                        f" ({why}), which is gone; the next run of the notebook keeps it"
                    )
        return None

    def _in_order(self) -> set[str]:
        """Cells that ran in one worker kernel after all cells before them."""
        state, found = self._state, set()
        for place in state.places.all:
            ended = 0.0
            for cell in state.plan.order:
                if planning.is_blank(state.plan.steps[cell].cell):
                    continue
                span = state.tasks[cell].span if cell in state.tasks else None
                if cell not in place.tasks or span is None or span.began < ended:
                    break
                found.add(cell)
                if span.ended is None:
                    break
                ended = span.ended
        return found

    async def _again(self, found: dict[str, str]) -> None:
        """Takes back what these cells did and queues them."""
        if not found:
            return
        for place in list(self._state.places.all):
            touched = found.keys() & set(place.tasks)
            if touched and touched != set(place.tasks):
                # What stands in that kernel cannot be taken back cell by cell.
                task = self._state.tasks[min(touched, key=self._state.plan.order.index)]
                await self._run_all_again(task, found[task.cell.id])
                return
        for cell, why in found.items():
            task = self._state.tasks[cell]
            task.revisions += 1
            number = task.cell.index
            if task.once or task.revisions > REVISIONS:
                limit = (
                    "began too early, and touches the outside, so it is not run twice in a run:"
                    " the next run of the notebook heeds the order"
                )
                if task.revisions > REVISIONS:
                    limit = f"ran {REVISIONS} times already, each time with other effects"
                await self._give_up(task, f"cell {number} {limit} ({why})")
                return
        for place in list(self._state.places.all):
            if found.keys() & set(place.tasks):
                self._clear(place)
        await self._queue({cell: f"{why}; it runs again" for cell, why in found.items()})

    def _clear(self, place: Place) -> None:
        self._state.places.drop(place)
        self._dispatcher.kill(place.kernel)

    @staticmethod
    def _stop(task: Task) -> None:
        # A task that is judged here ends by itself.
        if task.running is not None and task.running is not asyncio.current_task():
            task.running.cancel()

    async def _queue(self, cells: dict[str, str]) -> None:
        for cell, why in cells.items():
            task = self._state.tasks[cell]
            self._stop(task)
            task.state, task.why, task.span, task.touched = "queued", why, None, False
            self._state.versions.drop(cell)
        await self._ledger.tasks.queue_again(self._run, cells, self._state.spec)

    async def _give_up(self, task: Task, why: str) -> None:
        self._stop(task)
        task.state, task.why = "failed", why
        await self._ledger.tasks.move(self._run, task.cell.id, "failed", why)

    async def bring_together(self, task: Task, conflict: Conflict) -> None:
        """Values that a cell uses together live in two worker kernels: they are made again in one.

        What made them run there is known now (`plan`, `Step.together`). Where cells in one of the
        kernels are not run twice, that one stays, and the others' cells run again in it.
        """
        why = str(conflict)
        self.watchful = True
        with self._judging():
            self._state.replan()
            steps, group = self._state.plan.steps, task.step.together
            places = [
                place
                for place in self._state.places.all
                if place in conflict.places
                or (group is not None and any(steps[c].together == group for c in place.tasks))
            ]
            begun = [p for p in places if any(self._state.tasks[c].once for c in p.tasks)]
            stays = begun[0] if len(begun) == 1 else None
            cells = [c for place in places if place is not stays for c in place.tasks]
            if len(begun) > 1 or (stays is not None and not self._takes(stays, cells)):
                once = [t for p in begun for c in p.tasks if (t := self._state.tasks[c]).once]
                await self._cannot_join(task, once, why)
                return
            if task.revisions or not any(self._state.tasks[c].step.together for c in cells):
                await self._run_all_again(task, why)
                return
            task.revisions += 1
            await self._queue({task.cell.id: why})
            await self._again(dict.fromkeys(cells, why))

    def _takes(self, place: Place, cells: Sequence[str]) -> bool:
        """Whether these cells may still run in a place, after what has run there since."""
        order, steps = self._state.plan.order, self._state.plan.steps
        held = {name for _, name in place.names}
        if any(held & {*steps[c].inputs, *steps[c].outputs} for c in cells):
            return False
        first = min(map(order.index, cells), default=0)
        later = [steps[c] for c in place.tasks if order.index(c) > first]
        if later and any(steps[c].changes_process or steps[c].setups for c in cells):
            return False
        return all(step.leaves_clean and not step.setups for step in later)

    async def _cannot_join(self, task: Task, once: Sequence[Task], why: str) -> None:
        """What was seen is kept: the next run has these values in one kernel from the start."""
        numbers = ", ".join(str(t.cell.index) for t in once)
        touch = f"cells {numbers} touch" if len(once) > 1 else f"cell {numbers} touches"
        await self._give_up(
            task,
            f"it uses values that were made in two worker kernels, and {touch} the outside and"
            f" cannot run twice to make them in one ({why}). This is remembered: the next run of"
            " the notebook makes them in one worker kernel from the start",
        )

    async def _run_all_again(self, task: Task, why: str) -> None:
        """A complete rerun: all cells in one worker kernel, in order, as Restart & Run All."""
        state = self._state
        names = {t.target for t in state.tasks.values() if not state.is_kernel(t)}
        blocked = next((t for t in state.tasks.values() if t.once), None)
        if blocked is not None:
            await self._give_up(
                task,
                f"{why}: all cells would have to run again in one worker kernel, but cell"
                f" {blocked.cell.index} touches the outside and is not run twice",
            )
            return
        if len(names) > 1:
            await self._give_up(
                task,
                f"{why}: all cells would have to run in one worker kernel, but they name targets"
                f" {', '.join(sorted(names))}",
            )
            return
        with self._judging():
            state.complete = state.spec["complete"] = "all cells run in one worker kernel"
            body = {"state": "running", "why": f"{state.complete}: {why}"}
            await self._ledger.events.add(self._run, None, "state", body)
            for place in list(state.places.all):
                self._clear(place)
            started = [
                t.cell.id
                for t in state.tasks.values()
                if not planning.is_blank(t.cell) and (t.span or t is task)
            ]
            await self._queue(dict.fromkeys(started, state.complete))
