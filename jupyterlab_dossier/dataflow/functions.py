"""Functions of the notebook, walked anew at each call, and code that nobody can see.

A function gets the arguments of its call and the globals as they stand there: that is what late
binding means.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import local, namespace, scopes
from .effects import Effects
from .memory import ITERATORS, PROCESS
from .parts import NO_ARGUMENTS, NONE, Arguments
from .paths import ANY_FILE
from .values import (
    ANY,
    MISSING,
    NOTHING,
    Class,
    Frame,
    Function,
    Instance,
    Mark,
    Method,
    Super,
    Value,
    in_order,
    join,
    join_all,
    kinds,
    plain,
)

MAX_DEPTH = 20
MAX_ROUNDS = 8
MAX_WORK = 1500


class TooMuch(Exception):
    """The calls of a cell are too many to follow each."""


@dataclass
class _Active:
    """A function that is being walked; calls of it from inside join what they give and get."""

    parameters: dict[str, Value]
    start: Mark
    result: Value = NOTHING
    round: int = 0
    mark: Mark = (0, 0)  # when this round began
    again: bool = False
    used: bool = False  # a call from inside got the result


@dataclass
class _Known:
    """What came of a call in this statement, and when it was made."""

    mark: Mark
    rebound: int
    context: Any  # what was being walked, if the call met it again
    result: Value


class Functions(Effects):
    """The part of the walk that enters functions."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.active: dict[Function, _Active] = {}
        self.steps = 0
        self.lost: Value | None = None  # any object, once calls were too many to follow
        self.returns: list[list[Value]] = []
        self.yields: list[list[Value]] = []
        self.calling_back: set[Any] = set()
        self.finalizing = False
        self.known: dict[Any, _Known] = {}
        self.met = 0  # how often a call met what was being walked

    def begin_statement(self, number: int) -> None:
        super().begin_statement(number)
        self.known.clear()

    def _context(self) -> Any:
        return frozenset(self.active), frozenset(self.calling_back)

    def _signature(self, value: Value) -> Any:
        const = value.const
        if const is not MISSING and type(const) not in (int, str, bool, type(None)):
            const = id(value)
        parts = None if value.parts is None else tuple(map(self._signature, value.parts))
        regions = frozenset(self.heap.roots(value.regions))
        return regions, value.types, (type(const), const), parts, value.loose

    def _again(self, key: Any) -> Value | None:
        """The result of a call that would find all as it found it, and so do what it did."""
        known = self.known.get(key)
        if known is None or self.heap.changed_since(known.mark):
            return None
        made = known.mark[1]
        rebound = self.rebound
        if any(rebound[n] < made for n in range(known.rebound, len(rebound))):
            return None
        if known.context is not None and known.context != self._context():
            return None
        return known.result

    def call_function(
        self, function: Function, args: Arguments, node: ast.AST, callee: Value
    ) -> Value:
        self._work()
        parameters = self._parameters(function, args)
        active = self.active.get(function)
        if active is not None:
            return self._call_again(active, parameters)
        if self.lost is not None:
            return self.lost
        key = (
            function,
            tuple((name, self._signature(value)) for name, value in parameters.items()),
            (self.maybe > 0, self.guesses > 0, tuple(self.restoring), self.finalizing),
        )
        if not self.importing and (known := self._again(key)) is not None:
            return known
        mark, rebound, met = self.heap.mark(), len(self.rebound), self.met
        result = self._enter(function, parameters, node)
        context = None if self.met == met else self._context()
        self.known[key] = _Known(mark, rebound, context, result)
        return result

    def _enter(self, function: Function, parameters: dict[str, Value], node: ast.AST) -> Value:
        if len(self.active) >= MAX_DEPTH:
            self.barrier(f"calls are nested too deeply to follow `{function.name}`", opaque=True)
            self.lost = self.everything()
            return self.lost
        if function.kind == "cached":
            self.change(Value(frozenset((function.region,)), frozenset()), node)
        outermost = self.site is None
        if outermost:
            self.site = self.where(node)
        active = self.active[function] = _Active(parameters, self.heap.mark())
        frames, self.frames = self.frames, self.frames[:]
        try:
            for active.round in range(MAX_ROUNDS):
                active.again = active.used = False
                active.mark = self.heap.mark()
                result = self._activate(function, active)
                active.result, grew = self._wider(active, active.result, result)
                active.again = active.again or (grew and active.used)
                if not active.again:
                    break
                # What was found with less is not known any more.
                self.known.clear()
            else:
                self.barrier(f"`{function.name}` calls itself in a way that cannot be followed")
        finally:
            del self.active[function]
            self.frames = frames
            if outermost:
                self.site = None
        result = active.result
        if function.kind == "cached" and result.regions:
            self.heap.union((function.region, *result.regions))
        return result

    def _call_again(self, active: _Active, parameters: dict[str, Value]) -> Value:
        """A function calls itself: the next round is for what this call gives too."""
        self.met += 1
        active.used = True
        for name, value in parameters.items():
            known = active.parameters.get(name, NOTHING)
            active.parameters[name], grew = self._wider(active, known, value)
            active.again = active.again or grew
        return active.result

    def _wider(self, active: _Active, known: Value, value: Value) -> tuple[Value, bool]:
        """Both, and whether a round would see more than before.

        Objects that each round makes anew are one object from the second round on.
        """
        heap = self.heap
        merged = join(known, value)
        if kinds(value.types) - kinds(known.types):
            return merged, True
        if known.const is not MISSING and merged.const is MISSING:
            return merged, True
        if known.parts is not None and merged.parts != known.parts:
            return Value(merged.regions, merged.types), True
        new = heap.roots(value.regions) - heap.roots(known.regions)
        if not new or active.round == 0:
            return merged, bool(new)
        old, made = heap.roots(known.regions), active.start[1]
        heap.union(r for r in old | new if heap.age(r) >= made)
        new = heap.roots(value.regions) - heap.roots(known.regions)
        return merged, any(heap.age(root) < active.mark[1] for root in new)

    def _work(self, amount: int = 1) -> None:
        self.steps += amount
        if self.steps > MAX_WORK:
            raise TooMuch

    def _parameters(self, function: Function, args: Arguments) -> dict[str, Value]:
        spec = function.node.args
        names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        values: dict[str, Value] = {}
        star = join_all(args.stars) if args.stars else None
        defaults = dict(
            zip(names[len(names) - len(function.defaults) :], function.defaults, strict=False)
        )
        defaults.update(function.keyword_defaults)
        keywords = dict(args.keywords)
        for index, name in enumerate(names):
            if index < len(args.positional):
                values[name] = args.positional[index]
            elif name in keywords:
                values[name] = keywords.pop(name)
            else:
                values[name] = self._missing(star, defaults.get(name))
        for argument in spec.kwonlyargs:
            name = argument.arg
            if name in keywords:
                values[name] = keywords.pop(name)
            else:
                values[name] = self._missing(star, defaults.get(name))
        rest = args.positional[len(names) :]
        if spec.vararg:
            values[spec.vararg.arg] = self.collect("tuple", [*rest, *args.stars])
        if spec.kwarg:
            values[spec.kwarg.arg] = self.collect(
                "dict", [plain("str"), *keywords.values(), *args.stars]
            )
        return values

    def _missing(self, star: Value | None, default: Value | None) -> Value:
        if star is not None:
            return join(star, default) if default is not None else star
        return default if default is not None else plain(ANY)

    def _activate(self, function: Function, active: _Active) -> Value:
        node = function.node
        scope = scopes.of(node)
        frame = Frame(scope, function.frame, function.owner)
        if scope.captured:
            frame.region = self.heap.new()
        self.frames.append(frame)
        for name, value in active.parameters.items():
            self.bind_local(frame, name, value)
        names = scopes.arguments(node.args)
        if function.owner is not None and names:
            frame.self_value = active.parameters.get(names[0].arg)
        if isinstance(node, ast.Lambda):
            result = self.evaluate(node.body)
            self.frames.pop()
            return result
        self.returns.append([])
        self.yields.append([])
        watch: dict[tuple[Frame | None, str], Value] = {}
        weak = scope.early_exit or scope.generator
        before = self.save() if weak else None
        if weak:
            self.watchers.append(watch)
        try:
            self.run_body(node.body)
        finally:
            if before is not None:
                self.watchers.pop()
                after = self.save()
                self.weaken(before, watch)
                if not scope.generator:
                    self.merge(after)
            returned = self.returns.pop()
            yielded = self.yields.pop()
            self.frames.pop()
        if scope.generator:
            if scopes.has_cleanup(node):
                self.state.finalizers = True
            given = list(active.parameters.values())
            made = self.collect("generator", [*yielded, *returned, *given])
            if frame.region is not None:
                self.heap.union((*made.regions, frame.region))
            self.heap.add(made.regions, frozenset(t for v in yielded for t in v.types))
            return Value(made.regions, frozenset(("generator", function)), loose=True)
        result = (
            join_all([*returned, NONE]) if self._falls_through(node.body) else join_all(returned)
        )
        if isinstance(node, ast.AsyncFunctionDef):
            given = [result, *active.parameters.values()]
            made = self.collect("coroutine", given)
            types = result.types | {"coroutine", function}
            return Value(made.regions | result.regions, types, loose=True)
        return result

    def _falls_through(self, body: list[ast.stmt]) -> bool:
        return not body or not isinstance(body[-1], (ast.Return, ast.Raise))

    def instantiate(self, cls: Class, args: Arguments, node: ast.AST) -> Value:
        for t in in_order(cls.meta.types):
            if isinstance(t, Class):
                meta = Value(frozenset((cls.region,)), frozenset())
                self.call_all_members(t, meta, join_all(args.all()), node)
        region = self.heap.new()
        if cls.shared:
            self.heap.union((cls.region, region))
        instances = self.state.instances
        instances[cls] = instances.get(cls, frozenset()) | {region}
        made = Value(frozenset((region,)), frozenset((Instance(cls),)))
        start = cls.lookup("__init__")
        if start is not None:
            for t in start.types:
                if isinstance(t, Function):
                    bound = Arguments([made, *args.positional], args.keywords, args.stars)
                    self.call_function(t, bound, node, start)
                else:
                    self.unknown(cls.name, made, args, node)
        new = cls.lookup("__new__")
        if new is not None:
            first = Value(frozenset((cls.region,)), frozenset((cls,)))
            bound = Arguments([first, *args.positional], args.keywords, args.stars)
            for t in new.types:
                if isinstance(t, Function):
                    # It may hand out an object it has made before.
                    given = self.call_function(t, bound, node, new)
                    self.heap.union(made.regions | given.regions)
        if start is None or cls.libraries() or cls.stores_arguments:
            for value in args.all():
                self.heap.add(made.regions, value.types)
                if value.regions:
                    self.heap.union(made.regions | value.regions)
        if cls.stores_arguments:
            for member in cls.all_members().values():
                self.heap.add(made.regions, member.types)
                if ANY in member.types:
                    # field(default_factory=…)
                    self.call_back([member], node)
        if cls.lookup("__del__") is not None:
            # A copy of it would end a second time.
            self.mark_unshippable(made, "an object with `__del__`")
        if cls.is_unknown():
            result = self.unknown(cls.name, made, args, node)
            return Value(result.regions | made.regions, made.types)
        post = cls.lookup("__post_init__")
        if post is not None:
            self.call_method(made, "__post_init__", Arguments(), node, "__post_init__")
        return made

    def bind_self(
        self, function: Function, t: Instance | Class | Super, receiver: Value, args: Arguments
    ) -> Arguments:
        if function.kind == "static":
            return args
        first = receiver
        cls = t if isinstance(t, Class) else t.cls
        if function.kind == "class":
            first = Value(frozenset((cls.region,)), frozenset((cls,)))
        elif isinstance(t, Class):
            return args
        elif isinstance(t, Super):
            frame = self._method_frame()
            if frame is not None and frame.self_value is not None:
                first = frame.self_value
        return Arguments([first, *args.positional], args.keywords, args.stars)

    def _method_frame(self) -> Frame | None:
        for frame in reversed(self.frames):
            if frame.owner is not None:
                return frame
        return None

    def finalize(self, value: Value, node: ast.AST | None) -> None:
        """Objects reached from here may end now: `__del__`, and `finally` of generators."""
        if self.finalizing or node is None:
            return
        self.finalizing = True
        self.maybe += 1
        for t in in_order({*value.types, *self.inside(value)}):
            if isinstance(t, Instance) and t.cls.lookup("__del__") is not None:
                one = Value(value.regions, frozenset((t,)))
                self.call_method(one, "__del__", NO_ARGUMENTS, node, "__del__")
            elif t == "temporary":
                self.write_file(ANY_FILE, node)
            elif isinstance(t, Function) and scopes.of(t.node).generator:
                self.iterate(Value(value.regions, frozenset((t,))), node)
        self.maybe -= 1
        self.finalizing = False

    # Code that nobody can see

    def unknown(self, words: str, callee: Value, args: Arguments, node: ast.AST) -> Value:
        """It may change all it can reach, keep it, and call any function it is given."""
        self.other_effects += 1
        self.facts.unknown.setdefault(words, self.where(node))
        values = args.all()
        if any("namespace" in v.types for v in (callee, *values)):
            return namespace.give_up(self)
        for t in callee.types:
            if isinstance(t, str) and t[0] == "=" and local.is_hidden(self, t[1:]):
                self.process(f"`{words}` may change the state of its module", False)
        regions: frozenset[int] = callee.regions.union(*(v.regions for v in values))
        reached = [callee, *values] if callee.regions else values
        called = self.call_back(reached, node, everything=True)
        regions |= called.regions
        self.guesses += 1
        for value in values:
            if value.regions:
                self.change(value, node)
            elif not value.types.isdisjoint(PROCESS):
                self.process("process state is given to an unknown function", False)
        if callee.regions:
            self.change(callee, node)
        self.guesses -= 1
        inside = frozenset(t for v in values for t in v.types) | called.types | {ANY}
        if not regions:
            if not values:
                return Value(frozenset((self.heap.new(frozenset((ANY,))),)), frozenset((ANY,)))
            return Value(frozenset((self.heap.new(inside),)), inside)
        self.heap.union(regions)
        self.heap.add(regions, inside)
        return Value(regions, self.heap.inside(regions) | inside)

    def call_back(
        self,
        values: list[Value],
        node: ast.AST,
        everything: bool = False,
        method: str | None = None,
        only: frozenset[str] | None = None,
        given: Value | None = None,
    ) -> Value:
        """Run what code that got these values may call: functions, methods of objects.

        `only`: no function but bodies of generators, and no method of objects but these.
        """
        found: dict[Any, Value] = {}
        for value in values:
            types: Iterable[Any] = value.types
            if value.regions:
                types = [*types, *self.inside(value)]
            # What a lazy iterator calls, it calls for each element.
            lazy = only is not None and "__next__" in only
            lazy = lazy and not value.types.isdisjoint(ITERATORS)
            for t in types:
                runs = only is None or (lazy and isinstance(t, Function))
                if not runs and not self._may_call(t, only or frozenset()):
                    continue
                if t in self.calling_back:
                    self.met += 1
                elif isinstance(t, str):
                    if t[0] == "=" and self.library.acts(t[1:]):
                        found.setdefault(t, value)
                else:
                    found[t] = join(found[t], value) if t in found else value
        if not found:
            return NOTHING
        self._work(1 + len(found) // 8)
        if given is None:
            given = self._callback_argument(values, node)
        key = (
            frozenset((t, self._signature(source)) for t, source in found.items()),
            self._signature(given),
            (everything, method, only),
            (self.maybe > 0, self.guesses > 0, tuple(self.restoring), self.finalizing),
        )
        if not self.importing and (known := self._again(key)) is not None:
            return known
        mark, rebound, met = self.heap.mark(), len(self.rebound), self.met
        result = self._call_each(found, given, node, everything, method, only)
        context = None if self.met == met else self._context()
        self.known[key] = _Known(mark, rebound, context, result)
        return result

    def _call_each(
        self,
        found: dict[Any, Value],
        given: Value,
        node: ast.AST,
        everything: bool,
        method: str | None,
        only: frozenset[str] | None,
    ) -> Value:
        result = NOTHING
        for t in in_order(found):
            source = found[t]
            self.calling_back.add(t)
            self.maybe += 1
            self.guesses += 1
            try:
                if isinstance(t, str):
                    args = Arguments([], {}, [given])
                    result = join(result, self.call_path(t[1:], args, node, t[1:]))
                elif isinstance(t, Function):
                    args = Arguments([], {}, [given])
                    result = join(result, self.call_function(t, args, node, source))
                elif isinstance(t, Class):
                    if t in source.types and only is None:
                        result = join(result, self.instantiate(t, Arguments([], {}, [given]), node))
                    for m in in_order(t.meta.types):
                        if only is not None and isinstance(m, Class):
                            self.call_all_members(m, source, given, node, everything, None, only)
                    self.call_all_members(t, source, given, node, everything, method, only)
                elif isinstance(t, (Instance, Super)):
                    self.call_all_members(t.cls, source, given, node, everything, method, only)
                elif isinstance(t, Method):
                    receiver = Value(source.regions, t.receivers)
                    args = Arguments([], {}, [given])
                    got = self.call_method(receiver, t.name, args, node, t.name)
                    result = join(result, got)
            finally:
                self.maybe -= 1
                self.guesses -= 1
                self.calling_back.discard(t)
        return result

    def _may_call(self, t: Any, only: frozenset[str]) -> bool:
        if isinstance(t, Function):
            return scopes.of(t.node).generator and "__next__" in only
        if isinstance(t, (Instance, Super, Class)):
            cls = t if isinstance(t, Class) else t.cls
            if isinstance(t, Class) and t.meta.types:
                return True
            return cls.is_unknown() or not only.isdisjoint(cls.all_members())
        return False

    def _callback_argument(self, values: list[Value], node: ast.AST) -> Value:
        regions: set[int] = set()
        types: set[Any] = set()
        for value in values:
            regions |= value.regions
            types |= value.types | self.inside(value)
            if not value.types.isdisjoint(("DataFrame", "Series", "Grouped")):
                types |= {"DataFrame", "Series", "number", "str"}
            elif "str" in value.types:
                types.add("str")
            elif "range" in value.types:
                types.add("int")
        types = {t for t in types if not isinstance(t, (Function, Method))} or {ANY}
        return self.value(frozenset(regions), frozenset(types))

    def call_all_members(
        self,
        cls: Class,
        receiver: Value,
        given: Value,
        node: ast.AST,
        everything: bool = True,
        method: str | None = None,
        only: frozenset[str] | None = None,
    ) -> None:
        """Any method may run (operators and display only, if not `everything`), given anything."""
        instance = Value(receiver.regions, frozenset((Instance(cls),)))
        self.maybe += 1
        for name, member in cls.all_members().items():
            special = name.startswith("__") and name.endswith("__")
            if name in ("__init__", "__new__", "__init_subclass__"):
                continue
            if only is not None and name not in only:
                continue
            if not (everything or special or name.startswith("_repr_")):
                continue
            if method is not None and not special and name != method:
                continue
            for t in member.types:
                if t in self.active:
                    self.met += 1
                elif isinstance(t, Function):
                    one = given
                    if everything and only is None:
                        one = Value(receiver.regions | given.regions, frozenset((ANY,)))
                    bound = self.bind_self(t, Instance(cls), instance, Arguments([], {}, [one]))
                    self.call_function(t, bound, node, member)
        self.maybe -= 1
