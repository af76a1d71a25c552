"""One workflow run: starts each cell when what it waits for is there, where it may run.

The rules of the design ("Two ways to run", "State that is not a plain value"): a task runs in a
worker kernel that has been through its set-up prefix; values that cannot be shipped keep their
consumers in the kernel that made them; after the first failing cell nothing later counts.

What a cell is seen to do beyond its analysis widens the plan, and cells that began before what
they then turn out to depend on had ended run again. Where that is not enough, all cells run again
in one worker kernel, in order: a complete rerun.
"""

from __future__ import annotations

import asyncio
import functools
import os
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..targets import ProviderFault, Target
from . import again, observations
from . import plan as planning
from .dispatch import Failure, Outcome, Setting
from .model import ENDED_TASK, SUCCEEDED, Json, TaskState
from .observations import Observed
from .places import Place, Places
from .pool import Kernel, Lost, Recipe
from .values import Versions

if TYPE_CHECKING:
    from .dispatch import Dispatcher
    from .ledger import Ledger
    from .model import Cell, Workflow

Analyse = Callable[[Mapping[str, Observed]], Awaitable[Json]]

ATTEMPTS = 3
# How often a cell runs again for what was not foreseen; each time more is known than before.
REVISIONS = 8
# Restart & Run All answers Ctrl-C at once; a cell that does not is ended after this many seconds.
PATIENCE = 3.0
# Seconds that the check of a cell's effects may cost; the worker adds a share of the cell's time.
CHECK = {"budget": 0.005}


class Conflict(Failure):
    """A task cannot run in one place and in another, as it would have to."""


@dataclass
class Task:
    """A cell in this run."""

    step: planning.Step
    target: str
    state: TaskState = "queued"
    why: str | None = None
    attempts: int = 0
    count: int | None = None
    running: asyncio.Task[None] | None = None
    kernel: Kernel | None = None
    attempt: str | None = None
    span: again.Span | None = None
    """Its newest attempt in time; None before one was made."""
    ran_in: Kernel | None = None
    revisions: int = 0
    touched: bool = False
    """It was seen to act on the world outside."""

    @property
    def cell(self) -> Cell:
        return self.step.cell

    @property
    def once(self) -> bool:
        """Whether it has begun and must not be executed twice."""
        if self.span is None or self.cell.idempotent:
            return False
        unseen = self.span.ended is None and self.step.barrier is not None
        return bool(self.touched or self.step.spec.get("outside") or unseen)


