"""Methods and attributes: of library classes, of classes of the notebook, of anything."""

from __future__ import annotations

import ast

from . import namespace
from .effects import GETTER
from .functions import Functions
from .parts import NO_ARGUMENTS, NONE, Arguments
from .values import (
    ANY,
    NOTHING,
    Class,
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

# What a class attribute may be that code is run to look up: `property(f)`, partial methods.
_DESCRIPTORS = (ANY, "decorator", "function", "partial")
_DISPATCHES = ("decorator", "register")


class Members(Functions):
    """The part of the walk that looks names up in objects."""

    def call_method(
        self, receiver: Value, name: str, args: Arguments, node: ast.AST, words: str
    ) -> Value:
        if "namespace" in receiver.types:
            return namespace.method(self, name, args, node)
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
                if t == namespace.MAIN:
                    found = True
                    result = join(result, self.call(self._of_main(name, node), args, node, words))
                elif t[0] == "=":
                    found = True
                    result = join(result, self.call_path(f"{t[1:]}.{name}", args, node, words))
                elif (getter := library.member(t, "." + name)) is not None:
                    found = True
                    value = self.apply(getter, one, Arguments(), node, GETTER)
                    result = join(result, self.call(value, args, node, words))
                elif (t, name) == _DISPATCHES:
                    found = True
                    result = join(result, self._register_function(one, args, node))
            elif isinstance(t, Class) and name == "register" and t.lookup(name) is None:
                found = True
                result = join(result, self._register_class(t, one, args, node))
            elif isinstance(t, (Instance, Class, Super)):
                called = self._call_member(t, one, name, args, node, words)
                if called is not None:
                    found = True
                    result = join(result, called)
            else:
                found = True
                self.change(one, node)
                if isinstance(t, Function) and "generator" in receiver.types:
                    # send, throw, close: its body goes on.
                    result = join(result, self.iterate(one, node))
                result = join(result, Value(receiver.regions, frozenset((ANY,))))
        if ANY in receiver.types or fear or (receiver.types and not found):
            if name in library.any_methods and not fear:
                extra = self.call_back([receiver, *args.all()], node, method=name)
                types = frozenset((ANY,)) | self.inside(receiver) | extra.types
                result = join(result, Value(receiver.regions | extra.regions, types))
            else:
                result = join(result, self.unknown(words, receiver, args, node))
        return result

    def _register_function(self, receiver: Value, args: Arguments, node: ast.AST) -> Value:
        """With a dispatcher of the notebook, which keeps it; given a type only, it asks for one."""
        given = args.all()
        for value in given:
            self.store(receiver, value, node)
        if len(given) > 1 or all(isinstance(t, Function) for v in given for t in v.types):
            return given[-1] if given else NOTHING
        asks = Value(receiver.regions, frozenset((Method(frozenset(("decorator",)), "register"),)))
        return join(given[0], asks) if ANY in given[0].types else asks

    def _register_class(self, cls: Class, receiver: Value, args: Arguments, node: ast.AST) -> Value:
        """With an abstract class of the notebook, which knows it from then on."""
        given = join_all(args.all())
        if cls.is_unknown() or cls.meta.types:
            # Of a metaclass that nobody sees: it stays where it was done.
            self.process("a type is registered", False)
            return self.unknown("register", receiver, args, node)
        self.rebound.append(-1)
        self.heap.union(self.state.share(cls))
        self.heap.keep(cls.region, given.regions)
        self.change(receiver, node)
        return given

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
                    self.call_all_members(cls, receiver, join_all(args.all()), node)
                    applied = self.apply(spec, receiver, args, node)
                    if spec.results[0].kind == "self":
                        return receiver
                    return applied
            if name == "__init__" or name == "__init_subclass__":
                return self._keep(receiver, args, node)
            if name == "__new__" and not cls.is_unknown():
                return self.fresh(frozenset((Instance(cls),)))
            if cls.is_unknown():
                self.call_all_members(cls, receiver, join_all(args.all()), node)
            elif name in ("__setattr__", "__enter__", "__exit__", "__call__", "mro"):
                return receiver
            elif not cls.libraries():
                return None
            return self.unknown(words, receiver, args, node)
        result = NOTHING
        for m in member.types:
            if isinstance(m, Function):
                bound = self.bind_self(m, t, receiver, args)
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
        return NONE

    def attribute(self, receiver: Value, name: str, node: ast.AST) -> Value:
        result = NOTHING
        library = self.library
        found = False
        known, rest = library.groups(receiver.types, "." + name)
        for spec, kinds in known:
            found = True
            one = Value(receiver.regions, kinds)
            result = join(result, self.apply(spec, one, NO_ARGUMENTS, node, GETTER))
        for t in rest:
            if isinstance(t, str):
                if t == namespace.MAIN:
                    found = True
                    result = join(result, self._of_main(name, node))
                elif t[0] == "=":
                    found = True
                    result = join(result, self.attribute_of_path(f"{t[1:]}.{name}"))
                elif library.member(t, name) is not None or (t, name) == _DISPATCHES:
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

    def _of_main(self, name: str, node: ast.AST) -> Value:
        if name == "__dict__":
            return namespace.NAMESPACE
        return self.load_global(name, node)

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
                        if m.kept:
                            self.store(receiver, got, node)
                        result = join(result, got)
                    elif m.kind == "static":
                        result = join(result, Value(member.regions, frozenset((m,))))
                    else:
                        method = Method(frozenset((t,)), name)
                        result = join(result, Value(receiver.regions, frozenset((method,))))
                else:
                    one = Value(member.regions, frozenset((m,)))
                    result = join(result, one)
                    if m in _DESCRIPTORS and one.regions:
                        result = join(result, self.call_back([one, receiver], node))
                    elif isinstance(m, Instance) and m.cls.lookup("__get__") is not None:
                        owner = Arguments([receiver, plain(ANY)])
                        got = self.call_method(one, "__get__", owner, node, "__get__")
                        result = join(result, got)
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
                        return join(
                            result, self.apply(known[0], receiver, NO_ARGUMENTS, node, GETTER)
                        )
                    inside |= {ANY}
                regions = self.instance_regions(receiver)
                result = join(result, self.value(regions, inside))
        elif member is None and name == "register":
            result = Value(receiver.regions, frozenset((Method(frozenset((t,)), name),)))
        elif member is None:
            result = Value(receiver.regions, self.inside(receiver) | {ANY})
        return result

    def set_attribute(self, receiver: Value, name: str, value: Value, node: ast.AST) -> None:
        if namespace.MAIN in receiver.types:
            namespace.set_item(self, constant(name), value, node)
            return
        for t in receiver.types:
            if isinstance(t, Class):
                # Also what instances made before will see from now on.
                self.state.changed_objects = True
                self.rebound.append(-1)
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
                    self._descriptor(t, name, "__set__", [value], receiver, node)
                    functions = [m for m in member.types if isinstance(m, Function)]
                    if functions and not any(f.kind == "property" for f in functions):
                        self.fear(receiver)
            elif (
                isinstance(t, str)
                and t != ANY
                and t[0] != "="
                and self.library.member(t, name) is not None
            ):
                self.fear(receiver)
        if any(isinstance(t, str) and t[0] == "=" for t in receiver.types):
            for t in receiver.types:
                if isinstance(t, str) and t[0] == "=":
                    simple = not value.regions or all(
                        isinstance(v, (Function, Class)) for v in value.types
                    )
                    self.process(f"`{t[1:]}.{name}` is set", simple, t[1:])
                    module = self.state.modules.get(t[1:])
                    if module is not None:
                        self.state.changed_objects = True
                        self.rebound.append(-1)
                        module.vars[name] = join(module.vars.get(name, NOTHING), value)
                    self.load_originals(f"={t[1:]}.{name}", node)
                    if value.regions:
                        self.rebound.append(-1)
                        self.state.patched.append(value)
                        path = f"{t[1:]}.{name}"
                        known = self.state.patches.get(path)
                        self.state.patches[path] = value if known is None else join(known, value)
            return
        self.store(receiver, value, node)

    def delete_attribute(self, receiver: Value, name: str, node: ast.AST) -> None:
        """`del x.name`"""
        if namespace.MAIN in receiver.types:
            namespace.delete_item(self, constant(name), node)
            return
        for t in in_order(receiver.types):
            if isinstance(t, Class):
                self.state.changed_objects = True
                self.rebound.append(-1)
                self.heap.union(self.state.share(t))
            elif isinstance(t, Instance):
                one = Value(receiver.regions, frozenset((t,)))
                if t.cls.lookup("__delattr__") is not None or t.cls.is_unknown():
                    self.call_method(
                        one, "__delattr__", Arguments([constant(name)]), node, "__delattr__"
                    )
                self._descriptor(t, name, "__delete__", [], one, node)
            elif isinstance(t, str) and t[0] == "=":
                self.process(f"`{t[1:]}.{name}` is deleted", True, t[1:])
        self.change(receiver, node)

    def _descriptor(
        self,
        t: Instance,
        name: str,
        hook: str,
        args: list[Value],
        receiver: Value,
        node: ast.AST,
    ) -> None:
        """A property's setter and deleter, or the hook of a descriptor, if the class has one."""
        member = t.cls.lookup(name)
        for m in member.types if member is not None else ():
            if isinstance(m, Function) and m.kind == "property":
                setter = t.cls.lookup(name + " setter")
                if setter is not None:
                    self.call(setter, Arguments([receiver, *args]), node, name)
            elif isinstance(m, Instance) and m.cls.lookup(hook) is not None:
                assert member is not None
                one = Value(member.regions, frozenset((m,)))
                self.call_method(one, hook, Arguments([receiver, *args]), node, hook)
