"""What a cell was seen to do beyond what analysis says of it, and how that is remembered.

The worker kernel's check (`effects` of a `done` message) tells what the cell did. What analysis
did not foresee becomes an observation: told on the cell, taken into the analysis of this run and,
by notebook and source, of later ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import Json

if TYPE_CHECKING:
    from ..model import Cell
    from .plan import Plan, Step

Observed = dict[str, list[str]]

_KEPT = 200
_LENGTH = 300
_NAME_ERROR = re.compile(r"name '([^']+)' is not defined")
# In the words of the user, kind by kind; a kind that is not here is remembered without a word.
_WORDS = {
    "mutated": "it changes {}",
    "writes": "it sets {}",
    "reads": "it uses {}",
    "random": "it draws from {}",
    "process": "it changes its process ({})",
    "files_written": "it writes {}",
    "files_read": "it reads {}",
    "outside": "it reaches {}",
    "hidden": "it looks where no analysis sees ({})",
}


def source_key(cell: Cell) -> str:
    """What observations of a cell are kept under in its notebook: its source."""
    return hashlib.sha256(cell.source.encode()).hexdigest()


def effects_of(message: Json) -> Json:
    """What a `done` message says of the cell's effects; untrusted input."""
    effects = message.get("effects")
    return effects if isinstance(effects, dict) else {}


def beyond(plan: Plan, cell: str, message: Json) -> Observed:
    """What a worker's `done` message tells that the plan did not foresee; untrusted input."""
    step = plan.steps[cell]
    effects, files = effects_of(message), files_of(message)
    foreseen = set(step.outputs)
    deletes = set(step.spec.get("deletes") or [])
    writes = [n for n in _texts(effects.get("bound")) if n not in foreseen]
    writes += [n for n in _texts(effects.get("deleted")) if n not in foreseen | deletes]
    found: Observed = {
        "writes": writes,
        "mutated": [n for n in _texts(effects.get("changed")) if n not in step.mutated],
        "random": [
            n
            for n in _texts(effects.get("random"))
            # Libraries draw when they are imported; it matters where another cell draws too.
            if n not in foreseen
            and any(n in s.outputs or n in s.inputs for s in _others(plan, cell))
        ],
        "reads": _missing(plan, step, message),
        "hidden": _texts(effects.get("hidden")),
    }
    said = step.cell.effects or {}
    if not said.get("pure") and said.get("barrier") is not False:
        # What the user says of the outside and the process is the user's to know.
        if not (step.changes_process or step.setups):
            found["process"] = _texts(effects.get("process"))
        if not step.outside:
            found["outside"] = _texts(effects.get("network"))
        # What has a name that is new each time can be no other cell's.
        written = set(_texts(files.get("written"))).difference(_texts(files.get("new")))
        found["files_written"] = [f for f in written if not _covers(_resources(step, "writes"), f)]
    found["files_read"] = [
        f
        for f in _texts(files.get("read"))
        if not _covers(_resources(step, "reads"), f)
        and any(_covers(_resources(s, "writes"), f) for s in _others(plan, cell))
    ]
    return {kind: sorted(set(names)) for kind, names in found.items() if names}


def unchanged(message: Json) -> frozenset[str]:
    """Names that analysis says the cell may change, and which it certainly did not."""
    return frozenset(_texts(effects_of(message).get("unchanged")))


def changed(message: Json) -> frozenset[str]:
    """Names that analysis says the cell does not change, and which it did."""
    return frozenset(_texts(effects_of(message).get("changed")))


def moves(message: Json) -> bool:
    """Whether the cell left the folder in which it began."""
    return "cwd" in _texts(effects_of(message).get("process"))


def deleted(message: Json) -> list[str]:
    """Names that the cell unbound."""
    return _texts(effects_of(message).get("deleted"))


def files(message: Json) -> tuple[list[str], list[str]]:
    """Files that the cell was seen to read, and to write; all that the check told."""
    told = files_of(message)
    read, written = (
        [p for p in told.get(kind) or [] if isinstance(p, str)] for kind in ("read", "written")
    )
    return read, written


