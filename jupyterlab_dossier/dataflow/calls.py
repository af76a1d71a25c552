"""Calls: who is called, and what is special about some of them."""

from __future__ import annotations

import ast
import re
from typing import Any

from . import namespace
from .library import Spec, parse
from .members import Members
from .parts import NONE, Arguments
from .paths import ANY_FILE
from .traits import is_new_each_time
from .values import (
    ANY,
    NO_REGIONS,
    NOTHING,
    Class,
    Function,
    Instance,
    Method,
    Super,
    Value,
    in_order,
    join,
    join_all,
    plain,
)

_NAMESPACE = frozenset(f"builtins.{name}" for name in ("globals", "locals", "vars", "dir"))
# Where `display` stands; only with a `display_id` may it change what another cell shows.
_DISPLAY = frozenset(("builtins.display", "IPython.display.display"))
# They are given the name of a style, or a file: matplotlib's own have no suffix.
_PLAIN = re.compile(r"[\w-]+").fullmatch
_STYLES = ("matplotlib.style.use", "matplotlib.pyplot.style.use")
# They make a file or folder with a new name, in `dir`, which stands at this place.
_NEW_FILES = {
    "tempfile.mkdtemp": 2,
    "tempfile.mkstemp": 2,
    "tempfile.TemporaryDirectory": 2,
    "tempfile.NamedTemporaryFile": 6,
}
_LITERAL = (ast.Dict, ast.List, ast.Tuple, ast.Attribute, ast.expr_context)


