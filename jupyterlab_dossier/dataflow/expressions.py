"""Expressions: the value each one may give, and what evaluating it does."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import magics, namespace, scopes
from .calls import Calls
from .library import protocol
from .memory import ARRAYS
from .parts import Arguments
from .values import (
    ANY,
    NO_REGIONS,
    NOTHING,
    Frame,
    Function,
    Instance,
    Super,
    Value,
    constant,
    join,
    plain,
)

_COPYING = (ast.List, ast.Compare, ast.ListComp)
_NUMBERS = frozenset(("int", "float", "complex", "bool", "number"))
_CONSTANTS: dict[tuple[type, Any], Value] = {}

# The only methods of objects that these run.
_OPERATORS = protocol(("operators", "shows", "iterates", "compares"))
_COMPARISONS = protocol(("compares", "iterates", "__contains__", "__bool__"))
_SHOWS = protocol(("shows", "represents"))


_MANY = 8  # regions of a value, of which most have become one


class Expressions(Calls):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # Arguments of enumerate, zip and items calls, for loops that take them apart again.
        self._argument_values: dict[ast.Call, tuple[str, list[Value]]] = {}

    def evaluate(self, node: ast.expr) -> Value:
        handler = _HANDLERS.get(type(node))
        value: Value = self.other(node) if handler is None else handler(self, node)
        return value if len(value.regions) < _MANY else self.heap.compact(value)

    def run_text(self, text: str, node: ast.AST) -> Value:
        return magics.run_text(self, text, node)

    def other(self, node: ast.expr) -> Value:
        """A construct of a newer Python: everything in it is used by unknown code."""
        values = [self.evaluate(c) for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
        return self.unknown(type(node).__name__, NOTHING, Arguments(values), node)

    def name(self, node: ast.Name) -> Value:
        return self.load(node.id, node)

    def constant(self, node: ast.Constant) -> Value:
        value = node.value
        key = (type(value), value)
        try:
            return _CONSTANTS[key]
        except KeyError:
            if len(_CONSTANTS) > 10_000:
                _CONSTANTS.clear()
            made = _CONSTANTS[key] = constant(value)
            return made

    def attribute_node(self, node: ast.Attribute) -> Value:
        return self.attribute(self.evaluate(node.value), node.attr, node)

    def subscript(self, node: ast.Subscript) -> Value:
        value = self.evaluate(node.value)
        key = self.evaluate(node.slice)
        self.use_key(key, node)
        if self._copies(value, node.slice) and not self.holds_objects(value):
            types = value.types & (ARRAYS - {"Locator"})
            if "Locator" in value.types:
                types |= {"DataFrame", "Series"}
            return self.fresh(types)
        return self.item(value, key, node)

    def _copies(self, value: Value, key: ast.expr) -> bool:
        """Lists and masks as an index make a copy of an array or frame."""
        if not self.is_array(value):
            return False
        if isinstance(key, _COPYING):
            return True
        if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.Invert):
            return True
        return isinstance(key, ast.BinOp) and isinstance(key.op, (ast.BitAnd, ast.BitOr))

    def slice(self, node: ast.Slice) -> Value:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.use_key(self.evaluate(part), node)
        return plain("slice")

    # Operators

    def operate(self, left: Value, right: Value, node: ast.AST, operator: ast.operator) -> Value:
        types = left.types | right.types
        if "namespace" in types:
            return namespace.give_up(self)
        if self.is_immutable(types):
            if "Path" in types:
                return plain("Path")
            if types <= _NUMBERS:
                return (
                    plain("number")
                    if len(types) > 1 or isinstance(operator, (ast.Div, ast.Pow))
                    else Value(NO_REGIONS, types)
                )
            return Value(NO_REGIONS, types | {"number"} if "number" in types else types)
        regions = left.regions | right.regions
        called = NOTHING
        if any(not isinstance(t, str) for t in types):
            called = self.call_back([left, right], node, everything=True, only=_OPERATORS)
        arrays = types & ARRAYS
        if arrays and types <= ARRAYS | self.library.immutable | {"list", "tuple"}:
            kinds = arrays - {"Locator"} or frozenset(("Series", "DataFrame"))
            made = self.fresh(kinds | {"number"})
            if self.holds_objects(left) or self.holds_objects(right):
                self.heap.union(made.regions | regions)
                self.heap.add(made.regions, self.heap.inside(regions))
            return made
        inside = self.heap.inside(regions)
        if types <= {"list", "tuple", "set", "dict", "frozenset", "Counter", "dictview", "int"}:
            made = self.fresh(types - {"int"}, inside)
            if not self.is_immutable(inside):
                self.heap.union(made.regions | regions)
            return made
        types |= called.types
        regions |= called.regions
        if not regions:
            return Value(NO_REGIONS, types)
        return Value(regions, types)

    def binary(self, node: ast.BinOp) -> Value:
        left = self.evaluate(node.left)
        return self.operate(left, self.evaluate(node.right), node, node.op)

    def compare(self, node: ast.Compare) -> Value:
        values = [self.evaluate(node.left), *map(self.evaluate, node.comparators)]
        types = frozenset(t for v in values for t in v.types)
        if "namespace" in types:
            one = len(values) == 2 and isinstance(node.ops[0], (ast.In, ast.NotIn))
            if one and namespace.is_namespace(values[1]):
                return namespace.contains(self, values[0], node)
            return namespace.give_up(self)
        identity = all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops)
        if identity or self.is_immutable(types):
            return plain("bool")
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            self.consume(values, node)
        self.call_back(values, node, everything=True, only=_COMPARISONS)
        if types & ARRAYS:
            return self.fresh(((types & ARRAYS) - {"Locator"} or frozenset(("Series",))) | {"bool"})
        if ANY not in types and all(isinstance(t, str) for t in types):
            return plain("bool")
        return self.fresh(frozenset((ANY, "bool")))

    def boolean(self, node: ast.BoolOp) -> Value:
        last = result = self.evaluate(node.values[0])
        self.maybe += 1
        for value in node.values[1:]:
            self.truth(last, node)
            last = self.evaluate(value)
            result = join(result, last)
        self.maybe -= 1
        return result

    def conditional(self, node: ast.IfExp) -> Value:
        self.truth(self.evaluate(node.test), node)
        self.maybe += 1
        result = join(self.evaluate(node.body), self.evaluate(node.orelse))
        self.maybe -= 1
        return result

    def unary(self, node: ast.UnaryOp) -> Value:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            self.truth(value, node)
            return plain("bool")
        if isinstance(node.op, ast.USub) and type(value.const) in (int, float):
            return constant(-value.const)
        return self.operate(value, plain("int"), node, ast.Add())

    # Displays

    def _element(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Starred):
            return self.iterate(self.evaluate(node.value), node)
        return self.evaluate(node)

    def sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        values = [self._element(e) for e in node.elts]
        if isinstance(node, ast.Set):
            for value in values:
                self.use_key(value, node)
        kind = type(node).__name__.lower()
        types = frozenset(t for v in values for t in v.types)
        regions = frozenset().union(*(v.regions for v in values))
        if isinstance(node, ast.Tuple):
            return self.tuple_of(values, not any(isinstance(e, ast.Starred) for e in node.elts))
        return Value(self._region(types, regions), frozenset((kind,)))

    def _region(self, types: frozenset[Any], regions: frozenset[int]) -> frozenset[int]:
        if "namespace" in types:
            namespace.give_up(self)
        made = self.heap.new(types)
        self.heap.union((made, *regions))
        return frozenset((made,))

    def dictionary(self, node: ast.Dict) -> Value:
        values: list[Value] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread = self.evaluate(value)
                values.append(Value(spread.regions, self.inside(spread)))
            else:
                values.append(self.evaluate(key))
                self.use_key(values[-1], node)
                values.append(self.evaluate(value))
        types = frozenset(t for v in values for t in v.types)
        regions = frozenset().union(*(v.regions for v in values))
        return Value(self._region(types, regions), frozenset(("dict",)))

    def text(self, node: ast.JoinedStr) -> Value:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.text_part(part)
        return plain("str")

    def text_part(self, node: ast.FormattedValue) -> Value:
        value = self.evaluate(node.value)
        if "namespace" in value.types:
            namespace.give_up(self)
        if not all(isinstance(t, str) for t in value.types):
            self.call_back([value], node, everything=True, only=_SHOWS)
        if node.format_spec is not None:
            self.evaluate(node.format_spec)
        return plain("str")

    def starred(self, node: ast.Starred) -> Value:
        return self.iterate(self.evaluate(node.value), node)

    def walrus(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        if isinstance(node.target, ast.Name):
            self.bind(node.target.id, value, node)
        return value

    def awaiting(self, node: ast.Await) -> Value:
        value = self.evaluate(node.value)
        if not value.types.isdisjoint(("coroutine",)):
            functions = frozenset(t for t in value.types if isinstance(t, Function))
            if not value.loose:
                self.change(value, node)
                for function in functions:
                    self._resume(function, Value(value.regions, frozenset((ANY,))), node)
            return Value(value.regions, value.types - functions - {"coroutine"} or {ANY})  # type: ignore[arg-type]
        self.change(value, node)
        return Value(value.regions, value.types)

    def yielding(self, node: ast.Yield | ast.YieldFrom) -> Value:
        value = NOTHING if node.value is None else self.evaluate(node.value)
        if isinstance(node, ast.YieldFrom):
            value = self.iterate(value, node)
        if self.yields:
            self.yields[-1].append(value)
        return plain(ANY)

    # Functions and comprehensions

    def function(self, node: scopes.FunctionNode) -> Value:
        """The value of a lambda or def, before decorators."""
        spec = node.args
        defaults = [self.evaluate(d) for d in spec.defaults]
        keywords = {
            a.arg: self.evaluate(d)
            for a, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
            if d is not None
        }
        region = self.heap.new()
        regions = {region}
        for value in (*defaults, *keywords.values()):
            regions |= value.regions
        frame = self.frame
        closed = frame
        while closed is not None:
            if closed.region is not None:
                regions.add(closed.region)
            closed = closed.parent
        self.heap.union(regions)
        made = Function(node, frame, region, defaults, keywords)
        if frame is not None and frame.weak and frame.owner is not None:
            made.owner = frame.owner
        return Value(frozenset((region,)), frozenset((made,)))

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> Value:
        first = self.evaluate(node.generators[0].iter)
        scope = scopes.Scope()
        frame = Frame(scope, self.frame)
        inner = self.frame
        if inner is not None:
            frame.region = inner.region
        self.frames.append(frame)
        self.maybe += 1
        try:
            for index, generator in enumerate(node.generators):
                scope.locals.update(
                    n.id
                    for n in ast.walk(generator.target)
                    if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                )
                scope.captured = scope.locals if frame.region is not None else set()
                source = first if index == 0 else self.evaluate(generator.iter)
                self.assign_element(generator.target, generator.iter, source, node)
                for test in generator.ifs:
                    self.truth(self.evaluate(test), node)
            if isinstance(node, ast.DictComp):
                values = [self.evaluate(node.key), self.evaluate(node.value)]
            else:
                values = [self.evaluate(node.elt)]
        finally:
            self.maybe -= 1
            self.frames.pop()
        types = frozenset(t for v in values for t in v.types)
        regions = frozenset().union(*(v.regions for v in values))
        if isinstance(node, ast.GeneratorExp):
            return self._generator(node, types, regions | first.regions)
        kind = {"ListComp": "list", "SetComp": "set", "DictComp": "dict"}[type(node).__name__]
        return Value(self._region(types, regions), frozenset((kind,)))

    def _generator(
        self, node: ast.GeneratorExp, types: frozenset[Any], regions: frozenset[int]
    ) -> Value:
        """Its body runs when it is iterated, perhaps in a later cell: kept as a function."""
        body = getattr(node, "_dossier_body", None)
        if body is None:
            listed = ast.ListComp(elt=node.elt, generators=node.generators)
            empty = ast.arguments([], [], None, [], [], None, [])
            body = ast.copy_location(ast.Lambda(empty, ast.copy_location(listed, node)), node)
            node._dossier_body = body  # type: ignore[attr-defined]
        made = Function(body, self.frame, self.heap.new())
        region = self._region(types, regions)
        return Value(region, frozenset(("generator", made)), loose=True)

    def assign_element(
        self, target: ast.expr, source: ast.expr, value: Value, node: ast.AST
    ) -> None:
        raise NotImplementedError

    def element_of(self, source: ast.expr, value: Value, node: ast.AST) -> Value:
        """An element of what a loop runs over; pairs of enumerate, zip and items stay pairs."""
        pair = self._pair(source, node)
        if pair is not None:
            return pair
        return self.iterate(value, node, consume=not isinstance(source, ast.GeneratorExp))

    def _pair(self, source: ast.expr, node: ast.AST) -> Value | None:
        if not isinstance(source, ast.Call) or source.keywords:
            return None
        known = self._argument_values.get(source)
        if known is None:
            return None
        name, values = known
        parts: tuple[Value, ...]
        if name == "enumerate" and values:
            parts = (plain("int"), self.iterate(values[0], node))
        elif name == "zip":
            parts = tuple(self.iterate(v, node) for v in values)
        elif name == "items":
            inside = self.inside(values[0])
            keys = frozenset(
                t
                for t in inside
                if not isinstance(t, str)
                or t in self.library.immutable
                or t in ("tuple", "frozenset", ANY)
                or t[0] == "="
            )
            if not values[0].types <= {"dict", "defaultdict", "Counter"}:
                return None
            regions = values[0].regions
            kinds = self.value(regions, inside or frozenset((ANY,)))
            parts = (self.value(regions, keys or frozenset((ANY,))), kinds)
        else:
            return None
        regions = frozenset().union(*(p.regions for p in parts))
        return Value(regions, frozenset(("tuple",)), parts=parts)

    # Calls

    def call_node(self, node: ast.Call) -> Value:
        func = node.func
        if isinstance(func, ast.Attribute):
            if magics.is_shell(func.value) and func.attr in magics.METHODS:
                return magics.call(self, func.attr, node)
            receiver = self.evaluate(func.value)
            if receiver.types == {"shell"} and func.attr in magics.METHODS:
                return magics.call(self, func.attr, node)
            args = self.arguments(node)
            if func.attr == "items" and not args.positional:
                self._argument_values[node] = ("items", [receiver])
            words = self._words(func)
            return self.call_method(receiver, func.attr, args, node, words)
        if isinstance(func, ast.Name):
            special = self._special(func.id, node)
            if special is not None:
                return special
            callee = self.load(func.id, func)
            args = self.arguments(node)
            pairs = func.id in ("zip", "enumerate") and not args.stars
            if pairs and callee.types == {f"=builtins.{func.id}"}:
                self._argument_values[node] = (func.id, args.positional)
            return self.call(callee, args, node, func.id)
        callee = self.evaluate(func)
        return self.call(callee, self.arguments(node), node, self._words(func))

    def _words(self, func: ast.expr) -> str:
        parts: list[str] = []
        node = func
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        parts.append(node.id if isinstance(node, ast.Name) else "…")
        return ".".join(reversed(parts))

    def _special(self, name: str, node: ast.Call) -> Value | None:
        if name == "super":
            frame = self._method_frame()
            if frame is None or frame.owner is None:
                return plain(ANY)
            for argument in node.args:
                self.evaluate(argument)
            receiver = frame.self_value or NOTHING
            return Value(receiver.regions, frozenset((Super(frame.owner),)))
        if name == "type" and len(node.args) == 1:
            value = self.evaluate(node.args[0])
            classes = frozenset(t.cls for t in value.types if isinstance(t, Instance))
            if classes:
                return Value(frozenset(c.region for c in classes), classes)
            return plain("type")
        if name in ("locals", "vars", "dir") and not node.args and self.frames:
            frame = self.frames[-1]
            values = list(frame.vars.values())
            if name == "dir":
                return self.fresh(frozenset(("list",)), frozenset(("str",)))
            return self.collect("dict", values)
        return None

    def arguments(self, node: ast.Call) -> Arguments:
        args = Arguments()
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                value = self.evaluate(argument.value)
                if value.parts is not None and not args.stars:
                    args.positional.extend(value.parts)
                else:
                    args.stars.append(self.iterate(value, node))
            else:
                value = self.evaluate(argument)
                if args.stars:
                    args.stars.append(value)
                else:
                    args.positional.append(value)
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is None:
                args.stars.append(self.value(value.regions, self.inside(value) | {ANY}))
            else:
                args.keywords[keyword.arg] = value
        return args


_HANDLERS: dict[type, Callable[[Any, Any], Value]] = {
    ast.Name: Expressions.name,
    ast.Constant: Expressions.constant,
    ast.Attribute: Expressions.attribute_node,
    ast.Call: Expressions.call_node,
    ast.Subscript: Expressions.subscript,
    ast.BinOp: Expressions.binary,
    ast.Compare: Expressions.compare,
    ast.BoolOp: Expressions.boolean,
    ast.UnaryOp: Expressions.unary,
    ast.IfExp: Expressions.conditional,
    ast.List: Expressions.sequence,
    ast.Tuple: Expressions.sequence,
    ast.Set: Expressions.sequence,
    ast.Dict: Expressions.dictionary,
    ast.JoinedStr: Expressions.text,
    ast.FormattedValue: Expressions.text_part,
    ast.Lambda: Expressions.function,
    ast.ListComp: Expressions.comprehension,
    ast.SetComp: Expressions.comprehension,
    ast.DictComp: Expressions.comprehension,
    ast.GeneratorExp: Expressions.comprehension,
    ast.NamedExpr: Expressions.walrus,
    ast.Starred: Expressions.starred,
    ast.Slice: Expressions.slice,
    ast.Await: Expressions.awaiting,
    ast.Yield: Expressions.yielding,
    ast.YieldFrom: Expressions.yielding,
}
