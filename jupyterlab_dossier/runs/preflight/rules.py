"""What is known to be wrong with cells before any of them is sent.

Pure: a plan, and facts that others gathered (`survey`). An error stands only where the cell would
fail for certain; what may still go well is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...targets import Target, Usable
from ..model import BadInput, Cell, Json
from ..planning.plan import Step
from ..progress import bytes_words
from ..workers.environments import Environment

Level = Literal["error", "warning"]
Kind = Literal["undefined", "unshippable", "package", "version", "file", "target", "install"]

# Where these stand in a cell, it may find modules in other places than its interpreter does.
_PATHS = re.compile(r"\b(sys\s*\.\s*(path|modules|meta_path)|site|importlib)\b")
# Where these stand, names may be bound that no analysis sees.
_NAMESPACES = re.compile(
    r"__main__|__dict__|__builtins__|\b(builtins|sys\s*\.\s*modules|globals|locals|vars|exec|eval"
    r"|setattr|get_ipython|user_ns|_getframe|currentframe|inspect|ctypes|gc)\b|import\s*\*"
)
_INSTALLS = re.compile(r"\binstall\b")
# Bytes of files that are told of before they are sent.
_LARGE = 100 * 10**6
_FOLDERS = re.compile(r"\bchdir\b|^\s*%?cd\b|%pushd|%popd", re.M)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a cell, and what to do about it; for the user."""

    cell: str
    index: int
    level: Level
    kind: Kind
    message: str
    action: str
    field: str | None = None
    """The field of the cell's metadata that it is about."""

    def to_json(self) -> Json:
        return {name: value for name, value in vars(self).items() if name != "field"}

    def __str__(self) -> str:
        return f"cell {self.index} ({self.cell}): {self.text}"

    @property
    def text(self) -> str:
        """What stands on the cell."""
        return f"{self.message}. {self.action}" if self.action else self.message


class Refused(BadInput):
    """Cells that would fail for certain were not sent."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        errors = [p for p in self.problems if p.level == "error"]
        fields = {p.field or ("target" if p.kind == "target" else "cell") for p in errors}
        super().__init__("\n".join(map(str, errors)), fields.pop() if len(fields) == 1 else "cell")


def refuse(problems: Iterable[Problem]) -> None:
    """Raises `Refused` if one of them is an error."""
    found = list(problems)
    if any(problem.level == "error" for problem in found):
        raise Refused(found)


def lasting(problems: Iterable[Problem]) -> list[Problem]:
    """Of what is wrong with cells what is not settled once they run: all targets have answered."""
    return [problem for problem in problems if problem.kind != "target"]


class Before:
    """What cells that run before another one may change for it; gathered as they come."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.written: set[str] = set()
        self.unseen = False
        """They may write what no analysis sees."""
        self.finds = False
        """They may change where modules are found."""
        self.installs = False
        self.makes = False
        """They may write files, modules among them."""
        for step in steps:
            self.add(step)

    def add(self, step: Step) -> None:
        spec = step.spec
        self.written.update(spec.get("writes") or [])
        self.unseen |= bool(step.barrier or spec.get("unknown") or spec.get("outside"))
        self.makes |= bool(step.barrier or spec.get("outside"))
        self.finds |= _PATHS.search(step.cell.source) is not None
        self.installs |= _INSTALLS.search(step.cell.source) is not None

    def doubtful(self, step: Step, now: bool) -> bool:
        """Whether other modules may be there for a cell than are now.

        `now`: it is the next to run, so that what they installed or wrote is there by now.
        """
        own = Before([step])
        return (
            self.finds
            or own.finds
            or own.installs
            or own.makes
            or ((self.installs or self.makes) and not now)
        )


# names


def undefined(
    step: Step,
    known: Callable[[str], bool],
    definers: Mapping[str, tuple[int, ...]],
    doubtful: bool,
    one_by_one: bool,
    gone: Mapping[str, int] | None = None,
) -> Iterator[Problem]:
    """Names that a cell reads and nothing has.

    `definers`: the cells that would define a name; `doubtful`: other code may bind names unseen;
    `gone`: the cells that made names before the kernel was restarted.
    """
    if "raises-exception" in step.cell.tags:
        return
    for name, sure in _needs(step, "names").items():
        missing = name in (step.spec.get("missing") or []) or name in step.inputs
        if known(name) or not missing:
            continue
        doubts = doubtful or binds_unseen(step, besides=(name,))
        cells = [n for n in definers.get(name, ()) if n != step.cell.index]
        if one_by_one:
            message = f"`{name}` is not defined"
            action = (
                f"{gone_words(name, gone[name])}: run that cell again"
                if gone and name in gone
                else f"Run code cell {cells[-1] + 1} first: it defines it"
                if cells
                else "No cell of the notebook defines it"
            )
        else:
            message = f"`{name}` is not defined: no cell before this one defines it"
            action = (
                f"Cell {cells[0]} does: move it before this one"
                if cells
                else "Define or import it in this cell or in one before it"
            )
        yield _problem(step.cell, sure and not doubts, "undefined", message, action)


