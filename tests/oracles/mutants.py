"""Mutants of the analyser: each rule, and each category of library data, switched off in turn.

A rule that can be switched off and nobody notices is not tested, or makes no difference. A mutant
is made from outside, by replacing a method or by changing what a library's table says, while a
notebook is analysed; the notebook then runs in an order that the mutated graph allows.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from jupyterlab_dossier.dataflow import (
    calls,
    expressions,
    graph,
    library,
    magics,
    memory,
    scopes,
    walk,
)
from jupyterlab_dossier.dataflow.calls import Calls
from jupyterlab_dossier.dataflow.effects import Effects
from jupyterlab_dossier.dataflow.elements import Elements
from jupyterlab_dossier.dataflow.expressions import Expressions
from jupyterlab_dossier.dataflow.facts import State
from jupyterlab_dossier.dataflow.functions import Functions
from jupyterlab_dossier.dataflow.library import Library, Result, Spec
from jupyterlab_dossier.dataflow.members import Members
from jupyterlab_dossier.dataflow.memory import Memory
from jupyterlab_dossier.dataflow.parts import Parts
from jupyterlab_dossier.dataflow.values import (
    ANY,
    NO_REGIONS,
    NOTHING,
    Class,
    Heap,
    Instance,
    Value,
    constant,
    plain,
)
from jupyterlab_dossier.dataflow.walk import Walk

Change = Callable[[], AbstractContextManager[Any]]
Method = Callable[..., Any]

RECORD = Path(__file__).with_name("killers.json")


@dataclass(frozen=True)
class Mutant:
    """A rule switched off; `equivalent` says why no program can tell, where that is so."""

    name: str
    change: Change
    equivalent: str | None = None


def killers() -> dict[str, str]:
    """mutant -> the notebook (or `case:` of the table of rules) that notices it."""
    found: dict[str, str] = json.loads(RECORD.read_text())
    return found


# How methods are replaced


@contextmanager
def replaced(owner: Any, name: str, new: Any) -> Iterator[None]:
    """A method or function replaced, also where a table of handlers refers to it."""
    old = getattr(owner, name)
    with ExitStack() as stack:
        stack.enter_context(patch.object(owner, name, new))
        for table in (walk._STATEMENTS, expressions._HANDLERS):
            same = {kind: new for kind, handler in table.items() if handler is old}
            if same:
                stack.enter_context(patch.dict(table, same))
        yield


def rule(owner: Any, name: str, make: Callable[[Method], Method]) -> Change:
    """The method `name`, made anew from the old one."""
    return lambda: replaced(owner, name, make(getattr(owner, name)))


def off(owner: Any, name: str, result: Any = None) -> Change:
    """The method does nothing."""
    return rule(owner, name, lambda old: lambda *args, **more: result)


def within(owner: Any, name: str, inner: str, result: Any = None) -> Change:
    """While the method runs, another method of the walk does nothing."""

    def make(old: Method) -> Method:
        def run(self: Any, *args: Any, **more: Any) -> Any:
            with patch.object(self, inner, lambda *a, **k: result):
                return old(self, *args, **more)

        return run

    return rule(owner, name, make)


def fresh(owner: Any, name: str) -> Change:
    """What the method gives shares nothing with anything."""

    def make(old: Method) -> Method:
        return lambda self, *args, **more: detached(self, old(self, *args, **more))

    return rule(owner, name, make)


def detached(walker: Any, value: Value) -> Value:
    if not value.regions:
        return value
    inside = walker.heap.inside(value.regions)
    region = walker.heap.new(inside)
    return Value(frozenset((region,)), value.types, value.const, None, value.loose)


def finishing(alter: Callable[[Any], None]) -> Change:
    """Facts of a cell altered before the graph is made."""

    def make(old: Method) -> Method:
        def finish(self: Any) -> Any:
            facts = old(self)
            alter(facts)
            return facts

        return finish

    return rule(Memory, "finish", make)


def while_active(name: str, result: Any = None) -> Change:
    """A method that does nothing inside functions of the notebook."""

    def make(old: Method) -> Method:
        def run(self: Any, *args: Any, **more: Any) -> Any:
            return result if self.active else old(self, *args, **more)

        return run

    return rule(Memory, name, make)


def targets(kind: type) -> Change:
    """Assignment to targets of this kind only evaluates them."""

    def make(old: Method) -> Method:
        def assign(self: Any, target: Any, value: Value, node: Any, *more: Any) -> None:
            if isinstance(target, kind):
                assert isinstance(target, (ast.Attribute, ast.Subscript))
                self.evaluate(target.value)
            else:
                old(self, target, value, node, *more)

        return assign

    return rule(Walk, "assign_to", make)


def unseen(*names: str) -> Change:
    """Special methods of the notebook's classes that are not looked up."""

    def make(old: Method) -> Method:
        def lookup(self: Class, name: str, skip: bool = False) -> Value | None:
            found: Value | None = None if name in names else old(self, name, skip)
            return found

        return lookup

    def change() -> AbstractContextManager[Any]:
        stack = ExitStack()
        stack.enter_context(replaced(Class, "lookup", make(Class.lookup)))
        members = Class.all_members

        def all_members(self: Class) -> dict[str, Value]:
            return {k: v for k, v in members(self).items() if k not in names}

        stack.enter_context(replaced(Class, "all_members", all_members))
        return stack

    return change


