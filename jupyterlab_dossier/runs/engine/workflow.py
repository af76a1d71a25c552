"""One workflow run: starts each cell when what it waits for is there, and sees it through.

The rules of the design, "Two ways to run": after the first failing cell nothing later counts.
Beside it: `state` (what the run knows), `placement` (when and where a task may start), `revision`
(what was not foreseen).
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ...targets import ProviderFault, Target
from .. import progress
from ..files import naming, travel
from ..model import ENDED_TASK, SUCCEEDED, Json, TaskState
from ..planning import again, observations
from ..planning import plan as planning
from ..reuse import keys
from ..tasks.attempts import CHECK, Failure, Outcome, Setting
from ..tasks.placement import Conflict, hold, may_start, may_start_early, place_of
from ..tasks.state import RunState, Task
from ..workers.worker import Keeper, Kernel, Lost, Recipe
from .revision import Revision

if TYPE_CHECKING:
    from ..ledger.ledger import Ledger
    from ..reuse.reuse import Begun, Reuse
    from ..tasks.dispatch import Dispatcher

TOLD = 10  # tasks that wait for a worker and are told how many are before them
ATTEMPTS = 3
# Restart & Run All answers Ctrl-C at once; a cell that does not is ended after this many seconds.
PATIENCE = 3.0


class WorkflowRun:
    """Executes one run to its end; `execute` is awaited once."""

    def __init__(
        self, run: str, state: RunState, revision: Revision, recipe: Callable[[Task], Recipe],
        dispatcher: Dispatcher, ledger: Ledger, jobs: int,
        inspect: Callable[[Task, Kernel], Awaitable[None]], reuse: Reuse,
    ) -> None:  # fmt: skip
        self.run = run
        self.state = state
        self.revision = revision
        self._recipe = recipe
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._jobs = jobs
        self._inspect = inspect
        self.reuse = reuse
        shuffle = state.workflow.shuffle
        self._random = random.Random(shuffle) if shuffle is not None else None
        self._wake = asyncio.Event()
        self._cancelled: str | None = None
        self._left = False
        self._keeper = Keeper(
            lambda kernel: state.places.of(kernel) is not None, "until this run has ended"
        )
        self._folder = os.path.dirname(state.workflow.path)

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
            async with self._dispatcher.held(kernel):
                outcome = await self._dispatcher.found(setting, kernel, message)
                if outcome is not None:
                    await self._finish(task, kernel, outcome)
                    return
        except Lost as error:
            if self._cancelled is not None:
                await self._set(task, "cancelled", self._cancelled)
                return
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
        for task in self.state.tasks.values():
            if task.state == "queued" and planning.is_blank(task.cell):
                tagged = "skip-execution" in task.cell.tags
                await self._set(
                    task,
                    "skipped" if tagged else "done",
                    "tagged skip-execution" if tagged else None,
                )
        telling = asyncio.create_task(self._tell_line())
        try:
            if self._cancelled is None:
                await self.reuse.take_unchanged()
            while not self._finished():
                for task in self._ready():
                    task.state = "preparing"
                    task.running = asyncio.create_task(self._guard(task, self._begin(task)))
                if not any(task.running for task in self.state.tasks.values()):
                    break
                await self._wake.wait()
                self._wake.clear()
        finally:
            telling.cancel()
            for task in self.state.tasks.values():
                if task.running:
                    task.running.cancel()
            await asyncio.gather(
                *(t.running for t in self.state.tasks.values() if t.running), return_exceptions=True
            )
            if not self._left:
                self._give_up_kernels()
        return await self._close()

    def leave(self) -> set[str]:
        """Lets go of the run as it is, for the next engine; the workers that it goes on in."""
        self._left = True
        held = [task.kernel for task in self.state.tasks.values() if task.kernel is not None]
        for kernel in held:
            kernel.kept = kernel.kept or "its cell goes on for the next engine"
        return {kernel.worker.id for kernel in held + [p.kernel for p in self.state.places.all]}

    def cancel(self, why: str = "cancelled") -> None:
        """Interrupts what runs and starts nothing more."""
        if self._cancelled is None:
            self._cancelled = why
            for task in self.state.tasks.values():
                if task.attempt:
                    self._dispatcher.interrupt(task.attempt)
            asyncio.get_running_loop().call_later(PATIENCE, self._kill_running)
            self._wake.set()

    def _kill_running(self) -> None:
        for task in self.state.tasks.values():
            if task.running and task.kernel:
                self._dispatcher.kill(task.kernel)
            elif task.running:
                task.running.cancel()

    def interrupt(self, cell: str | None = None) -> None:
        """Interrupts one cell, or all that run."""
        for task in self.state.tasks.values():
            if task.attempt and cell in (None, task.cell.id):
                self._dispatcher.interrupt(task.attempt)

    def kill(self, cell: str) -> bool:
        """Ends the worker kernel of a cell that runs; whether it runs."""
        task = self.state.tasks.get(cell)
        if task is None or not task.attempt or task.kernel is None:
            return False
        self._dispatcher.kill(task.kernel, asked=True)
        return True

    def attempt_of(self, cell: str) -> str | None:
        """The attempt of a cell that runs now."""
        return self.state.tasks[cell].attempt if cell in self.state.tasks else None

    def _finished(self) -> bool:
        if self.revision.busy:
            return False
        if self._cancelled is not None:
            return not any(task.running for task in self.state.tasks.values())
        if any(task.running and task.state in SUCCEEDED for task in self.state.tasks.values()):
            return False  # its result is there, but not yet its key
        first = self.state.first_failure()
        return all(
            task.state in ENDED_TASK
            for task in self.state.tasks.values()
            if first is None or task.cell.index <= first.cell.index
        )

    def _ready(self) -> list[Task]:
        if self._cancelled is not None or self.revision.busy:
            return []
        free = self._free()
        if free <= 0:
            return []
        wanted = free if self._random is None else None
        ready = list(itertools.islice(self._line(), wanted))
        if len(ready) == wanted:
            return ready
        early = [task for task in self._queued() if may_start_early(self.state, task)]
        chosen = self._ordered(ready, early)[:free]
        self.revision.watchful = self.revision.watchful or any(task in early for task in chosen)
        return chosen

    def _free(self) -> int:
        """How many more cells may be under way."""
        return self._jobs - sum(task.running is not None for task in self.state.tasks.values())

    def _queued(self) -> Iterator[Task]:
        """Cells that are still to start; none after one that failed."""
        first = self.state.first_failure()
        return (
            task
            for task in self.state.tasks.values()
            if task.state == "queued"
            and task.running is None
            and (first is None or task.cell.index < first.cell.index)
        )

    def _line(self) -> Iterator[Task]:
        """Those of them that could run now, in notebook order."""
        return (task for task in self._queued() if may_start(self.state, task))

    async def _tell_line(self) -> None:
        """Tells the first of those that could run how many wait for a worker before them."""
        while True:
            await asyncio.sleep(progress.EVERY)
            idle = self._cancelled is not None or self.revision.busy or self._free() > 0
            if idle or self._random is not None:
                continue
            for before, task in enumerate(list(itertools.islice(self._line(), TOLD))):
                words = progress.in_line(before)
                if task.state == "queued" and task.running is None and task.why != words:
                    await self._set(task, "queued", words)

    def _ordered(self, ready: list[Task], early: list[Task]) -> list[Task]:
        """Who starts first; a shuffled run mixes those that may run on old values with the rest."""
        if self._random is None:
            return ready + early
        mixed = sorted(ready + early, key=lambda task: -task.cell.index)
        if self.state.workflow.shuffle is not None and self.state.workflow.shuffle >= 0:
            self._random.shuffle(mixed)
        return mixed

    def _worker_target(self, task: Task) -> Target:
        """Cells of `kernel` run in a worker kernel of the local target, shared by all of them."""
        return self.state.targets["local" if self.state.is_kernel(task) else task.target]

    # one task

    async def _guard(self, task: Task, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            if task.state not in ENDED_TASK:
                task.state = "queued"
            raise
        except Conflict as conflict:
            await self.revision.bring_together(task, conflict)
        except (Failure, ProviderFault) as error:
            if self._cancelled is not None:
                await self._set(task, "cancelled", self._cancelled)
            else:
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

    async def _begin(self, task: Task) -> None:
        """Takes an earlier result where one fits; else the task is executed."""
        begun = await self.reuse.begin(task)
        if begun is not None:
            if await self.reuse.take(task, begun):
                return
            task.because = keys.words(begun.differences) or None
        await self._try(task, begun)

    async def _try(self, task: Task, begun: Begun | None) -> None:
        while True:
            task.attempts += 1
            place = place_of(self.state, task)
            try:
                async with self._dispatcher.kernel(
                    target=self._worker_target(task),
                    recipe=self._recipe(task),
                    kernel=place.kernel if place else None,
                    prefix=self._through(task, task.step.prefix),
                    ahead=self._ahead(task.step),
                    fresh=self._random is not None or self.state.complete is not None,
                    tell=functools.partial(self._set, task, "starting"),
                    keeper=self._keeper,
                ) as kernel:
                    task.kernel = kernel
                    await self._inspect(task, kernel)
                    if self._cancelled is not None:
                        self._dispatcher.release(kernel, False)
                        await self._set(task, "cancelled", self._cancelled)
                        return
                    if place_of(self.state, task) is not place:
                        # Meanwhile what it uses has come to live in one worker kernel.
                        self._dispatcher.release(kernel, False)
                        await self._set(task, "queued")
                        return
                    task.ran_in = kernel
                    if place is not None:
                        place.enter(task.cell.id)
                    # Others may have ended since: key and setting are of one moment.
                    begun = self.reuse.renewed(task, begun)
                    setting = self._setting(task, kernel)
                    kernel.ahead |= self._ahead(task.step, task.step.setups)
                    task.attempt = setting.attempt
                    task.span = again.Span(time.time(), None, setting.inputs)
                    task.files = None
                    outcome = await self._dispatcher.run(setting, kernel)
                    await self._finish(task, kernel, outcome, begun)
                    await self.reuse.record(task, begun, outcome)
                    clean = task.state in SUCCEEDED and not task.touched
                    clean = clean and task.step.leaves_clean and not task.read_modules
                    # The user's modules came with the values: in the next run they may be others.
                    clean = clean and not (begun is not None and begun.fixed.modules)
                    self._dispatcher.release(kernel, clean)
                return
            except Lost as error:
                if self._cancelled is not None:
                    await self._set(task, "cancelled", self._cancelled)
                    return
                if task.attempt is None:
                    # The kernel it waited for was given up: where it runs is decided anew.
                    await self._set(task, "queued")
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

    def _setting(self, task: Task, kernel: Kernel) -> Setting:
        """Everything the worker is told of this attempt."""
        step = task.step
        complete = self.state.complete is not None
        through = set(kernel.prefix)
        setups = [s for s in step.prefix if s.key not in through] if not complete else []
        used: set[str] = set()

        def resolve(inputs: dict[str, str]) -> dict[str, str]:
            found = {}
            for name, producer in inputs.items():
                manifest = self.state.versions.find(name, producer, self.state.inputs)
                if manifest is not None:
                    found[name] = manifest["version"]
                    used.add(manifest["version"])
            return found

        # In a complete worker kernel everything is there already, as it should be.
        inputs = resolve(step.inputs) if not complete else {}
        home = self._home(task)
        moved = {s.cell for s in setups if (t := self.state.tasks.get(s.cell)) and t.moved}
        ahead = planning.ahead(self.state.plan, setups, step.inputs.items())
        replay = [
            {"code": s.code if s.cell in moved else s.source, "inputs": resolve(before | s.inputs)}
            for s, before in zip(setups, ahead, strict=True)
        ]
        return Setting(
            run=self.run,
            cell=task.cell.id,
            code=task.cell.source,
            number=task.attempts,
            count=task.count or 0,
            inputs=inputs,
            manifests=self.state.versions.closure(used),
            setup=replay,
            exports=None if step.barrier and not complete else step.outputs,
            mutated=[n for n in step.mutated if n in inputs] if not complete else ["*"],
            reset=not kernel.kept and not complete,
            cwd=self._folder if self._folder == home and home not in through else None,
            durable=step.outside or self.state.targets[task.target].kind not in ("local", "kernel"),
            prefix=[key for key in self._through(task, setups) if key not in through],
            decide=functools.partial(self._decide, task),
            options=self._recipe(task).of_cell(task.cell.options),
            check={**CHECK, "folder": self._folder} if not complete else None,
            numbers=self.state.numbers(task),
            files=travel.wanted(
                self.state.workflow.path,
                self._worker_target(task),
                task.cell,
                self.run,
                lambda: naming.named(self.state.plan, task.cell.id),
                home not in through,
            ),
        )

    def _home(self, task: Task) -> str:
        """What a worker kernel is known by that is in the notebook's folder, or in what stands for
        it in this run."""
        here = self._worker_target(task).shares_folder
        return self._folder if here else f"{self._folder} in {self.run}"

    def _through(self, task: Task, setups: Iterable[planning.Setup]) -> list[str]:
        """What a worker kernel is known by that has been through these statements.

        They may import modules of the notebook's folder, which may be others in the next run.
        """
        keys = [setup.key for setup in setups]
        return [self._home(task), *([self.run, *keys] if keys else [])]

    def _ahead(self, step: planning.Step, own: tuple[planning.Setup, ...] = ()) -> set[str]:
        """What a worker kernel is known by that had imported what a cell uses before the set-up,
        and before the cell's own."""
        setups = step.prefix + own
        imports = [(name, setup.cell) for setup in own for name in setup.after]
        found = planning.ahead(self.state.plan, setups, (*step.inputs.items(), *imports))
        return {
            f"{name} of {cell} before {setup.key}"
            for setup, before in zip(setups, found, strict=True)
            for name, cell in before.items()
        }

    async def _finish(
        self, task: Task, kernel: Kernel, outcome: Outcome, begun: Begun | None = None
    ) -> None:
        done = self._through(task, task.step.setups)
        kernel.prefix += [key for key in done if key not in kernel.prefix]
        if not await self._dispatcher.commit(outcome):
            return
        if outcome.state in SUCCEEDED:
            # Before it counts as done: who needs its values is to be given these.
            outcome.manifests = await self.reuse.settled(task, begun, outcome)
        task.state, task.why = outcome.state, outcome.why
        task.attempt_done = outcome.setting.attempt
        task.moved = observations.moves(outcome.message)
        seen = self.revision.ended(task, outcome.message, outcome.manifests, time.time())
        self.state.versions.add(task.cell.id, outcome.manifests, outcome.deleted)
        if task.state in SUCCEEDED:
            # Before anything is awaited: who needs its values may start at once.
            hold(self.state, task, kernel, outcome.manifests)
        await self.revision.review(task, seen)
        if task.state in SUCCEEDED:
            hold(self.state, task, kernel, outcome.manifests)  # it may be known as sticky now

    def _decide(
        self, task: Task, status: str, why: str | None, message: Json
    ) -> tuple[TaskState, str | None]:
        cell = task.cell
        observations.settle_noticed(
            message,
            (observations.Writer(other.step, other.files) for other in self.state.beside(task)),
        )
        task.files = observations.files_of(message)  # of those that end now, the next one hears
        if status == "ok" or (status != "refused" and "raises-exception" in cell.tags):
            if self.state.complete is not None:
                return "done", self.state.complete
            seen = observations.beyond(self.state.plan, cell.id, message)
            ran = f"it ran: {task.because}" if task.because else None
            return "done", "; ".join(filter(None, (ran, observations.words(seen)))) or None
        if self._cancelled is not None:
            return "cancelled", self._cancelled
        return "failed", why

    # the end

    async def _close(self) -> tuple[str, str | None]:
        if self._cancelled is not None:
            for task in self.state.tasks.values():
                if task.state not in ENDED_TASK:
                    await self._set(task, "cancelled", self._cancelled)
            return "cancelled", self._cancelled
        first = self.state.first_failure()
        if first is None:
            stuck = [t for t in self.state.tasks.values() if t.state not in ENDED_TASK]
            if stuck:
                return (
                    "failed",
                    f"cell {stuck[0].cell.index} could never start: this is a fault of the engine",
                )
            return "done", None
        why = f"cell {first.cell.index}: {first.why or first.state}"
        for task in self.state.tasks.values():
            if task.cell.index > first.cell.index and task.state != "skipped":
                await self._set(task, "skipped", f"cell {first.cell.index} failed before it")
        return ("lost" if first.state == "lost" else "failed"), why

    def _give_up_kernels(self) -> None:
        for place in self.state.places.all:
            self._dispatcher.kill(place.kernel)

    async def _set(self, task: Task, state: TaskState, why: str | None = None) -> None:
        task.state, task.why = state, why
        await self._ledger.tasks.move(self.run, task.cell.id, state, why, None)
