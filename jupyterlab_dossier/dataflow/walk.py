"""Statements: the walk over one cell."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import Any

from . import history, local, namespace, scopes
from .expressions import Expressions
from .facts import Facts, State
from .library import LIBRARIES, protocol
from .memory import Saved, Watch
from .parts import Arguments
from .values import (
    ANY,
    NO_REGIONS,
    NOTHING,
    Class,
    Frame,
    Function,
    Instance,
    Mark,
    Value,
    constant,
    in_order,
    join,
    join_all,
    kinds,
    plain,
    words,
)

# Modules whose names `from m import *` gives are read from the interpreter itself.
_STAR = words(
    "math cmath random itertools functools collections statistics operator string datetime "
    "time typing dataclasses enum fractions decimal pathlib re json copy os.path abc "
    "contextlib"
)
_HARMLESS_MODULES = frozenset(("enum", "typing", "abc", "types", "numbers", "collections"))
_ANY = frozenset((ANY,))
# What the end of a `with` block changes: it closes, waits, lets go.
_CLOSED = words("connection lock file archive database program temporary")
_REPRESENTS = protocol(("represents",))


class Walk(Expressions):
    """Walks one cell from a state of the notebook; `run` gives the facts and moves the state."""

    def run(self, tree: ast.Module) -> Facts:
        if self.state.patched:
            # Libraries may call what was put into modules, in any cell.
            self.site = (self.lines, None)
            self.call_back(self.state.patched, tree)
            self.site = None
        for number, statement in enumerate(tree.body):
            self.begin_statement(number)
            self.statement_node(statement)
            self.end_statement(statement)
        return self.finish()

    def run_body(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.statement_node(statement)

    def statement_node(self, node: ast.stmt) -> None:
        if self.active:
            self.steps += 1
        handler = _STATEMENTS.get(type(node))
        if handler is not None:
            handler(self, node)
        else:
            self.newer(node)

    def newer(self, node: ast.stmt) -> None:
        """A statement of a newer Python (`type X = …`): its names are bound, its parts read."""
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load):
                self.bind(child.id, plain(ANY), node)
            elif isinstance(child, ast.Name):
                self.load(child.id, child)

    def nothing(self, node: ast.stmt) -> None:
        pass

    def expression(self, node: ast.Expr) -> None:
        value = self.evaluate(node.value)
        if not self.active:
            if "namespace" in value.types:
                namespace.give_up(self)
            # The last one is displayed; any may be. A container shows what is in it.
            shown = {*value.types, *self.inside(value)} if value.regions else ()
            if not all(isinstance(t, str) for t in shown):
                self.call_back([value], node, everything=True, only=_REPRESENTS)
            if (
                value.const is not None
                and value.types != {"NoneType"}
                and not isinstance(node.value, ast.Call)
            ):
                self.other_effects += 1

    # Assignment

    def assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign_to(target, value, node, len(node.targets) == 1)

    def assign_to(self, target: ast.expr, value: Value, node: ast.AST, only: bool = True) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value, node)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpack(target.elts, value, node)
        elif isinstance(target, ast.Attribute):
            self.set_attribute(self.evaluate(target.value), target.attr, value, node)
        elif isinstance(target, ast.Subscript):
            holder = self.evaluate(target.value)
            key = self.evaluate(target.slice)
            self.use_key(key, node)
            if "namespace" in holder.types:
                namespace.set_item(self, key, value, node)
                return
            self._item_hook(holder, "__setitem__", [key, value], node)
            self.store(holder, value, node)
            # Arrays and frames look at a key; dicts keep it.
            if holder.regions and key.types and not self.is_array(holder):
                self.heap.add(holder.regions, key.types)
                if key.regions:
                    self.heap.union(holder.regions | key.regions)
        elif isinstance(target, ast.Starred):
            self.assign_to(target.value, value, node)

    def _item_hook(self, holder: Value, name: str, args: list[Value], node: ast.AST) -> None:
        for t in holder.types:
            if isinstance(t, Instance) and (t.cls.lookup(name) is not None or t.cls.is_unknown()):
                one = Value(holder.regions, frozenset((t,)))
                self.call_method(one, name, Arguments(args), node, name)

    def unpack(self, targets: list[ast.expr], value: Value, node: ast.AST) -> None:
        starred = any(isinstance(t, ast.Starred) for t in targets)
        if value.parts is not None and len(value.parts) == len(targets) and not starred:
            for target, part in zip(targets, value.parts, strict=True):
                self.assign_to(target, part, node)
            return
        element = self.iterate(value, node)
        separate = value.loose and value.types.isdisjoint(("iterator", "generator", "file"))
        for target in targets:
            given = element
            if separate and element.regions:
                inside = self.inside(element)
                types = element.types - {"tuple", "list"} or element.types
                given = Value(frozenset((self.heap.new(inside),)), types)
            if isinstance(target, ast.Starred):
                self.assign_to(target.value, self.collect("list", [element]), node)
            else:
                self.assign_to(target, given, node)

    def assign_element(
        self, target: ast.expr, source: ast.expr, value: Value, node: ast.AST
    ) -> None:
        self.assign_to(target, self.element_of(source, value, node), node)

    def augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            old = self.load(target.id, target)
            value = self.evaluate(node.value)
            self.bind(target.id, self._in_place(old, value, node), node)
        elif isinstance(target, ast.Attribute):
            holder = self.evaluate(target.value)
            old = self.attribute(holder, target.attr, node)
            value = self._in_place(old, self.evaluate(node.value), node)
            self.set_attribute(holder, target.attr, value, node)
        else:
            holder = self.evaluate(target.value)
            key = self.evaluate(target.slice)
            old = self.item(holder, key, node)
            value = self._in_place(old, self.evaluate(node.value), node)
            if "namespace" in holder.types:
                namespace.set_item(self, key, value, node)
                return
            self._item_hook(holder, "__setitem__", [key, value], node)
            self.store(holder, value, node)

    def _in_place(self, old: Value, value: Value, node: ast.AugAssign) -> Value:
        """`x += v`: a new object, or the old one changed."""
        made = self.operate(old, value, node, node.op)
        if self.is_immutable(old.types) or old.types <= {"tuple", "frozenset"}:
            return made
        self.change(old, node)
        if old.types <= {"ndarray", "DataFrame", "Series", "Index"}:
            return old
        if old.regions:
            self.heap.add(old.regions, self.inside(value))
            if not self.is_immutable(self.inside(value) or value.types):
                self.heap.union(old.regions | value.regions)
        return join(old, made) if ANY in old.types else old

    def annotated(self, node: ast.AnnAssign) -> None:
        frame = self.frame
        if frame is None or frame.weak:
            self.evaluate(node.annotation)
        if node.value is not None:
            self.assign_to(node.target, self.evaluate(node.value), node)
        elif frame is not None and frame.weak and isinstance(node.target, ast.Name):
            frame.vars.setdefault(node.target.id, plain(ANY))

    def delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._delete(target, node)

    def _delete(self, target: ast.expr, node: ast.AST) -> None:
        if isinstance(target, ast.Name):
            self.unbind(target.id, node)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._delete(element, node)
        elif isinstance(target, ast.Attribute):
            self.delete_attribute(self.evaluate(target.value), target.attr, node)
        elif isinstance(target, ast.Subscript):
            holder = self.evaluate(target.value)
            key = self.evaluate(target.slice)
            self.use_key(key, node)
            if "namespace" in holder.types:
                namespace.delete_item(self, key, node)
                return
            self._item_hook(holder, "__delitem__", [key], node)
            self.change(holder, node)

    # Control flow

    def branch(self, node: ast.If) -> None:
        self.truth(self.evaluate(node.test), node)
        before = self.save()
        self.run_body(node.body)
        after = self.save()
        self.restore(before)
        self.run_body(node.orelse)
        self.merge(after)

    def loop(self, node: ast.For | ast.AsyncFor) -> None:
        source = self.evaluate(node.iter)

        def once() -> None:
            self.assign_element(node.target, node.iter, source, node)
            self.run_body(node.body)

        self._repeat(once)
        self.run_body(node.orelse)

    def while_loop(self, node: ast.While) -> None:
        def once() -> None:
            self.truth(self.evaluate(node.test), node)
            self.run_body(node.body)

        self.truth(self.evaluate(node.test), node)
        self._repeat(once)
        self.run_body(node.orelse)

    def _repeat(self, once: Callable[[], None]) -> None:
        """Until what an iteration finds is what an iteration leaves."""
        heap = self.heap
        start = heap.mark()
        for turn in range(6):
            before = self.save()
            mark = heap.mark()
            unbound = self.unbound
            watch: Watch = {}
            self.watchers.append(watch)
            once()
            self.watchers.pop()
            self.weaken(before, watch)
            if turn:
                # What a variable holds from turn to turn: one object stands for all of them.
                for frame, name in watch:
                    value = self.local[name][0] if frame is None else frame.vars[name]
                    if value is not None:
                        heap.union(r for r in value.regions if heap.age(heap.find(r)) >= start[1])
            if turn == 0 and self.unbound > unbound:
                # It looked for a variable that the last turn may have bound.
                continue
            if not heap.changed_since(mark) and not self._grew(before, watch, mark):
                return
        # No end found: whatever was bound may hold anything that was seen.
        for frame, name in watch:
            if frame is None:
                known = self.local[name][0] or NOTHING
                self.local[name] = (Value(known.regions, known.types | _ANY), False)
            else:
                known = frame.vars[name]
                frame.vars[name] = Value(known.regions, known.types | _ANY)

    def _grew(self, before: Saved, watch: Watch, mark: Mark) -> bool:
        """Did an iteration bind what the state before it did not have?"""
        local, frames = before
        variables = {id(frame): known for frame, known in frames}
        for (frame, name), value in watch.items():
            old: Value | None
            if frame is None:
                binding = local.get(name)
                old = self.state.names.get(name) if binding is None else binding[0]
            else:
                old = variables.get(id(frame), {}).get(name)
            if old is None:
                # Not bound before: nothing can have read it before it was bound.
                continue
            if kinds(value.types) - kinds(old.types):
                return True
            # A new object each time is fine once the first one is known.
            if value.regions and not old.regions:
                return True
            roots = self.heap.roots(value.regions) - self.heap.roots(old.regions)
            if any(self.heap.age(root) < mark[1] for root in roots):
                return True
        return False

    def with_block(self, node: ast.With | ast.AsyncWith) -> None:
        restored: list[str] = []
        weak = False
        entered: list[Value] = []
        for item in node.items:
            context = self.evaluate(item.context_expr)
            value = context
            for t in context.types:
                if isinstance(t, Instance):
                    one = Value(context.regions, frozenset((t,)))
                    value = self.call_method(one, "__enter__", Arguments(), node, "__enter__")
                    value = join(value, one)
                    self.call_method(one, "__aenter__", Arguments(), node, "__aenter__")
                    entered.append(one)
                    weak = True
                elif isinstance(t, Function):
                    entered.append(context)
                    value = join(value, self.iterate(context, node, consume=False))
                    weak = True
                elif t in (ANY, "context", "restorer", "function", "decorator"):
                    weak = True
            restored += self._restored(item.context_expr)
            own = context.types == {"temporary"} and not self.is_older(context)
            if not own and not context.types.isdisjoint(_CLOSED):
                self.change(context, node)
            if context.types == {"temporary"}:
                value = plain("str")
            if "context" in context.types:
                # `closing(x)` gives x.
                value = Value(context.regions, context.types | self.inside(context))
                entered.append(context)
            if item.optional_vars is not None:
                self.assign_to(item.optional_vars, value, node)
        before = self.save()
        watch: Watch = {}
        self.restoring += restored
        if weak:
            self.watchers.append(watch)
        self.run_body(node.body)
        del self.restoring[len(self.restoring) - len(restored) :]
        if weak:
            # It may swallow an exception: the body may have run in part.
            self.watchers.pop()
            after = self.save()
            self.weaken(before, watch)
            self.merge(after)
        for context in entered:
            for t in context.types:
                if isinstance(t, Instance):
                    given = Arguments([plain(ANY)] * 3)
                    self.call_method(context, "__exit__", given, node, "__exit__")
                    self.call_method(context, "__aexit__", given, node, "__aexit__")
                elif isinstance(t, Function):
                    self.iterate(context, node, consume=False)
                elif t == "context":
                    # What it was given is closed, and called.
                    self.call_method(context, "close", Arguments(), node, "close")

    def _restored(self, node: ast.expr) -> list[str]:
        """Packages whose state this context manager puts back at its end."""
        if not isinstance(node, ast.Call):
            return []
        found = []
        for t in in_order(self.evaluate(node.func).types):
            if isinstance(t, str) and t[0] == "=":
                spec = self.library.function(t[1:])
                if spec is not None and spec.restores:
                    found.append(t[1:].partition(".")[0])
        return found

    def try_block(self, node: Any) -> None:
        before = self.save()
        watch: Watch = {}
        self.watchers.append(watch)
        self.run_body(node.body)
        self.watchers.pop()
        outer: Watch = {}
        if node.finalbody:
            self.watchers.append(outer)
        self.run_body(node.orelse)
        paths = [self.save()]
        for handler in node.handlers:
            self.weaken(before, watch)
            if handler.type is not None:
                self.evaluate(handler.type)
            if handler.name is not None:
                caught = self.fresh(frozenset(("exception", ANY)), _ANY)
                self.bind(handler.name, join_all([caught, *self.raised]), handler)
            self.run_body(handler.body)
            if handler.name is not None:
                self._forget(handler.name)
            paths.append(self.save())
        self.restore(paths[0])
        for path in paths[1:]:
            self.merge(path)
        if node.finalbody:
            self.watchers.pop()
            self.run_body(node.finalbody)

    def _forget(self, name: str) -> None:
        """`except … as name` unbinds the name when the handler ends."""
        frame = self.frame
        if frame is not None and name in frame.scope.locals:
            frame.vars.pop(name, None)
        else:
            self.local[name] = (None, True)

    def match(self, node: ast.Match) -> None:
        subject = self.evaluate(node.subject)
        before = self.save()
        paths = []
        covered = False
        for case in node.cases:
            self.restore(before)
            self.pattern(case.pattern, subject, node)
            if case.guard is not None:
                self.truth(self.evaluate(case.guard), node)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                covered = True
            # A pattern that failed may have bound names before the next one is tried.
            before = self._merged(before, self.save())
            self.run_body(case.body)
            paths.append(self.save())
        if not covered:
            paths.append(before)
        self.restore(paths[0])
        for path in paths[1:]:
            self.merge(path)

    def _merged(self, a: Any, b: Any) -> Any:
        self.restore(a)
        self.merge(b)
        merged = self.save()
        self.restore(b)
        return merged

    def pattern(self, pattern: ast.pattern, subject: Value, node: ast.AST) -> None:
        inner = Value(subject.regions, subject.types | self.inside(subject) | {ANY})
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                self.pattern(pattern.pattern, subject, node)
            if pattern.name is not None:
                self.bind(pattern.name, subject, pattern)
            return
        if isinstance(pattern, ast.MatchStar):
            if pattern.name is not None:
                kinds = frozenset(("list",))
                self.bind(
                    pattern.name,
                    self.collect("list", [inner]) or Value(NO_REGIONS, kinds),
                    pattern,
                )
            return
        if isinstance(pattern, ast.MatchMapping) and pattern.rest is not None:
            self.bind(pattern.rest, self.collect("dict", [inner]), pattern)
        if isinstance(pattern, ast.MatchClass):
            inner = join(inner, self._take_apart(pattern, subject, node))
        for child in ast.iter_child_nodes(pattern):
            if isinstance(child, ast.pattern):
                self.pattern(child, subject if isinstance(pattern, ast.MatchOr) else inner, node)
            elif isinstance(child, ast.expr):
                # It is compared with the subject, or asked whether that is an instance.
                value = self.evaluate(child)
                if any(not isinstance(t, str) for t in subject.types | value.types):
                    self.call_back([subject, value], node)

    def _take_apart(self, pattern: ast.MatchClass, subject: Value, node: ast.AST) -> Value:
        """A class pattern reads attributes: properties and `__getattr__` run."""
        names = set(pattern.kwd_attrs)
        for t in subject.types:
            if isinstance(t, Instance) and pattern.patterns:
                # Which attributes `__match_args__` names may change: any property may be read.
                names.update(n for n in t.cls.all_members() if t.cls.is_property(n))
                names.add("__match_args__")
        return join_all(self.attribute(subject, name, node) for name in sorted(names))

    def leave(self, node: ast.Return) -> None:
        value = constant(None) if node.value is None else self.evaluate(node.value)
        if self.returns:
            self.returns[-1].append(value)

    def raising(self, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                value = self.evaluate(part)
                self.raised.append(value)
                classes = frozenset(t for t in value.types if isinstance(t, Class))
                if classes:
                    made = self.call(Value(value.regions, classes), Arguments(), node, "raise")
                    self.raised.append(made)

    def asserting(self, node: ast.Assert) -> None:
        self.truth(self.evaluate(node.test), node)
        if node.msg is not None:
            self.evaluate(node.msg)

    # Definitions

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = [self.evaluate(d) for d in node.decorator_list]
        value = self.function(node)
        for argument in scopes.arguments(node.args):
            if argument.annotation is not None:
                self.evaluate(argument.annotation)
        if node.returns is not None:
            self.evaluate(node.returns)
        made = next(t for t in value.types if isinstance(t, Function))
        for decorator, source in zip(
            reversed(decorators), reversed(node.decorator_list), strict=True
        ):
            value = self._decorate(decorator, source, value, made, node)
        name = node.name
        if made.kind == "setter":
            frame = self.frame
            if frame is not None:
                setter = Value(value.regions, frozenset((made,)))
                known = frame.vars.get(f"{name} setter", NOTHING)
                frame.vars[f"{name} setter"] = join(known, setter)
                made.kind = ""
            return
        self.bind(name, value, node)

    def _decorate(
        self, decorator: Value, source: ast.expr, value: Value, made: Function, node: ast.AST
    ) -> Value:
        if isinstance(source, ast.Attribute) and source.attr in ("setter", "deleter", "getter"):
            made.kind = "setter"
            return value
        names = {t for t in decorator.types if isinstance(t, str)}
        for kind, paths in (
            ("static", {"=builtins.staticmethod"}),
            ("class", {"=builtins.classmethod"}),
            ("property", {"=builtins.property", "=functools.cached_property"}),
            ("cached", {"=functools.lru_cache", "=functools.cache"}),
            ("", {"=abc.abstractmethod", "=typing.overload", "=typing.final"}),
            ("", {"=contextlib.contextmanager", "=contextlib.asynccontextmanager"}),
        ):
            if names & paths and names == decorator.types:
                made.kind = kind or made.kind
                made.kept = "=functools.cached_property" in names
                return value
        if isinstance(source, ast.Call) and decorator.types:
            called = self.evaluate(source.func).types
            if called == {"=functools.lru_cache"}:
                made.kind = "cached"
                return value
            if called == {"=functools.wraps"}:
                wrapped = self.heap.union(value.regions | decorator.regions)
                if wrapped is not None:
                    return Value(frozenset((wrapped,)), value.types)
                return value
        result = self.call(decorator, Arguments([value]), node, self._words(source))
        if not result.types:
            return value
        return result

    def define_class(self, node: ast.ClassDef) -> None:
        decorators = [self.evaluate(d) for d in node.decorator_list]
        bases = [self.evaluate(b) for b in node.bases]
        keywords = [self.evaluate(k.value) for k in node.keywords]
        region = self.heap.new()
        cls = Class(node.name, region, code=node)
        value = Value(frozenset((region,)), frozenset((cls,)))
        for base in bases:
            self._base(cls, base)
        for keyword, given in zip(node.keywords, keywords, strict=True):
            if keyword.arg == "metaclass" and given.types != {"=abc.ABCMeta"}:
                cls.unknown_base = True
                cls.meta = given
        cls.meta = join_all([cls.meta, *(base.meta for base in cls.bases)])
        frame = Frame(scopes.of(node), self.frame, cls)
        frame.weak = True
        self.frames.append(frame)
        self.run_body(node.body)
        self.frames.pop()
        cls.members = frame.vars
        shared = [region]
        if "__del__" in cls.members:
            self.state.finalizers = True
        for name, member in cls.members.items():
            self.heap.add((region,), member.types)
            functions = all(isinstance(t, Function) for t in member.types)
            if member.regions:
                shared.extend(member.regions)
                if not functions and name != "__slots__":
                    cls.shared = True
        self.heap.union(shared)
        for name, member in cls.members.items():
            self._set_name(value, name, member, node)
        cls.shared = cls.shared or any(base.shared for base in cls.bases)
        if cls.meta.types:
            self._metaclass(cls, value, node)
        for base_class in cls.bases:
            hook = base_class.lookup("__init_subclass__")
            if hook is not None:
                self.call(hook, Arguments([value]), node, "__init_subclass__")
        for decorator, source in zip(
            reversed(decorators), reversed(node.decorator_list), strict=True
        ):
            called = source.func if isinstance(source, ast.Call) else source
            if self.evaluate(called).types == {"=dataclasses.dataclass"}:
                cls.stores_arguments = True
            elif self.evaluate(called).types == {"=functools.total_ordering"}:
                continue
            else:
                value = self.call(decorator, Arguments([value]), node, self._words(called))
        self.bind(node.name, value, node)

    def _metaclass(self, cls: Class, value: Value, node: ast.AST) -> None:
        """A class of a metaclass is one of its objects: made now, and its code may run later."""
        cls.shared = True
        self.heap.add((cls.region,), cls.meta.types)
        self.heap.union((cls.region, *cls.meta.regions))
        for name in ("__prepare__", "__new__", "__init__"):
            for t in cls.meta.types:
                made = t.lookup(name) if isinstance(t, Class) else None
                if made is not None:
                    self.call(made, Arguments([], {}, [value]), node, name)

    def _set_name(self, cls: Value, name: str, member: Value, node: ast.AST) -> None:
        for t in member.types:
            if isinstance(t, Instance) and t.cls.lookup("__set_name__") is not None:
                one = Value(member.regions, frozenset((t,)))
                given = Arguments([cls, constant(name)])
                self.call_method(one, "__set_name__", given, node, "__set_name__")

    def _base(self, cls: Class, base: Value) -> None:
        for t in base.types:
            if isinstance(t, Class):
                cls.bases.append(t)
                below = self.state.subclasses
                below[t] = (*below.get(t, ()), cls)
                if base.regions:
                    self.heap.keep(cls.region, base.regions)
                continue
            if isinstance(t, str) and t[0] == "=":
                path = t[1:]
                kind = self.library.constructors.get(path)
                module, _, name = path.rpartition(".")
                if kind is not None:
                    cls.library_bases.append(kind)
                    continue
                if path == "builtins.object" or module.partition(".")[0] in _HARMLESS_MODULES:
                    if name in ("NamedTuple", "TypedDict"):
                        cls.stores_arguments = True
                    continue
                spec = self.library.functions.get(path)
                if module == "builtins" and spec is not None:
                    kinds = spec.results[0].types
                    cls.library_bases.extend(sorted(kinds))
                    cls.stores_arguments = True
                    continue
                if path.endswith(("BaseEstimator", "Mixin")):
                    cls.library_bases.append("Estimator")
                    continue
            cls.unknown_base = True
            if base.regions:
                self.heap.union((cls.region, *base.regions))

    # Imports

    def module_value(self, path: str) -> Value | None:
        return local.lookup(self, path)

    def _imported(self, module: str, node: ast.AST) -> None:
        top = module.partition(".")[0]
        self.facts.imports[top] = None
        self.library.need(top)
        known = top in LIBRARIES or top in sys.stdlib_module_names or top in self.library.modules
        if not known:
            # Perhaps a module of the notebook's folder, which an earlier cell may have written.
            self.resource(self.literal_file(f"{top}.py"), False, node)
            if "." in module:
                self.resource(self.literal_file(module.replace(".", "/") + ".py"), False, node)
            parts = module.split(".")
            for end in range(1, len(parts) + 1):
                local.load(self, ".".join(parts[:end]), node)

    def import_modules(self, node: ast.Import) -> None:
        for alias in node.names:
            self._imported(alias.name, node)
            if alias.asname is not None:
                self.bind(alias.asname, plain("=" + alias.name), node)
            else:
                top = alias.name.partition(".")[0]
                self.bind(top, plain("=" + top), node)

    def import_names(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        if node.module == "__future__":
            # IPython compiles all later cells with it too. Binding the feature's name again does
            # no harm, so that the statement can be replayed.
            self.process("a feature of Python is switched on", True)
            effects = self.other_effects
            for alias in node.names:
                feature = self.attribute_of_path(f"__future__.{alias.name}")
                self.bind(alias.asname or alias.name, feature, node)
            self.other_effects = effects
            return
        if node.level:
            module = local.absolute(self, node.module or "", node.level)
        if module[0] != ".":
            self._imported(module, node)
        for alias in node.names:
            if module in self.state.modules:
                # Perhaps a module of this package.
                local.load(self, f"{module}.{alias.name}", node)
            if alias.name == "*":
                self._import_all(module, node)
                continue
            if "=" + module == namespace.MAIN:
                value = self.load_global(alias.name, node)
            else:
                value = self.attribute_of_path(f"{module}.{alias.name}")
            self.bind(alias.asname or alias.name, value, node)

    def _import_all(self, module: str, node: ast.AST) -> None:
        home = self.state.modules.get(module)
        if home is not None and "__all__" not in home.vars:
            for name in [n for n in home.vars if n[0] != "_"]:
                self.bind(name, self.attribute_of_path(f"{module}.{name}"), node)
            return
        if module not in _STAR:
            # It binds names, but shares no object of the notebook.
            self.barrier(f"`from {module} import *` binds names that cannot be seen")
            self.facts.binds_unseen = True
            return
        found = __import__(module, fromlist=["*"])
        names = getattr(found, "__all__", None) or [n for n in dir(found) if n[0] != "_"]
        for name in names:
            self.bind(name, self.attribute_of_path(f"{module}.{name}"), node)


_STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    ast.Expr: Walk.expression,
    ast.Assign: Walk.assign,
    ast.AugAssign: Walk.augmented,
    ast.AnnAssign: Walk.annotated,
    ast.For: Walk.loop,
    ast.AsyncFor: Walk.loop,
    ast.While: Walk.while_loop,
    ast.If: Walk.branch,
    ast.With: Walk.with_block,
    ast.AsyncWith: Walk.with_block,
    ast.Try: Walk.try_block,
    ast.FunctionDef: Walk.define,
    ast.AsyncFunctionDef: Walk.define,
    ast.ClassDef: Walk.define_class,
    ast.Return: Walk.leave,
    ast.Delete: Walk.delete,
    ast.Import: Walk.import_modules,
    ast.ImportFrom: Walk.import_names,
    ast.Raise: Walk.raising,
    ast.Assert: Walk.asserting,
    ast.Match: Walk.match,
    ast.Global: Walk.nothing,
    ast.Nonlocal: Walk.nothing,
    ast.Pass: Walk.nothing,
    ast.Break: Walk.nothing,
    ast.Continue: Walk.nothing,
}
if sys.version_info >= (3, 11):
    _STATEMENTS[ast.TryStar] = Walk.try_block


def walk(tree: ast.Module, text: str, state: State, trusted: bool = False) -> Facts:
    """The facts of one cell; `state` becomes the one after it."""
    return Walk(state, text.splitlines(), trusted).run(tree)


def give_up(tree: ast.Module, text: str, state: State, reason: str) -> Facts:
    """The facts of a cell that may do anything."""
    walk = Walk(state, text.splitlines(), False)
    walk.barrier(reason, opaque=True)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name):
            continue
        if isinstance(node.ctx, ast.Store):
            walk.maybe = 1
            walk.bind_global(node.id, plain(ANY), node)
        elif history.is_name(node.id):
            walk.load_global(node.id, node)
        elif node.id == "get_ipython":
            walk.look_back("it may ask IPython for its history")
    return walk.finish()
