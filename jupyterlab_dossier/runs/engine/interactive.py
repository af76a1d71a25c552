"""Running cells one by one: as if each had run in the user's kernel now.

A name has its newest value in one place: in the user's kernel, or as a version that a remote cell
left and the kernel has not loaded yet (`pending`). A remote cell is given the newest values,
wherever they are; a kernel cell has those that it needs loaded first.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio

from ...dataflow.words import RANDOM_STATES
from ...targets import ProviderFault
from ..files import naming, travel
from ..history.inputs import Given
from ..model import BadInput, Cell, Json, TaskRecord, new_id
from ..planning import conditions, observations
from ..planning import plan as planning
from ..preflight import options, rules, survey
from ..tasks.attempts import CHECK, Failure, Setting
from ..values import Versions, blobs
from ..workers.worker import Keeper, Kernel, Lost, Recipe, Worker
from .cellrun import Cancelled, CellRun
from .loading import Loading, Stopped

if TYPE_CHECKING:
    from .engine import Engine


# Seconds in which the user's kernel says what it has before a run begins; else it is asked later.
KERNEL_LIMIT = 5.0


class KernelPort(Protocol):
    """The user's kernel, as the host of the engine reaches it."""

    async def export(self, names: Sequence[str], versions: str) -> list[Json]:
        """Has the kernel store these names; manifests, new versions named `<versions><n>`."""
        ...

    async def load(
        self, inputs: dict[str, str], manifests: dict[str, Json], progress: Path
    ) -> list[str]:
        """Has the kernel bind names to versions, all or none; the names that it bound.

        Raises `loading.Stopped` where the user did not want it.
        """
        ...

    async def look(self) -> Look:
        """What the next cell finds there."""
        ...

    async def environment(self, modules: Sequence[str], names: Sequence[str]) -> Json:
        """What it has installed and bound (`values.remote.environment_json`)."""
        ...

    async def history(self) -> list[Json]:
        """(transformed, as written) of In[0], In[1], …"""
        ...

    async def took(
        self, count: int | None, source: str, deleted: Sequence[str], pending: dict[str, Json]
    ) -> None:
        """A remote cell took this execution count and deleted names; others are pending now."""
        ...

    async def loaded(self, results: Sequence[int], pending: dict[str, Json]) -> None:
        """These results stand under `_<number>`; what is still pending."""
        ...


@dataclass(frozen=True)
class Look:
    """What the next cell finds in the user's kernel."""

    count: int
    """The count that it takes."""
    names: frozenset[str]
    """Names of the user's."""
    ran: frozenset[str]
    """Sources that were executed there or from there, as `source_key` names them."""
    results: tuple[int, ...]
    """Numbers of the cells whose results are in Out."""


def source_key(cell: Cell) -> str:
    """By which a cell is known among those that were executed."""
    return hashlib.sha256(cell.source.rstrip("\n").encode(errors="replace")).hexdigest()


