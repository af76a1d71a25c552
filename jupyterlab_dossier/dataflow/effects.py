"""What library data says, done: effects on arguments and the world, and the result."""

from __future__ import annotations

import ast
from typing import Any

from . import namespace, text
from .elements import Elements
from .library import Result, Selector, Spec
from .memory import ARRAYS, ITERATORS
from .parts import Arguments
from .values import (
    ANY,
    MISSING,
    NO_REGIONS,
    NOTHING,
    Class,
    Function,
    Value,
    join,
    join_all,
    plain,
    words,
)

_ARRAY_LIKE = ARRAYS | {"Grouped", "list"}
_HOLDS_CELLS = ARRAYS | {"Grouped"}
_PLAIN_DATA = frozenset(("list", "tuple", "dict", "iterator", "dictview"))
_INDEXED = ("iterator", "dictview", "list", "tuple", "dict", "set", "frozenset", "deque")

# In these words of the library's data: a folder may be gone afterwards.
_TAKES_AWAY = ("removes a folder", "removes files", "moves a file")

GETTER = "."  # in place of a function's path: an attribute is looked up
# Their functions call functions that they are given, and special methods.
_SPECIAL_ONLY = words(
    "builtins math cmath statistics random heapq bisect itertools functools collections"
)


class Effects(Elements):
    """The part of the walk that knows libraries."""

    def apply(
        self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST, path: str = ""
    ) -> Value:
        """What a line of library data says, done."""
        if spec.text:
            if spec.text == "pandas":
                return text.pandas(self, receiver, args, node)
            return text.call(self, spec, path, args, node)
        if spec.opens:
            return self.open_file(spec, receiver, args, node)
        if spec.positions:
            args = args.named(spec.positions)
        values = args.all()
        copied = args.keywords.get("copy")
        if spec.uncopied and copied is not None and copied.const is not True:
            self.change(join_all(args.positional[:1]), node)
        for name, value in args.keywords.items():
            # Conventions of the whole scientific stack.
            if name in ("out", "ax", "axes", "cax") and value.const is not None:
                self.change(value, node)
            elif name[:10] == "overwrite_" and value.const is not False:
                for argument in args.positional:
                    self.change(argument, node)
            elif name == "inplace" and value.const is not False:
                self.change(receiver or join_all(args.positional[:1]), node)
        if spec.mutates:
            self._mutations(spec, receiver, args, node)
        if values:
            self.consume(values, node)
        if not spec.quiet:
            self._effects(spec, receiver, args, node, path)
        if spec.mutates or "model_selection" in path:
            self._draws_by_estimators(spec, receiver, values, node, path)
        called = NOTHING
        if values or receiver is not None:
            sources = values if receiver is None else [receiver, *values]
            called = self._calls(spec, path, sources, args, node)
        if spec.pyplot:
            result = self._figure(spec, receiver, values)
        else:
            result = self._result(spec, receiver, args, node, called, path)
        if spec.unshippable:
            self.mark_unshippable(result, spec.unshippable)
            for file in self._paths(spec.writes, receiver, args):
                self.heap.write_through(result.regions, self.file_name(file))
        return result

    def _calls(
        self, spec: Spec, path: str, sources: list[Value], args: Arguments, node: ast.AST
    ) -> Value:
        """Code of the notebook that a library runs."""
        if spec.calls is not None:
            called = self.call_back(sources, node, everything=True, only=spec.calls)
            keys = [v for name, v in args.keywords.items() if name == "key"] + args.stars
            if keys:
                # A sort key gets what is sorted.
                found = self.call_back(keys, node, given=self._callback_argument(sources, node))
                called = join(called, found)
            return called
        if path == GETTER:
            return NOTHING
        module, _, name = path.rpartition(".")
        if module in _SPECIAL_ONLY:
            return self.call_back(sources, node)
        if module.startswith("numpy") and not (spec.reads or spec.writes):
            # It passes on to the objects' own method of the same name.
            return self.call_back(sources, node, everything=True, method=name)
        return self.call_back(sources, node, everything=True)

    def open_file(
        self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST
    ) -> Value:
        """`open(path, mode)`, `path.open(mode)`: what it reads and writes is decided here."""
        first = 0 if receiver is None else -1
        path = receiver
        for word in (0, "file", "filename", "name") if receiver is None else ():
            path = path or args.get(word)
        mode = args.get(first + 1) or args.get("mode") or args.get("flag")
        text = (
            mode.const if mode is not None else "c" if "database" in spec.results[0].types else ""
        )
        reads = isinstance(text, str) and not set(text) & set("waxc+")
        self.touch_file(path, not reads, node)
        made = self.fresh(spec.results[0].types, spec.results[0].elements or frozenset())
        if not reads:
            self.touch_file(path, False, node)
            self.heap.write_through(made.regions, self.file_name(path))
        if spec.unshippable:
            self.mark_unshippable(made, spec.unshippable)
        return Value(made.regions, made.types, loose=True)

    def _effects(
        self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST, path: str
    ) -> None:
        if spec.reads or spec.writes:
            self._files(spec, receiver, args, node)
        if spec.outside:
            self.outside(spec.outside, node)
            if spec.outside == "links files":
                self.state.paths_unclear = True
                self.rebound.append(-1)
        if spec.barrier:
            self.barrier(spec.barrier, opaque="code" in spec.barrier or "namespace" in spec.barrier)
        if spec.complete:
            self.look_back(spec.complete)
        if spec.process:
            # A logger keeps what it is given, also what is still used under a name.
            kept = receiver is not None and "logger" in receiver.types
            kept = kept and self.is_older(*args.all())
            if kept:
                self.rebound.append(-1)
                self.state.patched.extend(v for v in args.all() if v.regions)
            self.process(spec.process, not kept, path)
        if spec.sticky:
            self.process(spec.sticky, False, path)
        if spec.hooks:
            self.process(spec.hooks, False)
            self.rebound.append(-1)
            self.state.patched.extend(v for v in args.all() if v.regions)
        if spec.random:
            self.draws(spec.random, node)
        if spec.seeds:
            self.seeds(spec.seeds, node)
        if spec.seeded:
            seed = args.keywords.get(spec.seeded)
            if self.draws_without(seed):
                self.draws("<numpy.random>", node)
            if seed is not None and seed.regions:
                self.change(seed, node)
        if spec.display:
            self.resource("<display>", True, node)
        if spec.pickles:
            self.load_definitions(args.all(), node)
        if spec.unpickles:
            self.load_definitions(None, node)

    def _mutations(
        self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST
    ) -> None:
        for selector in spec.mutates:
            if selector == "self":
                if receiver is not None:
                    self.change(receiver, node)
            elif selector == "handlers":
                for value in self.state.patched:
                    self.change(value, node)
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
        self.keep_in_module(holder, value)
        self.heap.add(holder.regions, value.types | self.inside(value))
        if value.regions and not (self.is_array(holder) and not self.keeps_reference(value)):
            self.heap.union(holder.regions | value.regions)

    def consume(self, values: list[Value], node: ast.AST) -> None:
        for value in values:
            if "namespace" in value.types:
                namespace.give_up(self)
            if not value.loose and value.regions and not value.types.isdisjoint(ITERATORS):
                self.change(value, node)
                self.call_later(value, node)

    def _files(self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST) -> None:
        if spec.outside == "removes folders":
            self.take_away(None)
        elif spec.outside in _TAKES_AWAY:
            self.take_away(receiver if "self" in spec.writes else args.get(0))
        for selectors, write in ((spec.reads, False), (spec.writes, True)):
            for path in self._paths(selectors, receiver, args):
                self.touch_file(path, write, node)

    def _paths(
        self, selectors: tuple[Selector, ...], receiver: Value | None, args: Arguments
    ) -> list[Value | None]:
        """The files these name; None is any."""
        if "<files>" in selectors or "<folder>" in selectors:
            return [None]
        paths = [args.get(s) for s in selectors if s != "self"]
        given = [p for p in paths if p is not None and p.const is not None]
        found: list[Value | None] = [receiver] if "self" in selectors else []
        found += given[: len([s for s in selectors if isinstance(s, int)]) or 1]
        if selectors and not given and args.stars:
            found.append(None)
        return found

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
        out = args.keywords.get("output" if "output" in spec.mutates else "out")
        copied = copy is None or copy.const is True
        if (not copied and kind in ("fresh", "convert", "parts")) or (
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
        if kind in ("alias", "copy") and receiver is not None:
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
        if kind in ("fresh", "copy", "convert", "holding"):
            if receiver is not None and kind in ("fresh", "holding"):
                held = kind == "holding"
                sources += [v for v in values if held or self._has_arrays(v)]
            return self._made(kind, rule, types, sources, inside, source_types, called, values)
        regions = frozenset().union(*(s.regions for s in sources))
        if not types:
            types = inside | {ANY} | (called.types if called.types else frozenset())
            # A closure handed through keeps being one.
            types |= frozenset(t for t in source_types if isinstance(t, (Function, Class)))
        if self.is_immutable(types):
            return Value(NO_REGIONS, types)
        if "iterator" in types:
            made = self.fresh(types, (inside or source_types) | (rule.elements or frozenset()))
            later = frozenset(t for t in source_types if not isinstance(t, str))
            if later:
                # map, filter, iter(function, …): called when it is used.
                self.heap.call_later(made.regions, later)
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
            elements |= rule.elements or frozenset()
            if not types:
                types = source_types
        elif kind == "holding":
            shares = self.holds_objects(sources[0]) or any(map(self.keeps_reference, sources[1:]))
            elements = rule.elements or frozenset()
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
                and any(self.holds_objects(s) for s in sources if self._has_arrays(s))
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

    def _has_arrays(self, value: Value) -> bool:
        return not (value.types | self.inside(value)).isdisjoint(_HOLDS_CELLS)

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
