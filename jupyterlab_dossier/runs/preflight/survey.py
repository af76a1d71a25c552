"""Gathers the facts for preflight: from analysis, disk, interpreters, and the user's kernel."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import kernelspecs
from ..files import naming, travel
from ..files.contents import local_modules
from ..model import Cell, Json, Workflow, target_of
from ..planning import conditions
from ..planning import plan as planning
from ..planning.plan import Plan, Step
from ..tasks.attempts import Failure
from ..workers.environments import Environment
from . import options, rules
from .rules import Problem

if TYPE_CHECKING:
    from ..engine.engine import Engine
    from ..tasks.state import RunState
    from ..workers.worker import Recipe, Worker


@dataclass
class Session:
    """What the one-by-one session of a kernel knows."""

    path: str
    held: Mapping[str, Json]
    """The newest manifest of each name that was made remotely, or exported."""
    bound: Collection[str]
    """Names that the worker kernel of the cell's target has bound."""
    gone: Mapping[str, int]
    """The index of the cell that made each name which a restart of the kernel took."""
    facts: Json
    """What the user's kernel says of itself (`values.remote.environment_json`)."""


@dataclass
class Report:
    """What was found, and whether the target's own interpreter was heard."""

    problems: list[Problem] = field(default_factory=list)
    complete: bool = True


class Around:
    """What is asked for each cell of a plan, and found out once for all of them."""

    def __init__(self, plan: Plan, before: Iterable[Step] = ()) -> None:
        self.steps = plan.steps
        self.before = rules.Before(before)
        self.naming = naming.Naming(plan)
        self.moves = rules.moves_folder(plan.steps.values())


async def of_workflow(engine: Engine, workflow: Workflow) -> list[Problem]:
    """What is wrong with the cells of a workflow."""
    observed = await engine.observed(workflow)
    graph = await engine.graph(workflow)
    plan = planning.make(workflow.cells, graph, observed)
    chosen = set(plan.order)
    if workflow.only is not None:
        chosen = planning.needed(plan, workflow.only & chosen)
    steps = {i: s for i, s in plan.steps.items() if i in chosen and not planning.is_blank(s.cell)}
    found: list[Problem] = []
    names = list(dict.fromkeys(target_of(step.cell, workflow) for step in steps.values()))
    # At once: those that do not answer delay it by the time limit of one.
    checks = await asyncio.gather(*map(engine.catalogue.check, names))
    checked = dict(zip(names, checks, strict=True))
    told: set[str] = set()
    for step in steps.values():
        name = target_of(step.cell, workflow)
        if not checked[name].usable and (step.cell.target or name not in told):
            where = "" if step.cell.target else "the default target: "
            found.append(rules.unusable(step.cell, checked[name], where))
            told.add(name)
        if checked[name].possible:
            found += rules.options(step.cell, options.wrong(step.cell, name, engine.catalogue))
    found += undefined_names(plan, steps)
    found += rules.split_values(steps, lambda cell: target_of(cell, workflow))
    env = conditions.environment(1)
    around = Around(plan)
    for step in steps.values():
        name = target_of(step.cell, workflow)
        if checked[name].possible:
            recipe = engine.recipe(name, workflow.kernelspec, env, asked=step.cell.options)
            report = await _elsewhere(engine, step, around, workflow, recipe)
            found += report.problems
        around.before.add(step)
    return sorted(found, key=lambda problem: problem.index)


def undefined_names(plan: Plan, steps: Mapping[str, Step]) -> Iterator[Problem]:
    """Names that the cells of a workflow read and no cell before defines."""
    definers = _definers(plan)
    doubtful = False
    for step in steps.values():
        if step.spec.get("syntax_error") and "raises-exception" not in step.cell.tags:
            # The run ends here, as Restart & Run All does: that cell failing is what is to be seen.
            return
        has = step.inputs.__contains__
        yield from rules.undefined(step, has, definers, doubtful, one_by_one=False)
        doubtful = doubtful or rules.binds_unseen(step)


async def _elsewhere(
    engine: Engine, step: Step, around: Around, workflow: Workflow, recipe: Recipe,
    worker: Worker | None = None,
) -> Report:  # fmt: skip
    """What of a workflow's cell is another matter on its target than here."""
    wanted = rules.modules(step, around.steps)
    here = await engine.environments.here(_interpreter(workflow.kernelspec), wanted)
    folder = Path(workflow.path).parent
    return await _compare(engine, step, around, folder, recipe, here, wanted, worker, now=False)


