"""What a task's value hangs on beside its inputs: code, modules, packages, environment.

A cell's *lineage* is itself and all cells that its inputs come from, directly or not; what any of
them imports may have a part in its value.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...dataflow import traits
from ...dataflow.traits import NATIVE_MODULES
from ..files import contents
from ..model import Json
from ..planning import plan as planning
from . import keys
from .keys import Fixed, Met

if TYPE_CHECKING:
    from ...targets import Target
    from ..planning.plan import Step
    from ..tasks.state import RunState, Task
    from ..workers.environments import Environment, Environments

# Of the environment, what has no part in results and differs from start to start.
_VOLATILE = ("JPY_", "JUPYTER", "DOSSIER", "PYTEST_", "SSH_", "XDG_", "DBUS_", "VSCODE_", "TMUX")
_VOLATILE_NAMES = {"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "TERM", "WINDOWID"}
# Options that bound a cell, and are no part of what it computes.
_LIMITS = {"cpu", "memory", "time", "walltime", "timeout", "gpu_memory", "queue", "partition"}
# pandas' own readers of native files: where analysis knows the path, the file is known.
_KNOWN_READERS = {"read_parquet", "read_feather", "read_orc", "read_hdf"}
# What functions of libraries that open files by themselves are called.
_READS = re.compile("read|scan|open|load|im|sql|query|connect|execute|File|Dataset|Video")
# Formats of `logging` with the time, and what writes such lines.
_TIMED_LINES = re.compile(r"asctime|msecs|relativeCreated|[({]created")
# "Writing x", or "Overwriting x".
_TELLS_IF_NEW = re.compile(r"\s*%%(writefile|file)\b(?!.*\s-a\b|.*\s--append\b)")
_LOGS = re.compile(r"(?i)log|warn")
_PLAIN = ("int", "float", "str", "bool", "bytes", "complex", "NoneType", "numpy.", "pandas.",
          "datetime.", "range")  # fmt: skip


# What a cell, or its target, sets of a worker's environment (`Catalogue.variables`).
Variables = Callable[["Target", Json], Mapping[str, "str | None"]]


class Lineage:
    """The fixed parts of keys, and what the text of cells says of their results."""

    def __init__(
        self, state: RunState, environments: Environments, python: str, env: Mapping[str, str],
        conditions: Json, variables: Variables,
    ) -> None:  # fmt: skip
        self._state = state
        self._environments = environments
        self._python = python
        self._env = {**os.environ, **env}
        self._conditions = conditions
        self._variables = variables
        self._folder = Path(state.workflow.path).parent
        self._texts: dict[tuple[str, int], tuple[str, traits.Traits, list[str]]] = {}
        self._inside: dict[str, traits.Traits] = {}
        """What the user's own modules say, by name."""
        self._packages: Environment | None = None

    async def fixed(self, task: Task) -> Fixed:
        """The parts of a task's key that are known now, before it runs."""
        step = task.step
        line = self.of(task.cell.id)
        names = {m for cell in line for m in self._modules(self._state.plan.steps[cell])}
        modules, packages = await self._found(names)
        # Set-up that is replayed before it may read these too.
        told = line | {setup.cell for setup in step.prefix}
        variables = {v for cell in told for v in self._traits(cell).get("environment") or ()}
        for module in modules:
            if known := self._inside.get(module):
                variables |= {*known.environment}
        place = bool(modules) or any(self._traits(cell).get("shows_place") for cell in told)
        options = {k: v for k, v in task.cell.options.items() if k not in _LIMITS}
        effects = {k: v for k, v in (task.cell.effects or {}).items() if k != "reuse"}
        return Fixed(
            source=str(self._traits(task.cell.id).get("source")),
            may_fail="raises-exception" in task.cell.tags,
            target="here" if self.is_here(task) else task.target,
            options=options,
            effects=effects or None,
            setup=self._set_up(step),
            modules=modules,
            packages=packages,
            environment={name: self._variable(name) for name in sorted(variables)},
            conditions={**self._conditions_of(task), "Python": await self._interpreter()},
            place=str(self._folder) if place else None,
        )

    def _set_up(self, step: Step) -> list[str]:
        """The set-up before a cell, with the imports where they stand in it."""
        found = []
        before = planning.ahead(self._state.plan, step.prefix, step.inputs.items())
        for setup, names in zip(step.prefix, before, strict=True):
            if names:
                found.append(f"import {', '.join(sorted(names))}")
            found.append(setup.source)
        return found

    def _conditions_of(self, task: Task) -> Json:
        """Those of the run, where its cell or target sets no others (thread counts, say)."""
        given = self._variables(self._state.targets[task.target], task.cell.options)
        return {name: given.get(name, value) for name, value in self._conditions.items()}

    def of(self, cell: str) -> set[str]:
        """The cells that have a part in what a cell computes, itself included."""
        return planning.lineage(self._state.plan, cell)

    def is_here(self, task: Task) -> bool:
        """Whether it runs on this machine, with the files that the server sees."""
        return self._state.targets[task.target].kind in ("local", "kernel")

    def sees(self, task: Task, path: str) -> bool:
        """Whether what it found at a path is what the server has there."""
        target = self._state.targets[task.target]
        if target.shares_folder:
            return self.is_here(task) or not os.path.isabs(path)
        return not os.path.isabs(path) and not path.startswith("..")

    # text

    def _traits(self, cell: str) -> Json:
        found: Json = self._state.plan.steps[cell].spec.get("traits") or {}
        return found

    def shows_source(self, task: Task) -> bool:
        return any(self._traits(cell).get("shows_source") for cell in self.of(task.cell.id))

    def shows_numbers(self, task: Task) -> bool:
        return any(self._traits(cell).get("shows_numbers") for cell in self.of(task.cell.id))

    def raw(self, task: Task) -> str:
        """The text of a cell and of all that it calls."""
        line = sorted(self.of(task.cell.id), key=self._state.plan.order.index)
        return keys.digest([self._traits(cell).get("raw") for cell in line])

    def numbers(self, task: Task) -> str:
        """The numbers by which what a cell shows may name it and the cells that it calls."""
        return keys.digest([task.count, self._state.numbers(task)])

    def literals(self, task: Task) -> tuple[set[str], set[str]]:
        """Files that its text names, and those that it reads with all that is below them."""
        found, trees = set[str](), set[str]()
        for name in task.step.spec.get("reads") or []:
            if name.startswith("<file "):
                path = name[len("<file ") : -1]
                if not path.endswith(".py"):
                    found.add(path)
        found |= {file for _, file in self._native(task, self._callable(task, None)) if file}
        trees = {path for path in found if os.path.isdir(self._folder / path)}
        return found, trees

    def there(self, task: Task) -> dict[str, bool]:
        """Files that a cell tells whether they were there before it, and whether they are."""
        if not _TELLS_IF_NEW.match(task.cell.source):
            return {}
        writes = task.step.spec.get("writes") or []
        paths = [name[len("<file ") : -1] for name in writes if name.startswith("<file ")]
        return {path: os.path.exists(self._folder / path) for path in paths}

    def bars(self, task: Task, met: Met) -> Iterator[str]:
        """What the text says against taking a result again."""
        step = task.step
        own = self._traits(task.cell.id)
        yield from own.get("volatile") or []
        yield from self._suspected(step, own.get("suspects") or [])
        sources = (self._state.plan.steps[c].cell.source for c in self._callable(task, met))
        if self.logs_time(task) and any(_LOGS.search(source) for source in sources):
            yield "lines of the log show the time"
        for words in step.spec.get("outside") or []:
            if words.startswith("writes "):
                continue
            if words == "a database" and "sqlite3" in self._used(step):
                continue  # a file, which the check sees
            yield f"it touches the outside ({words})"
        called = self._callable(task, met)
        for cell in called:
            if cell != task.cell.id or own.get("calls"):
                traits_of = self._traits(cell)
                yield from traits_of.get("inside") or []
                maker = self._state.plan.steps[cell]
                yield from self._suspected(maker, traits_of.get("suspects_inside") or [])
        for module in self._used(step):
            if known := self._inside.get(module):
                for words in known.inside:
                    yield f"module `{module}`: {words}"
                if known.native or known.native_inside:
                    yield f"module `{module}` reads files in a way nobody sees"
        reads = step.spec.get("reads") or []
        declared = [e for e in (task.cell.effects or {}).get("reads") or () if e[:5] == "file:"]
        if declared and "file:*" not in declared:
            return
        for call, file in self._native(task, called):
            told = call.rpartition(".")[2] in _KNOWN_READERS and "<files>" not in reads
            if file is None and not told:
                yield f"it is not known which files `{call}` reads"
        listed = {call for call, file in self._native(task, called) if file is not None}
        names = {n for n, m in self._bound(step).items() if m in NATIVE_MODULES}
        for call in step.spec.get("unknown") or []:
            reads_files = _READS.match(call.rpartition(".")[2]) is not None
            if call.partition(".")[0] in names and reads_files and call not in listed:
                yield f"it is not known which files `{call}` reads"

    def logs_time(self, task: Task) -> bool:
        """Whether a cell up to this one sets a format of log lines that has the time."""
        return self._times_from is not None and self._times_from <= task.cell.index

    @functools.cached_property
    def _times_from(self) -> int | None:
        """The first cell that sets such a format."""
        cells = (step.cell for step in self._state.plan.steps.values())
        return min((c.index for c in cells if _TIMED_LINES.search(c.source)), default=None)

    def _suspected(self, step: Step, suspects: list[list[str]]) -> Iterator[str]:
        """Attributes of names that mean a module with clocks or entropy."""
        bound = self._bound(step)
        for name, path in suspects:
            if bound.get(name) in traits.CHANGING_MODULES:
                yield f"it may read the clock or chance (`{path}`)"

    def _native(self, task: Task, called: list[str]) -> list[tuple[str, str | None]]:
        """Calls that may open files unseen: of the cell itself, and of what it calls."""
        found = list(self._traits(task.cell.id).get("native") or [])
        for cell in called:
            if cell != task.cell.id or self._traits(cell).get("calls"):
                found += self._traits(cell).get("native_inside") or []
        return [(call, file) for call, file in found]

    def _callable(self, task: Task, met: Met | None) -> list[str]:
        """The cell and those whose functions and classes it may call."""
        versions = self._state.versions
        given = met.versions.values() if met is not None else [
            m["version"]
            for name, producer in task.step.inputs.items()
            if (m := versions.find(name, producer, self._state.inputs)) is not None
        ]  # fmt: skip
        found = {task.cell.id: None}
        for version, manifest in versions.closure(given).items():
            maker = versions.makers.get(version)
            if maker is not None and not str(manifest.get("type")).startswith(_PLAIN):
                found[maker] = None
        return list(found)

    # modules

    def _bound(self, step: Step) -> dict[str, str]:
        """Names that mean modules, or what is in them, in a cell."""
        steps = self._state.plan.steps
        found = dict(step.imported)
        for name, producer in step.inputs.items():
            module = steps[producer].imported.get(name)
            if module is not None:
                found[name] = module
        return found

    def _used(self, step: Step) -> set[str]:
        needs = step.spec.get("needs") or {}
        return {*self._bound(step).values(), *(needs.get("modules") or {})}

    def _modules(self, step: Step) -> set[str]:
        imports = {name.partition(".")[0] for name in step.spec.get("imports") or []}
        return imports | self._used(step)

    async def _found(self, names: set[str]) -> tuple[dict[str, str], dict[str, str | None]]:
        """The user's own modules by content, packages by version; with all that they import."""
        modules: dict[str, str] = {}
        packages: dict[str, str | None] = {}
        todo, seen = set(names), set[str]()
        while todo:
            seen |= todo
            here = await asyncio.to_thread(contents.local_modules, todo, self._folder)
            places = {name: self._place(name) for name in here}
            known = await self._ask(todo - here)
            for name in todo - here:
                found = known.get(name)
                if found is None:
                    packages[name] = None
                elif found.get("own"):
                    places[name] = found["own"]
                if found is not None and found.get("version"):
                    packages[str(found["distribution"])] = found["version"]
                    packages.update(found.get("needs") or {})
            todo = set()
            for name, place in places.items():
                digest, imports = await asyncio.to_thread(self._module, name, place)
                modules[name] = digest
                todo |= set(imports) - seen
        return modules, packages

    def _place(self, name: str) -> str:
        folder = self._folder / name
        return str(folder if folder.is_dir() else self._folder / f"{name}.py")

    async def _interpreter(self) -> str:
        if self._packages is None:
            self._packages = await self._environments.here(self._python, [])
        return "" if self._packages is None else self._packages.python

    async def _ask(self, names: set[str]) -> dict[str, Any]:
        """What the interpreter has of these; all that the notebook names is asked for at once."""
        if not names:
            return {}
        known = self._packages.modules if self._packages is not None else {}
        if not names <= known.keys():
            steps = self._state.plan.steps.values()
            wanted = {*names, *known, *(m for step in steps for m in self._modules(step))}
            wanted -= await asyncio.to_thread(contents.local_modules, wanted, self._folder)
            self._packages = await self._environments.here(self._python, wanted)
        return {} if self._packages is None else dict(self._packages.modules)

    def _module(self, name: str, place: str) -> tuple[str, list[str]]:
        try:
            texts = contents.module_files(place)
        except OSError:
            return "", []
        digest = contents.digest_of(texts)
        known = self._texts.get((digest, len(texts)))
        if known is None:
            whole, imports = traits.Traits(), set[str]()
            for text in texts.values():
                found, more = traits.of_module(text)
                whole.inside += found.inside
                whole.environment += found.environment
                whole.native += found.native + found.native_inside
                whole.shows_source = whole.shows_source or found.shows_source
                imports |= {*more}
            known = self._texts[digest, len(texts)] = (digest, whole, sorted(imports))
        self._inside[name] = known[1]
        return digest, known[2]

    # environment

    def _variable(self, name: str) -> str | None:
        if name != "*":
            value = self._env.get(name)
            return None if value is None else hashlib.sha256(value.encode()).hexdigest()
        pairs = sorted(
            (n, v)
            for n, v in self._env.items()
            if not n.startswith(_VOLATILE) and n not in _VOLATILE_NAMES
        )
        return hashlib.sha256(repr(pairs).encode()).hexdigest()