def edges(unwanted: Callable[[str, str, str], bool]) -> Change:
    """Edges left out, by their kind, name and words."""

    def make(old: Method) -> Method:
        def edge(self: Any, source: int, to: int, kind: str, name: str, why: str) -> None:
            if not unwanted(kind, name, why):
                old(self, source, to, kind, name, why)

        return edge

    return rule(graph._Builder, "edge", make)


def file_edges(wrote: bool, writes: bool) -> Change:
    """No edges between cells of which the first did, and the second does, write a file."""

    def make(old: Method) -> Method:
        def file_edge(self: Any, source: int, to: int, other: str, name: str, *kind: bool) -> None:
            if name == "<display>" or kind != (wrote, writes):
                old(self, source, to, other, name, *kind)

        return file_edge

    return rule(graph._Builder, "_file_edge", make)


def both(*changes: Change) -> Change:
    def change() -> AbstractContextManager[Any]:
        stack = ExitStack()
        for one in changes:
            stack.enter_context(one())
        return stack

    return change


# Single rules


def _no_unpack(old: Method) -> Method:
    def unpack(self: Any, elts: Any, value: Value, node: Any) -> None:
        old(self, elts, detached(self, value), node)

    return unpack


def _no_branches(old: Method) -> Method:
    return lambda self, saved: None


def _local_globals(old: Method) -> Method:
    def of(node: Any) -> Any:
        scope = old(node)
        return replace(scope, locals=scope.locals | scope.globals, globals=set())

    return of


def _local_nonlocals(old: Method) -> Method:
    def of(node: Any) -> Any:
        scope = old(node)
        return replace(scope, locals=scope.locals | scope.nonlocals, nonlocals=set())

    return of


def _no_early_exit(old: Method) -> Method:
    return lambda node: replace(old(node), early_exit=False)


def _first_only(old: Method) -> Method:
    return lambda self, node: self.evaluate(node.values[0])


def _body_only(old: Method) -> Method:
    def conditional(self: Any, node: Any) -> Value:
        self.evaluate(node.test)
        self.evaluate(node.body)
        found: Value = self.evaluate(node.orelse)
        return found

    return conditional


def _leaking_comprehension(old: Method) -> Method:
    def comprehension(self: Any, node: Any) -> Value:
        found: Value = old(self, node)
        for generator in node.generators:
            for name in ast.walk(generator.target):
                if isinstance(name, ast.Name):
                    self.bind_global(name.id, plain("int"), node)
        return found

    return comprehension