def gone_words(name: str, maker: int) -> str:
    """That a restart took a name; `maker` is the index of the cell that had made it."""
    return f"`{name}` was made by code cell {maker + 1} before the kernel was restarted"


def binds_unseen(step: Step, besides: Collection[str] = ()) -> bool:
    """Whether a cell may bind names that no analysis sees."""
    unknown = {text.partition(".")[0] for text in step.spec.get("unknown") or []}
    hidden = step.barrier is not None or _NAMESPACES.search(step.cell.source) is not None
    return hidden or bool(unknown - {*besides})


# values


def unshippable(
    step: Step, name: str, manifest: Json, maker: int | None, place: str, holder: str | None
) -> Problem:
    """An input that lives where the cell does not run; `maker` is the index of its cell."""
    user = step.cell.index + 1
    made = f", made by code cell {maker + 1}" if maker is not None else ""
    message = (
        f"`{name}` ({manifest['type']}){made} and used by code cell {user}, lives in {place} and"
        f" cannot be moved: {manifest['unshippable']}"
    )
    action = f"Run code cell {user} on {holder!r} too" if holder else "Run it in the kernel"
    if maker is not None:
        action += f", or make `{name}` in the same cell that uses it"
    return _problem(step.cell, True, "unshippable", message, action)


def split_values(steps: Mapping[str, Step], target: Callable[[Cell], str]) -> Iterator[Problem]:
    """In a workflow: values that cannot be moved between cells that name different targets."""
    for step in steps.values():
        for name, producer in step.inputs.items():
            maker = steps[producer]
            if name not in (maker.spec.get("unshippable") or []):
                continue
            there, here = target(maker.cell), target(step.cell)
            # Cells that name no target of their own go where the value is.
            if step.cell.target is None or {there, here} <= {"kernel", "local"} or there == here:
                continue
            sure = _needs(step, "names").get(name, False)
            message = (
                f"`{name}`, made by cell {maker.cell.index} on {there!r} and used by cell"
                f" {step.cell.index} on {here!r}, cannot be moved between them"
            )
            action = f"Give both cells the same target, or make `{name}` in the cell that uses it"
            yield _problem(step.cell, sure, "unshippable", message, action)


# packages


def modules(step: Step, steps: Mapping[str, Step]) -> dict[str, bool]:
    """Top-level modules that a cell needs, its own and those its names refer to; whether surely."""
    found = dict(_needs(step, "modules"))
    names = _needs(step, "names")
    for name, producer in step.inputs.items():
        module = (steps[producer].spec.get("needs") or {}).get("imported", {}).get(name)
        if module is not None:
            found[module] = found.get(module, False) or names.get(name, False)
    return found


def packages(
    step: Step,
    wanted: Mapping[str, bool],
    target: str,
    here: Environment,
    there: Environment,
    own: Collection[str],
    doubtful: bool,
) -> Iterator[Problem]:
    """Modules that the target does not have, or has in another version.

    `own`: modules of the notebook's folder; `doubtful`: cells change where modules are found.
    """
    for name, sure in sorted(wanted.items()):
        if name in own or name not in there.modules:
            continue
        theirs, ours = there.modules[name], here.modules.get(name)
        if theirs is None:
            # One that no distribution brought here is the user's own, from wherever it was found.
            unclear = doubtful or (ours is not None and ours["version"] is None)
            package = (ours or {}).get("distribution") or name
            message = f"`{name}` is not installed on {target!r}"
            if ours is None:
                message += ", nor in the notebook's kernel"
            action = (
                f"Install it there (`{there.prefix}/bin/python -m pip install {package}`), or"
                " choose another target"
            )
            sure = sure and not unclear and "raises-exception" not in step.cell.tags
            yield _problem(step.cell, sure, "package", message, action)
        elif ours is not None and ours["version"] and theirs["version"] != ours["version"]:
            if theirs["version"] is None:
                continue
            message = (
                f"{name} is {ours['version']} here and {theirs['version']} on {target!r}: results"
                " may differ"
            )
            action = "Install the same version, or run the cell where the others run"
            yield _problem(step.cell, False, "version", message, action)
    minor, other = (e.python.rpartition(".")[0] for e in (here, there))
    if minor and other and minor != other:
        message = (
            f"Python is {here.python} here and {there.python} on {target!r}: results may differ,"
            " and functions and classes of the notebook may not work there"
        )
        action = "Give the target an interpreter of the same minor version"
        yield _problem(step.cell, False, "version", message, action)


