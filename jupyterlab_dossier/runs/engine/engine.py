"""The engine: takes workflows and cells, runs them on workers, and remembers all of it.

engine = Engine(folder)
link = LinkServer(engine.store, engine.pool)
await engine.start(await link.listen_loopback())
run = await engine.submit(workflow)
record = await engine.wait(run)
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import anyio

from ...dataflow.client import AnalysisPair
from ...store import NotPrivate, Store, private_file, private_folder
from ...targets import Catalogue
from .. import kernelspecs
from ..files.travel import Travel
from ..history import details
from ..history.deliveries import Deliveries
from ..history.inputs import Given, given
from ..history.outputs import Outputs, text_of
from ..ledger import cleaning
from ..ledger.cleaning import Cleaned, Policy
from ..ledger.database import LedgerFault
from ..ledger.ledger import Ledger
from ..ledger.outputs import Part
from ..model import (
    ENDED_RUN,
    BadInput,
    Cell,
    Event,
    Json,
    NoSuchRun,
    RunRecord,
    TaskRecord,
    Workflow,
    new_id,
    target_of,
)
from ..planning import analysis, conditions, observations
from ..planning import plan as planning
from ..planning.observations import Observed
from ..preflight import options, survey
from ..preflight.rules import Problem
from ..reuse.lineage import Lineage
from ..reuse.reuse import Reuse
from ..tasks.dispatch import Dispatcher
from ..tasks.state import RunState, Task
from ..verification import Verifier
from ..workers.environments import Environments
from ..workers.pool import Pool
from ..workers.worker import Kernel, Recipe, Worker
from . import recovery
from .cellrun import CellRun
from .interactive import Interactive
from .loading import Loading
from .owner import Owner
from .revision import Revision
from .workflow import WorkflowRun

log = logging.getLogger(__name__)

T = TypeVar("T")

# How often runs of other engines, which nobody tells us of, are looked at.
GLANCE = 0.5


class Engine:
    """Runs and their record under one folder (`ledger.sqlite`, `store/`, `workers/`)."""

    def __init__(self, folder: Path, catalogue: Catalogue | None = None) -> None:
        try:
            private_folder(folder)
        except OSError as error:
            raise LedgerFault(f"cannot make the folder {folder}: {error.strerror}") from None
        except NotPrivate as error:
            raise LedgerFault(str(error)) from None
        self.folder = folder
        self.catalogue = catalogue or Catalogue()
        self.store = Store(folder / "store")
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.deliveries = Deliveries(self.ledger)
        self._owner = Owner(folder / "engines")
        self.pool = Pool(
            self.ledger, folder / "workers", folder / "store", self.catalogue, self._owner.name,
            lambda: worker_zipapp(folder / "bin"),
        )  # fmt: skip
        self.environments = Environments(self.catalogue, self.pool)
        self.travel = Travel(self.store, folder)
        self.dispatcher = Dispatcher(self.pool, self.ledger, self.store, self.travel)
        self._analysis: dict[str, AnalysisPair] = {}
        self._active: dict[str, WorkflowRun | CellRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sessions: dict[str, Interactive] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self.verifier = Verifier(self)

    @property
    def owner(self) -> str:
        """This engine's name in the ledger."""
        return self._owner.name

    # life

    async def start(self, link_url: str, recover: bool = False) -> None:
        """Says where workers dial in; with `recover`, takes up the runs of dead engines."""
        self.pool.lives.url = link_url
        self._spawn(self._watch_cancels())
        if recover:
            adopted: list[Worker] = []
            for run, owner, _kind in await self.ledger.runs.unfinished():
                if not self._owner.lives(owner):
                    await self._take_up_or_end(run, adopted)
            self.pool.adoption.call(adopted)
            await self._end_orphans()

    async def stop(self, leave_runs: bool = False) -> None:
        """Ends the engine and its workers; runs that are under way end as cancelled.

        With `leave_runs`, workflow runs go on in their workers, for the next engine to take up.
        """
        await self.verifier.close()
        # A worker may also hold what another run, not taken up yet, is waiting for.
        left = await self.ledger.workers.wanted(besides=self.owner)
        for run, active in list(self._active.items()):
            if leave_runs and isinstance(active, WorkflowRun):
                left |= active.leave()
                self._tasks[run].cancel()
            else:
                active.cancel("the engine was stopped")
        sessions = [session.close() for session in self._sessions.values()]
        await asyncio.gather(*self._tasks.values(), *sessions, return_exceptions=True)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.pool.lives.close(left)
        for client in self._analysis.values():
            await client.close()
        await self.catalogue.close()
        self.ledger.close()
        self._owner.release()

    async def _end_orphans(self) -> None:
        kept = await self.ledger.workers.wanted() | self.pool.workers.keys()
        rows = await self.ledger.workers.alive()
        self.pool.adoption.end_orphans(
            [r for r in rows if r["worker"] not in kept and not self._owner.lives(r["owner"])]
        )

    # asking

    async def graph(self, workflow: Workflow) -> Json:
        """The dataflow graph of a workflow's cells (contract of `jupyter dossier graph`).

        What earlier runs of the notebook saw is in it.
        """
        return await self.graph_of(
            workflow.kernelspec, workflow.cells, await self.observed(workflow),
            Path(workflow.path).parent,
        )  # fmt: skip

    async def graph_of(
        self,
        kernelspec: str,
        cells: Sequence[Cell],
        observed: Mapping[str, Observed] | None = None,
        folder: Path | None = None,
    ) -> Json:
        """The dataflow graph of cells, by the kernelspec's own interpreter.

        `observed` is what runs saw cells do, by cell; modules in `folder`, the notebook's, are
        read.
        """
        client = self._client(kernelspecs.interpreter(kernelspec).python)
        graph: Json = await client.graph(
            planning.analysed(cells, observed), folder=None if folder is None else str(folder)
        )
        return graph

    async def observed(self, workflow: Workflow) -> dict[str, Observed]:
        """What earlier runs of the notebook saw its cells do."""
        return await self.observed_at(workflow.path, workflow.cells)

    async def observed_at(self, path: str, cells: Sequence[Cell]) -> dict[str, Observed]:
        """What runs of the notebook at this path saw these cells do."""
        by_source = await self.ledger.observations.of_notebook(path)
        found = ((c.id, by_source.get(observations.source_key(c))) for c in cells)
        return {cell: body for cell, body in found if body}

    async def targets(self) -> list[Json]:
        """Every target, whether it is usable now, and why not."""
        return await self.catalogue.describe()

    async def preflight(self, workflow: Workflow) -> list[Problem]:
        """What is wrong with a workflow's cells; nothing is started or recorded to find out."""
        return await survey.of_workflow(self, workflow)

    async def submit(self, workflow: Workflow, env: dict[str, str] | None = None) -> str:
        """Starts a workflow and returns the run's name. Raises `BadInput`.

        `env` are the conditions of an earlier run, where it is to run under just these.
        """
        targets = await self._check_targets(workflow)
        observed = await self.observed(workflow)
        graph = await self.graph_of(
            workflow.kernelspec, workflow.cells, observed, Path(workflow.path).parent
        )
        jobs = workflow.jobs or self._jobs(targets)
        env = env or conditions.environment(jobs)
        run = new_id()
        spec = {"workflow": workflow_json(workflow), "graph": graph, "jobs": jobs}
        active = self._workflow_run(run, workflow, spec, env, observed)
        tasks = [
            TaskRecord(t.cell.id, t.cell.index, "queued", t.target, None, None, None)
            for t in active.state.tasks.values()
        ]
        await self.ledger.runs.add(
            run, "workflow", workflow.path, self._owner.name, spec, conditions.record(env), tasks,
            workflow.notebook_id,
        )  # fmt: skip
        self._launch(run, active)
        return run

    async def resume(self, run: str) -> None:
        """Takes up a run whose engine is no more.

        Raises `BadInput` where it still runs or, as things are, cannot: then it stays as it is.
        """
        adopted: list[Worker] = []
        try:
            await self._take_up(run, adopted)
        finally:
            self.pool.adoption.call(adopted)

    async def _take_up_or_end(self, run: str, adopted: list[Worker]) -> None:
        """Takes up a run; one that cannot go on ends: it keeps nobody from the others."""
        try:
            await self._take_up(run, adopted)
        except LedgerFault:
            raise
        except Exception as error:
            owner, _, _ = await self.ledger.runs.spec(run)
            if owner != self.owner and (
                self._owner.lives(owner)
                or not await self.ledger.runs.take_up(run, self.owner, owner)
            ):
                return  # another process was quicker
            known = isinstance(error, BadInput)
            log.warning("run %s cannot be taken up", run, exc_info=None if known else error)
            words = str(error) if known else f"{type(error).__name__}: {error}"
            await self._end_failed(run, f"it could not be taken up: {words}")

    async def _end_failed(self, run: str, why: str) -> None:
        for task in (await self.ledger.runs.get(run)).tasks:
            if task.ended is None:
                begun = task.started is not None
                await self.ledger.tasks.move(run, task.id, "failed" if begun else "skipped", why)
        await self.ledger.runs.end(run, "failed", why)

    async def _take_up(self, run: str, adopted: list[Worker]) -> None:
        """Adds the workers to be told where to dial in, once there is somebody who listens."""
        record = await self.ledger.runs.get(run)
        if record.state in ENDED_RUN:
            raise BadInput(f"run {run} has ended: {record.state}", "run")
        owner, spec, known = await self.ledger.runs.spec(run)
        if owner is not None and self._owner.lives(owner):
            raise BadInput(f"run {run} still runs in another process", "run")
        workflow = workflow_of(spec["workflow"]) if record.kind == "workflow" else None
        if workflow is not None:
            self._check_places(workflow)
        if not await self.ledger.runs.take_up(run, self._owner.name, owner):
            raise BadInput(f"run {run} was taken up by another process", "run")
        attempts = await self.ledger.tasks.attempts(run)
        workers = {row["worker"] for row in attempts}
        rows = [r for r in await self.ledger.workers.alive() if r["worker"] in workers]
        adopted += await self.pool.adoption.adopt(
            [r for r in rows if not self._owner.lives(r["owner"])]
        )
        if workflow is None:
            found = recovery.found_cell(
                record, spec, attempts, self.pool, self.ledger, self.dispatcher
            )
            self._launch(run, found)
            return
        observed = await self.observed(workflow)
        active = self._workflow_run(run, workflow, spec, known["env"], observed)
        versions = await self.ledger.versions.of_run(run)
        active.reuse.restored(await self.ledger.keys.of_run(run))
        await recovery.restore(active, record, attempts, versions, self.pool, self.ledger)
        self._launch(run, active)

    async def cancel(self, run: str) -> None:
        """Cancels a run, whoever owns it."""
        record = await self.ledger.runs.get(run)
        if record.state in ENDED_RUN:
            return
        active = self._active.get(run)
        if active is not None:
            active.cancel()
            return
        owner, _, _ = await self.ledger.runs.spec(run)
        if self._owner.lives(owner):
            await self.ledger.runs.ask_cancel(run)
        elif await self.ledger.runs.take_up(run, self._owner.name, owner):
            for task in record.tasks:
                if task.ended is None:
                    await self.ledger.tasks.move(run, task.id, "cancelled", "cancelled")
            await self.ledger.runs.end(run, "cancelled", "cancelled")
            await self._end_orphans()

    def interrupt(self, run: str, cell: str | None = None) -> None:
        """Interrupts a cell that runs, or all of the run's. Raises `BadInput` if none does."""
        active = self._active.get(run)
        if active is None:
            raise BadInput(f"run {run} is not running here", "run")
        active.interrupt(cell)

    def kill(self, run: str, cell: str) -> None:
        """Ends the worker kernel in which a cell runs; the cell has failed. Raises `BadInput`."""
        active = self._active.get(run)
        if active is None or not active.kill(cell):
            raise BadInput(f"cell {cell} is not running", "cell")

    def input(self, run: str, cell: str, value: str) -> None:
        """Answers a cell's `input()`."""
        active = self._active.get(run)
        attempt = active.attempt_of(cell) if active is not None else None
        if attempt is None:
            raise BadInput(f"cell {cell} is not running", "cell")
        self.dispatcher.input(attempt, value)

    def session(self, name: str, path: str, kernelspec: str) -> Interactive:
        """The one-by-one session of a user's kernel (made at its first use)."""
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = Interactive(self, name, path, kernelspec)
        return session

    def loading(self, session: str, cell: str) -> Loading | None:
        """What is loaded into a user's kernel for one of its cells, or is about to be."""
        found = self._sessions.get(session)
        return found.loading(cell) if found else None

    async def given(self, run: str, cell: str) -> Given:
        """What a cell was given in a run. Raises `BadInput`."""
        await self.record(run)  # raises where there is no such run
        return await given(self.ledger, self.store, run, cell)

    async def end_session(self, name: str) -> dict[str, int]:
        """Forgets what was made remotely: the user's kernel restarted or ended.

        The names, with the index of the cell that made each.
        """
        session = self._sessions.pop(name, None)
        if session is None:
            return {}
        await session.close()
        return session.made

    # the record

    async def wait(self, run: str) -> RunRecord:
        """The record of a run once it has ended."""
        if run in self._tasks:
            await asyncio.wait({self._tasks[run]})
        else:
            async for _event in self.watch(run):
                pass
        return await self.ledger.runs.get(run)

    async def watch(
        self, run: str, after: int = 0, kind: str | None = None
    ) -> AsyncIterator[Event]:
        """Events numbered above `after` as they come, of one kind or all, until the run's last."""

        async def read(after: int) -> tuple[int, list[Event]]:
            events = await self.ledger.events.of_run(run, after, kind=kind)
            return events[-1].seq if events else after, events

        async for events in self._watch(run, after, read):
            for event in events:
                yield event

    async def watch_texts(self, run: str, after: int = 0) -> AsyncIterator[list[str]]:
        """As `watch`, in batches, each event as the JSON that the ledger has."""

        async def read(after: int) -> tuple[int, list[str]]:
            return await self.ledger.events.texts(run, after)

        async for texts in self._watch(run, after, read):
            yield texts

    async def _watch(
        self, run: str, after: int, read: Callable[[int], Awaitable[tuple[int, list[T]]]]
    ) -> AsyncIterator[list[T]]:
        while True:
            record_ended = run not in self._active and await self._over(run)
            signal = self.ledger.events.changed(run)
            after, found = await read(after)
            if found:
                yield found
            elif record_ended:
                return
            else:
                with anyio.move_on_after(GLANCE):
                    await signal.wait()

    async def _over(self, run: str) -> bool:
        """Whether no more events can come: it has ended, or the process that ran it has."""
        if (await self.ledger.runs.get(run)).state in ENDED_RUN:
            return True
        owner, _, _ = await self.ledger.runs.spec(run)
        return not self._owner.lives(owner)

    async def _explained(self, record: RunRecord) -> RunRecord:
        if record.state == "running" and record.run not in self._active:
            owner, _, _ = await self.ledger.runs.spec(record.run)
            if not self._owner.lives(owner):
                record.why = f"its process ended: `jupyter dossier resume {record.run}` takes it up"
        return record

    async def runs(
        self, path: str | None = None, before: str | None = None, limit: int | None = None
    ) -> list[RunRecord]:
        """Past and present runs, newest first (`ledger.Runs.newest`). Raises `NoSuchRun`."""
        records = await self.ledger.runs.newest(path, before, limit)
        return [await self._explained(record) for record in records]

    async def record(self, run: str) -> RunRecord:
        """A run with its tasks. Raises `NoSuchRun`."""
        return await self._explained(await self.ledger.runs.get(run))

    async def show(self, run: str) -> Json:
        """The JSON of `jupyter dossier run` and `show`."""
        record = await self.ledger.runs.get(run)
        fields = ("id", "index", "state", "target", "why", "started", "ended")
        return {
            "run": record.run,
            "state": record.state,
            "tasks": [{f: getattr(task, f) for f in fields} for task in record.tasks],
        }

    async def run_graph(self, run: str) -> Json:
        """The graph of a run as it was (`details.graph`). Raises `NoSuchRun`."""
        return await details.graph(self.ledger, run)

    async def cell(self, run: str, cell: str) -> Json:
        """All that is known of a cell in a run (`details.cell`). Raises `NoSuchRun`."""
        return await details.cell(self.ledger, run, cell)

    async def log(
        self, run: str, cell: str, attempt: str | None = None, after: int = 0, limit: int = 500
    ) -> Json:
        """A page of what an attempt said (`details.log`). Raises `NoSuchRun`."""
        return await details.log(self.ledger, run, cell, attempt, after, limit)

    async def worker_log(self, run: str, cell: str, attempt: str | None = None) -> str:
        """The last of what an attempt's worker and its platform say. Raises `NoSuchRun`."""
        row = await details.worker(self.ledger, run, cell, attempt)
        target = self.catalogue.targets.get(row["target"])
        provider = self.catalogue.provider(target) if target is not None else None
        if provider is None or not row["handle"]:
            return ""
        return await self.pool.lives.log(row["worker"], json.loads(row["handle"]), provider)

    async def compared(self, left: str, right: str) -> Json:
        """What differs between two runs (`comparison.compared`). Raises `NoSuchRun`."""
        from ..history import comparison  # the analysis that it matches cells by is a large import

        return await comparison.compared(self, left, right)

    async def clean(self, policy: Policy, dry: bool = False) -> Cleaned:
        """Removes old runs and blobs that nothing needs (`cleaning`); with `dry`, says which."""
        return await cleaning.clean(self.ledger, self.store, policy, self._owner.lives, dry)

    async def disk_use(self) -> tuple[int, int]:
        """Bytes of the store and of the ledger."""
        size = await asyncio.to_thread(self.store.size)
        return size, await cleaning.ledger_size(self.ledger)

    async def again(self, run: str) -> Workflow:
        """The workflow that a run was, to be run once more. Raises `BadInput`."""
        if (await self.ledger.runs.get(run)).kind != "workflow":
            raise BadInput(f"run {run} was of one cell: run that in its notebook", "again")
        _, spec, _ = await self.ledger.runs.spec(run)
        return workflow_of(spec["workflow"])

    async def outputs(self, run: str) -> tuple[dict[str, list[Json]], dict[str, int | None]]:
        """Outputs and execution counts by cell, as they belong into the notebook."""
        record = await self.ledger.runs.get(run)
        shown = {t.id for t in record.tasks if t.state not in ("skipped", "queued")}
        counts = {t.id: t.execution_count for t in record.tasks if t.id in shown}
        messages = await self.ledger.outputs.of_run(run)
        built = Outputs.of((cell, body) for cell, _, body in messages if cell in shown)
        return {cell: built.cells[cell] for cell in built.cells}, counts

    async def logs(self, run: str, cell: str | None = None) -> list[Event]:
        """All events so far, of one cell or of all."""
        found: list[Event] = []
        while events := await self.ledger.events.of_run(run, found[-1].seq if found else 0):
            found += events
        return [event for event in found if cell in (None, event.cell)]

    async def whole_output(self, run: str, cell: str) -> AsyncIterator[bytes]:
        """All that a cell has printed so far, in pieces. Raises `BadInput`."""
        record = await self.ledger.runs.get(run)
        if cell not in {task.id for task in record.tasks}:
            raise NoSuchRun(f"run {run} has no cell {cell!r}", "cell")
        parts = await self.ledger.outputs.whole(run, cell)
        for part in parts:
            yield await asyncio.to_thread(self._part, part)
        if not parts:
            messages = await self.ledger.outputs.of_run(run)
            for owner, _, message in messages:
                if owner == cell:
                    yield text_of(message["msg_type"], message["content"]).encode(
                        "utf-8", "replace"
                    )

    def _part(self, part: Part) -> bytes:
        try:
            return self.store.blobs.path(part.blob).read_bytes()
        except OSError:
            return f"\n[… {part.size} bytes are not in the store]\n".encode()

    # parts

    def _client(self, python: str) -> AnalysisPair:
        if python not in self._analysis:
            self._analysis[python] = AnalysisPair(analysis.client(python), analysis.client(python))
        return self._analysis[python]

    def recipe(
        self, target: str, kernelspec: str, env: dict[str, str], preload: tuple[str, ...] = (),
        asked: Json | None = None,
    ) -> Recipe:  # fmt: skip
        """What a worker for these cells must be like; `asked` are the cells' options."""
        found = kernelspecs.interpreter(kernelspec)
        settings = self.catalogue.targets[target]
        given = self.catalogue.variables(settings, asked or {})
        ours = {name: given.get(name, value) for name, value in {**env, **found.env}.items()}
        # One without a value here is set by the target.
        variables = tuple(sorted((n, value) for n, value in ours.items() if value is not None))
        wanted = self.catalogue.worker_options(settings, asked or {})
        text = json.dumps(wanted, sort_keys=True) if wanted else ""
        if settings.python is not None:
            return Recipe(target, settings.python, None, variables, preload, text)
        return Recipe(target, found.python, found.argv, variables, preload, text)

    def _workflow_run(
        self, run: str, workflow: Workflow, spec: Json, env: dict[str, str],
        observed: Mapping[str, Observed],
    ) -> WorkflowRun:  # fmt: skip
        state = RunState(workflow, spec, self.catalogue.targets, observed)

        async def analyse(seen: Mapping[str, Observed]) -> Json:
            return await self.graph_of(
                workflow.kernelspec, workflow.cells, seen, Path(workflow.path).parent
            )

        @functools.cache
        def made(target: str, asked: str) -> Recipe:
            wanted = json.loads(asked)
            return self.recipe(target, workflow.kernelspec, env, state.plan.preload, wanted)

        def recipe(task: Task) -> Recipe:
            return made(task.target, json.dumps(task.cell.options))

        async def inspect(task: Task, kernel: Kernel) -> None:
            await survey.on_worker(self, state, task.step, recipe(task), kernel.worker)

        revision = Revision(run, state, self.dispatcher, self.ledger, analyse)
        found = kernelspecs.interpreter(workflow.kernelspec)
        lineage = Lineage(
            state, self.environments, found.argv[0] if found.argv else found.python, env,
            conditions.for_keys(env), self.catalogue.variables,
        )  # fmt: skip
        reuse = Reuse(run, state, self.ledger, self.store, lineage, self.dispatcher)
        return WorkflowRun(
            run, state, revision, recipe, self.dispatcher, self.ledger, spec["jobs"], inspect,
            reuse,
        )  # fmt: skip

    def _jobs(self, targets: set[str]) -> int:
        """Cells at once where nobody says: what the targets of the run take together."""
        total = 0
        for name in {"local" if t == "kernel" else t for t in targets}:
            total += self.pool.leases.capacity(self.catalogue.targets[name])
        return max(1, total)

    async def _check_targets(self, workflow: Workflow) -> set[str]:
        names = set()
        for cell in workflow.cells:
            if planning.is_blank(cell):
                continue
            name = target_of(cell, workflow)
            if name in names:
                options.check(cell, name, self.catalogue)
                continue
            usable = await self.catalogue.patient_check(name)
            if not usable.usable:
                where = f"cell {cell.index} ({cell.id})" if cell.target else "the default target"
                raise BadInput(f"{where}: {usable.why}", "target")
            options.check(cell, name, self.catalogue)
            names.add(name)
        unknown = (workflow.only or frozenset()) - {cell.id for cell in workflow.cells}
        if unknown:
            raise BadInput(f"no cell {sorted(unknown)[0]!r} in the notebook", "only")
        _check_kernelspec(workflow)
        return names

    def _check_places(self, workflow: Workflow) -> None:
        """Whether what a run was begun with is there still. Raises `BadInput`."""
        _check_kernelspec(workflow)
        for cell in workflow.cells:
            words = self.catalogue.wrong(target_of(cell, workflow))
            if words is not None and not planning.is_blank(cell):
                raise BadInput(f"cell {cell.index} ({cell.id}): {words}", "target")

    def _launch(self, run: str, active: WorkflowRun | recovery.FoundCell) -> None:
        self._active[run] = active

        async def go() -> None:
            try:
                try:
                    state, why = await active.execute()
                except Exception as error:
                    log.exception("run %s failed by a fault of the engine", run)
                    words = f"a fault of the engine: {type(error).__name__}: {error}"
                    await self._end_failed(run, words)
                else:
                    await self.ledger.runs.end(run, state, why)
            finally:
                self._active.pop(run, None)
                self._tasks.pop(run, None)

        self._tasks[run] = asyncio.create_task(go())

    def activate(self, run: str, active: CellRun) -> Callable[[], None]:
        """Makes a run of one cell answer here; call the result when it has ended."""
        self._active[run] = active

        def deactivate() -> None:
            self._active.pop(run, None)

        return deactivate

    async def _watch_cancels(self) -> None:
        while True:
            await asyncio.sleep(GLANCE)
            try:
                asked = (
                    await self.ledger.runs.cancel_asked(list(self._active)) if self._active else ()
                )
            except Exception:  # it is asked again: nobody would hear of a cancel any more
                log.exception("the ledger does not say which runs are to be cancelled")
                continue
            for run in asked:
                if run in self._active:
                    self._active[run].cancel()

    def _spawn(self, coroutine: Awaitable[None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _check_kernelspec(workflow: Workflow) -> None:
    try:
        kernelspecs.interpreter(workflow.kernelspec)
    except kernelspecs.NoSuchKernel:
        raise BadInput(
            f"no kernelspec named {workflow.kernelspec!r} is installed", "kernelspec"
        ) from None


def workflow_json(workflow: Workflow) -> Json:
    """A workflow as the ledger keeps it."""

    def plain(value: Any) -> Any:
        return sorted(value) if isinstance(value, (set, frozenset)) else str(value)

    found: Json = json.loads(json.dumps(asdict(workflow), default=plain))
    return found


def workflow_of(data: Json) -> Workflow:
    """The inverse of `workflow_json`."""
    cells = tuple(Cell(**{**cell, "tags": frozenset(cell["tags"])}) for cell in data["cells"])
    only = frozenset(data["only"]) if data["only"] is not None else None
    without = frozenset(data.get("without", ()))
    return replace(Workflow(**{**data, "cells": cells}), only=only, without=without)


def worker_zipapp(folder: Path) -> Path:
    """The worker's zipapp under a name made from its content; built where no wheel brought it."""
    shipped = Path(__file__).parents[2] / "_worker.pyz"
    private_folder(folder)
    # Several workers may be started at once, by several processes.
    with tempfile.TemporaryDirectory(dir=folder) as own:
        if not shipped.exists():
            from dossier_worker import build

            shipped = build.build(Path(own, "built.pyz"))
        digest = hashlib.sha256(shipped.read_bytes()).hexdigest()[:16]
        target = folder / f"dossier-worker-{digest}.pyz"
        if not target.exists():
            copy = private_file(Path(own, "copied.pyz"))
            os.replace(shutil.copyfile(shipped, copy), target)
    return target