def _leaking_class(old: Method) -> Method:
    def define_class(self: Any, node: Any) -> None:
        old(self, node)
        for statement in node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.bind_global(statement.targets[0].id, plain("int"), node)

    return define_class


def _unread_in_functions(old: Method) -> Method:
    def load_global(self: Any, name: str, node: Any) -> Value:
        reads = dict(self.facts.reads)
        found: Value = old(self, name, node)
        if self.active:
            self.facts.reads = reads
        return found

    return load_global


def _one_level(old: Method) -> Method:
    def call_function(self: Any, function: Any, args: Any, node: Any, callee: Value) -> Value:
        if self.active:
            return NOTHING
        found: Value = old(self, function, args, node, callee)
        return found

    return call_function


def _without_kind(kind: str) -> Callable[[Method], Method]:
    def make(old: Method) -> Method:
        def call_function(self: Any, function: Any, args: Any, node: Any, callee: Value) -> Value:
            if function.kind == kind:
                function.kind = ""
            found: Value = old(self, function, args, node, callee)
            return found

        return call_function

    return make


def _plain_decorator(old: Method) -> Method:
    def decorate(self: Any, decorator: Value, source: Any, value: Value, *more: Any) -> Value:
        return value

    return decorate


def _no_properties(old: Method) -> Method:
    def member(self: Any, t: Any, receiver: Value, name: str, node: Any) -> Value:
        cls = t if isinstance(t, Class) else t.cls
        found = cls.lookup(name)
        if found is not None and any(getattr(m, "kind", "") == "property" for m in found.types):
            return Value(receiver.regions, frozenset((ANY,)))
        result: Value = old(self, t, receiver, name, node)
        return result

    return member


def _no_setters(old: Method) -> Method:
    def set_attribute(self: Any, receiver: Value, name: str, value: Value, node: Any) -> None:
        bare = frozenset(t if not isinstance(t, Instance) else "?" for t in receiver.types)
        old(self, Value(receiver.regions, bare), name, value, node)

    return set_attribute


def _direct_sharing(old: Method) -> Method:
    def sharing(self: State, roots: set[int]) -> set[str]:
        first = next(iter(sorted(old(self, roots))), None)
        return set() if first is None else {first}

    return sharing


def _nothing_kept(old: Method) -> Method:
    return lambda self, regions: self.roots(regions)


def _quiet_store(old: Method) -> Method:
    def store(self: Any, holder: Value, value: Value, node: Any) -> None:
        if holder.regions:
            self.heap.add(holder.regions, value.types)
            self.heap.union(holder.regions | value.regions)

    return store


def _store_nothing(old: Method) -> Method:
    def store(self: Any, holder: Value, value: Value, node: Any) -> None:
        self.change(holder, node)

    return store


def _pure_augmented(old: Method) -> Method:
    def in_place(self: Any, target: Value, value: Value, node: Any) -> Value:
        found: Value = self.operate(target, value, node, node.op)
        return found

    return in_place


def _once(old: Method) -> Method:
    return lambda self, once: once()


def _no_consuming(old: Method) -> Method:
    def iterate(self: Any, value: Value, node: Any, consume: bool = True) -> Value:
        found: Value = old(self, value, node, False)
        return found

    return iterate


def _given(old: Method) -> Method:
    return lambda self, function, given, node: given


def _missing_defaults(old: Method) -> Method:
    return lambda self, star, default: plain(ANY)


def _no_dataclass(old: Method) -> Method:
    def instantiate(self: Any, cls: Class, args: Any, node: Any) -> Value:
        cls.stores_arguments = False
        found: Value = old(self, cls, args, node)
        return found

    return instantiate


def _no_may_fail(old: Method) -> Method:
    def add(self: Any, index: int, cell: Any, facts: Any) -> None:
        old(self, index, replace(cell, may_fail=False), facts)

    return add