def installs(
    step: Step, target: str, here: Environment | None, there: Environment | None
) -> Iterator[Problem]:
    """What commands that install packages change, and where."""
    for command in (step.spec.get("needs") or {}).get("installs") or []:
        if there is None:
            message = f"`{command}` changes the environment of the workers on {target!r}"
            action = "What else uses that environment sees the change too"
        else:
            same = here is not None and here.prefix == there.prefix
            message = f"`{command}` changes {there.prefix} on {target!r}"
            if command.startswith("!"):
                message = (
                    f"`{command}` changes the environment of the first such program on the PATH of"
                    f" {target!r}, which may not be the workers' ({there.prefix})"
                )
            action = (
                "It is the environment of the notebook's kernel too; what is imported already"
                " stays as it is until a restart"
                if same
                else "All workers of the target share it; the notebook's kernel is not changed"
            )
        yield _problem(step.cell, False, "install", message, action)


# files


def paths(step: Step, moves: bool) -> list[str]:
    """Literal paths that a cell reads for certain and that it does not write itself.

    `moves`: a cell may change the folder in which they are looked for (`moves_folder`).
    """
    if moves:
        return []
    texts = (step.spec.get("needs") or {}).get("texts") or []
    reads = {text for text in step.spec.get("reads") or [] if text.startswith("<file ")}
    written = set(step.spec.get("writes") or [])
    found = {text: _resource(text) for text in texts}
    return [t for t, r in found.items() if r in reads - written and "://" not in t and t.strip()]


def moves_folder(steps: Iterable[Step]) -> bool:
    """Whether a cell may change the working folder."""
    return any(_FOLDERS.search(step.cell.source) for step in steps)


def files(
    step: Step, wanted: Collection[str], exist: Collection[str], before: Before, target: Target
) -> Iterator[Problem]:
    """Files that a cell reads and that are not there; `exist` are those of this machine."""
    for path in wanted:
        if path in exist:
            if not target.shares_folder and path.startswith("/"):
                message = f"it reads `{path}`, which is here but perhaps not on {target.name!r}"
                action = "Name it from the notebook's folder, so that it is sent"
                yield _problem(step.cell, False, "file", message, action)
        elif not before.unseen and not _covered(_resource(path), before.written):
            message = f"it reads `{path}`, which does not exist, and no cell before it writes it"
            yield _problem(step.cell, False, "file", message, "Check the path")


def travelling(
    step: Step, target: Target, count: int, size: int, largest: tuple[str, int], fits: bool,
    unknown: bool, notes: Iterable[str],
) -> Iterator[Problem]:  # fmt: skip
    """Files that are to be sent to a target without the notebook's folder.

    `unknown`: it may use others, whose names no text says; `notes`: what is left here, and why.
    """
    most = f"the largest is `{largest[0]}` ({bytes_words(largest[1])})"
    if not fits:
        message = (
            f"it needs {count} files of {bytes_words(size)}, {most}: {target.name!r} takes"
            f" {target.files_count} files of {bytes_words(target.files_size)}"
        )
        action = "Name fewer, or change `files_count` or `files_size` in the target's settings"
        yield _problem(step.cell, True, "file", message, action)
    elif size > _LARGE:
        message = f"{bytes_words(size)} of files are sent to {target.name!r}: {most}"
        yield _problem(step.cell, False, "file", message, "")
    for note in notes:
        yield _problem(step.cell, False, "file", note, "")
    if unknown:
        sent = f"{count} that its text names" if count else "none"
        message = (
            "it uses files whose names are known only while it runs: of the notebook's folder,"
            f" {sent} {'is' if count == 1 else 'are'} sent to {target.name!r}"
        )
        action = 'Declare others in the cell\'s metadata: `"effects": {"reads": ["file:x.csv"]}`'
        yield _problem(step.cell, False, "file", message, action)


# targets


def options(cell: Cell, wrong: tuple[str, str] | None) -> Iterator[Problem]:
    """An option that the target does not take (`options.wrong`)."""
    if wrong is not None:
        problem = _problem(cell, True, "target", wrong[1], "Change the cell's options")
        yield replace(problem, field=wrong[0])


def unusable(cell: Cell, usable: Usable, where: str) -> Problem:
    """A target that cannot be used now; of one that does not answer that is not known."""
    if usable.again:
        message = f"{where}{usable.why}: whether it can be used is not known now"
        return _problem(cell, False, "target", message, "It is asked again when the cell is run")
    return _problem(cell, True, "target", f"{where}{usable.why}", "Choose another target")


# parts


def _problem(cell: Cell, sure: bool, kind: Kind, message: str, action: str) -> Problem:
    return Problem(cell.id, cell.index, "error" if sure else "warning", kind, message, action)


def _needs(step: Step, kind: str) -> dict[str, bool]:
    found: dict[str, bool] = (step.spec.get("needs") or {}).get(kind) or {}
    return found


def _resource(path: str) -> str:
    from ...dataflow.paths import resource

    return resource(path)


def _covered(resource: str, written: Collection[str]) -> bool:
    from ...dataflow.paths import among

    return bool(among(resource, written))
