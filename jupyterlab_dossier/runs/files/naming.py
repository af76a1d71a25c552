"""What a cell names of the files that it uses: its text, what it calls, and its metadata."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ..model import Json

if TYPE_CHECKING:
    from ..planning.plan import Plan, Step

_LITERAL = re.compile(r"([A-Za-z]{0,2})('{3}|\"{3}|'|\")((?:\\.|(?!\2)[^\\]){1,1000}?)\2", re.S)
_COMMAND = re.compile(r"^\s*[!%]+(.*)$", re.M)
# The notebook's folder itself, listed.
_LISTS = re.compile(
    r"\b(listdir|scandir|walk)\(\s*(\)|['\"]\.['\"])|\b(getcwd|cwd|Path)\(\s*(['\"]\.['\"])?\s*\)"
)
_FIELD = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Named:
    """What the text of a cell and its metadata say of the files that it uses."""

    reads: frozenset[str] = frozenset()
    """By analysis, or declared."""
    writes: frozenset[str] = frozenset()
    literals: frozenset[str] = frozenset()
    """Texts and patterns, of which some may name files."""
    modules: frozenset[str] = frozenset()
    unknown: bool = False
    """It may read files that no text names."""
    opens: bool = False
    """It may read what is in folders that it names."""


def hidden(named: Named) -> frozenset[str]:
    """Of the paths that a cell's text names, those that are hidden."""
    texts = (*named.reads, *named.writes, *named.literals)
    paths = {os.path.normpath(text) for text in texts if "." in text}
    return frozenset(path for path in paths if f"{os.sep}." in f"{os.sep}{path}")


def remembered(setting: Json) -> Named:
    """What a cell that another engine sent is known to name."""
    return Named(literals=frozenset(setting.get("hidden") or ()))


def named(plan: Plan, cell: str) -> Named:
    """What a cell names: itself, what it calls, and the set-up that is replayed before it."""
    return Naming(plan).of(cell)


class Naming:
    """What the cells of a plan name. For all of them, the text of each is looked at once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lines: dict[str, Texts] = {}

    def of(self, cell: str) -> Named:
        step = self._plan.steps[cell]
        makers = (maker for setup in step.prefix for maker in setup.inputs.values())
        line = _all_of(map(self._line, dict.fromkeys((cell, *makers))))
        literals, modules = set(line.literals), set(line.modules)
        for setup in step.prefix:
            literals |= texts_in(setup.source)
            modules |= _imports(setup.source)
        reads, writes = (step.spec.get(kind) or [] for kind in ("reads", "writes"))
        said = (step.cell.effects or {}).get("reads") or []
        declared = {name[len("file:") :] for name in said if name.startswith("file:")} - {"*"}
        literals.discard(".")  # of what a text is split at, most often
        if "<files>" in reads and _LISTS.search(step.cell.source):
            literals.add(".")
        return Named(
            reads=frozenset(_paths(reads) | declared),
            writes=frozenset(_paths(writes)),
            literals=frozenset(literals),
            modules=frozenset(modules),
            unknown="<files>" in reads,
            opens="<files>" in (*reads, *writes) or bool(step.barrier or step.spec.get("unknown")),
        )

    def _line(self, cell: str) -> Texts:
        """The texts of a cell and of all that its inputs come from."""
        todo = [cell]
        while cell not in self._lines:
            current = todo[-1]
            makers = dict.fromkeys(self._plan.steps[current].inputs.values())
            before = [maker for maker in makers if maker not in self._lines]
            if before:
                todo += before
                continue
            todo.pop()
            if current not in self._lines:
                own = _texts_of(self._plan.steps[current])
                self._lines[current] = _all_of((*(self._lines[m] for m in makers), own))
        return self._lines[cell]


class Texts(NamedTuple):
    """Literals and modules in the text of cells."""

    literals: frozenset[str]
    modules: frozenset[str]


def _texts_of(step: Step) -> Texts:
    needs = step.spec.get("needs") or {}
    names = [*(step.spec.get("imports") or []), *(needs.get("modules") or {})]
    names += map(str, (needs.get("imported") or {}).values())
    modules = frozenset(name.partition(".")[0] for name in names)
    return Texts(texts_in(step.cell.source), modules)


def _all_of(found: Iterable[Texts]) -> Texts:
    """Together; along a chain that names nothing new it stays the same object."""
    parts = sorted(found, key=lambda texts: -len(texts.literals))
    whole = parts[0]
    for part in parts[1:]:
        literals = whole.literals
        if not part.literals <= literals:
            literals |= part.literals
        modules = whole.modules
        if not part.modules <= modules:
            modules |= part.modules
        whole = Texts(literals, modules)
    return whole


def _paths(resources: Iterable[str]) -> set[str]:
    return {name[len("<file ") : -1] or "." for name in resources if name.startswith("<file ")}


@lru_cache(4096)  # a cell's text is that of every cell that uses its names
def texts_in(source: str) -> frozenset[str]:
    """Texts and patterns that stand in a source, of which some may name files."""
    found = set()
    for kind, _, text in _LITERAL.findall(source):
        if "\n" in text or not text.strip():
            continue
        if "f" in kind.lower():
            text = _FIELD.sub("*", text)
            if len(plain(text)) < 2:
                continue  # it may be any name: told as unknown
        found.add(text)
    for line in _COMMAND.findall(source):
        found |= set(re.split(r"[\s;|&<>\"'=]+", line))
    if source.lstrip().startswith("%%"):
        found |= set(re.split(r"[\s;|&<>\"'=()]+", source))
    return frozenset(found - {""})


def plain(pattern: str) -> str:
    """What of a pattern stands in every name that fits it."""
    return re.sub(r"\[[^\]]*\]|[^A-Za-z0-9_]", "", pattern)


def _imports(source: str) -> set[str]:
    return set(re.findall(r"(?:^|\s)(?:from|import)\s+(\w+)", source))