def _magic_body(old: Method) -> Method:
    return lambda walker, text, node: constant(None)


def _no_process_magics(old: Method) -> Method:
    def line_magic(walker: Any, *args: Any) -> Value:
        with patch.object(walker, "process", lambda *a: None):
            found: Value = old(walker, *args)
            return found

    return line_magic


def _no_extension(old: Method) -> Method:
    def end_statement(self: Any, node: Any) -> None:
        # A statement that also does other things is replayed all the same.
        self.other_effects = 0
        old(self, node)

    return end_statement


def _no_late_changes(old: Method) -> Method:
    def finish(self: Any) -> Any:
        self.last_change = {}
        return old(self)

    return finish


def _setup_without_names(old: Method) -> Method:
    def finish(self: Any) -> Any:
        for _, setup in self.pending_setup:
            setup.names.clear()
        return old(self)

    return finish


def _setup_at_any_time(old: Method) -> Method:
    return lambda self, index, facts: (facts.setup, None)


def _no_patches(old: Method) -> Method:
    def run(self: Any, tree: Any) -> Any:
        self.state.patched = []
        return old(self, tree)

    return run


def _no_patch_paths(old: Method) -> Method:
    def call_path(self: Any, path: str, *args: Any) -> Value:
        with patch.object(self.state, "patches", {}):
            found: Value = old(self, path, *args)
            return found

    return call_path


def _draws_without_reading(old: Method) -> Method:
    return lambda self, generator, node: self.bind_global(generator, NOTHING, node)


def _super_off(old: Method) -> Method:
    def lookup(self: Class, name: str, skip: bool = False) -> Value | None:
        found: Value | None = None if skip else old(self, name, skip)
        return found

    return lookup


def _own_members(old: Method) -> Method:
    return lambda self, name, skip=False: None if skip else self.members.get(name)


def _no_star(old: Method) -> Method:
    return lambda self, module, node: None


def _detached_target(old: Method) -> Method:
    def assign_to(self: Any, target: Any, value: Value, *more: Any) -> None:
        if isinstance(target, ast.Name):
            value = detached(self, value)
        old(self, target, value, *more)

    return assign_to


def _detached_parameters(old: Method) -> Method:
    def parameters(self: Any, function: Any, args: Any) -> dict[str, Value]:
        return {name: detached(self, value) for name, value in old(self, function, args).items()}

    return parameters


def _no_capture(old: Method) -> Method:
    return lambda node: replace(old(node), captured=set())


def _deaf(names: tuple[str, ...]) -> Callable[[Method], Method]:
    def make(old: Method) -> Method:
        def call_method(self: Any, receiver: Value, name: str, *args: Any) -> Value:
            if name in names:
                return receiver
            found: Value = old(self, receiver, name, *args)
            return found

        return call_method

    return make


def _keep_reads(facts: Any) -> None:
    for name in facts.must:
        facts.reads.pop(name, None)


def _all_must(facts: Any) -> None:
    facts.must |= set(facts.bound)


def _no_deletes(facts: Any) -> None:
    facts.deletes.clear()


def _detach_pattern(old: Method) -> Method:
    def pattern(self: Any, found: Any, subject: Value, node: Any) -> None:
        old(self, found, detached(self, subject), node)

    return pattern


def _no_local_module(old: Method) -> Method:
    def imported(self: Any, module: str, node: Any) -> None:
        with patch.object(self, "resource", lambda *a: None):
            old(self, module, node)

    return imported