class Calls(Members):
    """The part of the walk that knows what a call does."""

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
            if kind == "partial":
                self._partial(callee, args, node)
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

    def _partial(self, callee: Value, args: Arguments, node: ast.AST) -> None:
        """A function of a library, with the arguments kept in the partial and these ones."""
        kept = Value(callee.regions, self.inside(callee))
        for t in in_order(kept.types):
            if isinstance(t, str) and t[0] == "=":
                self.call_path(t[1:], Arguments([], {}, [kept, *args.all()]), node, t[1:])

    def call_path(self, path: str, args: Arguments, node: ast.AST, words: str) -> Value:
        library = self.library
        if self.new_each_time is None and is_new_each_time(path, bool(args.all())):
            self.new_each_time = path.removeprefix("builtins.")
        if self.state.modules:
            found = self.module_value(path)
            if found is not None:
                return self.call(found, args, node, words)
        patch = self.state.patches.get(path)
        if patch is not None:
            return self.call(patch, args, node, words)
        kind = library.constructors.get(path)
        if kind is not None:
            return self.construct(kind, path, args, node)
        spec = library.functions.get(path)
        owner, _, name = path.rpartition(".")
        if spec is None and library.values.get(path, "=")[0] != "=":
            return self.call(self.attribute_of_path(path), args, node, words)
        if spec is None:
            kind = library.type_at(owner)
            if kind is not None:
                member = library.member(kind, name)
                if member is not None:
                    # A method taken from its class: the first argument is the receiver.
                    receiver = args.positional[0] if args.positional else join_all(args.stars)
                    return self.apply(member, receiver, args, node)
            if owner in library.values:
                receiver = self.attribute_of_path(owner)
                return self.call_method(receiver, name, args, node, words)
            spec = library.function(path)
        if spec is None and owner in library.functions and owner.startswith("numpy."):
            spec = library.member("ufunc", name)
        if path.endswith(".register") and owner not in library.constructors:
            # Virtual subclasses (abc), codecs, dispatchers: kept by the process.
            spec = parse("hooks registers with the process -> alias")
        if spec is None:
            return self.unknown(words if words else path, plain("=" + path), args, node)
        values = args.all()
        if path == "builtins.getattr" and len(args.positional) > 1:
            name = args.positional[1].const
            if isinstance(name, str):
                found = self.attribute(args.positional[0], name, node)
                return join_all([found, *args.positional[2:]])
        if path in ("builtins.setattr", "builtins.delattr") and args.positional:
            return self._dynamic_attribute(path, args, node)
        if path == "builtins.next" and args.positional:
            item = self.iterate(args.positional[0], node, consume=True)
            return join_all([item, *args.positional[1:]])
        if not values and path in _NAMESPACE:
            return self._whole_namespace(path)
        if path == "builtins.compile" and values and isinstance(values[0].const, str):
            return Value(NO_REGIONS, frozenset(("code",)), values[0].const)
        if path == "importlib.import_module" and values and values[0].const == "__main__":
            return plain(namespace.MAIN)
        if path == "builtins.vars" and any(
            t[0] == "=" for t in values[0].types if isinstance(t, str)
        ):
            return self.attribute(values[0], "__dict__", node)
        if path in ("builtins.dict", "collections.OrderedDict") and args.keywords:
            first = [Value(v.regions, self.inside(v)) for v in (*args.positional, *args.stars)]
            return self.collect("dict", [plain("str"), *first, *args.keywords.values()])
        if path == "joblib.delayed" and len(values) == 1:
            # Calling it calls the function; where that happens makes no difference.
            return values[0]
        if path == "sqlite3.connect" and values and values[0].const == ":memory:":
            made = self.fresh(frozenset(("database",)))
            self.mark_unshippable(made, "a database connection")
            return made
        if path == "os.chdir":
            self.enter_folder(args.get(0) or args.get("path"), node)
        if path == "logging.basicConfig":
            file = args.keywords.get("filename") or (join_all(args.stars) if args.stars else None)
            if file is not None and file.const is not None:
                self.touch_file(file, True, node)
        if path == "logging.config.dictConfig" and _may_open_logs(node):
            self.touch_file(None, True, node)
        if path in _NEW_FILES:
            return self._new_file(spec, path, args, node)
        if path in _STYLES and isinstance(node, ast.Call):
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "style")]
            known = args.get(0) or args.get("style")
            for style in self._styles(given[0] if given else None, known):
                if not isinstance(style, str) or not _PLAIN(style):
                    self.touch_file(Value(NO_REGIONS, frozenset(), style), False, node)
        if path.startswith("functools.") and path.endswith(("cache", "cached_property")):
            for t in {t for a in args.all() for t in a.types}:
                if isinstance(t, Function):
                    self.state.changed_objects = True
                    self.rebound.append(-1)
                    t.kept = path.endswith("cached_property")
                    t.kind = "property" if t.kept else "cached"
                    return join_all(a for a in args.all() if t in a.types)
        if path in _DISPLAY and "display_id" not in args.keywords:
            self.other_effects += 1
            self.call_back(args.all(), node)
            return self.fresh(frozenset(("DisplayHandle",)))
        if path == "builtins.print":
            self.other_effects += 1
            target = args.keywords.get("file")
            if target is not None and target.regions:
                self.call_method(target, "write", Arguments([plain("str")]), node, "write")
        return self.apply(spec, None, args, node, path)

    def _new_file(self, spec: Spec, path: str, args: Arguments, node: ast.AST) -> Value:
        """It is no other cell's, but where a folder is listed; what goes on with it may be."""
        folder = args.get(_NEW_FILES[path]) or args.get("dir")
        if args.stars or (folder is not None and folder.const is not None):
            self.touch_file(None, True, node)
        made = self.apply(spec, None, args, node, path)
        self.heap.write_through(made.regions, ANY_FILE)
        if "temporary" in made.types:
            # It is removed with its last name.
            self.state.finalizers = True
        return made

    def _styles(self, node: ast.expr | None, value: Value | None = None) -> list[Any]:
        """Names and files of styles; no string for what is not known."""
        if isinstance(node, (ast.List, ast.Tuple)):
            return [style for part in node.elts for style in self._styles(part)]
        if isinstance(node, ast.IfExp):
            return [*self._styles(node.body), *self._styles(node.orelse)]
        if value is None and isinstance(node, (ast.Constant, ast.Name, ast.Dict)):
            value = self.evaluate(node)
        if value is None:
            return [None]
        if value.types == {"dict"}:
            return []
        return [value.const if value.types == {"str"} else None]

    def _whole_namespace(self, path: str) -> Value:
        if path == "builtins.dir":
            self.barrier("`dir()` looks at all names")
            return self.fresh(frozenset(("list",)), frozenset(("str",)))
        return namespace.NAMESPACE

    def _dynamic_attribute(self, path: str, args: Arguments, node: ast.AST) -> Value:
        """setattr and delattr: as the statement if the name is known, else any attribute."""
        holder = args.positional[0]
        name = args.positional[1].const if len(args.positional) > 1 else None
        value = args.positional[2] if len(args.positional) > 2 else NOTHING
        known = isinstance(name, str)
        if not known and namespace.MAIN in holder.types:
            return namespace.give_up(self)
        if not known:
            self.fear(holder)
        # A computed name is set as one that nobody has.
        shown = name if isinstance(name, str) else "…"
        if path == "builtins.setattr":
            self.set_attribute(holder, shown, value, node)
        else:
            self.delete_attribute(holder, shown, node)
        return NONE

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
                if self.draws_without(args.keywords.get("random_state")):
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


def _may_open_logs(node: ast.AST) -> bool:
    """Not where a dict that is written there configures logging, and names no file and no code."""
    config = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if not isinstance(config, ast.Dict):
        return True
    for part in ast.walk(config):
        if isinstance(part, ast.Constant):
            if part.value in ("filename", "()"):
                return True
        elif not isinstance(part, _LITERAL) and getattr(part, "id", "") != "logging":
            return True
    return False