async def of_cell(
    engine: Engine, plan: Plan, cell: Cell, target: str, recipe: Recipe, session: Session,
    worker: Worker | None = None,
) -> Report:  # fmt: skip
    """What is wrong with a cell that is to run now, on a target that is usable."""
    step = plan.steps[cell.id]
    facts = session.facts
    known = {*facts["names"], *session.held, *session.bound}
    problems = list(rules.options(cell, options.wrong(cell, target, engine.catalogue)))
    problems += rules.undefined(
        step, known.__contains__, _definers(plan), False, one_by_one=True, gone=session.gone
    )
    names: dict[str, bool] = (step.spec.get("needs") or {}).get("names") or {}
    for name in sorted(names.keys() & session.held.keys()):
        manifest = session.held[name]
        holder = manifest.get("holder")
        if manifest.get("unshippable") and holder != recipe.place:
            maker = maker_of(plan, name, manifest)
            problems.append(
                rules.unshippable(step, name, manifest, maker, place_words(holder), holder)
            )
    wanted = rules.modules(step, plan.steps)
    for name, module in {**facts["of"], **_types(names, session.held)}.items():
        if module not in ("builtins", "__main__"):
            wanted[module] = wanted.get(module, False) or names.get(name, False)
    around = Around(plan, [other for other in plan.steps.values() if other is not step])
    here = Environment.of(facts)
    folder = Path(session.path).parent
    report = await _compare(engine, step, around, folder, recipe, here, wanted, worker, now=True)
    return Report(problems + report.problems, report.complete)


def asked_of_kernel(
    step: Step, plan: Plan, held: Mapping[str, Json]
) -> tuple[list[str], list[str]]:
    """The modules and names that the user's kernel is to tell about."""
    names = (step.spec.get("needs") or {}).get("names") or {}
    modules = {*rules.modules(step, plan.steps), *_types(names, held).values()}
    return sorted(modules), sorted(names)


def _types(names: Collection[str], held: Mapping[str, Json]) -> dict[str, str]:
    """The top-level modules of the types of values that were made remotely."""
    found = {name: str(held[name].get("type")) for name in names if name in held}
    return {name: kind.partition(".")[0] for name, kind in found.items() if "." in kind}


def place_words(holder: str | None) -> str:
    """Where a value lives that cannot be moved."""
    return f"the worker kernel on {holder!r}" if holder else "the notebook's kernel"


def maker_of(plan: Plan, name: str, manifest: Json) -> int | None:
    """The index of the cell that made a value: the one that ran, else the last that would."""
    made: int | None = manifest.get("maker")
    return made if made is not None else next(iter(_definers(plan).get(name, ())[-1:]), None)


async def on_worker(
    engine: Engine, state: RunState, step: Step, recipe: Recipe, worker: Worker
) -> None:
    """What only a worker that has started can say. Raises `Failure` before the cell is sent."""
    provider = engine.catalogue.provider(worker.target)
    python = recipe.argv[0] if recipe.argv else recipe.python
    if provider is None or provider.interpreter(worker.target, python) is not None:
        return  # it was known, and told, before the run began
    before = [s for s in state.plan.steps.values() if s.cell.index < step.cell.index]
    around = Around(state.plan, before)
    report = await _elsewhere(engine, step, around, state.workflow, recipe, worker)
    not_run(report.problems)


def not_run(problems: Sequence[Problem]) -> str | None:
    """Raises `Failure` for errors; the words of warnings, if there are any."""
    errors = [problem.text for problem in problems if problem.level == "error"]
    if errors:
        raise Failure(f"not run: {'; '.join(errors)}")
    return "; ".join(problem.message for problem in problems) or None


async def _compare(
    engine: Engine, step: Step, around: Around, folder: Path, recipe: Recipe,
    here: Environment | None, wanted: Mapping[str, bool], worker: Worker | None, now: bool,
) -> Report:  # fmt: skip
    target = engine.catalogue.targets[recipe.target]
    there = await engine.environments.there(target, recipe, list(wanted), worker)
    paths = rules.paths(step, around.moves)
    exist, own = await asyncio.to_thread(_on_disk, folder, paths, list(wanted))
    problems: list[Problem] = []
    if here is not None and there is not None:
        doubtful = around.before.doubtful(step, now)
        problems += rules.packages(step, wanted, target.name, here, there, own, doubtful)
    problems += rules.installs(step, target.name, here, there)
    problems += rules.files(step, paths, exist, around.before, target)
    names = functools.partial(around.naming.of, step.cell.id)
    asked = travel.wanted(str(folder / "notebook"), target, step.cell, "", names)
    if asked is not None:
        found, _ = await asyncio.to_thread(engine.travel.find, asked)
        # A pattern that fits files is as good as their names.
        unknown = asked.named.unknown and not found.fitted
        problems += rules.travelling(
            step, target, found.count, found.size, found.largest, found.fits(target), unknown,
            found.notes,
        )  # fmt: skip
    return Report(problems, there is not None)


def _on_disk(folder: Path, paths: Sequence[str], modules: Sequence[str]) -> Any:
    there = {path for path in paths if os.path.exists(folder / path)}
    return there, local_modules(modules, folder)


def _definers(plan: Plan) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for step in plan.steps.values():
        for name in step.outputs:
            if name not in step.inputs:  # it makes the name, and does not only change what it is
                found[name] = (*found.get(name, ()), step.cell.index)
    return found


def _interpreter(kernelspec: str) -> str:
    found = kernelspecs.interpreter(kernelspec)
    return found.argv[0] if found.argv else found.python