RULES: list[Mutant] = [
    # Names
    Mutant("a read before the cell's own write", finishing(_keep_reads)),
    Mutant("what is only perhaps written passes the old value on", finishing(_all_must)),
    Mutant("the branches of an if are joined", rule(Memory, "merge", _no_branches)),
    Mutant("a loop, try or with may run in part", off(Memory, "weaken")),
    Mutant("a loop is walked until nothing changes", rule(Walk, "_repeat", _once)),
    Mutant("a function may return early", rule(scopes, "of", _no_early_exit)),
    Mutant("del unbinds", off(Memory, "unbind")),
    Mutant("what is deleted is gone", finishing(_no_deletes)),
    Mutant(
        "except … as name unbinds",
        off(Walk, "_forget"),
        "a name that is gone after a cell is told by its kernel",
    ),
    Mutant(
        "a walrus binds", rule(Expressions, "walrus", lambda o: lambda s, n: s.evaluate(n.value))
    ),
    Mutant(
        "comprehension targets are their own",
        rule(Expressions, "comprehension", _leaking_comprehension),
    ),
    Mutant("a class body is a scope", rule(Walk, "define_class", _leaking_class)),
    Mutant("global", rule(scopes, "of", _local_globals)),
    Mutant("nonlocal", rule(scopes, "of", _local_nonlocals)),
    Mutant("a nonlocal assignment changes the closure", off(Memory, "bind_nonlocal")),
    Mutant("from … import binds", off(Walk, "import_names")),
    Mutant("import * of known modules binds", rule(Walk, "_import_all", _no_star)),
    Mutant("a cell tagged raises-exception may stop", rule(graph._Builder, "add", _no_may_fail)),
    # Aliases
    Mutant("assignment aliases", rule(Walk, "assign_to", _detached_target)),
    Mutant("containers share with their elements", off(Expressions, "_region", NO_REGIONS)),
    Mutant("tuples share with their parts", fresh(Parts, "tuple_of")),
    Mutant("unpacking shares", rule(Walk, "unpack", _no_unpack)),
    Mutant("items share", fresh(Elements, "item")),
    Mutant("elements of a loop share", fresh(Elements, "iterate")),
    Mutant("attributes share", fresh(Members, "attribute")),
    Mutant("results of functions share", fresh(Functions, "call_function")),
    Mutant("arguments are the parameters", rule(Functions, "_parameters", _detached_parameters)),
    Mutant("comprehensions share", fresh(Expressions, "comprehension")),
    Mutant("a conditional expression is either", rule(Expressions, "conditional", _body_only)),
    Mutant("and, or give either", rule(Expressions, "boolean", _first_only)),
    Mutant("results of operators share", fresh(Expressions, "operate")),
    Mutant("match patterns share", rule(Walk, "pattern", _detach_pattern)),
    Mutant("raised exceptions share", rule(Walk, "raising", lambda old: lambda s, n: None)),
    Mutant("all names that share are changed", rule(State, "sharing", _direct_sharing)),
    Mutant("what is kept one-sidedly changes its keeper", rule(Heap, "affected", _nothing_kept)),
    Mutant("put in is part of it", rule(Memory, "store", _store_nothing)),
    # Mutation
    Mutant("putting in changes the holder", rule(Memory, "store", _quiet_store)),
    Mutant("x[i] = changes x", targets(ast.Subscript)),
    Mutant("x.a = changes x", targets(ast.Attribute)),
    Mutant("x += changes x", rule(Walk, "_in_place", _pure_augmented)),
    Mutant(
        "del x[i] changes x",
        rule(
            Walk,
            "_delete",
            lambda o: lambda s, t, n: o(s, t, n) if isinstance(t, ast.Name) else None,
        ),
    ),
    Mutant("a loop uses an iterator up", rule(Elements, "iterate", _no_consuming)),
    Mutant("a call uses iterators up", off(Effects, "consume")),
    # Functions
    Mutant("functions read globals when called", rule(Memory, "load_global", _unread_in_functions)),
    Mutant("functions write globals", while_active("bind_global")),
    Mutant("functions change objects", while_active("change")),
    Mutant("functions call functions", rule(Functions, "call_function", _one_level)),
    Mutant("default values are shared", rule(Functions, "_missing", _missing_defaults)),
    Mutant("closures hold their variables", rule(scopes, "of", _no_capture)),
    Mutant("a generator goes on when it is used", rule(Elements, "_resume", _given)),
    Mutant("decorators are called", rule(Walk, "_decorate", _plain_decorator)),
    Mutant(
        "cached functions have a state", rule(Functions, "call_function", _without_kind("cached"))
    ),
    Mutant("functions that are given are called", within(Effects, "apply", "call_back", NOTHING)),
    Mutant("unknown code changes what it gets", within(Functions, "unknown", "change")),
    Mutant("unknown code calls what it gets", within(Functions, "unknown", "call_back", NOTHING)),
    Mutant("unknown code may give what it got", fresh(Functions, "unknown")),
    # Classes
    Mutant("properties run", rule(Members, "_member", _no_properties)),
    Mutant("setters and __setattr__ run", rule(Members, "set_attribute", _no_setters)),
    Mutant("operators run methods", within(Expressions, "operate", "call_back", NOTHING)),
    Mutant("comparisons run methods", within(Expressions, "compare", "call_back", NOTHING)),
    Mutant("showing runs methods", within(Walk, "expression", "call_back", NOTHING)),
    Mutant("format strings run methods", within(Expressions, "text_part", "call_back", NOTHING)),
    Mutant("__init__", unseen("__init__")),
    Mutant("__new__", unseen("__new__")),
    Mutant("__init_subclass__", unseen("__init_subclass__")),
    Mutant("__getattr__", unseen("__getattr__", "__getattribute__")),
    Mutant("__enter__ and __exit__", unseen("__enter__", "__exit__")),
    Mutant("__iter__ and __next__", unseen("__iter__", "__next__")),
    Mutant("__getitem__", unseen("__getitem__")),
    Mutant("__call__", unseen("__call__")),
    Mutant("inheritance", rule(Class, "lookup", _own_members)),
    Mutant("super()", rule(Class, "lookup", _super_off)),
    Mutant("a changed class changes for its instances", off(State, "share", set())),
    Mutant("dataclasses keep their arguments", rule(Functions, "instantiate", _no_dataclass)),
    Mutant(
        "patches of modules are called",
        both(rule(Walk, "run", _no_patches), rule(Calls, "call_path", _no_patch_paths)),
    ),
    # IPython
    Mutant("bodies of %time, %%time, %%capture are walked", rule(magics, "run_text", _magic_body)),
    Mutant("{x} and $x in commands are read", off(magics, "expressions")),
    Mutant("%cd, %env, %precision set the process", rule(magics, "line_magic", _no_process_magics)),
    # Barriers and process
    Mutant("barriers", off(Memory, "barrier")),
    Mutant("process state", off(Memory, "process")),
    Mutant("stickiness", off(Memory, "stick")),
    Mutant(
        "only statements that do nothing else are replayed",
        rule(Memory, "end_statement", _no_extension),
    ),
    Mutant(
        "what a set-up statement used and changes later", rule(Memory, "finish", _no_late_changes)
    ),
    Mutant("set-up statements have inputs", rule(Memory, "finish", _setup_without_names)),
    Mutant("set-up that is new each time is not replayed", off(calls, "is_new_each_time", False)),
    Mutant(
        "set-up from a file that is written later is not replayed",
        rule(
            graph._Changed, "repeated", lambda old: lambda self, index, facts: (facts.setup, None)
        ),
    ),
    Mutant("set-up waits for what it reads", off(graph._Changed, "before", ())),
    Mutant("folders that are gone to", off(Memory, "enter_folder")),
    Mutant("the originals of patches are loaded before", off(Memory, "load_originals")),
    Mutant("drawing random numbers", off(Memory, "draws")),
    Mutant("drawing reads the generator's state", rule(Memory, "draws", _draws_without_reading)),
    Mutant("seeding a generator", off(Memory, "seeds")),
    Mutant("estimators draw", off(Effects, "_draws_by_estimators")),
    Mutant("files", off(Memory, "touch_file")),
    Mutant("modules of the folder are files", rule(Walk, "_imported", _no_local_module)),
    Mutant("<files> is any file", off(graph, "overlap", False)),
    Mutant("unshippable values", off(Memory, "unshippable")),
    # Edges
    Mutant("edges of values", edges(lambda kind, name, why: kind == "value")),
    Mutant("edges of barriers", edges(lambda kind, name, why: kind == "order" and not name)),
    Mutant("edges of process state", edges(lambda kind, name, why: name == "<process>")),
    Mutant(
        "edges of cells that touch the outside", edges(lambda kind, name, why: name == "<outside>")
    ),
    Mutant("edges of displays", edges(lambda kind, name, why: name == "<display>")),
    Mutant("files: reading after writing", file_edges(wrote=True, writes=False)),
    Mutant(
        "files: writing after writing",
        file_edges(wrote=True, writes=True),
        "cells that write files also touch the outside, in their order; this edge says why",
    ),
    Mutant("files: writing after reading", file_edges(wrote=False, writes=True)),
    Mutant(
        "unshippable values are used before they change",
        edges(lambda kind, name, why: kind == "order" and "changes it in place" in why),
    ),
]

