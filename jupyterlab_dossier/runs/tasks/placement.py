"""When a task may start, and in which worker kernel.

The rules are those of the design ("State that is not a plain value"): values that cannot be
shipped keep their users in the kernel that made them, and so does a process changed beyond replay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..model import ENDED_TASK, SUCCEEDED, Json
from ..workers.worker import Kernel
from .attempts import Failure
from .places import Place
from .state import RunState, Task


class Conflict(Failure):
    """A task cannot run in one place and in another, as it would have to."""

    def __init__(self, why: str, places: Sequence[Place]) -> None:
        super().__init__(why)
        self.places = places


def may_start(state: RunState, task: Task) -> bool:
    """Asked of every cell that waits, often: few questions look at all cells before it."""
    if state.complete is not None:
        return all(state.succeeded(other.cell.id) for other in state.before(task))
    if not all(state.succeeded(cell) for cell in task.step.waits):
        return False
    if state.joins_kernel(task) and any(
        state.is_kernel(other) and not state.succeeded(other.cell.id)
        for other in state.before(task)
    ):
        return False
    together = task.step.together
    if together and any(
        other.step.together == together and other.state not in ENDED_TASK
        for other in state.before(task)
    ):
        return False
    # Values that cannot be shipped are used in notebook order: they may change with each use.
    mine = state.places.held() & task.step.inputs.keys()
    return not mine or all(
        other.state in ENDED_TASK or not (mine & other.step.inputs.keys())
        for other in state.before(task)
    )


def may_start_early(state: RunState, task: Task) -> bool:
    """Whether it may run on values that cells which have not ended only might change.

    What those cells did is compared afterwards, and it runs again where a value did change.
    """
    step = task.step
    if state.complete is not None or not step.doubtful or not step.repeatable:
        return False
    if state.joins_kernel(task) or state.places.sticky is not None or step.together:
        return False
    open_waits = [cell for cell in step.waits if not state.succeeded(cell)]
    if not open_waits or any(cell not in step.doubtful for cell in open_waits):
        return False
    names = {name for cell in open_waits for name in step.doubtful[cell]}
    # Where an earlier run saw the change, it will come again.
    if any(names & set(state.observed.get(c, {}).get("changed") or ()) for c in open_waits):
        return False
    return all(_settled(state, name, step.inputs.get(name)) for name in names)


def _settled(state: RunState, name: str, producer: str | None) -> bool:
    """Whether a version of a name is there, from before cells that only might change it."""
    while producer is not None and not state.succeeded(producer):
        spec = state.plan.steps[producer].spec
        if name not in (spec.get("maybe") or []):
            return False
        producer = state.inputs[producer].get(name)
    manifest = state.versions.find(name, producer, state.inputs) if producer else None
    return manifest is not None and not manifest.get("unshippable")


def place_of(state: RunState, task: Task) -> Place | None:
    """The kernel a task must run in, if any. Raises `Conflict` where there are two."""
    if state.complete is not None:
        return next(iter(state.places.all), None)
    wanted: list[tuple[Place, str]] = []
    for name, producer in _needs(task):
        manifest = state.versions.find(name, producer, state.inputs)
        if manifest is None or not manifest.get("unshippable"):
            continue
        place = state.places.holder(manifest)
        maker = state.tasks[producer].cell.index if producer in state.tasks else producer
        what = (
            f"`{name}` ({manifest['type']}), made by cell {maker} and used by cell"
            f" {task.cell.index}, cannot be moved: {manifest['unshippable']}"
        )
        if place is None or place.kernel.dead:
            raise Failure(f"{what}; the worker kernel that held it is gone: run it again")
        wanted.append((place, what))
    if state.joins_kernel(task) and state.places.shared is not None:
        wanted.append((state.places.shared, "the notebook's kernel is one"))
    if state.places.sticky is not None and _follows_sticky(state, task):
        wanted.append((state.places.sticky, "a cell before it changed its process for good"))
    if not wanted and task.step.together:
        wanted += [(p, "") for p in _mates(state, task)]
    if not wanted:
        return None
    place, what = wanted[0]
    named = task.cell.target
    if named is not None and named != place.target and not state.is_kernel(task):
        raise Failure(f"{what}; but the cell is bound to target {named!r}")
    for other, why in wanted[1:]:
        if other.kernel is not place.kernel:
            places = [place for place, _ in wanted]
            raise Conflict(f"{what}; but {why}, in another worker kernel", places)
    if place.kernel.dead:
        raise Failure(f"{what}; that worker kernel is gone: run it again")
    return place


def _follows_sticky(state: RunState, task: Task) -> bool:
    return any(
        other.step.changes_process and other.state in SUCCEEDED for other in state.before(task)
    )


def _mates(state: RunState, task: Task) -> list[Place]:
    """The place of the cells whose values are used together with this one's."""
    found = (
        state.places.of(other.ran_in)
        for other in state.tasks.values()
        if other.ran_in is not None and other.step.together == task.step.together
    )
    places = [place for place in found if place is not None]
    return [place for place in places if state.same_target(task, place.target)][:1]


def _needs(task: Task) -> list[tuple[str, str]]:
    pairs = list(task.step.inputs.items())
    for setup in task.step.prefix:
        pairs += setup.inputs.items()
    return pairs


def hold(state: RunState, task: Task, kernel: Kernel, manifests: Iterable[Json]) -> None:
    """Keeps a kernel for later tasks where they cannot run elsewhere."""
    held = [m for m in manifests if m.get("unshippable")]
    wanted = any(m["name"] in t.step.inputs for m in held for t in state.after(task))
    sticky = task.step.changes_process and any(True for _ in state.after(task))
    joins = state.is_kernel(task) or state.complete is not None
    if not (wanted or sticky or joins or task.step.together or state.places.of(kernel)):
        return
    why = f"cell {task.cell.index} left state in it"
    place = state.places.keep(kernel, task.target, why)
    place.enter(task.cell.id)
    state.places.hold(place, held)
    if state.joins_kernel(task):
        state.places.shared = place
    if sticky:
        state.places.sticky = place
