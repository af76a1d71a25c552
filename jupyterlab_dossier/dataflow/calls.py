"""Calls: library functions by their data, the notebook's functions by walking them, others feared.

A function of the notebook is walked anew at each call, with the arguments it gets and the globals
as they stand there: that is what late binding means.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import scopes
from .library import Result, Selector, Spec
from .memory import ANY, ARRAYS, ITERATORS, MISSING, Memory
from .values import (
    NO_REGIONS,
    NOTHING,
    Class,
    Frame,
    Function,
    Instance,
    Method,
    Super,
    Value,
    constant,
    in_order,
    join,
    join_all,
    plain,
)

MAX_DEPTH = 12
MAX_STATEMENTS = 4000
_NONE = constant(None)
_ARRAY_LIKE = ARRAYS | {"Grouped", "list"}
_PLAIN_DATA = frozenset(("list", "tuple", "dict", "iterator", "dictview"))
_SCALARS = Value(NO_REGIONS, frozenset(("number", "str", "Timestamp")))
_INDEXED = ("iterator", "dictview", "list", "tuple", "dict", "set", "frozenset", "deque")


@dataclass
class Arguments:
    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    stars: list[Value] = field(default_factory=list)  # elements of *a and **k

    def all(self) -> list[Value]:
        return [*self.positional, *self.keywords.values(), *self.stars]

    def get(self, selector: Selector) -> Value | None:
        if isinstance(selector, int):
            if selector < len(self.positional):
                return self.positional[selector]
            return None
        return self.keywords.get(selector)

    def select(self, selectors: Iterable[Selector]) -> list[Value]:
        found: list[Value] = []
        for selector in selectors:
            if selector == "*":
                return self.all()
            value = self.get(selector)
            if value is not None:
                found.append(value)
            elif self.stars:
                found.extend(self.stars)
        return found


@dataclass
class _Active:
    parameters: dict[str, Value]
    result: Value = NOTHING
    again: bool = False


_NO_ARGUMENTS = Arguments()


class Calls(Memory):
    """The part of the walk that knows what a call does."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.active: dict[Function, _Active] = {}
        self.steps = 0
        self.lost: Value | None = None  # any object, once calls were too many to follow
        self.returns: list[list[Value]] = []
        self.yields: list[list[Value]] = []
        self.calling_back: set[Any] = set()

    def run_body(self, body: list[ast.stmt]) -> None:
        raise NotImplementedError

    def evaluate(self, node: ast.expr) -> Value:
        raise NotImplementedError

    def run_text(self, text: str, node: ast.AST) -> Value:
        raise NotImplementedError

    # What can be called

    def call(self, callee: Value, args: Arguments, node: ast.AST, words: str) -> Value:
        result = NOTHING
        for t in in_order(callee.types):
            if isinstance(t, Function):
                result = join(result, self.call_function(t, args, node, callee))
            elif isinstance(t, Class):
                result = join(result, self.instantiate(t, args, node))
            elif isinstance(t, (Instance, Super)):
                receiver = Value(callee.regions, frozenset((t,)))
                result = join(result, self.call_method(receiver, "__call__", args, node, words))
            elif isinstance(t, Method):
                receiver = Value(callee.regions, t.receivers)
                result = join(result, self.call_method(receiver, t.name, args, node, words))
            elif t == ANY:
                result = join(result, self.unknown(words, callee, args, node))
            elif t[0] == "=":
                result = join(result, self.call_path(t[1:], args, node, words))
            else:
                result = join(result, self._call_object(t, callee, args, node, words))
        return result

    def _call_object(
        self, kind: str, callee: Value, args: Arguments, node: ast.AST, words: str
    ) -> Value:
        spec = self.library.member(kind, "()")
        if spec is not None:
            receiver = Value(callee.regions, frozenset((kind,)))
            return self.apply(spec, receiver, args, node)
        if kind in self.library.immutable and len(callee.types) > 1:
            return NOTHING
        if kind in ("function", "decorator", "partial", "generator"):
            called = self.call_back([callee, *args.all()], node, everything=True)
            regions = callee.regions.union(*(a.regions for a in args.all()), called.regions)
            inside = self.heap.inside(regions)
            types = frozenset((ANY,)) | called.types
            if kind == "decorator":
                # What is decorated stays what it is; its own state may be used.
                types |= frozenset(t for a in args.all() for t in a.types)
                types |= frozenset(t for t in inside if isinstance(t, (Function, Class)))
                types -= {ANY} if any(isinstance(t, (Function, Class)) for t in types) else set()
            root = self.heap.union(regions)
            return self.value(frozenset(() if root is None else (root,)), types)
        return self.unknown(words, callee, args, node)

    def call_path(self, path: str, args: Arguments, node: ast.AST, words: str) -> Value:
        library = self.library
        patch = self.state.patches.get(path)
        if patch is not None:
            return self.call(patch, args, node, words)
        kind = library.constructors.get(path)
        if kind is not None:
            return self.construct(kind, path, args, node)
        spec = library.functions.get(path)
        if spec is None:
            owner, _, name = path.rpartition(".")
            kind = library.constructors.get(owner)
            if kind is not None:
                member = library.member(kind, name)
                if member is not None:
                    # A method taken from its class: the first argument is the receiver.
                    receiver = args.positional[0] if args.positional else NOTHING
                    return self.apply(member, receiver, args, node)
            if owner in library.values:
                receiver = self.attribute_of_path(owner)
                return self.call_method(receiver, name, args, node, words)
            spec = library.function(path)
        if spec is None:
            return self.unknown(words if words else path, plain("=" + path), args, node)
        values = args.all()
        if path == "builtins.open" or path == "io.open":
            return self._open(args, node)
        if path == "builtins.getattr" and len(args.positional) > 1:
            name = args.positional[1].const
            if isinstance(name, str):
                found = self.attribute(args.positional[0], name, node)
                return join_all([found, *args.positional[2:]])
        if path in ("builtins.setattr", "builtins.delattr") and args.positional:
            self.heap.opaque |= self.heap.roots(args.positional[0].regions)
        if path == "builtins.next" and args.positional:
            item = self.iterate(args.positional[0], node, consume=True)
            return join_all([item, *args.positional[1:]])
        if path in ("builtins.exec", "builtins.eval") and not self.frames and len(values) == 1:
            text = values[0].const
            if isinstance(text, str):
                return self.run_text(text, node)
        if path in ("builtins.dict", "collections.OrderedDict") and args.keywords:
            first = [Value(v.regions, self.inside(v)) for v in (*args.positional, *args.stars)]
            return self._collect("dict", [plain("str"), *first, *args.keywords.values()])
        if path == "joblib.delayed" and len(values) == 1:
            # Calling it calls the function; where that happens makes no difference.
            return values[0]
        if path == "os.chdir":
            self.state.cwd_changed = True
        if path.startswith("functools.") and path.endswith(("cache", "cached_property")):
            for t in {t for a in args.all() for t in a.types}:
                if isinstance(t, Function):
                    self.state.changed_objects = True
                    t.kind = "property" if path.endswith("cached_property") else "cached"
                    return join_all(a for a in args.all() if t in a.types)
        if path == "builtins.display" and "display_id" not in args.keywords:
            self.other_effects += 1
            self.call_back(args.all(), node)
            return self.fresh(frozenset(("DisplayHandle",)))
        if path == "builtins.print":
            self.other_effects += 1
        return self.apply(spec, None, args, node, path)

    def _open(self, args: Arguments, node: ast.AST) -> Value:
        mode = args.get(1) or args.get("mode")
        path = args.get(0) or args.get("file")
        reads = mode is None or (isinstance(mode.const, str) and not set(mode.const) & set("wax+"))
        self.touch_file(path, not reads, node)
        if not reads:
            self.touch_file(path, False, node)
        made = self.fresh(frozenset(("file",)), frozenset(("str", "bytes")))
        return Value(made.regions, made.types, loose=True)

    def construct(self, kind: str, path: str, args: Arguments, node: ast.AST) -> Value:
        library = self.library
        if path in library.functions:
            spec = library.functions[path]
            return self.apply(spec, None, args, node, path)
        if kind in library.immutable:
            made = plain(kind)
            if kind in ("Path", "PurePath", "PosixPath") and len(args.positional) == 1:
                return Value(NO_REGIONS, made.types, args.positional[0].const)
            return made
        for flag in library.flags(kind):
            if flag == "random" or (flag in args.keywords or args.stars):
                if self._draws_without(args.keywords.get("random_state")):
                    kind += "~"
                break
        for name in ("copy", "copy_X", "copy_x", "copy_X_train"):
            given = args.keywords.get(name)
            if given is not None and given.const is not True:
                kind = ANY
        regions: set[int] = {self.heap.new()}
        for value in args.all():
            self.heap.add(regions, value.types)
            regions |= value.regions
        self.heap.union(regions)
        if any(isinstance(t, (Function, Class, Instance)) for v in args.all() for t in v.types):
            self.call_back(args.all(), node)
        return Value(frozenset(regions), frozenset((kind,)))

    def _draws_without(self, seed: Value | None) -> bool:
        """Is numpy's global generator used, with this random_state?"""
        if seed is None or seed.const is None:
            return True
        return not seed.types <= {"int", "number", "Generator", "RandomState"}

    # Methods and attributes

    def call_method(
        self, receiver: Value, name: str, args: Arguments, node: ast.AST, words: str
    ) -> Value:
        result = NOTHING
        found = False
        library = self.library
        fear = bool(receiver.regions) and not self.heap.opaque.isdisjoint(
            self.heap.roots(receiver.regions)
        )
        known, rest = library.groups(receiver.types, name)
        for spec, kinds in known:
            found = True
            one = Value(receiver.regions, kinds, receiver.const)
            result = join(result, self.apply(spec, one, args, node))
        for t in rest:
            one = Value(receiver.regions, frozenset((t,)), receiver.const)
            if isinstance(t, str):
                if t[0] == "=":
                    found = True
                    result = join(result, self.call_path(f"{t[1:]}.{name}", args, node, words))
                elif (getter := library.member(t, "." + name)) is not None:
                    found = True
                    value = self.apply(getter, one, Arguments(), node)
                    result = join(result, self.call(value, args, node, words))
            elif isinstance(t, (Instance, Class, Super)):
                called = self._call_member(t, one, name, args, node, words)
                if called is not None:
                    found = True
                    result = join(result, called)
            else:
                found = True
                self.change(one, node)
                result = join(result, Value(receiver.regions, frozenset((ANY,))))
        if ANY in receiver.types or fear or (receiver.types and not found):
            if name in library.any_methods and not fear:
                extra = self.call_back([receiver, *args.all()], node, method=name)
                types = frozenset((ANY,)) | self.inside(receiver) | extra.types
                result = join(result, Value(receiver.regions | extra.regions, types))
            else:
                result = join(result, self.unknown(words, receiver, args, node))
        return result

    def _call_member(
        self,
        t: Instance | Class | Super,
        receiver: Value,
        name: str,
        args: Arguments,
        node: ast.AST,
        words: str,
    ) -> Value | None:
        """A method of a class of the notebook, or of its library bases."""
        cls = t if isinstance(t, Class) else t.cls
        member = cls.lookup(name, skip=isinstance(t, Super))
        if member is None and isinstance(t, (Instance, Super)):
            # A function kept in an attribute of the object.
            kept = frozenset(
                e for e in self.inside(receiver) if isinstance(e, (Function, Class, Method))
            )
            if isinstance(t, Instance) and kept:
                result = self.call(Value(receiver.regions, kept), args, node, words)
                if not cls.libraries() and not cls.is_unknown():
                    return result
        if member is None:
            for base in cls.libraries():
                spec = self.library.member(base, name)
                if spec is not None:
                    self.call_all_members(cls, receiver, node)
                    applied = self.apply(spec, receiver, args, node)
                    if spec.results[0].kind == "self":
                        return receiver
                    return applied
            if name == "__init__" or name == "__init_subclass__":
                return self._keep(receiver, args, node)
            if cls.is_unknown():
                self.call_all_members(cls, receiver, node)
            elif name in ("__setattr__", "__enter__", "__exit__", "__call__", "mro"):
                return receiver
            elif not cls.libraries():
                return None
            return self.unknown(words, receiver, args, node)
        result = NOTHING
        for m in member.types:
            if isinstance(m, Function):
                bound = self._bind_self(m, t, receiver, args)
                if m.kind == "property":
                    got = self.call_function(m, Arguments([receiver]), node, member)
                    result = join(result, self.call(got, args, node, words))
                else:
                    result = join(result, self.call_function(m, bound, node, member))
            else:
                rest = Value(member.regions, frozenset((m,)))
                result = join(result, self.call(rest, args, node, words))
        return result

    def _keep(self, receiver: Value, args: Arguments, node: ast.AST) -> Value:
        for value in args.all():
            self.store(receiver, value, node)
        return _NONE

    def _bind_self(
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

    def attribute_of_path(self, path: str) -> Value:
        """What `module.name` is: a value the data knows, or a reference to it by its path."""
        patch = self.state.patches.get(path)
        if patch is not None:
            return Value(patch.regions, patch.types | {"=" + path})
        kind = self.library.values.get(path)
        return plain(kind if kind is not None else "=" + path)

    def attribute(self, receiver: Value, name: str, node: ast.AST) -> Value:
        result = NOTHING
        library = self.library
        found = False
        known, rest = library.groups(receiver.types, "." + name)
        for spec, kinds in known:
            found = True
            one = Value(receiver.regions, kinds)
            result = join(result, self.apply(spec, one, _NO_ARGUMENTS, node))
        for t in rest:
            if isinstance(t, str):
                if t[0] == "=":
                    found = True
                    result = join(result, self.attribute_of_path(f"{t[1:]}.{name}"))
                elif library.member(t, name) is not None:
                    found = True
                    method = Method(frozenset((t,)), name)
                    result = join(result, Value(receiver.regions, frozenset((method,))))
            elif isinstance(t, (Instance, Class, Super)):
                found = True
                one = Value(receiver.regions, frozenset((t,)))
                result = join(result, self._member(t, one, name, node))
            else:
                found = True
                result = join(result, Value(receiver.regions, self.inside(receiver) | {ANY}))
        if ANY in receiver.types or (receiver.types and not found):
            extra = self.inside(receiver) | {ANY}
            result = join(result, self.value(receiver.regions, extra))
        return result

    def _member(
        self, t: Instance | Class | Super, receiver: Value, name: str, node: ast.AST
    ) -> Value:
        cls = t if isinstance(t, Class) else t.cls
        if name == "__class__":
            return Value(frozenset((cls.region,)), frozenset((cls,)))
        if name == "__dict__":
            return Value(receiver.regions, frozenset(("dict",)))
        member = cls.lookup(name, skip=isinstance(t, Super))
        result = NOTHING
        if member is not None:
            for m in member.types:
                if isinstance(m, Function) and not isinstance(t, Class):
                    if m.kind == "property":
                        got = self.call_function(m, Arguments([receiver]), node, member)
                        result = join(result, got)
                    elif m.kind == "static":
                        result = join(result, Value(member.regions, frozenset((m,))))
                    else:
                        method = Method(frozenset((t,)), name)
                        result = join(result, Value(receiver.regions, frozenset((method,))))
                else:
                    result = join(result, Value(member.regions, frozenset((m,))))
        if isinstance(t, (Instance, Super)):
            getter = cls.lookup("__getattr__") or cls.lookup("__getattribute__")
            if getter is not None:
                result = join(
                    result,
                    self.call_method(
                        receiver, "__getattr__", Arguments([constant(name)]), node, name
                    ),
                )
            inside = self.inside(receiver)
            if member is None or not all(isinstance(m, Function) for m in member.types):
                if cls.libraries() or cls.is_unknown():
                    specs = [self.library.member(b, "." + name) for b in cls.libraries()]
                    known = [s for s in specs if s is not None]
                    if known:
                        return join(result, self.apply(known[0], receiver, _NO_ARGUMENTS, node))
                    inside |= {ANY}
                regions = self.instance_regions(receiver)
                result = join(result, self.value(regions, inside))
        elif member is None:
            result = Value(receiver.regions, self.inside(receiver) | {ANY})
        return result

    def set_attribute(self, receiver: Value, name: str, value: Value, node: ast.AST) -> None:
        for t in receiver.types:
            if isinstance(t, Class):
                # Also what instances made before will see from now on.
                self.state.changed_objects = True
                known = t.members.get(name)
                t.members[name] = value if known is None else join(known, value)
                self.heap.union(self.state.share(t))
            elif isinstance(t, Instance):
                member = t.cls.lookup(name)
                if t.cls.lookup("__setattr__") is not None:
                    self.call_method(
                        receiver, "__setattr__", Arguments([constant(name), value]), node, name
                    )
                if member is not None:
                    functions = [m for m in member.types if isinstance(m, Function)]
                    if any(f.kind == "property" for f in functions):
                        setter = t.cls.lookup(name + " setter")
                        if setter is not None:
                            self.call(setter, Arguments([receiver, value]), node, name)
                    elif functions:
                        self.heap.opaque |= self.heap.roots(receiver.regions)
            elif (
                isinstance(t, str)
                and t != ANY
                and t[0] != "="
                and self.library.member(t, name) is not None
            ):
                self.heap.opaque |= self.heap.roots(receiver.regions)
        if any(isinstance(t, str) and t[0] == "=" for t in receiver.types):
            for t in receiver.types:
                if isinstance(t, str) and t[0] == "=":
                    simple = not value.regions or all(
                        isinstance(v, (Function, Class)) for v in value.types
                    )
                    self.process(f"`{t[1:]}.{name}` is set", simple)
                    if value.regions:
                        self.state.patched.append(value)
                        path = f"{t[1:]}.{name}"
                        known = self.state.patches.get(path)
                        self.state.patches[path] = value if known is None else join(known, value)
            return
        self.store(receiver, value, node)

    # Library data

    def apply(
        self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST, path: str = ""
    ) -> Value:
        """What a line of library data says, done."""
        values = args.all()
        for name, value in args.keywords.items():
            # Conventions of the whole scientific stack.
            if name in ("out", "ax", "axes", "cax") and value.const is not None:
                self.change(value, node)
            elif name == "inplace" and value.const is not False and receiver is not None:
                self.change(receiver, node)
        if spec.mutates:
            self._mutations(spec, receiver, args, node)
        if values:
            self._consume(values, node)
        if not spec.quiet:
            self._effects(spec, receiver, args, node)
        if spec.mutates or "model_selection" in path:
            self._draws_by_estimators(spec, receiver, values, node, path)
        called = NOTHING
        if values or receiver is not None:
            everything = receiver is not None or not path.startswith("builtins.")
            sources = values if receiver is None else [receiver, *values]
            called = self.call_back(sources, node, everything=everything)
        if spec.pyplot:
            result = self._figure(spec, receiver, values)
        else:
            result = self._result(spec, receiver, args, node, called, path)
        if spec.unshippable:
            self.mark_unshippable(result, spec.unshippable)
        return result

    def _effects(self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST) -> None:
        if spec.reads or spec.writes:
            self._files(spec, receiver, args, node)
        if spec.outside:
            self.outside(spec.outside, node)
        if spec.barrier:
            self.barrier(spec.barrier, opaque="code" in spec.barrier or "namespace" in spec.barrier)
        if spec.process:
            self.process(spec.process, True)
        if spec.sticky:
            self.process(spec.sticky, False)
        if spec.random:
            self.draws(spec.random, node)
        if spec.seeds:
            self.seeds(spec.seeds, node)
        if spec.seeded:
            seed = args.keywords.get(spec.seeded)
            if self._draws_without(seed):
                self.draws("<numpy.random>", node)
            if seed is not None and seed.regions:
                self.change(seed, node)
        if spec.display:
            self.resource("<display>", True, node)

    def _mutations(
        self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST
    ) -> None:
        for selector in spec.mutates:
            if selector == "self":
                if receiver is not None:
                    self.change(receiver, node)
            else:
                for value in args.select((selector,)):
                    self.change(value, node)
        if spec.stores:
            holder = receiver if receiver is not None else args.get(0)
            rest = args.all() if receiver is not None else args.all()[1:]
            for value in rest:
                if holder is not None:
                    self._store_elements(holder, value, node)
        if spec.keeps and receiver is not None:
            for value in args.select(spec.keeps):
                for root in self.heap.roots(receiver.regions):
                    self.heap.keep(root, value.regions)

    def _store_elements(self, holder: Value, value: Value, node: ast.AST) -> None:
        """Put into a container: the value (append), or what is in it (extend, update)."""
        if self.is_array(value) and self.is_array(holder):
            return
        self.heap.add(holder.regions, value.types | self.inside(value))
        if value.regions and not (self.is_array(holder) and not self.keeps_reference(value)):
            self.heap.union(holder.regions | value.regions)

    def _consume(self, values: list[Value], node: ast.AST) -> None:
        for value in values:
            if not value.loose and value.regions and not value.types.isdisjoint(ITERATORS):
                self.change(value, node)

    def _files(self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST) -> None:
        for selectors, write in ((spec.reads, False), (spec.writes, True)):
            if not selectors:
                continue
            if "<files>" in selectors or "<folder>" in selectors:
                self.touch_file(None, write, node)
                continue
            if "self" in selectors:
                self.touch_file(receiver, write, node)
            paths = [args.get(s) for s in selectors if s != "self"]
            given = [p for p in paths if p is not None and p.const is not None]
            for path in given[: len([s for s in selectors if isinstance(s, int)]) or 1]:
                self.touch_file(path, write, node)
            if not given and args.stars:
                self.touch_file(None, write, node)

    def _draws_by_estimators(
        self, spec: Spec, receiver: Value | None, values: list[Value], node: ast.AST, path: str
    ) -> None:
        """Fitting an estimator without random_state draws from numpy's global generator."""
        fits = "self" in spec.mutates if receiver is not None else "model_selection" in path
        if not fits:
            return
        for value in [*values, *([receiver] if receiver is not None else [])]:
            for t in (*value.types, *self.inside(value)):
                if isinstance(t, str) and t.endswith("~"):
                    self.draws("<numpy.random>", node)
                    return

    def _figure(self, spec: Spec, receiver: Value | None, values: list[Value]) -> Value:
        """pyplot's current figure lives as long as the cell; what is made is part of it."""
        if self.figure is None:
            self.figure = self.heap.new(frozenset(("Artist",)))
        regions = {self.figure}
        if spec.mutates:
            if receiver is not None and not receiver.types <= ARRAYS:
                regions |= receiver.regions
            for value in values:
                if "Artist" in value.types or "*" in spec.mutates:
                    regions |= value.regions
            self.heap.union(regions)
        kinds = spec.results[0]
        if kinds.kind == "plain":
            return plain(next(iter(kinds.types)))
        types = kinds.types or frozenset(("Artist",))
        return self.value(frozenset(regions), types)

    def _result(
        self,
        spec: Spec,
        receiver: Value | None,
        args: Arguments,
        node: ast.AST,
        called: Value,
        path: str,
    ) -> Value:
        rule = spec.results[0]
        for other in spec.results[1:]:
            given = args.keywords.get(other.condition or "")
            if given is not None and given.const is not False:
                rule = other if given.const is not MISSING else Result("alias")
        values = args.all()
        kind = rule.kind
        copy = args.keywords.get("copy")
        out = args.keywords.get("out")
        if (copy is not None and copy.const is not True and kind in ("fresh", "convert")) or (
            out is not None and out.const is not None
        ):
            kind = "alias"
        types: frozenset[Any] = rule.types
        if kind == "plain":
            return join_all(
                self.attribute_of_path(t[1:]) if t[0] == "=" else plain(t) for t in types
            )
        if kind == "self" and receiver is not None:
            return receiver
        sources = [receiver] if receiver is not None else values
        if kind == "alias" and receiver is not None:
            sources = [receiver, *values]
        if kind == "view" and receiver is not None and not receiver.regions:
            kind = "fresh"
        if called.regions:
            sources = [*sources, called]
        if kind == "item":
            if receiver is None and len(args.positional) > 1:
                return join_all([*args.positional, *args.stars])
            found = [*args.positional, *args.stars]
            if receiver is not None:
                # A second argument of get, pop, setdefault is the default.
                got = self.iterate(receiver, node, consume=False)
                return join_all([got, *found[1:], *args.keywords.values()])
            return join_all(self.iterate(v, node, consume=False) for v in found)
        if kind == "like":
            return self._like(args, path)
        if kind == "parts":
            made = self.fresh(types | {"tuple"}, types)
            return Value(made.regions, made.types, loose=True, parts=None)
        inside = frozenset().union(*(self.inside(s) for s in sources)) | called.types
        source_types = frozenset(t for s in sources for t in s.types)
        if kind in ("fresh", "copy", "convert"):
            return self._made(kind, rule, types, sources, inside, source_types, called, values)
        regions = frozenset().union(*(s.regions for s in sources))
        if not types:
            types = inside | {ANY} | (called.types if called.types else frozenset())
            # A closure handed through keeps being one.
            types |= frozenset(t for t in source_types if isinstance(t, (Function, Class)))
        if self.is_immutable(types):
            return Value(NO_REGIONS, types)
        if "iterator" in types:
            made = self.fresh(types, inside or source_types)
            return Value(made.regions | regions, types, loose=True)
        if not regions:
            return self.fresh(types, (rule.elements or frozenset()) | source_types - {ANY})
        if rule.elements:
            self.heap.add(regions, rule.elements)
        if kind == "alias":
            # Arguments without regions (numbers, modules) may be inside the result too.
            self.heap.add(regions, frozenset(t for v in values for t in v.types))
        return Value(regions, types)

    def _made(
        self,
        kind: str,
        rule: Result,
        types: frozenset[Any],
        sources: list[Value],
        inside: frozenset[Any],
        source_types: frozenset[Any],
        called: Value,
        values: list[Value],
    ) -> Value:
        """A new object, which may still hold objects of what it was made from."""
        regions = frozenset().union(*(s.regions for s in sources))
        if self.is_immutable(types) and types:
            return Value(NO_REGIONS, types)
        shares = False
        if kind == "copy":
            shares = bool(regions) and not self.is_immutable(inside)
            elements = inside | frozenset(t for s in sources for t in s.types if t == ANY)
            if not types:
                types = source_types
        elif kind == "convert":
            plain_data = self.is_immutable(source_types - _PLAIN_DATA)
            shares = bool(regions) and (
                any(self.keeps_reference(s) for s in sources) if plain_data else True
            )
            elements = rule.elements or frozenset()
        else:
            shares = (
                bool(regions)
                and bool(types)
                and self.is_immutable(types - _ARRAY_LIKE)
                and any(self.holds_objects(s) for s in sources if not s.types.isdisjoint(ARRAYS))
            )
            if called.regions and not self.is_immutable(called.types):
                shares = True
                regions |= called.regions
            if rule.elements is not None:
                elements = rule.elements
            elif types and types.isdisjoint(_INDEXED):
                elements = frozenset()
            else:
                elements = frozenset((ANY,))
            if not types:
                types = frozenset((ANY,))
        made = self.heap.new(elements)
        if shares:
            self.heap.union((made, *regions))
            self.heap.add((made,), inside)
        return Value(frozenset((made,)), types)

    def _like(self, args: Arguments, path: str) -> Value:
        """New values of the arguments' types (train_test_split, clone, shuffle)."""
        if args.stars:
            regions = frozenset().union(*(v.regions for v in args.all()))
            return self._like_one(Value(regions, frozenset((ANY,))), path)
        made = [self._like_one(value, path) for value in args.positional]
        if path.endswith("split"):
            made = [self._like_one(value, path) for value in args.positional for _ in "ab"]
        elif len(made) == 1:
            return made[0]
        return self.tuple_of(made)

    def _like_one(self, value: Value, path: str) -> Value:
        types, inside = value.types, self.inside(value)
        if self.is_immutable(types):
            return value
        keeps = any(not isinstance(t, str) or t == ANY for t in types)
        if path != "sklearn.base.clone":
            keeps = keeps or self.holds_objects(value)
        made = Value(frozenset((self.heap.new(inside),)), types)
        if keeps:
            self.heap.union(made.regions | value.regions)
        return made

    def tuple_of(self, parts: list[Value], known: bool = True) -> Value:
        """A tuple never changes: it reaches what its parts reach, they stay apart."""
        types = frozenset(t for p in parts for t in p.types)
        regions = frozenset((self.heap.new(types),)).union(*(p.regions for p in parts))
        return Value(regions, frozenset(("tuple",)), parts=tuple(parts) if known else None)

    # Elements

    def iterate(self, value: Value, node: ast.AST, consume: bool = True) -> Value:
        """An element of a value; taking it may change an iterator."""
        if value.parts is not None:
            return join_all(value.parts)
        result = NOTHING
        inside: frozenset[Any] | None = None
        stateful = False
        known, rest = self.library.groups(value.types, "iter")
        for spec, kinds in known:
            if spec.results[0].kind == "item":
                rest = (*rest, *kinds)
            else:
                one = Value(value.regions, kinds)
                result = join(result, self.apply(spec, one, _NO_ARGUMENTS, node))
        for t in rest:
            if isinstance(t, str):
                if t in ("str", "bytes"):
                    result = join(result, plain(t))
                    continue
                if t == "range" or t == "int":
                    result = join(result, plain("int"))
                    continue
                if t in self.library.immutable and len(value.types) > 1:
                    continue
                if t in ITERATORS or t == ANY:
                    stateful = True
                if inside is None:
                    inside = self.inside(value)
                if t in ARRAYS and not self.holds_objects(value):
                    result = join(result, _SCALARS)
                    continue
                types = inside | ({ANY} if t == ANY or not inside else frozenset())
                result = join(result, self.value(value.regions, types))
            elif isinstance(t, Function):
                # A generator: its body goes on now.
                given = Value(value.regions, self.inside(value) | {ANY})
                result = join(result, self._resume(t, given, node))
                stateful = True
            elif isinstance(t, (Instance, Class)):
                for name in ("__iter__", "__next__", "__getitem__", "__aiter__", "__anext__"):
                    cls = t if isinstance(t, Class) else t.cls
                    if cls.lookup(name) is not None:
                        one = Value(value.regions, frozenset((t,)))
                        key = Arguments([plain("int")] if name == "__getitem__" else [])
                        result = join(result, self.call_method(one, name, key, node, name))
                types = self.inside(value) | {ANY}
                result = join(result, Value(value.regions, types))
        if stateful and consume and not value.loose:
            self.change(value, node)
        return result

    def _resume(self, function: Function, given: Value, node: ast.AST) -> Value:
        if function in self.active:
            return given
        arguments = scopes.arguments(function.node.args)
        keywords = {a.arg: given for a in arguments}
        made = self.call_function(function, Arguments([], keywords), node, given)
        inside = self.heap.inside(made.regions)
        return Value(made.regions | given.regions, inside | {ANY})

    def item(self, value: Value, key: Value, node: ast.AST) -> Value:
        """`value[key]`."""
        if (
            value.parts is not None
            and isinstance(key.const, int)
            and not isinstance(key.const, bool)
        ) and -len(value.parts) <= key.const < len(value.parts):
            return value.parts[key.const]
        result = NOTHING
        known, rest = self.library.groups(value.types, "[]")
        for spec, kinds in known:
            if spec.results[0].kind == "item":
                if spec.mutates:
                    self.change(value, node)
                rest = (*rest, *kinds)
            else:
                one = Value(value.regions, kinds)
                result = join(result, self.apply(spec, one, _NO_ARGUMENTS, node))
        for t in rest:
            if isinstance(t, str):
                if t in self.library.immutable:
                    continue
                if t[0] == "=":
                    result = join(result, plain(t))
                    continue
                types = self.inside(value)
                if t in ARRAYS and not self.holds_objects(value):
                    types = _SCALARS.types | {"Series"}
                elif t == ANY or not types:
                    types |= {ANY}
                if t in ("list", "tuple") and "slice" in key.types:
                    types = frozenset((t,))
                result = join(result, self.value(value.regions, types))
            elif isinstance(t, (Instance, Class)):
                one = Value(value.regions, frozenset((t,)))
                cls = t if isinstance(t, Class) else t.cls
                for name in ("__getitem__", "__class_getitem__", "__missing__"):
                    if cls.lookup(name) is not None or cls.is_unknown():
                        result = join(
                            result, self.call_method(one, name, Arguments([key]), node, name)
                        )
                result = join(result, self.value(value.regions, self.inside(value) | {ANY}))
            else:
                result = join(result, Value(value.regions, self.inside(value) | {ANY}))
        return result

    # Unknown code

    def unknown(self, words: str, callee: Value, args: Arguments, node: ast.AST) -> Value:
        """It may change all it can reach, keep it, and call any function it is given."""
        self.other_effects += 1
        self.facts.unknown.setdefault(words, self.where(node))
        values = args.all()
        regions: frozenset[int] = callee.regions.union(*(v.regions for v in values))
        reached = [callee, *values] if callee.regions else values
        called = self.call_back(reached, node, everything=True)
        regions |= called.regions
        for value in values:
            if value.regions:
                self.change(value, node)
            elif any(t == "process" for t in value.types):
                self.process("process state is given to an unknown function", False)
        if callee.regions:
            self.change(callee, node)
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
    ) -> Value:
        """Run what code that got these values may call: functions, methods of objects."""
        found: dict[Any, Value] = {}
        for value in values:
            types: Iterable[Any] = value.types
            if value.regions:
                types = [*types, *self.inside(value)]
            for t in types:
                if not isinstance(t, str) and t not in self.calling_back:
                    found.setdefault(t, value)
        if not found:
            return NOTHING
        given = self._callback_argument(values, node)
        result = NOTHING
        for t in in_order(found):
            source = found[t]
            self.calling_back.add(t)
            self.maybe += 1
            try:
                if isinstance(t, Function):
                    args = Arguments([], {}, [given])
                    result = join(result, self.call_function(t, args, node, source))
                elif isinstance(t, Class):
                    if t in source.types:
                        result = join(result, self.instantiate(t, Arguments([], {}, [given]), node))
                    self.call_all_members(t, source, node, everything, method)
                elif isinstance(t, (Instance, Super)):
                    self.call_all_members(t.cls, source, node, everything, method)
                elif isinstance(t, Method):
                    receiver = Value(source.regions, t.receivers)
                    args = Arguments([], {}, [given])
                    got = self.call_method(receiver, t.name, args, node, t.name)
                    result = join(result, got)
            finally:
                self.maybe -= 1
                self.calling_back.discard(t)
        return result

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
        node: ast.AST,
        everything: bool = True,
        method: str | None = None,
    ) -> None:
        """Any method may run (operators and display only, if not `everything`)."""
        instance = Value(receiver.regions, frozenset((Instance(cls),)))
        self.maybe += 1
        for name, member in cls.all_members().items():
            special = name.startswith("__") and name.endswith("__")
            if name in ("__init__", "__new__", "__init_subclass__"):
                continue
            if not (everything or special or name.startswith("_repr_")):
                continue
            if method is not None and not special and name != method:
                continue
            for t in member.types:
                if isinstance(t, Function) and t not in self.active:
                    given = Arguments([], {}, [Value(receiver.regions, frozenset((ANY,)))])
                    bound = self._bind_self(t, Instance(cls), instance, given)
                    self.call_function(t, bound, node, member)
        self.maybe -= 1

    # Functions of the notebook

    def call_function(
        self, function: Function, args: Arguments, node: ast.AST, callee: Value
    ) -> Value:
        active = self.active.get(function)
        parameters = self._parameters(function, args)
        if active is not None:
            for name, value in parameters.items():
                known = active.parameters.get(name, NOTHING)
                merged = join(known, value)
                if merged.types - known.types or not self.heap.roots(
                    merged.regions
                ) <= self.heap.roots(known.regions):
                    active.parameters[name] = merged
                    active.again = True
            return active.result
        if self.lost is not None:
            return self.lost
        if len(self.active) >= MAX_DEPTH or self.steps > MAX_STATEMENTS:
            self.barrier(f"calls are nested too deeply to follow `{function.name}`", opaque=True)
            self.lost = self.everything()
            return self.lost
        if function.kind == "cached":
            self.change(Value(frozenset((function.region,)), frozenset()), node)
        outermost = self.site is None
        if outermost:
            self.site = self.where(node)
        active = self.active[function] = _Active(parameters)
        frames, self.frames = self.frames, self.frames[:]
        try:
            for _ in range(4):
                active.again = False
                result = self._activate(function, active)
                if result.types - active.result.types:
                    active.result = join(active.result, result)
                    active.again = active.again or self._is_recursive(function)
                else:
                    active.result = join(active.result, result)
                if not active.again:
                    break
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

    def _is_recursive(self, function: Function) -> bool:
        known: bool | None = getattr(function.node, "_dossier_recursive", None)
        if known is None:
            # By name is enough: a second pass costs time only.
            names = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
            names |= {n.attr for n in ast.walk(function.node) if isinstance(n, ast.Attribute)}
            known = function.name in names
            function.node._dossier_recursive = known  # type: ignore[union-attr]
        return known

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
            values[spec.vararg.arg] = self._collect("tuple", [*rest, *args.stars])
        if spec.kwarg:
            values[spec.kwarg.arg] = self._collect(
                "dict", [plain("str"), *keywords.values(), *args.stars]
            )
        return values

    def _missing(self, star: Value | None, default: Value | None) -> Value:
        if star is not None:
            return join(star, default) if default is not None else star
        return default if default is not None else plain(ANY)

    def _collect(self, kind: str, values: list[Value]) -> Value:
        made = self.fresh(frozenset((kind,)), frozenset(t for v in values for t in v.types))
        regions = frozenset().union(*(v.regions for v in values))
        self.heap.union(made.regions | regions)
        return made

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
            given = list(active.parameters.values())
            made = self._collect("generator", [*yielded, *returned, *given])
            if frame.region is not None:
                self.heap.union((*made.regions, frame.region))
            self.heap.add(made.regions, frozenset(t for v in yielded for t in v.types))
            return Value(made.regions, frozenset(("generator", function)), loose=True)
        result = (
            join_all([*returned, _NONE]) if self._falls_through(node.body) else join_all(returned)
        )
        if isinstance(node, ast.AsyncFunctionDef):
            given = [result, *active.parameters.values()]
            made = self._collect("coroutine", given)
            types = result.types | {"coroutine", function}
            return Value(made.regions | result.regions, types, loose=True)
        return result

    def _falls_through(self, body: list[ast.stmt]) -> bool:
        return not body or not isinstance(body[-1], (ast.Return, ast.Raise))

    def instantiate(self, cls: Class, args: Arguments, node: ast.AST) -> Value:
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
        if cls.is_unknown():
            result = self.unknown(cls.name, made, args, node)
            return Value(result.regions | made.regions, made.types)
        post = cls.lookup("__post_init__")
        if post is not None:
            self.call_method(made, "__post_init__", Arguments(), node, "__post_init__")
        return made