# Library data


class _Changed(Library):
    """What is known of one library, without one category of effects or with one kind of result."""

    def __init__(self, name: str, change: Callable[[Spec], Spec]) -> None:
        self._name = name
        self._change = change
        super().__init__()

    def read(self, library_name: str, table: str, *more: Any) -> Any:
        if library_name != self._name:
            return super().read(library_name, table, *more)
        real = library.parse
        with patch.object(library, "parse", lambda text: self._change(real(text))):
            return super().read(library_name, table, *more)


def _library(name: str, change: Callable[[Spec], Spec]) -> Change:
    def changed() -> AbstractContextManager[Any]:
        made = _Changed(name, change)
        return patch.object(memory.data, "library", lambda: made)

    return changed


_EFFECTS = tuple(f for f in fields(Spec) if f.name != "results")
_KINDS = ("view", "alias", "item", "copy", "convert", "self", "like")


def _without(effect: str) -> Callable[[Spec], Spec]:
    default = next(f.default for f in _EFFECTS if f.name == effect)
    return lambda spec: replace(spec, **{effect: default})  # type: ignore[arg-type]


def _as_fresh(kind: str) -> Callable[[Spec], Spec]:
    def change(spec: Spec) -> Spec:
        results = (replace(r, kind="fresh") if r.kind == kind else r for r in spec.results)
        return replace(spec, results=tuple(results))

    return change


