"""What a task was seen to do, as its key has it: its files, and why its result is not taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...dataflow.paths import among, resource
from ..files import told
from ..files.contents import Contents, Unknown
from ..model import Json
from ..planning import observations
from .keys import Met

if TYPE_CHECKING:
    from ..planning.plan import Step
    from ..tasks.state import RunState, Task
    from .lineage import Lineage

# Of a list of files, the worker kernel's check tells so many at most.
_MOST_FILES = 1000


class Seen:
    """Judges what the tasks of one run did, by what the worker kernel's check tells of them."""

    def __init__(self, state: RunState, lineage: Lineage, contents: Contents) -> None:
        self._state, self._lineage, self._contents = state, lineage, contents
        self.met: dict[str, Met] = {}
        """What each task that has succeeded met, where all files that it read are known."""

    def note_files(self, task: Task, met: Met, message: Json, began: float) -> None:
        """Which files it read and wrote, and what is in them. Raises `Unknown`."""
        read, written = observations.files(message)
        if max(len(read), len(written)) >= _MOST_FILES:
            raise Unknown("it uses too many files")
        literal, trees = self._lineage.literals(task)
        unsent = told.missing(message)
        # Native code writes without being seen; a database may only have been read.
        left = {*written, *told.changed(message)}
        left |= _file_names(task.step, "writes") - set(read)
        for path in sorted({*read, *literal} - left):
            if not self._lineage.sees(task, path):
                raise Unknown(f"it reads files on its target (`{path}`)")
            if path in unsent and self._contents.of(path) is not None:
                raise Unknown(f"`{path}` was not sent to its target")
            if self._contents.changed_since(path, began):
                raise Unknown(f"`{path}` was changed while it ran")
            if path in trees:
                met.trees.append(path)
            met.files[path] = self._contents.of(path, path in trees)
        for path in sorted(left):
            if path in read:
                raise Unknown(f"it changes `{path}` where it lies")
            if not self._lineage.sees(task, path):
                raise Unknown(f"it writes files on its target (`{path}`)")
            met.written[path] = self._contents.of(path)
        self._note_set_up(task, met)

    def _note_set_up(self, task: Task, met: Met) -> None:
        """The files that the set-up before it reads: its worker kernel has read them too."""
        steps = self._state.plan.steps
        for setup in task.step.prefix:
            if not setup.reads:
                continue
            seen = self.met.get(setup.cell)
            if seen is None:
                index = steps[setup.cell].cell.index
                raise Unknown(f"it is not known which files the set-up in cell {index} read")
            for path, content in seen.files.items():
                if path.endswith(".py") or not among(resource(path), setup.reads):
                    continue
                if not self._lineage.sees(task, path):
                    raise Unknown(f"the set-up before it reads files on its target (`{path}`)")
                if path in met.written or self._contents.of(path, path in seen.trees) != content:
                    raise Unknown(f"`{path}`, which the set-up before it reads, was changed")
                met.files[path] = content
                if path in seen.trees and path not in met.trees:
                    met.trees.append(path)

    def bars(self, task: Task, met: Met, message: Json) -> Iterator[str]:
        """Why a result is not one that its key can know."""
        step, effects = task.step, observations.effects_of(message)
        if not effects.get("files"):
            yield "it was not watched while it ran"
        if step.barrier:
            yield f"what it does cannot be known ({step.barrier})"
        for name, words in (("network", "it uses the network"), ("spawned", "it starts programs"),
                            ("hidden", "it looks where no analysis sees")):  # fmt: skip
            if found := effects.get(name):
                yield f"{words} ({found[0]})"
        if "*" in (effects.get("unchecked") or []):
            yield "the check of what it did failed"
        yield from self._lineage.bars(task, met)
        given = met.versions
        for name in effects.get("drawn") or []:
            own = name in step.outputs and name not in (step.spec.get("unseeded") or [])
            if name in given and not self._unseeded(name, task.cell.id):
                continue
            if not own and not (step.spec.get("traits") or {}).get("imports_only"):
                yield "it draws random numbers that nobody seeded"
        for before in self._state.plan.changers:
            cell = before.cell
            if before.barrier and cell.index < task.cell.index and cell.id in self._state.tasks:
                yield f"cell {cell.index} may have changed its process"

    def _unseeded(self, name: str, cell: str | None) -> bool:
        """Whether a generator's state goes back to one that nobody set."""
        plan = self._state.plan
        while cell is not None:
            if name in (plan.steps[cell].spec.get("unseeded") or []):
                return True
            cell = plan.steps[cell].inputs.get(name)
        return False


def _file_names(step: Step, kind: str) -> set[str]:
    names = step.spec.get(kind) or []
    return {n[len("<file ") : -1] for n in names if n.startswith("<file ")}