class WorkflowRun:
    """Executes one run to its end; `execute` is awaited once."""

    def __init__(
        self, run: str, workflow: Workflow, plan: planning.Plan, recipe: Callable[[str], Recipe],
        dispatcher: Dispatcher, ledger: Ledger, targets: dict[str, Target], jobs: int,
        spec: Json, analyse: Analyse, observed: Mapping[str, Observed],
    ) -> None:  # fmt: skip
        self.run = run
        self.workflow = workflow
        self._plan = plan
        self._recipe = recipe
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._targets = targets
        self._jobs = jobs
        self._random = random.Random(workflow.shuffle) if workflow.shuffle is not None else None
        self.versions = Versions()
        self._spec = spec
        self._analyse = analyse
        self._observed = dict(observed)
        self._remembered = dict(observed)
        self._inputs = {cell: step.inputs for cell, step in plan.steps.items()}
        self._places = Places()
        self._complete = self._why_complete()
        self._watchful = False
        """Something was not foreseen or started early: who began too soon is looked for."""
        self._reviews = 0
        self._reviewing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._cancelled: str | None = None
        self._left = False
        chosen = (
            planning.needed(plan, workflow.only) if workflow.only is not None else set(plan.order)
        )
        self.tasks = {
            cell: Task(plan.steps[cell], target_of(plan.steps[cell].cell, workflow))
            for cell in plan.order
            if cell in chosen
        }
        self._number_counts()

    def _number_counts(self) -> None:
        count = 0
        for task in self.tasks.values():
            if not planning.is_blank(task.cell):
                count += 1
                task.count = count

    # after a restart

    def await_attempt(self, task: Task, attempt: str, kernel: Kernel, message: Json | None) -> None:
        """An attempt that was under way: its result is awaited, or is here but not committed."""
        task.state = "running"
        task.kernel = kernel
        task.attempt = attempt
        setting = self._setting(task, kernel)
        setting.attempt = attempt
        again = self._try_again(task, kernel, setting, message)
        task.running = asyncio.create_task(self._guard(task, again))

    async def _try_again(
        self, task: Task, kernel: Kernel, setting: Setting, message: Json | None
    ) -> None:
        try:
            async with kernel.lock:
                outcome = await self._dispatcher.found(setting, kernel, message)
                if outcome is not None:
                    await self._finish(task, kernel, outcome)
                    return
        except Lost as error:
            if not task.step.repeatable:
                await self._set(
                    task, "lost", f"{error}; it may have had effects, so it was not run again"
                )
                return
        # It never reached its worker, or may run twice: an ordinary attempt.
        await self._set(task, "queued")

    # the loop

    async def execute(self) -> tuple[str, str | None]:
        """Runs to the end and returns the run's state and why."""
        for task in self.tasks.values():
            if task.state == "queued" and planning.is_blank(task.cell):
                tagged = "skip-execution" in task.cell.tags
                await self._set(
                    task,
                    "skipped" if tagged else "done",
                    "tagged skip-execution" if tagged else None,
                )
        try:
            while not self._finished():
                for task in self._ready():
                    task.state = "preparing"
                    task.running = asyncio.create_task(self._guard(task, self._try(task)))
                if not any(task.running for task in self.tasks.values()):
                    break
                await self._wake.wait()
                self._wake.clear()
        finally:
            for task in self.tasks.values():
                if task.running:
                    task.running.cancel()
            await asyncio.gather(
                *(t.running for t in self.tasks.values() if t.running), return_exceptions=True
            )
            if not self._left:
                self._give_up_kernels()
        return await self._close()

    def leave(self) -> set[str]:
        """Lets go of the run as it is, for the next engine; the workers that it goes on in."""
        self._left = True
        held = [task.kernel for task in self.tasks.values() if task.kernel is not None]
        return {kernel.worker.id for kernel in held + [p.kernel for p in self._places.all]}

    def cancel(self, why: str = "cancelled") -> None:
        """Interrupts what runs and starts nothing more."""
        if self._cancelled is None:
            self._cancelled = why
            for task in self.tasks.values():
                if task.attempt:
                    self._dispatcher.interrupt(task.attempt)
            asyncio.get_running_loop().call_later(PATIENCE, self._kill_running)
            self._wake.set()

    def _kill_running(self) -> None:
        for task in self.tasks.values():
            if task.running and task.kernel:
                self._dispatcher.kill(task.kernel)
            elif task.running:
                task.running.cancel()

    def interrupt(self, cell: str | None = None) -> None:
        """Interrupts one cell, or all that run."""
        for task in self.tasks.values():
            if task.attempt and cell in (None, task.cell.id):
                self._dispatcher.interrupt(task.attempt)

    def attempt_of(self, cell: str) -> str | None:
        """The attempt of a cell that runs now."""
        return self.tasks[cell].attempt if cell in self.tasks else None

    def _finished(self) -> bool:
        if self._reviews:
            return False
        if self._cancelled is not None:
            return not any(task.running for task in self.tasks.values())
        first = self._first_failure()
        return all(
            task.state in ENDED_TASK
            for task in self.tasks.values()
            if first is None or task.cell.index <= first.cell.index
        )

    def _first_failure(self) -> Task | None:
        return next(
            (
                task
                for task in self.tasks.values()
                # One that started early may have failed for it: that is judged later.
                if task.state in ("failed", "lost", "cancelled") and not self._waits_still(task)
            ),
            None,
        )

    def _waits_still(self, task: Task) -> bool:
        return any(
            cell in self.tasks and self.tasks[cell].state not in ENDED_TASK
            for cell in task.step.doubtful
        )

    def _ready(self) -> list[Task]:
        if self._cancelled is not None or self._reviews:
            return []
        first = self._first_failure()
        free = self._jobs - sum(task.running is not None for task in self.tasks.values())
        queued = [
            task
            for task in self.tasks.values()
            if task.state == "queued"
            and task.running is None
            and (first is None or task.cell.index < first.cell.index)
        ]
        ready = [task for task in queued if self._may_start(task)]
        if self._random is None and len(ready) >= free:
            return ready[: max(0, free)]
        early = [task for task in queued if self._may_start_early(task)]
        chosen = self._ordered(ready, early)[: max(0, free)]
        self._watchful = self._watchful or any(task in early for task in chosen)
        return chosen

    def _ordered(self, ready: list[Task], early: list[Task]) -> list[Task]:
        """Who starts first; a shuffled run mixes those that may run on old values with the rest."""
        if self._random is None:
            return ready + early
        mixed = sorted(ready + early, key=lambda task: -task.cell.index)
        if self.workflow.shuffle is not None and self.workflow.shuffle >= 0:
            self._random.shuffle(mixed)
        return mixed

    def _may_start(self, task: Task) -> bool:
        before = self._before(task)
        if self._complete is not None:
            return all(self._succeeded(other.cell.id) for other in before)
        if not all(self._succeeded(cell) for cell in task.step.waits):
            return False
        if self._joins_kernel(task) and any(
            self._is_kernel(other) and not self._succeeded(other.cell.id) for other in before
        ):
            return False
        together = task.step.together
        if together and any(
            other.step.together == together and other.state not in ENDED_TASK for other in before
        ):
            return False
        # Values that cannot be shipped are used in notebook order: they may change with each use.
        mine = self._places.held() & task.step.inputs.keys()
        return not mine or all(
            other.state in ENDED_TASK or not (mine & other.step.inputs.keys()) for other in before
        )

    def _may_start_early(self, task: Task) -> bool:
        """Whether it may run on values that cells which have not ended only might change.

        What those cells did is compared afterwards, and it runs again where a value did change.
        """
        step = task.step
        if self._complete is not None or not step.doubtful or not step.repeatable:
            return False
        if self._joins_kernel(task) or self._places.sticky is not None or step.together:
            return False
        open_waits = [cell for cell in step.waits if not self._succeeded(cell)]
        if not open_waits or any(cell not in step.doubtful for cell in open_waits):
            return False
        names = {name for cell in open_waits for name in step.doubtful[cell]}
        # Where an earlier run saw the change, it will come again.
        if any(names & set(self._observed.get(c, {}).get("changed") or ()) for c in open_waits):
            return False
        return all(self._settled(name, step.inputs.get(name)) for name in names)

    def _settled(self, name: str, producer: str | None) -> bool:
        """Whether a version of a name is there, from before cells that only might change it."""
        while producer is not None and not self._succeeded(producer):
            spec = self._plan.steps[producer].spec
            if name not in (spec.get("maybe") or []):
                return False
            producer = self._inputs[producer].get(name)
        manifest = self.versions.find(name, producer, self._inputs) if producer else None
        return manifest is not None and not manifest.get("unshippable")

    def _is_kernel(self, task: Task) -> bool:
        return self._targets[task.target].kind == "kernel"

    def _joins_kernel(self, task: Task) -> bool:
        """Whether a task runs in the kernel that cells of `kernel` share.

        One on local workers that changes its process beyond replay does too, since those after it
        must run where it ran.
        """
        return self._is_kernel(task) or (task.step.changes_process and task.target == "local")

    def _worker_target(self, task: Task) -> Target:
        """Cells of `kernel` run in a worker kernel of the local target, shared by all of them."""
        return self._targets["local" if self._is_kernel(task) else task.target]

    def _before(self, task: Task) -> list[Task]:
        return [t for t in self.tasks.values() if t.cell.index < task.cell.index]

    def _succeeded(self, cell: str) -> bool:
        return (
            cell not in self.tasks
            or self.tasks[cell].state in SUCCEEDED
            or (self.tasks[cell].state == "skipped")
        )

    # one task

    async def _guard(self, task: Task, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            if task.state not in ENDED_TASK:
                task.state = "queued"
            raise
        except Conflict as conflict:
            await self._bring_together(task, str(conflict))
        except (Failure, ProviderFault) as error:
            await self._set(task, "failed", str(error))
        except Exception as error:
            # A fault of ours must not leave the run hanging without a word.
            await self._set(task, "failed", f"{type(error).__name__}: {error}")
            raise
        finally:
            task.running = None
            task.attempt = None
            task.kernel = None
            self._wake.set()

    async def _try(self, task: Task) -> None:
        while True:
            task.attempts += 1
            place = self._place(task)
            try:
                async with self._dispatcher.kernel(
                    target=self._worker_target(task),
                    recipe=self._recipe(task.target),
                    kernel=place.kernel if place else None,
                    prefix=[setup.key for setup in task.step.prefix],
                    fresh=self._random is not None or self._complete is not None,
                ) as kernel:
                    task.kernel = task.ran_in = kernel
                    setting = self._setting(task, kernel)
                    task.attempt = setting.attempt
                    task.span = again.Span(time.time(), None, frozenset(setting.inputs))
                    outcome = await self._dispatcher.run(setting, kernel)
                    await self._finish(task, kernel, outcome)
                    clean = task.step.leaves_clean and task.state in SUCCEEDED and not task.touched
                    self._dispatcher.release(kernel, clean)
                return
            except Lost as error:
                if self._cancelled is not None:
                    await self._set(task, "cancelled", self._cancelled)
                    return
                repeat = (
                    error.worker
                    and task.step.repeatable
                    and task.attempts < ATTEMPTS
                    and place is None
                )
                if not repeat:
                    hint = (
                        ""
                        if not error.worker
                        else "; it may have had effects, so it was not run again"
                    )
                    await self._set(task, "lost" if error.worker else "failed", f"{error}{hint}")
                    return
                task.span = None
                await self._set(task, "queued", f"{error}; it runs again")
            finally:
                task.kernel = None
                task.attempt = None

    def _place(self, task: Task) -> Place | None:
        """The kernel a task must run in, if any. Raises `Conflict` where there are two."""
        if self._complete is not None:
            return next(iter(self._places.all), None)
        wanted: list[tuple[Place, str]] = []
        for name, producer in self._needs(task):
            manifest = self.versions.find(name, producer, self._inputs)
            if manifest is None or not manifest.get("unshippable"):
                continue
            place = self._places.holder(manifest)
            maker = self.tasks[producer].cell.index if producer in self.tasks else producer
            what = (
                f"`{name}` ({manifest['type']}), made by cell {maker} and used by cell"
                f" {task.cell.index}, cannot be moved: {manifest['unshippable']}"
            )
            if place is None or place.kernel.dead:
                raise Failure(f"{what}; the worker kernel that held it is gone: run it again")
            wanted.append((place, what))
        if self._joins_kernel(task) and self._places.shared is not None:
            wanted.append((self._places.shared, "the notebook's kernel is one"))
        if self._places.sticky is not None and self._follows_sticky(task):
            wanted.append((self._places.sticky, "a cell before it changed its process for good"))
        if not wanted and task.step.together:
            wanted += [(p, "") for p in self._mates(task)]
        if not wanted:
            return None
        place, what = wanted[0]
        named = task.cell.target
        if named is not None and named != place.target and not self._is_kernel(task):
            raise Failure(f"{what}; but the cell is bound to target {named!r}")
        for other, why in wanted[1:]:
            if other.kernel is not place.kernel:
                raise Conflict(f"{what}; but {why}, in another worker kernel")
        if place.kernel.dead:
            raise Failure(f"{what}; that worker kernel is gone: run it again")
        return place

    def _follows_sticky(self, task: Task) -> bool:
        return any(
            other.step.changes_process and other.state in SUCCEEDED for other in self._before(task)
        )

    def _mates(self, task: Task) -> list[Place]:
        """The place of the cells whose values are used together with this one's."""
        found = (
            self._places.of(other.ran_in)
            for other in self.tasks.values()
            if other.ran_in is not None and other.step.together == task.step.together
        )
        return [place for place in found if place is not None][:1]

    def _needs(self, task: Task) -> list[tuple[str, str]]:
        pairs = list(task.step.inputs.items())
        for setup in task.step.prefix:
            pairs += setup.inputs.items()
        return pairs

    def _setting(self, task: Task, kernel: Kernel) -> Setting:
        """Everything the worker is told of this attempt."""
        step = task.step
        complete = self._complete is not None
        through = set(kernel.prefix)
        setups = [s for s in step.prefix if s.key not in through] if not complete else []
        used: set[str] = set()

        def resolve(inputs: dict[str, str]) -> dict[str, str]:
            found = {}
            for name, producer in inputs.items():
                manifest = self.versions.find(name, producer, self._inputs)
                if manifest is not None:
                    found[name] = manifest["version"]
                    used.add(manifest["version"])
            return found

        # In a complete worker kernel everything is there already, as it should be.
        inputs = resolve(step.inputs) if not complete else {}
        replay = [{"code": setup.source, "inputs": resolve(setup.inputs)} for setup in setups]
        return Setting(
            run=self.run,
            cell=task.cell.id,
            code=task.cell.source,
            number=task.attempts,
            count=task.count or 0,
            inputs=inputs,
            manifests=self.versions.closure(used),
            setup=replay,
            exports=None if step.barrier and not complete else step.outputs,
            mutated=[n for n in step.mutated if n in inputs] if not complete else ["*"],
            reset=not kernel.kept and not complete,
            cwd=os.path.dirname(self.workflow.path),
            durable=step.outside or self._targets[task.target].kind not in ("local", "kernel"),
            prefix=[setup.key for setup in setups],
            decide=functools.partial(self._decide, task.cell),
            check=CHECK if not complete else None,
        )

    async def _finish(self, task: Task, kernel: Kernel, outcome: Outcome) -> None:
        kernel.prefix += [setup.key for setup in task.step.setups]
        if not await self._dispatcher.commit(outcome):
            return
        task.state, task.why = outcome.state, outcome.why
        self.ended(task, outcome.message, time.time())
        self.versions.add(task.cell.id, outcome.manifests, outcome.deleted)
        stuck = [m["name"] for m in outcome.manifests if m.get("unshippable")]
        self._observed[task.cell.id] = observations.with_unshippable(
            self._observed[task.cell.id], stuck
        )
        await self._review(task, outcome.message)
        if task.state in SUCCEEDED:
            self.hold(task, kernel, outcome.manifests)

    def ended(self, task: Task, message: Json, when: float) -> None:
        """Notes when an attempt ended, and what it was seen to do."""
        same = observations.unchanged(message)
        if task.span is not None:
            task.span = again.Span(task.span.began, when, task.span.given, same)
        seen = observations.beyond(self._plan, task.cell.id, message)
        task.touched = observations.touches_outside(message)
        known = self._observed.get(task.cell.id) or {}
        maybe = frozenset(task.step.spec.get("maybe") or [])
        self._observed[task.cell.id] = observations.merged(known, seen, same, maybe - same)
        if seen:
            self._watchful = True

    def _decide(
        self, cell: Cell, status: str, why: str | None, message: Json
    ) -> tuple[TaskState, str | None]:
        if status == "ok" or (status != "refused" and "raises-exception" in cell.tags):
            if self._complete is not None:
                return "done", self._complete
            return "done", observations.words(observations.beyond(self._plan, cell.id, message))
        if self._cancelled is not None:
            return "cancelled", self._cancelled
        return "failed", why

    def hold(self, task: Task, kernel: Kernel, manifests: Iterable[Json]) -> None:
        """Keeps a kernel for later tasks where they cannot run elsewhere."""
        held = [m for m in manifests if m.get("unshippable")]
        later = [t for t in self.tasks.values() if t.cell.index > task.cell.index]
        wanted = any(m["name"] in t.step.inputs for m in held for t in later)
        sticky = task.step.changes_process and bool(later)
        joins = self._is_kernel(task) or self._complete is not None
        if not (wanted or sticky or joins or task.step.together or self._places.of(kernel)):
            return
        why = f"cell {task.cell.index} left state in it"
        place = self._places.keep(kernel, task.target, why)
        place.tasks.append(task.cell.id)
        self._places.hold(place, held)
        if self._is_kernel(task):
            self._places.shared = place
        if sticky:
            self._places.sticky = place

    # what was not foreseen

    async def review(self) -> None:
        """Takes up what was seen before this engine took the run up."""
        if self._watchful and self._complete is None:
            await self._replan(widen=True)

    async def _review(self, task: Task, message: Json) -> None:
        """Widens the plan by what the cell did, and has run again what began too soon."""
        cell = task.cell
        known = self._observed[cell.id]
        if known and self._complete is None:
            name = observations.key(self.workflow)
            if known != self._remembered.get(cell.id):
                self._remembered[cell.id] = known
                await self._ledger.remember(name, observations.source_key(cell), known)
        if not self._watchful or self._complete is not None:
            return
        seen = observations.beyond(self._plan, cell.id, message)
        if seen.get("hidden"):
            await self._run_all_again(task, observations.words(seen) or "")
            return
        await self._replan(widen=bool(seen))

    async def _replan(self, widen: bool) -> None:
        self._reviews += 1
        try:
            async with self._reviewing:
                if widen:
                    self._spec["graph"] = await self._analyse(self._observed)
                    self._take_plan()
                spans = {t.cell.id: t.span for t in self.tasks.values() if t.span is not None}
                await self._again(again.outdated(self._plan, spans, self._exists))
        finally:
            self._reviews -= 1

    def _take_plan(self) -> None:
        self._plan = planning.make(self.workflow.cells, self._spec["graph"], self._observed)
        self._inputs = {cell: step.inputs for cell, step in self._plan.steps.items()}
        for task in self.tasks.values():
            task.step = self._plan.steps[task.cell.id]

    def _exists(self, name: str, cell: str) -> bool:
        producer = self._inputs[cell].get(name)
        return producer is not None and (
            self.versions.find(name, producer, self._inputs) is not None
        )

    async def _again(self, found: dict[str, str]) -> None:
        """Takes back what these cells did and queues them."""
        if not found:
            return
        for place in list(self._places.all):
            touched = found.keys() & set(place.tasks)
            if touched and touched != set(place.tasks):
                # What stands in that kernel cannot be taken back cell by cell.
                task = self.tasks[min(touched, key=self._plan.order.index)]
                await self._run_all_again(task, found[task.cell.id])
                return
        for cell, why in found.items():
            task = self.tasks[cell]
            task.revisions += 1
            number = task.cell.index
            if task.once or task.revisions > REVISIONS:
                limit = "touches the outside, so it is not run twice: run the notebook again"
                if task.revisions > REVISIONS:
                    limit = f"ran {REVISIONS} times already, each time with other effects"
                await self._give_up(task, f"cell {number} {limit} ({why})")
                return
        for place in list(self._places.all):
            if found.keys() & set(place.tasks):
                self._places.drop(place)
                self._dispatcher.kill(place.kernel)
        await self._queue({cell: f"{why}; it runs again" for cell, why in found.items()})

    async def _queue(self, cells: dict[str, str]) -> None:
        current = asyncio.current_task()
        for cell, why in cells.items():
            task = self.tasks[cell]
            if task.running is not None and task.running is not current:
                task.running.cancel()
            task.state, task.why, task.span, task.touched = "queued", why, None, False
            self.versions.drop(cell)
        await self._ledger.queue_again(self.run, cells, self._spec)

    async def _give_up(self, task: Task, why: str) -> None:
        if task.running is not None and task.running is not asyncio.current_task():
            task.running.cancel()
        await self._set(task, "failed", why)

    async def _bring_together(self, task: Task, why: str) -> None:
        """Values that a cell uses together live in two worker kernels: they are made again in one.

        What made them run there is known now (`plan`, `Step.together`).
        """
        self._watchful = True
        self._reviews += 1
        try:
            self._take_plan()
            cells = [c for place in self._places.all for c in place.tasks]
            makers = [c for c in cells if self.tasks[c].step.together]
            if not makers or task.revisions:
                await self._run_all_again(task, why)
                return
            task.revisions += 1
            await self._queue({task.cell.id: why})
            await self._again(dict.fromkeys(cells, why))
        finally:
            self._reviews -= 1

    async def _run_all_again(self, task: Task, why: str) -> None:
        """A complete rerun: all cells in one worker kernel, in order, as Restart & Run All."""
        names = {t.target for t in self.tasks.values() if not self._is_kernel(t)}
        blocked = next((t for t in self.tasks.values() if t.once), None)
        if blocked is not None:
            number = blocked.cell.index
            words = (
                f"{why}: all cells would have to run again in one worker kernel, but cell {number}"
                " touches the outside and is not run twice"
            )
        elif len(names) > 1:
            words = (
                f"{why}: all cells would have to run in one worker kernel, but they name targets"
            )
            words += f" {', '.join(sorted(names))}"
        else:
            words = None
        if words is not None:
            await self._give_up(task, words)
            return
        self._reviews += 1
        try:
            self._complete = self._spec["complete"] = "all cells run in one worker kernel"
            await self._ledger.add_event(
                self.run, None, "state", {"state": "running", "why": f"{self._complete}: {why}"}
            )
            for place in list(self._places.all):
                self._places.drop(place)
                self._dispatcher.kill(place.kernel)
            started = [
                t.cell.id
                for t in self.tasks.values()
                if not planning.is_blank(t.cell) and (t.span or t is task)
            ]
            await self._queue(dict.fromkeys(started, self._complete))
        finally:
            self._reviews -= 1

    def _why_complete(self) -> str | None:
        """Whether this run is a complete one from the start."""
        known: str | None = self._spec.get("complete")
        if known is not None:
            return known
        for cell, step in self._plan.steps.items():
            why = step.complete or ", ".join((self._observed.get(cell) or {}).get("hidden") or [])
            if why:
                return f"all cells run in one worker kernel, for cell {step.cell.index}: {why}"
        return None

    # the end

    async def _close(self) -> tuple[str, str | None]:
        if self._cancelled is not None:
            for task in self.tasks.values():
                if task.state not in ENDED_TASK:
                    await self._set(task, "cancelled", self._cancelled)
            return "cancelled", self._cancelled
        first = self._first_failure()
        if first is None:
            stuck = [t for t in self.tasks.values() if t.state not in ENDED_TASK]
            if stuck:
                return (
                    "failed",
                    f"cell {stuck[0].cell.index} could never start: this is a fault of the engine",
                )
            return "done", None
        why = f"cell {first.cell.index}: {first.why or first.state}"
        for task in self.tasks.values():
            if task.cell.index > first.cell.index and task.state != "skipped":
                await self._set(task, "skipped", f"cell {first.cell.index} failed before it")
        return ("lost" if first.state == "lost" else "failed"), why

    def _give_up_kernels(self) -> None:
        for place in self._places.all:
            self._dispatcher.kill(place.kernel)

    async def _set(self, task: Task, state: TaskState, why: str | None = None) -> None:
        task.state, task.why = state, why
        await self._ledger.set_task(self.run, task.cell.id, state, why, None)


def target_of(cell: Cell, workflow: Workflow) -> str:
    """In a workflow: the cell's target, else the one asked for, else the notebook's, else local."""
    return cell.target or workflow.default_target or "local"