def _tables() -> Iterator[tuple[str, list[Spec]]]:
    """Each library with all that its table says."""
    for name in ("builtins", "stdlib", "ipython", *sorted(set(library.LIBRARIES.values()))):
        specs: list[Spec] = []

        def note(spec: Spec, specs: list[Spec] = specs) -> Spec:
            specs.append(spec)
            return spec

        _Changed(name, note).load(name)
        yield name, specs


def of_libraries() -> Iterator[Mutant]:
    for name, specs in _tables():
        for effect in _EFFECTS:
            if any(getattr(spec, effect.name) != effect.default for spec in specs):
                title = f"{name}: {effect.name}"
                yield Mutant(title, _library(name, _without(effect.name)), EQUIVALENT.get(title))
        for kind in _KINDS:
            if any(Result(kind).kind == r.kind for spec in specs for r in spec.results):
                title = f"{name}: {kind}"
                yield Mutant(title, _library(name, _as_fresh(kind)), EQUIVALENT.get(title))


EQUIVALENT: dict[str, str] = {
    "ipython: hooks": "without it the shell's other methods are barriers, which is more",
    "builtins: calls": "without it functions count as calling more than they do",
    "stdlib: calls": "without it functions count as calling more than they do",
    "builtins: unshippable": "what holds a memoryview is refused when it is stored, and stays",
}


def mutants() -> list[Mutant]:
    return [*RULES, *of_libraries()]
