"""What is in a value: elements of a loop, items of a subscript."""

from __future__ import annotations

import ast
from typing import Any

from . import namespace, scopes
from .library import Spec, protocol
from .memory import ARRAYS, ITERATORS
from .parts import NO_ARGUMENTS, Arguments, Parts
from .values import (
    ANY,
    NO_REGIONS,
    NOTHING,
    Class,
    Function,
    Instance,
    Value,
    in_order,
    join,
    join_all,
    plain,
)

_SCALARS = Value(NO_REGIONS, frozenset(("number", "str", "Timestamp")))

_KEYS = protocol(("compares", "__index__"))
_FACTORIES = frozenset(f"=builtins.{t}" for t in ("list", "dict", "set", "int", "float", "str"))


class Elements(Parts):
    """The part of the walk that takes values apart."""

    def apply(
        self, spec: Spec, receiver: Value | None, args: Arguments, node: ast.AST, path: str = ""
    ) -> Value:
        raise NotImplementedError

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
                result = join(result, self.apply(spec, one, NO_ARGUMENTS, node))
        for t in rest:
            if isinstance(t, str):
                if t in ("str", "bytes"):
                    result = join(result, plain(t))
                    continue
                if t == "namespace":
                    result = join(result, namespace.give_up(self))
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
                if t == "iterator":
                    result = join(result, self.call_later(value, node))
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

    def call_later(self, value: Value, node: ast.AST) -> Value:
        """What a lazy iterator (map, filter, …) calls, it calls when it is used."""
        later = self.heap.later
        functions = frozenset(t for r in self.heap.roots(value.regions) for t in later.get(r, ()))
        if not functions:
            return NOTHING
        return self.call_back([Value(value.regions, functions)], node)

    def truth(self, value: Value, node: ast.AST) -> None:
        """`if x`, `not x`, `x and y`: objects of the notebook may run code to answer."""
        for t in value.types:
            if not isinstance(t, str):
                self._hooks(value, ("__bool__", "__len__"), node)
                return

    def _hooks(self, value: Value, names: tuple[str, ...], node: ast.AST) -> None:
        for t in in_order(t for t in value.types if isinstance(t, Instance)):
            for name in names:
                if t.cls.lookup(name) is not None or t.cls.is_unknown():
                    one = Value(value.regions, frozenset((t,)))
                    self.call_method(one, name, NO_ARGUMENTS, node, name)

    def use_key(self, key: Value, node: ast.AST) -> None:
        """`x[key]`, `{key}`: the key's `__index__`, `__hash__` and `__eq__` run."""
        for t in key.types:
            if not isinstance(t, str):
                self.call_back([key], node, everything=True, only=_KEYS)
                return

    def _resume(self, function: Function, given: Value, node: ast.AST) -> Value:
        if function in self.active:
            return given
        arguments = scopes.arguments(function.node.args)
        keywords = {a.arg: given for a in arguments}
        made = self.call_function(function, Arguments([], keywords), node, given)
        inside = self.heap.inside(made.regions)
        return Value(made.regions | given.regions, inside | {ANY})

    def _factory(self, value: Value, node: ast.AST) -> Value:
        """A missing key of a defaultdict: its factory is called."""
        made = self.call_back([value], node, everything=True)
        for t in self.inside(value):
            if isinstance(t, str) and t in _FACTORIES:
                made = join(made, self.call_path(t[1:], NO_ARGUMENTS, node, t[1:]))
        if made.types:
            self.heap.add(value.regions, made.types)
            self.heap.union(value.regions | made.regions)
        return Value(value.regions | made.regions, made.types) if made.types else NOTHING

    def item(self, value: Value, key: Value, node: ast.AST) -> Value:
        """`value[key]`."""
        if (
            value.parts is not None
            and isinstance(key.const, int)
            and not isinstance(key.const, bool)
        ) and -len(value.parts) <= key.const < len(value.parts):
            return value.parts[key.const]
        if "modules" in value.types and key.const == "__main__":
            return plain(namespace.MAIN)
        result = NOTHING
        known, rest = self.library.groups(value.types, "[]")
        for spec, kinds in known:
            if spec.results[0].kind == "item":
                if spec.mutates:
                    self.change(value, node)
                    result = join(result, self._factory(value, node))
                rest = (*rest, *kinds)
            else:
                one = Value(value.regions, kinds)
                result = join(result, self.apply(spec, one, NO_ARGUMENTS, node))
        for t in rest:
            if isinstance(t, str):
                if t == "namespace":
                    result = join(result, namespace.item(self, key, node))
                    continue
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
