"""One workflow run: starts each cell when what it waits for is there, where it may run.

The rules of the design ("Two ways to run", "State that is not a plain value"): a task runs in a
worker kernel that has been through its set-up prefix; values that cannot be shipped keep their
consumers in the kernel that made them; after the first failing cell nothing later counts.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..targets import ProviderFault, Target
from . import plan as planning
from .dispatch import Failure, Outcome, Setting
from .model import ENDED_TASK, SUCCEEDED, Json, TaskState
from .pool import Kernel, Lost, Recipe
from .values import Versions

if TYPE_CHECKING:
    from .dispatch import Dispatcher
    from .ledger import Ledger
    from .model import Cell, Workflow

ATTEMPTS = 3
# Restart & Run All answers Ctrl-C at once; a cell that does not is ended after this many seconds.
PATIENCE = 3.0


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

    @property
    def cell(self) -> Cell:
        return self.step.cell


@dataclass
class Place:
    """A worker kernel that later tasks must run in, and the names that keep them there."""

    kernel: Kernel
    target: str
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    """(version, name) of values that live only there, with the type in words."""


class WorkflowRun:
    """Executes one run to its end; `execute` is awaited once."""

    def __init__(
        self, run: str, workflow: Workflow, plan: planning.Plan, recipe: Callable[[str], Recipe],
        dispatcher: Dispatcher, ledger: Ledger, targets: dict[str, Target], jobs: int,
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
        self._inputs = {cell: step.inputs for cell, step in plan.steps.items()}
        self._places: list[Place] = []
        self._shared_kernel: Place | None = None
        self._sticky: Place | None = None
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
        return {kernel.worker.id for kernel in held + [place.kernel for place in self._places]}

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
            (t for t in self.tasks.values() if t.state in ("failed", "lost", "cancelled")), None
        )

    def _ready(self) -> list[Task]:
        if self._cancelled is not None:
            return []
        first = self._first_failure()
        free = self._jobs - sum(task.running is not None for task in self.tasks.values())
        queued = (
            task
            for task in self.tasks.values()
            if task.state == "queued"
            and task.running is None
            and (first is None or task.cell.index < first.cell.index)
            and self._may_start(task)
        )
        if self._random is None:
            return list(itertools.islice(queued, max(0, free)))
        ready = list(queued)
        if self.workflow.shuffle is not None and self.workflow.shuffle < 0:
            ready.reverse()
        else:
            self._random.shuffle(ready)
        return ready[: max(0, free)]

    def _may_start(self, task: Task) -> bool:
        if not all(self._succeeded(cell) for cell in task.step.waits):
            return False
        if self._joins_kernel(task) and any(
            self._is_kernel(other) and not self._succeeded(other.cell.id)
            for other in self._before(task)
        ):
            return False
        # Values that cannot be shipped are used in notebook order: they may change with each use.
        kept = {name for place in self._places for _, name in place.names}
        mine = kept & task.step.inputs.keys()
        return not mine or all(
            other.state in ENDED_TASK or not (mine & other.step.inputs.keys())
            for other in self._before(task)
        )

    def _is_kernel(self, task: Task) -> bool:
        return self._targets[task.target].kind == "kernel"

    def _joins_kernel(self, task: Task) -> bool:
        """Whether a task runs in the kernel that cells of `kernel` share.

        One on local workers that changes its process beyond replay does too, since those after it
        must run where it ran.
        """
        changes = task.step.barrier or task.step.spec.get("sticky")
        return self._is_kernel(task) or (bool(changes) and task.target == "local")

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
                    fresh=self._random is not None,
                ) as kernel:
                    task.kernel = kernel
                    setting = self._setting(task, kernel)
                    task.attempt = setting.attempt
                    outcome = await self._dispatcher.run(setting, kernel)
                    await self._finish(task, kernel, outcome)
                    self._dispatcher.release(kernel, clean=task.step.leaves_clean)
                return
            except Lost as error:
                if self._cancelled is not None:
                    await self._set(task, "cancelled", self._cancelled)
                    return
                again = (
                    error.worker
                    and task.step.repeatable
                    and task.attempts < ATTEMPTS
                    and place is None
                )
                if not again:
                    hint = (
                        ""
                        if not error.worker
                        else "; it may have had effects, so it was not run again"
                    )
                    await self._set(task, "lost" if error.worker else "failed", f"{error}{hint}")
                    return
                await self._set(task, "queued", f"{error}; it runs again")
            finally:
                task.kernel = None
                task.attempt = None

    def _place(self, task: Task) -> Place | None:
        """The kernel a task must run in, if any. Raises `Failure` where there are two."""
        wanted: list[tuple[Place, str]] = []
        for name, producer in self._needs(task):
            manifest = self.versions.find(name, producer, self._inputs)
            if manifest is None or not manifest.get("unshippable"):
                continue
            place = self._holder(manifest)
            maker = self.tasks[producer].cell.index if producer in self.tasks else producer
            what = (
                f"`{name}` ({manifest['type']}), made by cell {maker} and used by cell"
                f" {task.cell.index}, cannot be moved: {manifest['unshippable']}"
            )
            if place is None or place.kernel.dead:
                raise Failure(f"{what}; the worker kernel that held it is gone: run it again")
            wanted.append((place, what))
        if self._joins_kernel(task) and self._shared_kernel is not None:
            wanted.append((self._shared_kernel, "the notebook's kernel is one"))
        if self._sticky is not None:
            wanted.append((self._sticky, "a cell before it changed its process beyond replay"))
        if not wanted:
            return None
        place, what = wanted[0]
        for other, why in wanted[1:]:
            if other.kernel is not place.kernel:
                raise Failure(f"{what}; but {why}, in another worker kernel")
        named = task.cell.target
        if named is not None and named != place.target and not self._is_kernel(task):
            raise Failure(f"{what}; but the cell is bound to target {named!r}")
        if place.kernel.dead:
            raise Failure(f"{what}; that worker kernel is gone: run it again")
        return place

    def _needs(self, task: Task) -> list[tuple[str, str]]:
        pairs = list(task.step.inputs.items())
        for setup in task.step.prefix:
            pairs += setup.inputs.items()
        return pairs

    def _holder(self, manifest: Json) -> Place | None:
        return next(
            (p for p in self._places if (manifest["version"], manifest["name"]) in p.names), None
        )

    def _setting(self, task: Task, kernel: Kernel) -> Setting:
        """Everything the worker is told of this attempt."""
        step = task.step
        through = set(kernel.prefix)
        setups = [setup for setup in step.prefix if setup.key not in through]
        used: set[str] = set()

        def resolve(inputs: dict[str, str]) -> dict[str, str]:
            found = {}
            for name, producer in inputs.items():
                manifest = self.versions.find(name, producer, self._inputs)
                if manifest is not None:
                    found[name] = manifest["version"]
                    used.add(manifest["version"])
            return found

        inputs = resolve(step.inputs)
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
            exports=None if step.barrier else step.outputs,
            mutated=[name for name in step.mutated if name in inputs],
            reset=not kernel.kept,
            cwd=os.path.dirname(self.workflow.path),
            durable=step.outside or self._targets[task.target].kind not in ("local", "kernel"),
            prefix=[setup.key for setup in setups],
            decide=functools.partial(self._decide, task.cell),
        )

    async def _finish(self, task: Task, kernel: Kernel, outcome: Outcome) -> None:
        kernel.prefix += [setup.key for setup in task.step.setups]
        if not await self._dispatcher.commit(outcome):
            return
        task.state, task.why = outcome.state, outcome.why
        self.versions.add(task.cell.id, outcome.manifests, outcome.deleted)
        if outcome.state in SUCCEEDED:
            self.hold(task, kernel, outcome.manifests)

    def _decide(self, cell: Cell, status: str, why: str | None) -> tuple[TaskState, str | None]:
        if status == "ok" or (status != "refused" and "raises-exception" in cell.tags):
            return "done", None
        if self._cancelled is not None:
            return "cancelled", self._cancelled
        return "failed", why

    def hold(self, task: Task, kernel: Kernel, manifests: list[Json]) -> None:
        """Keeps a kernel for later tasks where they cannot run elsewhere."""
        place = next((p for p in self._places if p.kernel is kernel), None)
        held = [m for m in manifests if m.get("unshippable")]
        sticky = task.step.spec.get("sticky") or task.step.barrier
        if not (held or sticky or place or self._is_kernel(task)):
            return
        later = [t for t in self.tasks.values() if t.cell.index > task.cell.index]
        wanted = [m for m in held if any(m["name"] in t.step.inputs for t in later)]
        if not (wanted or (sticky and later) or self._is_kernel(task) or place):
            return
        if place is None:
            place = Place(kernel, task.target)
            self._places.append(place)
        for manifest in held:
            place.names[(manifest["version"], manifest["name"])] = manifest["type"]
        kernel.kept = kernel.kept or f"cell {task.cell.index} left state in it"
        if self._is_kernel(task):
            self._shared_kernel = place
        if sticky and later:
            self._sticky = place

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
        for place in self._places:
            self._dispatcher.kill(place.kernel)

    async def _set(self, task: Task, state: TaskState, why: str | None = None) -> None:
        task.state, task.why = state, why
        await self._ledger.set_task(self.run, task.cell.id, state, why, None)


def target_of(cell: Cell, workflow: Workflow) -> str:
    """In a workflow: the cell's target, else the one asked for, else the notebook's, else local."""
    return cell.target or workflow.default_target or "local"
