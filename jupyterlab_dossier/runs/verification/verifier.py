"""The verifications of one engine: what goes on, how far it is, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..model import ENDED_RUN, BadInput, Json, Workflow
from ..planning import conditions
from ..planning import plan as planning
from .copying import copied
from .outside import left_out
from .pairs import findings
from .side import Side
from .verdicts import Judged, Verdict, cause_of_conditions, kind

if TYPE_CHECKING:
    from ..engine.engine import Engine

Outcome = Literal["identical", "differs", "unknown"]


@dataclass
class Verified:
    """The outcome; `state` is that under the recorded conditions.

    `unknown`: nothing differs, but there are values that could not be compared.
    """

    run: str
    state: Outcome
    again: str
    """The run under the recorded conditions."""
    cells: list[Verdict]
    other: str | None
    """The run under other conditions."""
    other_conditions: dict[str, str]
    other_cells: list[Verdict]

    def to_json(self) -> Json:
        return asdict(self)


@dataclass
class Progress:
    """How far a verification is."""

    doing: str = "it begins"
    total: int = 0
    """Cells that are executed, in both runs together."""
    runs: list[str] = field(default_factory=list)
    """Those that were begun for it."""


class Verifier:
    """The verifications of one engine; what came of one is kept with its run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, Progress] = {}

    async def verify(self, run: str, outside: bool = False) -> Verified:
        """Executes a workflow run again and compares. Raises `BadInput`."""
        progress = self._progress[run] = Progress()
        try:
            verification = await _Verification.of(self._engine, run, outside, progress)
            found = await verification.outcome()
        finally:
            self._progress.pop(run, None)
        await self._engine.ledger.runs.keep_verified(run, found.to_json())
        return found

    async def start(self, run: str, outside: bool = False) -> None:
        """As `verify`, in the background; `state` tells what came of it. Raises `BadInput`."""
        await self._engine.again(run)  # raises where there is nothing to verify

        async def go() -> None:
            try:
                await self.verify(run, outside)
            except Exception as error:
                words = str(error) or type(error).__name__
                await self._engine.ledger.runs.keep_verified(run, {"state": "failed", "why": words})

        if run not in self._running:
            task = self._running[run] = asyncio.create_task(go())
            task.add_done_callback(lambda _: self._running.pop(run, None))

    async def progress(self, run: str) -> Json | None:
        """`{"ended", "total", "doing"}`: cells, and what goes on; None where nothing does."""
        known = self._progress.get(run)
        if known is None:
            return None
        counts = await self._engine.ledger.runs.progress(known.runs)
        ended = sum(count["ended"] for count in counts.values())
        return {"ended": ended, "total": max(known.total, ended), "doing": known.doing}

    async def state(self, run: str) -> Json:
        """`{"state", "why", "progress", "result"}`.

        `state` is `none`, `running`, `failed`, or that of the `result`, a `Verified`. Raises
        `NoSuchRun`.
        """
        await self._engine.ledger.runs.get(run)
        answer: Json = {"state": "none", "why": None, "progress": None, "result": None}
        if run in self._running:
            return {**answer, "state": "running", "progress": await self.progress(run)}
        found = await self._engine.ledger.runs.verified(run)
        if found is None:
            return answer
        if found["state"] == "failed":
            return {**answer, **found}
        return {**answer, "state": found["state"], "result": found}

    async def close(self) -> None:
        """Gives up what is under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@dataclass(frozen=True)
class _Verification:
    """One verification of one run: what is executed again, and what it is judged by."""

    engine: Engine
    progress: Progress
    workflow: Workflow
    plan: planning.Plan
    was: Side
    left_out: Mapping[str, str]

    @staticmethod
    async def of(engine: Engine, run: str, outside: bool, progress: Progress) -> _Verification:
        """Raises `BadInput`."""
        record = await engine.record(run)
        if record.state not in ENDED_RUN:
            raise BadInput(f"run {run} has not ended: {record.state}", "run")
        workflow = replace(await engine.again(run), fresh=True, shuffle=None)
        was = await Side.of(engine, run)
        plan = planning.make(workflow.cells, was.graph)
        without = {} if outside else left_out(plan, was.effects)
        progress.total = 2 * len(was.tasks.keys() - without.keys())
        return _Verification(engine, progress, workflow, plan, was, without)

    async def outcome(self) -> Verified:
        """Executes the run twice and judges its cells."""
        known: dict[str, str] = self.was.conditions["env"]
        again, cells = await self._once(known, "under the recorded conditions")
        changed = _other(known)
        words = "with another hash seed and thread count"
        other, others = await self._once({**known, **changed}, words)
        firm = {verdict.id for verdict in cells if verdict.differs}
        others = [v for v in others if v.differs and v.id not in firm]
        for verdict in others:
            if verdict.state == "differs":
                verdict.cause = cause_of_conditions(verdict)
        unknown = any(verdict.state == "unknown" for verdict in cells)
        state: Outcome = "differs" if firm else "unknown" if unknown else "identical"
        return Verified(self.was.run, state, again, cells, other, changed, others)

    async def _once(self, env: dict[str, str], words: str) -> tuple[str, list[Verdict]]:
        """The run executed again under these conditions, in a copy of its folder, and judged."""
        self.progress.doing = "the notebook's folder is copied"
        async with copied(Path(self.workflow.path)) as copy:
            self.progress.doing = f"cells run {words}"
            run = await self._execute(copy, env)
            self.progress.doing = "values are compared"
            return run, await self._judge(run, copy)

    async def _execute(self, copy: Path, env: dict[str, str]) -> str:
        """Runs the cells that are to be verified in the copied folder; the run's name."""
        engine = self.engine
        for source, body in (
            await engine.ledger.observations.of_notebook(self.workflow.path)
        ).items():
            await engine.ledger.observations.keep(str(copy), source, body)
        moved = replace(
            self.workflow, path=str(copy), notebook_id=None, without=frozenset(self.left_out)
        )
        run = await engine.submit(moved, env=env)
        self.progress.runs.append(run)
        try:
            await engine.wait(run)
        except asyncio.CancelledError:
            await engine.cancel(run)
            raise
        return run

    async def _judge(self, run: str, copy: Path) -> list[Verdict]:
        was, now = self.was, await Side.of(self.engine, run)
        renamed = (str(copy.parent), str(Path(self.workflow.path).parent))
        # One that ended otherwise, or was skipped, is told by its state.
        alike = [c for c in now.tasks if kind(now.tasks[c]) == kind(was.tasks.get(c, "")) in _RAN]
        said = await findings(self.engine, self.workflow, was, now, alike, renamed)
        keys = await self.engine.ledger.keys.of_run(run)
        barred = {cell: key.barred for cell, key in keys.items()}
        return Judged(
            self.workflow, self.plan, was, now, said, barred, self.left_out, renamed
        ).verdicts()


# States in which a cell has left what can be compared.
_RAN = ("done", "failed")


def _other(env: Mapping[str, str]) -> dict[str, str]:
    """Another hash seed, and other thread counts."""
    seed = env.get("PYTHONHASHSEED") or "0"
    found = {"PYTHONHASHSEED": str(int(seed) + 1) if seed.isdecimal() else "1"}
    for name in conditions.THREADS:
        found[name] = "1" if env.get(name, "1") != "1" else "2"
    return found