class Interactive:
    """The one-by-one session of one user kernel."""

    def __init__(self, engine: Engine, name: str, path: str, kernelspec: str) -> None:
        self._engine = engine
        self.name = name
        self.path = path
        self.kernelspec = kernelspec
        self._pending: dict[str, Json] = {}
        self._last: dict[str, Json] = {}
        """The newest known version of each name, to see that the kernel's is the same."""
        self._results: dict[str, Json] = {}
        """What remote cells showed, as `_<count>`, and the kernel has not loaded."""
        self._made: dict[str, int] = {}
        """The index of the remote cell that made a name."""
        self._before: dict[str, int] = {}
        """As `_made`, when the kernel was restarted."""
        self._versions = Versions()
        self._kernels: dict[str, Kernel] = {}
        self._keeper = Keeper(
            lambda kernel: kernel in self._kernels.values(), "until the notebook's kernel restarts"
        )
        self._bound: dict[str, set[str]] = {}
        """Names seen bound in the worker kernel of each target."""
        self._order = asyncio.Lock()
        self._runs: dict[str, CellRun] = {}
        self._loading: dict[str, Loading] = {}
        """What is loaded into the user's kernel, by the cell that it is for."""
        self._closed: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # cells with a target

    async def run_cell(
        self,
        cell: Cell,
        target: str,
        others: Sequence[Cell],
        port: KernelPort,
        notebook: str | None = None,
        checked: bool = False,
    ) -> str:
        """Starts a cell on a target and returns its run. Raises `BadInput`.

        `others` are the notebook's other code cells: what their functions do counts, and what
        those that were executed set up. `notebook` is the id by which the run is found when
        the notebook was renamed. `checked`: preflight knew all that it
        looks at.
        """
        usable = await self._engine.catalogue.patient_check(target)
        if not usable.usable:
            raise BadInput(f"cell {cell.index} ({cell.id}): {usable.why}", "target")
        options.check(cell, target, self._engine.catalogue)
        run = new_id()
        env = self._env()
        task = TaskRecord(cell.id, cell.index, "queued", target, None, None, None)
        spec = {
            "cell": {"id": cell.id, "index": cell.index, "source": cell.source},
            "target": target,
        }
        # From now on it may make names: who asks before its turn has come is told that.
        active = self._runs[run] = CellRun(self._engine.dispatcher, run, cell)
        active.checked = checked
        try:
            await self._engine.ledger.runs.add(
                run, "cell", self.path, self._engine.owner, spec, conditions.record(env), [task],
                notebook, durable=False,
            )  # fmt: skip
        except BaseException:
            del self._runs[run]
            raise
        deactivate = self._engine.activate(run, active)

        async def go() -> None:
            state, why = "failed", None
            try:
                async with self._order:
                    state, why = await self._run(active, target, others, port)
            except Cancelled as cancelled:
                state, why = "cancelled", str(cancelled)
                await self._engine.ledger.tasks.move(run, cell.id, state, why)
            except (Failure, ProviderFault, Lost, BadInput) as error:
                state = "lost" if isinstance(error, Lost) and error.worker else "failed"
                why = f"{error}{self._left_behind(active.place or target)}"
                if active.cancelled is not None:
                    state, why = "cancelled", active.cancelled
                await self._engine.ledger.tasks.move(run, cell.id, state, why, active.count)
                await self._ended_early(active, port)
            except Exception as error:
                why = f"a fault of the engine: {type(error).__name__}: {error}"
                await self._engine.ledger.tasks.move(run, cell.id, "failed", why)
                raise
            finally:
                self._runs.pop(run, None)
                try:
                    await self._engine.ledger.runs.end(run, state, why)
                finally:
                    deactivate()

        going = asyncio.create_task(go())
        self._tasks.add(going)
        going.add_done_callback(self._tasks.discard)
        return run

    async def _run(
        self,
        active: CellRun,
        target: str,
        others: Sequence[Cell],
        port: KernelPort,
    ) -> tuple[str, str | None]:
        run, cell = active.run, active.cell
        self._check(active)
        plan = await self._analyse(cell, others)
        step = plan.steps[cell.id]
        look = await port.look()
        executed = {other.id for other in others if source_key(other) in look.ran}
        recipe = self._recipe(target, cell)
        place = active.place = recipe.place
        setups = [setup for setup in step.prefix if setup.cell in executed]
        replayed = self._missing(setups, self._kernels.get(place))
        wanted = self._wanted(step.spec, replayed)
        known = look.names | self._pending.keys() | RANDOM_STATES
        needed = known if wanted is None else wanted & known
        results = self._looked_at(step.spec, look)
        inputs = await self._gather(needed | results.keys(), step.spec, place, port, active, plan)
        history = None
        if step.spec.get("looks_back"):
            shown = [number for name, number in results.items() if name in inputs]
            history = {"inputs": await port.history(), "results": shown}
        kernel = await self._kernel(recipe, active)
        if not active.checked:
            report = await self._survey(cell, target, plan, port, kernel.worker)
            active.notice = survey.not_run(report.problems)
        self._check(active)
        missing = self._missing(setups, kernel)
        ahead = planning.ahead(plan, missing, step.inputs.items())
        setting = Setting(
            run=run,
            cell=cell.id,
            code=cell.source,
            number=1,
            count=look.count,
            inputs=inputs,
            manifests=self._versions.closure(inputs.values()),
            setup=[
                {
                    "code": s.source,
                    "inputs": {n: inputs[n] for n in before | s.inputs if n in inputs},
                }
                for s, before in zip(missing, ahead, strict=True)
            ],
            exports=None if step.barrier else step.outputs,
            mutated=[name for name in step.mutated if name in inputs],
            reset=False,
            live=True,
            cwd=os.path.dirname(self.path) if kernel.worker.target.shares_folder else None,
            files=travel.wanted(
                self.path,
                kernel.worker.target,
                cell,
                self.name,
                lambda: naming.named(plan, cell.id),
                kernel.fresh,
            ),
            durable=step.outside,
            prefix=[s.key for s in missing],
            decide=functools.partial(active.decide, plan, self._gone(step.spec, look)),
            options=recipe.of_cell(cell.options),
            history=history,
            keeps_result=True,
            check=CHECK,
        )
        target_settings = self._engine.catalogue.targets[target]
        async with self._engine.dispatcher.kernel(
            target=target_settings, recipe=recipe, kernel=kernel, prefix=[],
            fresh=False,
        ):  # fmt: skip
            self._check(active)
            active.attempt, active.kernel, active.count = setting.attempt, kernel, look.count
            try:
                outcome = await self._engine.dispatcher.run(setting, kernel)
            finally:
                active.attempt = None
        kernel.prefix += [s.key for s in step.setups]
        await self._engine.dispatcher.commit(outcome)
        if seen := observations.beyond(plan, cell.id, outcome.message):
            remembered = (await self._engine.observed_at(self.path, [cell])).get(cell.id, {})
            kept = {kind: remembered[kind] for kind in _NEWEST if kind in remembered}
            body = observations.merged(remembered, seen, kept)
            key = observations.source_key(cell)
            await self._engine.ledger.observations.keep(self.path, key, body)
        self._versions.add(cell.id, outcome.manifests)
        bound = observations.effects_of(outcome.message).get("bound") or []
        self._bound.setdefault(place, set()).update(map(str, bound))
        if step.outside:
            self._engine.environments.forget(recipe)
        for manifest in outcome.manifests:
            name = manifest["name"]
            manifest["maker"] = cell.index
            if manifest.get("unshippable"):
                manifest["holder"] = place
            if _RESULT.fullmatch(name):
                self._results[name] = manifest
                continue
            self._pending[name] = self._last[name] = manifest
            self._made[name] = cell.index
        for name in outcome.deleted:
            self._pending.pop(name, None)
            self._last.pop(name, None)
            self._made.pop(name, None)
        await port.took(outcome.count, cell.source, outcome.deleted, self._announced())
        return outcome.state, outcome.why

    async def _ended_early(self, active: CellRun, port: KernelPort) -> None:
        """A cell that began has its count and its place in the history, whatever came of it."""
        if active.count is None or self._closed is not None:
            return
        done = {"status": "error", "execution_count": active.count}
        await self._engine.ledger.events.add(active.run, active.cell.id, "done", done)
        with contextlib.suppress(BadInput):  # the kernel may have ended meanwhile
            await port.took(active.count, active.cell.source, (), self._announced())

    async def preflight(
        self, cell: Cell, target: str, others: Sequence[Cell], port: KernelPort
    ) -> survey.Report:
        """What is known now to be wrong with a cell; no worker is started to find out."""
        usable = await self._engine.catalogue.check(target)
        found = [] if usable.usable else [rules.unusable(cell, usable, "")]
        if not usable.possible:
            return survey.Report(found)
        if self._runs or self._order.locked():
            return survey.Report(found, complete=False)  # names are being made
        plan = await self._analyse(cell, others)
        # A kernel that is busy makes names too; of one that is gone the run itself will tell.
        with contextlib.suppress(BadInput), anyio.move_on_after(KERNEL_LIMIT):
            report = await self._survey(cell, target, plan, port)
            return survey.Report(found + report.problems, report.complete)
        return survey.Report(found, complete=False)

    async def _survey(
        self, cell: Cell, target: str, plan: planning.Plan, port: KernelPort,
        worker: Worker | None = None,
    ) -> survey.Report:  # fmt: skip
        held = {**self._last, **self._pending}
        asked = survey.asked_of_kernel(plan.steps[cell.id], plan, held)
        facts = await port.environment(*asked)
        recipe = self._recipe(target, cell)
        bound = self._bound.get(recipe.place, ())
        known = survey.Session(self.path, held, bound, self._before, facts)
        return await survey.of_cell(self._engine, plan, cell, target, recipe, known, worker)

    def _check(self, active: CellRun) -> None:
        """Raises `Cancelled` where the cell is not to start any more."""
        why = active.cancelled or self._closed
        if why is not None:
            raise Cancelled(why)

    # cells of the kernel

    async def prepare(self, cell: Cell, others: Sequence[Cell], port: KernelPort) -> Json:
        """Loads what a kernel cell needs of names made remotely. Raises `BadInput`."""
        answer: Json = {"loaded": [], "bytes": 0, "gone": [], "stopped": False}
        try:
            async with self._loads(cell.id) as loading:
                if self._pending or self._results or self._before:
                    return answer | await self._prepare(cell, others, port, loading)
                return answer
        except Stopped:
            return answer | {"stopped": True}

    def loading(self, cell: str) -> Loading | None:
        """What is loaded for a cell now, or is about to be."""
        return self._loading.get(cell)

    @asynccontextmanager
    async def _loads(self, cell: str) -> AsyncIterator[Loading]:
        """In its turn, a load for a cell; it can be stopped while it waits, too."""
        loading = Loading(self._engine.store.blobs.temporary)
        self._loading[cell] = loading
        try:
            async with self._order:
                loading.check()
                yield loading
        finally:
            if self._loading.get(cell) is loading:
                del self._loading[cell]
            await loading.end()

    async def _load(self, wanted: Mapping[str, Json], port: KernelPort, loading: Loading) -> int:
        """Has the kernel load these; how many bytes that are."""
        inputs = {name: manifest["version"] for name, manifest in wanted.items()}
        manifests = self._versions.closure(inputs.values())
        size = sum(size for manifest in manifests.values() for _, size in blobs(manifest))
        if inputs:
            await loading.begin(list(inputs), size)
            await port.load(inputs, manifests, loading.path)
        return size

    async def _prepare(
        self, cell: Cell, others: Sequence[Cell], port: KernelPort, loading: Loading
    ) -> Json:
        spec = (await self._analyse(cell, others)).steps[cell.id].spec
        names = self._wanted(spec)
        outputs = set(spec.get("outputs") or ())
        gone: list[str] = []
        results: dict[str, int] = {}
        if self._before or (self._results and spec.get("looks_back")):
            look = await port.look()
            gone = self._gone(spec, look)
            results = self._looked_at(spec, look)
        # What it may only bind is loaded too: it may fail before it does.
        wanted = {
            name: manifest
            for name, manifest in self._pending.items()
            if names is None
            or name in names
            or (name in outputs and not manifest.get("unshippable"))
        }
        wanted |= {n: self._results[n] for n in results if n in self._results}
        for name, manifest in list(wanted.items()):
            if not manifest.get("unshippable"):
                continue
            if spec.get("looks_back") and not _named(spec, name):
                del wanted[name]  # it is not asked for, but may be what is looked back at
                continue
            raise BadInput(
                f"`{name}` ({manifest['type']}) lives in a worker kernel and cannot be moved"
                f" to this one: {manifest['unshippable']}. Run this cell on the same target.",
                "target",
            )
        size = await self._load(wanted, port, loading)
        dropped = wanted.keys() | (outputs & self._pending.keys())
        for name in dropped:
            self._pending.pop(name, None)
            self._results.pop(name, None)
        for name in outputs:
            self._made.pop(name, None)  # the kernel's is about to be the newest
            self._before.pop(name, None)
        if dropped:
            shown = [number for name, number in results.items() if name in wanted]
            await port.loaded(shown, self._announced())
        loaded = [name for name in wanted if name not in results]
        return {"loaded": loaded, "bytes": size, "gone": gone}

    async def open_inputs(
        self, cell: str, given: Given, port: KernelPort, replace: bool | None
    ) -> Json:
        """Loads what a cell was given elsewhere into the user's kernel. Raises `BadInput`.

        Where a name has another value now, `replace` says what is to be done; None: nothing at
        all, and the answer tells these names.
        """
        answer: Json = {
            "loaded": [], "bytes": 0, "differing": [], "refused": given.refused, "stopped": False
        }  # fmt: skip
        try:
            async with self._loads(cell) as loading:
                differing = await self._differing(given, port)
                if differing and replace is None:
                    return answer | {"differing": differing}
                kept = () if replace else differing
                wanted = {n: m for n, m in given.values.items() if n not in kept}
                self._versions.manifests |= given.manifests
                size = await self._load(wanted, port, loading)
                for name, manifest in wanted.items():
                    self._last[name] = manifest
                    self._pending.pop(name, None)
                    self._made.pop(name, None)
                await port.loaded((), self._announced())
                loaded = sorted(name for name in wanted if name.isidentifier())
                return answer | {"loaded": loaded, "bytes": size}
        except Stopped:
            return answer | {"stopped": True}

    async def _differing(self, given: Given, port: KernelPort) -> list[str]:
        """Names whose newest value is, or may be, another than the given one."""
        look = await port.look()
        newest = {n: m for n, m in self._pending.items() if n in given.values}
        here = sorted((look.names & given.values.keys()) - newest.keys())
        if here:
            newest |= {m["name"]: m for m in await port.export(here, f"{new_id()}/kernel/")}
        return sorted(
            name
            for name, manifest in newest.items()
            if name in given.values
            and not manifest.get("digest") == given.values[name].get("digest") is not None
        )

    # parts

    @staticmethod
    def _missing(setups: Sequence[planning.Setup], kernel: Kernel | None) -> list[planning.Setup]:
        """Set-up statements that a worker kernel, or a new one, has not been through."""
        through = set() if kernel is None or kernel.dead else set(kernel.prefix)
        return [setup for setup in setups if setup.key not in through]

    @staticmethod
    def _wanted(spec: Json, setups: Iterable[planning.Setup] = ()) -> set[str] | None:
        """Names that a cell, and set-up replayed before it, may need; None for all there are."""
        if spec.get("barrier"):
            return None
        asked = {*(spec.get("inputs") or {}), *(spec.get("reads") or [])}
        asked.update(name for setup in setups for name in setup.inputs)
        return {name for name in asked if name.isidentifier() or name in RANDOM_STATES}

    async def _analyse(self, cell: Cell, others: Sequence[Cell]) -> planning.Plan:
        # Run now means run after everything else: the cell is analysed as the last of all.
        cells = [c for c in others if c.id != cell.id] + [cell]
        observed = await self._engine.observed_at(self.path, cells)
        folder = Path(self.path).parent
        graph = await self._engine.graph_of(self.kernelspec, cells, observed, folder)
        return planning.make(cells, graph, observed)

    def _looked_at(self, spec: Json, look: Look) -> dict[str, int]:
        """Results that a cell looks at, by name, with their numbers: here, or elsewhere."""
        if not spec.get("looks_back"):
            return {}
        numbers = {int(name[1:]) for name in self._results} | set(look.results)
        found: set[int] = set()
        for name in spec.get("history") or ["Out"]:
            if name in ("Out", "_oh"):
                found |= numbers
            elif name in ("_", "__", "___"):
                found |= set(sorted(numbers)[-3:])
            elif _RESULT.fullmatch(name):
                found |= {int(name[1:])} & numbers
        return {f"_{number}": number for number in sorted(found)}

    def _announced(self) -> dict[str, Json]:
        """What the user's kernel is told of names that it has not loaded."""
        told = {}
        for name, manifest in self._pending.items():
            if name.startswith("<"):
                continue
            stays = manifest.get("unshippable")
            told[name] = {
                "type": manifest.get("type", ""),
                "summary": manifest.get("summary", ""),
                "size": None if stays else _size(sum(size for _, size in blobs(manifest))),
                "where": survey.place_words(manifest.get("holder"))
                if stays
                else "not in this kernel yet",
                "made": f"code cell {self._made[name] + 1}" if name in self._made else None,
            }
        return told

    def _gone(self, spec: Json, look: Look) -> list[str]:
        """Names that a cell needs and a restart of the kernel took, in words."""
        used = {*(spec.get("missing") or ()), *(self._wanted(spec) or ())}
        present = look.names | self._pending.keys()
        return [
            rules.gone_words(name, index)
            for name, index in self._before.items()
            if name in used and name not in present
        ]

    def made_before(self, names: Mapping[str, int]) -> None:
        """Names that remote cells had made when the kernel was restarted."""
        self._before = dict(names)

    @property
    def made(self) -> dict[str, int]:
        """The index of the remote cell that made each name, also before the last restart."""
        return {**self._before, **self._made}

    async def _gather(
        self, needed: Set[str], spec: Json, place: str, port: KernelPort, active: CellRun,
        plan: planning.Plan,
    ) -> dict[str, str]:  # fmt: skip
        """The newest version of each needed name; what only the kernel holds it exports now."""
        run = active.run
        ask = sorted(needed - self._pending.keys() - self._results.keys())
        exported = await port.export(ask, f"{run}/kernel/") if ask else []
        for manifest in exported:
            name = manifest["name"]
            before = self._last.get(name)
            same = before is not None and before.get("digest") == manifest.get("digest") is not None
            self._last[name] = before if same and before is not None else manifest
        self._versions.add(f"{run}/kernel", [self._last[m["name"]] for m in exported])
        for manifest in exported:
            self._versions.manifests.setdefault(manifest["version"], manifest)
        if exported:
            await self._engine.ledger.versions.add(run, exported)
        inputs = {}
        for name in sorted(needed):
            known = self._pending.get(name) or self._results.get(name)
            manifest = known or self._last.get(name) or {}
            if manifest.get("unshippable"):
                holder = manifest.get("holder")
                if holder != place:
                    if spec.get("looks_back") and not _named(spec, name):
                        continue  # it is not asked for, but may be what is looked back at
                    problem = rules.unshippable(
                        plan.steps[active.cell.id], name, manifest,
                        survey.maker_of(plan, name, manifest), survey.place_words(holder), holder,
                    )  # fmt: skip
                    raise Failure(f"not run: {problem.text}")
            if manifest:
                inputs[name] = manifest["version"]
        return inputs

    async def _kernel(self, recipe: Recipe, active: CellRun) -> Kernel:
        """The session's own worker kernel in a place, kept as long as the user's kernel."""
        kernel = self._kernels.get(recipe.place)
        if kernel is None or kernel.dead:
            settings = self._engine.catalogue.targets[recipe.target]
            pool = self._engine.pool
            set_task = self._engine.ledger.tasks.move
            tell = functools.partial(set_task, active.run, active.cell.id, "starting")
            worker = await active.lease(pool.leases.lease(settings, recipe, tell, self._keeper))
            kernel = self._kernels[recipe.place] = worker.kernel()
            kernel.kept = "it is the notebook's worker kernel on this target"
            await pool.leases.give_back(worker)
        return kernel

    def _left_behind(self, place: str) -> str:
        """Forgets what lived only in a worker kernel that is no more, and says so."""
        kernel = self._kernels.get(place)
        if kernel is None or not kernel.dead:
            return ""
        gone = []
        for name, manifest in list(self._last.items()):
            if manifest.get("unshippable") and manifest.get("holder") == place:
                gone.append(f"`{name}` ({manifest['type']})")
                del self._last[name]
                self._pending.pop(name, None)
        if not gone:
            return ""
        lived = "lived only there and is" if len(gone) == 1 else "lived only there and are"
        return f"; {', '.join(gone)} {lived} gone"

    def _env(self) -> dict[str, str]:
        return conditions.environment(1)

    def _recipe(self, target: str, cell: Cell) -> Recipe:
        return self._engine.recipe(target, self.kernelspec, self._env(), asked=cell.options)

    async def close(self) -> None:
        """Ends the session's worker kernels: the user's kernel is gone, and so are all names."""
        self._closed = "the kernel was restarted"
        for active in self._runs.values():
            active.cancel(self._closed)
        for kernel in self._kernels.values():
            self._engine.dispatcher.kill(kernel)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for kernel in self._kernels.values():
            self._engine.dispatcher.kill(kernel)


_RESULT = re.compile(r"_\d+")
# Observations of a cell's newest attempt in a workflow; a run of it alone says nothing of them.
_NEWEST = ("unchanged", "changed", "unshippable")


def _named(spec: Json, name: str) -> bool:
    """Whether a cell uses this name, and not only perhaps its value."""
    return name in (spec.get("reads") or ()) or name in (spec.get("history") or ())


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
