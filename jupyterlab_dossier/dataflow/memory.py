"""Names and objects while a cell is walked: reading, binding, sharing, changing."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from . import history, paths
from . import library as data
from .facts import Facts, Setup, State, Where, quote
from .values import (
    ANY,
    NO_REGIONS,
    NOTHING,
    Class,
    Frame,
    Function,
    Instance,
    Value,
    constant,
    join,
    plain,
)

Binding = tuple[Value | None, bool]  # None: unbound; True: certainly bound by this cell
Saved = tuple[dict[str, Binding], list[tuple[Frame, dict[str, Value]]]]
Watch = dict[tuple[Frame | None, str], Value]

_CONTAINERS = frozenset(("list", "tuple", "dict", "set"))
ITERATORS = frozenset(("iterator", "generator", "file", "buffer", "coroutine"))
_UNSHIPPABLE = {
    "file": "an open file",
    "generator": "a generator",
    "coroutine": "a coroutine",
}
PROCESS = frozenset(("process", "modules", "logger", "shell"))
ARRAYS = frozenset(("ndarray", "DataFrame", "Series", "Index", "Locator", "sparse"))
BUILTINS = (
    frozenset(dir(__builtins__)) if not isinstance(__builtins__, dict) else frozenset(__builtins__)
)
_DUNDERS = {"__name__": "__main__", "__doc__": ""}


class Memory:
    """The part of the walk that owns names, regions and the facts."""

    def __init__(self, state: State, lines: list[str], trusted: bool = False) -> None:
        self.state = state
        self.trusted = trusted  # the user says that it is no barrier
        self.heap = state.heap
        self.facts = Facts()
        self.lines = lines
        self.library = data.library()
        self.local: dict[str, Binding] = {}
        self.frames: list[Frame] = []
        self.watchers: list[Watch] = []
        self.maybe = 0  # inside something that may not run
        self.guesses = 0  # inside code that nobody sees, or that something may call
        self.restoring: list[str] = []  # packages whose state the blocks around here put back
        self.site: Where | None = None  # the call at top level that leads here
        self.rebound: list[int] = []  # ages of what was bound anew: who is younger sees nothing
        self.unbound = 0  # how often a variable was looked for that nothing had bound
        self.figure: int | None = None
        self.importing: list[str] = []  # local modules whose bodies run now
        self.raised: list[Value] = []  # exceptions of the notebook
        # Per top-level statement, to know whether it does nothing but set up.
        self.setup_words: list[tuple[str, bool]] = []
        self.other_effects = 0
        self.statement_reads: set[str] = set()
        self.statement_files: dict[str, None] = {}
        self.statement_enters: dict[str, None] = {}
        self.new_each_time: str | None = None  # what gives something else when it is repeated
        self.statement = 0
        self.last_change: dict[str, int] = {}
        self._shared: dict[frozenset[int], list[str]] = {}
        self._shared_version = -1
        self.pending_setup: list[tuple[int, Setup]] = []

    # Positions

    def where(self, node: ast.AST | None) -> Where:
        return self.site if self.site is not None else (self.lines, node)

    # Values

    def is_immutable(self, types: frozenset[Any]) -> bool:
        return self.library.is_immutable(types)

    def value(self, regions: frozenset[int], types: frozenset[Any]) -> Value:
        """A value of these types; without regions if nothing of it can change."""
        if types and self.is_immutable(types):
            return Value(NO_REGIONS, types)
        return Value(regions, types)

    def is_older(self, *values: Value) -> bool:
        """Are there objects in them that the running statement did not make?"""
        fresh, heap = self.heap.fresh, self.heap
        roots = (root for value in values for root in heap.roots(value.regions))
        return any(region not in fresh for root in roots for region in heap.together(root))

    def fresh(self, types: frozenset[Any], elements: frozenset[Any] = frozenset()) -> Value:
        if types and self.is_immutable(types):
            return Value(NO_REGIONS, types)
        return Value(frozenset((self.heap.new(elements),)), types)

    def inside(self, value: Value) -> frozenset[Any]:
        return self.heap.inside(value.regions) if value.regions else frozenset()

    def holds_objects(self, value: Value) -> bool:
        """May it hold mutable objects other than arrays?"""
        inside = self.inside(value)
        if not inside or self.library.is_immutable(inside):
            return False
        immutable = self.library.immutable
        for t in inside:
            if not isinstance(t, str) or not (
                t in immutable or t in ARRAYS or t[0] == "=" or t in ("tuple",)
            ):
                return True
        return False

    def is_array(self, value: Value) -> bool:
        """An array or frame (or a number that was computed from one)."""
        known = ARRAYS | self.library.immutable
        return value.types <= known and not value.types.isdisjoint(ARRAYS)

    # Branches

    def save(self) -> Saved:
        return dict(self.local), [(frame, dict(frame.vars)) for frame in self.frames]

    def restore(self, saved: Saved) -> None:
        if self.local != saved[0]:
            self.rebound.append(-1)
        self.local = dict(saved[0])
        for frame, variables in saved[1]:
            if frame.region is not None and frame.vars != variables:
                self.rebound.append(self.heap.age(self.heap.find(frame.region)))
            frame.vars = dict(variables)

    def merge(self, saved: Saved) -> None:
        """The state after either this path or the saved one."""
        mine = self.local
        for name in {**mine, **saved[0]}:
            a, b = mine.get(name), saved[0].get(name)
            if a is b:
                continue
            self.rebound.append(-1)
            mine[name] = self._either(name, a, b)
        for frame, variables in saved[1]:
            current = frame.vars
            if frame.region is not None and current != variables:
                self.rebound.append(self.heap.age(self.heap.find(frame.region)))
            for name, other in variables.items():
                known = current.get(name)
                current[name] = other if known is None else join(known, other)

    def _either(self, name: str, a: Binding | None, b: Binding | None) -> Binding:
        if a is None:
            a = (self.state.names.get(name), False)
        if b is None:
            b = (self.state.names.get(name), False)
        if a[0] is None or b[0] is None:
            gone = a[0] is None and b[0] is None
            return a[0] or b[0], gone and a[1] and b[1]
        return join(a[0], b[0]), a[1] and b[1]

    def weaken(self, before: Saved, watch: Watch) -> None:
        """The state if what was watched happened in part, or not at all."""
        self.restore(before)
        for (frame, name), value in watch.items():
            if frame is None:
                self.rebound.append(-1)
                self.local[name] = self._either(name, self.local.get(name), (value, True))
            else:
                if frame.region is not None:
                    self.rebound.append(self.heap.age(self.heap.find(frame.region)))
                known = frame.vars.get(name)
                frame.vars[name] = value if known is None else join(known, value)

    # Names

    @property
    def frame(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    def load(self, name: str, node: ast.AST | None) -> Value:
        frame = self.frame
        first = True
        while frame is not None:
            scope = frame.scope
            if frame.outer is not None:
                return self._load_own_global(frame, name)
            if name in scope.globals:
                frame = frame.home
                if frame is not None:
                    continue
                break
            # A class body is seen by its own statements only.
            if (first or not frame.weak) and name in scope.locals:
                found = frame.vars.get(name)
                if found is not None:
                    return found
                self.unbound += 1
                if not frame.weak:
                    return NOTHING
            first = False
            frame = frame.parent
        return self.load_global(name, node)

    def _load_own_global(self, frame: Frame, name: str) -> Value:
        """A global of a module, or of a dict that `exec` was given."""
        found = frame.vars.get(name)
        if found is not None:
            return found
        if name in BUILTINS:
            return plain(f"=builtins.{name}")
        assert frame.outer is not None
        return frame.outer

    def load_global(self, name: str, node: ast.AST | None) -> Value:
        self.statement_reads.add(name)
        binding = self.local.get(name)
        if binding is not None and binding[1] and binding[0] is not None:
            return binding[0]
        known = self.state.names.get(name) if binding is None else binding[0]
        if known is not None:
            self.facts.reads.setdefault(name, self.where(node))
            if history.is_name(name) and name not in self.state.own_history:
                self.facts.history.add(name)
                return self.look_back(f"`{name}` is IPython's history")
            return known
        if name in self.state.names:
            self.facts.reads.setdefault(name, self.where(node))
        if history.is_name(name):
            self.facts.history.add(name)
            return self.look_back(f"`{name}` is IPython's history")
        if name == "__annotations__":
            return self.look_back("`__annotations__` tells what all cells have annotated")
        if name in _DUNDERS:
            return constant(_DUNDERS[name])
        if name not in BUILTINS and name not in ("display", "get_ipython"):
            self.unbound += 1
            self.facts.reads.setdefault(name, self.where(node))
            return plain(ANY)
        if self.state.opaque or self.facts.binds_unseen:
            self.facts.reads.setdefault(name, self.where(node))
        return plain(f"=builtins.{name}")

    def look_back(self, reason: str) -> Value:
        """What IPython has kept of earlier cells is used: they all ran in this kernel."""
        self.barrier(reason)
        if not self.trusted:
            self.facts.needs_kernel_of.setdefault(0, f"{reason}, which a later cell uses")
        return self.everything()

    def bind(self, name: str, value: Value, node: ast.AST | None) -> None:
        if value.loose:
            value = Value(value.regions, value.types, value.const, value.parts)
        frame = self.frame
        while frame is not None:
            scope = frame.scope
            if name in scope.locals or frame.outer is not None:
                self.bind_local(frame, name, value)
                return
            if name in scope.globals:
                frame = frame.home
                if frame is not None:
                    continue
                break
            if name in scope.nonlocals:
                self.bind_nonlocal(frame.parent, name, value, node)
                return
            # Only a comprehension leaves names (of a walrus) to the scope around it.
            frame = frame.parent
        self.bind_global(name, value, node)

    def bind_local(self, frame: Frame, name: str, value: Value) -> None:
        if self.maybe and name in frame.vars:
            value = join(frame.vars[name], value)
        frame.vars[name] = value
        if frame.outer is not None:
            self.rebound.append(-1)
        if frame.outer is not None and not self.importing and frame.region is not None:
            # A global of a module, set by one of its functions.
            home = Value(frozenset((frame.region,)), frozenset())
            self._change_module(home)
            self.keep_in_module(home, value)
            self.state.changed_objects = True
        for watch in self.watchers:
            known = watch.get((frame, name))
            watch[(frame, name)] = value if known is None else join(known, value)
        if name in frame.scope.captured and frame.region is not None:
            if self.importing and all(isinstance(t, Function) for t in value.types):
                # What reaches a module's data does not call its functions.
                return
            self.rebound.append(self.heap.age(self.heap.find(frame.region)))
            self.heap.add((frame.region,), value.types)
            self.heap.union((frame.region, *value.regions))

    def bind_nonlocal(
        self, frame: Frame | None, name: str, value: Value, node: ast.AST | None
    ) -> None:
        while frame is not None and (frame.weak or name not in frame.scope.locals):
            frame = frame.parent
        if frame is None:
            return
        self.state.changed_objects = True
        self.rebound.append(-1)
        known = frame.vars.get(name)
        frame.vars[name] = value if known is None else join(known, value)
        if frame.region is not None:
            self.heap.add((frame.region,), value.types)
            self.heap.union((frame.region, *value.regions))
            self.change(Value(frozenset((frame.region,)), frozenset()), node)

    def bind_global(self, name: str, value: Value, node: ast.AST | None) -> None:
        if self.state.finalizers:
            self.drop(name, node)
        self.other_effects += 1
        self.rebound.append(-1)
        self.last_change[name] = self.statement
        if name not in self.facts.bound:
            self.facts.bound[name] = self.where(node)
        if self.maybe:
            self.local[name] = self._either(name, self.local.get(name), (value, True))
        else:
            self.local[name] = (value, True)
        for watch in self.watchers:
            known = watch.get((None, name))
            watch[(None, name)] = value if known is None else join(known, value)

    def unbind(self, name: str, node: ast.AST | None) -> None:
        frame = self.frame
        if frame is not None and name in frame.scope.locals:
            frame.vars.pop(name, None)
            return
        self.unbind_global(name, node)

    def unbind_global(self, name: str, node: ast.AST | None) -> None:
        self.load_global(name, node)
        if self.state.finalizers:
            self.drop(name, node)
        self.other_effects += 1
        self.rebound.append(-1)
        self.last_change[name] = self.statement
        if self.maybe or self.watchers:
            # Perhaps deleted: the name may still be there.
            known = self.local.get(name) or (self.state.names.get(name), False)
            self.local[name] = (known[0], False)
        else:
            self.local[name] = (None, True)

    def drop(self, name: str, node: ast.AST | None) -> None:
        """What this name held may go, and run `__del__`."""
        binding = self.local.get(name)
        value = self.state.names.get(name) if binding is None else binding[0]
        if value is not None and value.regions:
            self.finalize(value, node)

    def finalize(self, value: Value, node: ast.AST | None) -> None:
        raise NotImplementedError

    # Objects

    def change(self, value: Value, node: ast.AST | None) -> None:
        """The objects of this value may be modified."""
        for t in value.types:
            if isinstance(t, str) and self.is_process(t):
                words = f"`{t[1:]}` is changed" if t[0] == "=" else "process state is set"
                self.process(words, True, t.lstrip("="))
        if not value.regions:
            return
        roots = self.heap.affected(value.regions)
        for root in roots:
            for file in sorted(self.heap.files.get(root, ())):
                self.write_file(file, node)
        only_module = self.heap.process and not self.importing and self._change_module(value)
        if not only_module and self.is_older(value):
            self.other_effects += 1
        for name in self._sharing(frozenset(roots)):
            # Also if the name was bound anew before: its last version holds the object.
            self.facts.mutated.setdefault(name, self.where(node))
            if not self.guesses and not value.regions.isdisjoint(self.state.names[name].regions):
                self.facts.sure.add(name)
            self.last_change[name] = self.statement
        for name in {name for _, setup in self.pending_setup for name in setup.names}:
            bound = self.local.get(name, (None, False))[0]
            if bound is not None and not roots.isdisjoint(self.heap.roots(bound.regions)):
                self.last_change[name] = self.statement
        if self.state.finalizers:
            self.finalize(value, node)

    def _sharing(self, roots: frozenset[int]) -> list[str]:
        """Names that share with these regions; while a cell is walked only the heap moves them."""
        if self._shared_version != len(self.heap.changes):
            self._shared.clear()
            self._shared_version = len(self.heap.changes)
        found = self._shared.get(roots)
        if found is None:
            found = self._shared[roots] = sorted(self.state.sharing(set(roots)))
        return found

    def _change_module(self, value: Value) -> bool:
        """Objects of a local module change; does nothing else?"""
        roots = self.heap.roots(value.regions)
        found = [self.heap.process[root] for root in roots if root in self.heap.process]
        if found:
            values = [*self.state.names.values(), *(v for v, _ in self.local.values() if v)]
            shared = any(not roots.isdisjoint(self.heap.roots(v.regions)) for v in values)
            # An object that is also the notebook's cannot be made again in another process.
            self.process(f"the state of `{min(found)}` is changed", not shared)
        return len(found) == len(roots)

    def fear(self, value: Value) -> None:
        """Any of its attributes may be something else than its class says."""
        for root in self.heap.roots(value.regions):
            if root not in self.heap.opaque:
                self.heap.opaque.add(root)
                self.heap.changes.append(self.heap.age(root))

    def keep_in_module(self, holder: Value, value: Value) -> None:
        """`value` becomes part of `holder`, perhaps of a local module's state."""
        if not self.heap.process or self.importing or not value.regions:
            return
        for root in self.heap.roots(holder.regions):
            if root in self.heap.process:
                module = self.heap.process[root]
                self.process(f"an object of the notebook is put into `{module}`", False)

    def is_process(self, kind: str) -> bool:
        """Modules and classes of libraries, and objects of the process; functions do not change."""
        if kind[0] != "=":
            return kind in PROCESS
        return not kind.startswith("=builtins.") and kind[1:] not in self.library.functions

    def store(self, holder: Value, value: Value, node: ast.AST | None) -> None:
        """`value` becomes part of `holder`."""
        if "namespace" in value.types:
            self.barrier("the namespace itself is used", opaque=True)
        self.change(holder, node)
        if not holder.regions:
            definition = all(isinstance(t, (Function, Class)) for t in value.types)
            if value.regions and not definition and not self._is_made_here(value):
                for t in holder.types:
                    if isinstance(t, str) and self.is_process(t):
                        shown = t.lstrip("=")
                        self.process(f"an object of the notebook is put into `{shown}`", False)
            return
        if self.is_array(holder) and not self.keeps_reference(value):
            return
        self.keep_in_module(holder, value)
        self.heap.add(holder.regions, value.types)
        if value.regions:
            self.heap.union(holder.regions | value.regions)

    def _is_made_here(self, value: Value) -> bool:
        """Plain data that the running statement made: when it is replayed, so is the data."""
        kinds = value.types | self.inside(value)
        plain = _CONTAINERS | self.library.immutable
        return all(isinstance(t, str) and t in plain for t in kinds) and not self.is_older(value)

    def keeps_reference(self, value: Value) -> bool:
        """Would an array or frame hold on to objects of this value when it is put into it?"""
        for t in value.types:
            if t == ANY or not isinstance(t, str):
                return True
            if t in ARRAYS or t in self.library.immutable:
                continue
            if t not in ("list", "tuple", "dict", "iterator", "dictview", "set"):
                return True
        return self.holds_objects(value)

    # Effects

    def barrier(self, reason: str, opaque: bool = False) -> None:
        """Order this cell with all others. `opaque`: it may also bind and share any object."""
        if self.trusted:
            return
        if self.facts.barrier is None:
            self.facts.barrier = reason
        if opaque:
            self.facts.opaque = self.facts.binds_unseen = True
            self.stick(f"{reason}, and may change the process")

    def outside(self, words: str, node: ast.AST | None) -> None:
        self.other_effects += 1
        self.facts.outside.setdefault(words, self.where(node))

    def process(self, words: str, replayable: bool, path: str = "") -> None:
        if path.partition(".")[0] not in self.restoring:
            self.setup_words.append((words, replayable))

    def load_originals(self, path: str, node: ast.AST | None) -> None:
        """Names that hold what is about to be replaced: found by its name it would be the new."""
        for name, value in self.state.names.items():
            if path in value.types or path in self.inside(value):
                self.load_global(name, node)

    def load_definitions(self, values: list[Value] | None, node: ast.AST | None) -> None:
        """Classes and functions are found by name: those of these values, or any."""
        wanted = None
        if values is not None:
            wanted = {t for v in values for t in (*v.types, *self.inside(v))}
            wanted |= {t.cls for t in wanted if isinstance(t, Instance)}
        for name, value in list(self.state.names.items()):
            found = {t for t in value.types if isinstance(t, (Class, Function))}
            if found and (wanted is None or not found.isdisjoint(wanted)):
                self.load_global(name, node)

    def draws(self, generator: str, node: ast.AST | None) -> None:
        """Uses the state of a global random generator and leaves another one."""
        binding = self.local.get(generator)
        if binding is None or not binding[1]:
            self.facts.reads.setdefault(generator, self.where(node))
        self.bind_global(generator, NOTHING, node)

    def seeds(self, generator: str, node: ast.AST | None) -> None:
        self.bind_global(generator, NOTHING, node)

    def resource(self, name: str, write: bool, node: ast.AST | None) -> None:
        self.other_effects += write
        found = self.facts.resource_writes if write else self.facts.resource_reads
        found.setdefault(name, self.where(node))
        if not write and name.startswith("<file"):
            self.statement_files[name] = None

    def file_name(self, path: Value | None) -> str:
        if path is not None and isinstance(path.const, str):
            return self.literal_file(path.const)
        return "<files>"

    def literal_file(self, path: str) -> str:
        if self.state.paths_unclear or any(c in path for c in "*?{}$~"):
            return "<files>"
        return paths.resource(path)

    def enter_folder(self, path: Value | None, node: ast.AST | None) -> None:
        """The working folder is another one from here on; nobody knows which files are meant."""
        if path is None or not isinstance(path.const, str) or path.const.strip("./"):
            # What is above the notebook's folder, and itself, is there.
            name = self.file_name(path)
            self.facts.enters.setdefault(name, self.where(node))
            self.statement_enters[name] = None
        self.state.paths_unclear = True
        self.rebound.append(-1)

    def take_away(self, path: Value | None) -> None:
        """It may be a folder that is moved or removed."""
        name = "" if path is None or not isinstance(path.const, str) else path.const
        self.facts.takes_away[paths.taken(name)] = self.statement

    def touch_file(self, path: Value | None, write: bool, node: ast.AST | None) -> None:
        """A file is read or written; an open file or buffer is an object, not a file."""
        if path is not None and path.types and path.types <= {"file", "buffer"}:
            self.change(path, node)
            return
        if path is not None and isinstance(path.const, str) and "://" in path.const:
            self.outside("network", node)
            return
        name = self.file_name(path)
        if not write:
            self.resource(name, False, node)
            return
        if name.endswith(".py>"):
            self.state.written[name[6:-1]] = None
        self.write_file(name, node)

    def write_file(self, name: str, node: ast.AST | None) -> None:
        self.resource(name, True, node)
        shown = "files" if name == "<files>" else f"`{name[6:-1]}`"
        self.outside(f"writes {shown}", node)

    # Statements of the cell

    def begin_statement(self, number: int) -> None:
        self.statement = number
        self.setup_words = []
        self.other_effects = 0
        self.statement_reads = set()
        self.statement_files, self.statement_enters = {}, {}
        self.new_each_time = None
        self.heap.fresh.clear()

    def end_statement(self, node: ast.stmt) -> None:
        """Decide what a statement that writes process state is: set-up, or sticky."""
        if not self.setup_words:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                self.facts.only_prepares = False
            return
        words = next((w for w, replayable in self.setup_words if not replayable), None)
        shown = quote((self.lines, node))
        if words is not None:
            self.stick(f"{words}: `{shown}`")
        elif self.other_effects or self.facts.barrier:
            self.stick(
                f"{self.setup_words[0][0]}, in a statement that does other things: `{shown}`"
            )
        elif self.new_each_time is not None:
            self.stick(
                f"{self.setup_words[0][0]} by what is new each time (`{self.new_each_time}`):"
                f" `{shown}`"
            )
        else:
            text = ast.get_source_segment("\n".join(self.lines), node) or ast.unparse(node)
            names = {}
            for name in sorted(self.statement_reads):
                if name in self.facts.bound or name in self.facts.mutated:
                    names[name] = True
                elif name in self.state.names:
                    names[name] = False
            for name in names:
                value = self.local[name][0] if name in self.local else self.state.names.get(name)
                if value is not None and (what := self.unshippable(value)) is not None:
                    self.stick(f"`{name}` is {what} and cannot be moved: `{shown}`")
                    return
            files, folders = tuple(self.statement_files), tuple(self.statement_enters)
            setup = Setup(text, names, files, folders, statement=self.statement)
            self.pending_setup.append((self.statement, setup))

    def stick(self, reason: str) -> None:
        if self.facts.sticky is None:
            self.facts.sticky = reason

    def finish(self) -> Facts:
        """Settle what needs the whole cell, and move the notebook's state on."""
        facts, state = self.facts, self.state
        for number, setup in self.pending_setup:
            late = [n for n in setup.names if self.last_change.get(n, -1) > number]
            if late:
                self.stick(f"`{late[0]}` changes after it was used in `{setup.source.strip()}`")
            else:
                after = tuple(n for n, at in self.last_change.items() if at < number)
                facts.setup.append(replace(setup, after=after))
        for name, (value, must) in self.local.items():
            if value is None and must:
                facts.deletes.add(name)
                state.own_history.discard(name)
                facts.bound.pop(name, None)
                state.bind(name, None)
            else:
                if must:
                    facts.must.add(name)
                    if history.is_name(name):
                        state.own_history.add(name)
                if value is not None and "namespace" in value.types:
                    self.barrier("the namespace itself is used", opaque=True)
                if value is not None:
                    facts.bound.setdefault(name, (self.lines, None))
                    state.bind(name, value)
        if facts.opaque:
            self._forget_everything()
        written = [*facts.bound, *facts.mutated] if facts.barrier is None else list(state.names)
        for name in written:
            value = state.names.get(name)
            if value is not None:
                reason = self.unshippable(value)
                if reason:
                    facts.unshippable[name] = reason
        for name in (*facts.bound, *facts.mutated):
            state.writer[name] = state.stamp
        state.cell += 1
        state.opaque = state.opaque or facts.binds_unseen
        return facts

    def _forget_everything(self) -> None:
        """Unseen code may have bound any name to any object; modules stay what they were."""
        state = self.state
        values = {
            name: value
            for name, value in state.names.items()
            if not value.types or not all(isinstance(t, str) and t[0] == "=" for t in value.types)
        }
        types = frozenset(t for v in values.values() for t in v.types) | {ANY}
        region = self.heap.new(types)
        self.heap.union((region, *(r for v in values.values() for r in v.regions)))
        for name in values:
            if name[0] != "<":
                state.bind(name, Value(frozenset((region,)), types))

    def everything(self) -> Value:
        """A value that may be any object there is."""
        values = [*self.state.names.values(), *(v for v, _ in self.local.values() if v is not None)]
        regions = frozenset(r for v in values for r in v.regions)
        types = frozenset(t for v in values for t in v.types if not isinstance(t, str)) | {ANY}
        if not regions:
            return Value(frozenset((self.heap.new(types),)), types)
        return Value(regions, types)

    def unshippable(self, value: Value) -> str | None:
        if not value.regions:
            return None
        for root in self.heap.roots(value.regions):
            if root in self.heap.unshippable:
                return self.heap.unshippable[root]
        for kind in (value.types | self.inside(value)) & _UNSHIPPABLE.keys():
            return _UNSHIPPABLE[kind]
        return None

    def mark_unshippable(self, value: Value, reason: str) -> None:
        for root in self.heap.roots(value.regions):
            self.heap.unshippable.setdefault(root, reason)

    def instance_regions(self, value: Value) -> frozenset[int]:
        """Regions of a value, with those of classes whose attributes its instances share."""
        regions = value.regions
        for t in value.types:
            if isinstance(t, Instance) and t.cls.shared:
                regions |= {t.cls.region}
        return regions