@dataclass(frozen=True)
class Writer:
    """A cell that ran at the same time as another one, and what it was seen to write."""

    step: Step
    files: Json | None
    """What its `done` message tells of files; None while it runs."""

    def wrote(self, path: str) -> bool:
        """Whether a file is its own: one that it opened, or is known to write."""
        resources = _resources(self.step, "writes")
        if self.files is None:
            # That it may write any file says nothing of this one.
            return _covers((r for r in resources if r != "<files>"), path)
        foreseen = _covers(resources, path)
        if not self.files:
            return foreseen
        if path not in _texts(self.files.get("written")):
            return False
        return foreseen or path not in _texts(self.files.get("noticed"))


def settle_noticed(message: Json, beside: Iterable[Writer]) -> None:
    """Takes out of a `done` message the files that cells beside it wrote.

    Its check has only noticed that they were changed meanwhile: nobody saw it open them.
    """
    told = files_of(message)
    others = list(beside)
    taken = {p for p in _texts(told.get("noticed")) if any(w.wrote(p) for w in others)}
    for kind in ("written", "noticed") if taken else ():
        told[kind] = [p for p in told.get(kind) or [] if p not in taken]


def touches_outside(message: Json) -> bool:
    """Whether the cell was seen to write files, use the network or start programs."""
    effects = effects_of(message)
    acted = files_of(message).get("written") or effects.get("network") or effects.get("spawned")
    return bool(acted)


def reads_modules(message: Json) -> bool:
    """Whether the cell was seen to read Python files, as an import of the notebook's own does."""
    return any(path.endswith(".py") for path in _texts(files_of(message).get("read")))


def merged(old: Mapping[str, Any], new: Observed, now: Observed) -> Observed:
    """Old and new observations of one cell; those `now` are of its newest attempt only."""
    found: Observed = {}
    for kind in _WORDS:
        if names := {*_texts(old.get(kind)), *new.get(kind, ())}:
            found[kind] = sorted(names)[:_KEPT]
    found |= {kind: sorted(names)[:_KEPT] for kind, names in now.items() if names}
    return found


def words(observed: Observed) -> str | None:
    """What is told on the cell; None where there is nothing to tell."""
    parts = []
    for kind, text in _WORDS.items():
        names = observed.get(kind) or []
        if names:
            code = kind not in ("process", "hidden", "outside")
            shown = ", ".join(f"`{n}`" if code else n for n in names[:3])
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            parts.append(text.format(shown + more))
    return f"not foreseen by the analysis: {'; '.join(parts)}" if parts else None


def _others(plan: Plan, cell: str) -> Iterator[Step]:
    return (step for other, step in plan.steps.items() if other != cell)


def _missing(plan: Plan, step: Step, message: Json) -> list[str]:
    """The name that a cell did not find although a cell before it binds it."""
    error = message.get("error")
    if not isinstance(error, dict) or error.get("ename") != "NameError":
        return []
    match = _NAME_ERROR.search(str(error.get("evalue")))
    if match is None or match[1] in step.inputs:
        return []
    bound = False
    for cell in plan.order[: plan.order.index(step.cell.id)]:
        spec = plan.steps[cell].spec
        if match[1] in (spec.get("outputs") or []):
            bound = True
        elif match[1] in (spec.get("deletes") or []):
            bound = False
    return [match[1]] if bound else []


def _resources(step: Step, kind: str) -> list[str]:
    return [n for n in step.spec.get(kind) or [] if n.startswith("<file")]


def _covers(resources: Iterable[str], path: str) -> bool:
    """Whether one of these file resources stands for the path, or for a folder above it."""
    for resource in resources:
        if resource == "<files>":
            return True
        known = resource[len("<file ") : -1]
        if path == known or path.startswith(f"{known}/") or known.startswith(f"{path}/"):
            return True
    return False


def files_of(message: Json) -> Json:
    """What a `done` message says of files; untrusted input."""
    files = effects_of(message).get("files")
    return files if isinstance(files, dict) else {}


def _texts(given: Any) -> list[str]:
    items = given if isinstance(given, list) else []
    return [i[:_LENGTH] for i in items[:_KEPT] if isinstance(i, str)]
