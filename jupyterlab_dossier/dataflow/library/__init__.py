"""What is known about libraries: one data file per library, from their documentation.

A data file holds one `TABLE`. A section head names where the lines below it belong:

    [module numpy numpy.linalg]         functions of these modules
    [class ndarray(Base) = numpy.ndarray numpy.array_type : random]
                                        methods; paths of the constructor; flags
    [immutable]                         classes without state that can change
    [any]                               methods that are pure on every known receiver
    [positions numpy]                   lines `2 out : add divide`: what these functions (of a
                                        class: methods) take as their third argument is what they
                                        take as the keyword
    [values]                            lines `path : type` for attributes of modules, and
                                        `path : type ; complete words`

and a line says `names : effects -> result`. Names with a dot in front are attributes, `[]` is
taking an item, `iter` iterating, `()` calling an instance, `*` any other name. Effects, separated
by `;` (none means pure): `mutates self|0|keyword|*|handlers` (the last: what loggers were given),
`stores` (arguments end up in the receiver),
`keeps 0` (the receiver refers to argument 0, which it never changes), `reads 0 keyword` and `writes
0 keyword` (files), `outside words`, `process words` (can be replayed), `sticky words` (cannot),
`hooks words` (sticky, and arguments may be called from then on), `complete words` (needs all cells
before it in its process), `text exec|eval|timeit|pandas` (an argument is code), `barrier words`,
`unshippable words`, `random NAME` (draws), `seeds NAME` (sets), `seeded keyword` (draws from
numpy's global generator unless the keyword is given), `uncopied` (with `copy=False` argument 0 is
changed in place), `pickles` (classes and functions of the
arguments are looked up by name), `unpickles` (any may be), `opens` (as `open` does), `restores` (a
context manager that restores process state), `pyplot` (the current figure), `display`, `shows`,
`calls NAMES` (no methods of arguments' objects but these, and no function but `key=…`; else it may
call whatever it is given).
Results: `fresh T`, `parts T` (fresh, or a tuple of fresh ones), `holding T` (fresh, but objects in
the arguments may be in it), `view T` (shares with the receiver, or with all arguments), `alias T`
(with receiver and arguments), `item` (an element of it), `copy T` (shallow), `convert T` (fresh if
the data holds no objects of its own), `self`, `like` (parts of the arguments' types), or names of
immutable types. T is `name|name[element]`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from ..values import in_order

Selector = str | int


@dataclass(frozen=True)
class Result:
    kind: str = "alias"
    types: frozenset[str] = frozenset()
    elements: frozenset[str] | None = None
    condition: str | None = None  # a keyword that must be given


@dataclass(frozen=True)
class Spec:
    """Effects of one callable, attribute or item."""

    mutates: tuple[Selector, ...] = ()
    stores: bool = False
    keeps: tuple[Selector, ...] = ()
    reads: tuple[Selector, ...] = ()
    writes: tuple[Selector, ...] = ()
    outside: str | None = None
    process: str | None = None
    sticky: str | None = None
    hooks: str | None = None
    complete: str | None = None
    text: str | None = None
    barrier: str | None = None
    unshippable: str | None = None
    random: str | None = None
    seeds: str | None = None
    seeded: str | None = None
    pickles: bool = False
    unpickles: bool = False
    uncopied: bool = False
    opens: bool = False
    restores: bool = False
    pyplot: bool = False
    display: bool = False
    calls: frozenset[str] | None = None
    results: tuple[Result, ...] = (Result(),)
    positions: tuple[tuple[int, str], ...] = ()

    @cached_property
    def quiet(self) -> bool:
        """Does it nothing but give a result?"""
        return self == Spec(results=self.results, calls=self.calls, positions=self.positions)


@dataclass
class ClassData:
    name: str
    library: str
    bases: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    members: dict[str, Spec] = field(default_factory=dict)


LIBRARIES = {
    "numpy": "numpy",
    "pandas": "pandas",
    "matplotlib": "matplotlib",
    "mpl_toolkits": "matplotlib",
    "scipy": "scipy",
    "seaborn": "matplotlib",
    "sklearn": "sklearn",
    "joblib": "joblib",
}

# Types of `builtins` whose methods are looked up by their own names.
_TYPES = {f"builtins.{t}": t for t in ("list", "dict", "set", "bytearray")}


Groups = tuple[tuple[tuple[Spec, frozenset[str]], ...], tuple[Any, ...]]


class Library:
    """All tables read so far; a table is read when a notebook first names its library."""

    def __init__(self) -> None:
        self.functions: dict[str, Spec] = {}
        self.defaults: dict[str, Spec] = {}
        self.classes: dict[str, ClassData] = {}
        self.constructors: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.complete: dict[str, str] = {}  # of these: what needs all cells before it, and why
        self.modules: set[str] = set()  # top-level names of what there is data for
        self.immutable: set[str] = {"NoneType", "ellipsis"}
        self.any_methods: set[str] = set()
        self.loaded: set[str] = set()
        self._members: dict[tuple[str, str], Spec | None] = {}
        self._functions: dict[str, Spec | None] = {}
        self._acting: dict[str, bool] = {}
        self._groups: dict[tuple[frozenset[Any], str], Groups] = {}
        self._immutable: dict[frozenset[Any], bool] = {}
        for name in ("builtins", "stdlib", "ipython"):
            self.load(name)

    def load(self, name: str) -> None:
        if name not in self.loaded:
            self.loaded.add(name)
            module = importlib.import_module(f"{__name__}.{name}_data")
            self.read(name, module.TABLE)

    def need(self, package: str) -> None:
        """Make the data of a top-level package available, if there is any."""
        name = LIBRARIES.get(package)
        if name is not None and name not in self.loaded:
            if name in ("pandas", "sklearn", "matplotlib", "scipy"):
                self.load("numpy")
            if name == "sklearn":
                self.load("pandas")
            self.load(name)

    def read(self, library: str, table: str) -> None:
        """Take in a table; later lines of the same name win."""
        self._members.clear()
        self._groups.clear()
        self._immutable.clear()
        self._functions.clear()
        self._acting.clear()
        modules: list[str] = []
        targets: list[ClassData] = []
        section = ""
        for raw in table.splitlines():
            line = raw.split(" #")[0].strip()
            if not line or line.startswith("#"):
                continue
            if line.startswith("[") and not line.startswith("[]"):
                section, _, rest = line.strip("[]").partition(" ")
                targets = self._classes(library, rest) if section == "class" else []
                modules = rest.split()
                if section == "positions":
                    continue
                if section == "module":
                    self.modules.update(m.partition(".")[0] for m in modules)
                continue
            if section == "immutable":
                for name in line.split():
                    short, _, path = name.partition("=")
                    self.immutable.add(short)
                    if path:
                        self.constructors[path] = short
            elif section == "any":
                self.any_methods.update(line.split())
            elif section == "positions":
                self._positions(modules, line)
            elif section == "values":
                names, _, kind = line.partition(" : ")
                kind, _, effects = kind.partition(";")
                why = parse(effects).complete if effects else None
                for name in names.split():
                    self.values[name] = kind.strip()
                    if why is not None:
                        self.complete[name] = why
            else:
                names, _, text = line.partition(":")
                spec = parse(text)
                for name in names.split():
                    if section == "class":
                        for target in targets:
                            target.members[name] = spec
                    else:
                        for module in modules:
                            if name == "*":
                                self.defaults[module] = spec
                            else:
                                self.functions[f"{module}.{name}"] = spec

    def _positions(self, owners: list[str], line: str) -> None:
        place, _, names = line.partition(":")
        index, _, keyword = place.strip().partition(" ")
        for owner in owners:
            members = self.classes[owner].members if owner in self.classes else None
            for name in names.split():
                path = f"{owner}.{name}"
                known = self.function(path) if members is None else self.member(owner, name)
                assert known is not None, path
                spec = replace(known, positions=(*known.positions, (int(index), keyword)))
                if members is None:
                    self.functions[path] = spec
                else:
                    members[name] = spec
        self._members.clear()
        self._functions.clear()

    def _classes(self, library: str, head: str) -> list[ClassData]:
        text, _, rest = head.partition("=")
        paths, _, flags = rest.partition(":")
        names, _, base_text = text.partition("(")
        bases = tuple(base_text.replace(")", "").replace(",", " ").split())
        made = []
        for name in names.split():
            data = self.classes.get(name)
            if data is None:
                data = ClassData(name, library, bases, frozenset(flags.split()))
                self.classes[name] = data
            made.append(data)
            for path in paths.split():
                self.constructors[path.replace("*", name)] = name
        return made

    def function(self, path: str) -> Spec | None:
        try:
            return self._functions[path]
        except KeyError:
            found = self.functions.get(path)
            module = path
            while found is None and "." in module:
                module = module.rpartition(".")[0]
                found = self.defaults.get(module)
            self._functions[path] = found
            return found

    def type_at(self, path: str) -> str | None:
        """The short name of the class that stands there."""
        return self.constructors.get(path) or _TYPES.get(path)

    def acts(self, path: str) -> bool:
        """Is it a function with effects of its own, when something calls it back?"""
        found = self._acting.get(path)
        if found is None:
            found = self._acting[path] = self._acts(path)
        return found

    def _acts(self, path: str) -> bool:
        spec = self.functions.get(path)
        if spec is not None:
            return bool(
                spec.mutates or spec.writes or spec.outside or spec.process or spec.sticky
            ) or bool(spec.random or spec.text or spec.hooks or spec.barrier)
        owner, _, name = path.rpartition(".")
        kind = self.type_at(owner)
        member = self.member(kind, name) if kind is not None else None
        return member is not None and bool(member.mutates)

    def member(self, kind: str, name: str) -> Spec | None:
        """A method or attribute (".name") of a class, through its bases."""
        key = (kind, name)
        try:
            return self._members[key]
        except KeyError:
            found = self._member(kind.rstrip("~"), name)
            self._members[key] = found
            return found

    def _member(self, kind: str, name: str) -> Spec | None:
        data = self.classes.get(kind)
        if data is None:
            return None
        found = data.members.get(name)
        for base in data.bases:
            found = found or self._member(base, name)
        if found is None:
            if name[0] == ".":
                found = data.members.get(".*")
            elif name[0] not in "[(" and name != "iter":
                found = data.members.get("*")
        return found

    def groups(self, types: frozenset[Any], name: str) -> Groups:
        """Library types by the line their member stands in, and the types without such a line."""
        key = (types, name)
        found = self._groups.get(key)
        if found is None:
            by_spec: dict[int, tuple[Spec, list[str]]] = {}
            rest: list[Any] = []
            for t in in_order(types):
                spec = self.member(t, name) if isinstance(t, str) else None
                if spec is None:
                    rest.append(t)
                else:
                    by_spec.setdefault(id(spec), (spec, []))[1].append(t)
            found = tuple((s, frozenset(ts)) for s, ts in by_spec.values()), tuple(rest)
            if all(isinstance(t, str) for t in rest):
                self._groups[key] = found
        return found

    def is_immutable(self, types: frozenset[Any]) -> bool:
        """Only values that never change, and references to modules and what is in them?"""
        found = self._immutable.get(types)
        if found is None:
            found = True
            for t in types:
                if not isinstance(t, str):
                    return False
                if t not in self.immutable and t[0] != "=":
                    found = False
            self._immutable[types] = found
        return found

    def flags(self, kind: str) -> frozenset[str]:
        data = self.classes.get(kind.rstrip("~"))
        if data is None:
            return frozenset()
        return data.flags.union(*(self.flags(base) for base in data.bases))


_COMPARES = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__")
_ITERATES = ("__iter__", "__next__", "__len__", "__length_hint__", "__getitem__")
_SHOWS = ("__str__", "__repr__", "__format__")
_COPIES = (
    *("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getnewargs__"),
    *("__getnewargs_ex__", "__getstate__", "__setstate__", "append", "extend", "__setitem__"),
)
_REPRESENTS = (
    *("_ipython_display_", "_repr_mimebundle_", "_repr_pretty_", "_repr_html_", "_repr_markdown_"),
    *("_repr_svg_", "_repr_png_", "_repr_jpeg_", "_repr_pdf_", "_repr_latex_", "_repr_json_"),
    *("_repr_javascript_", "_repr_text_", *_SHOWS, *_ITERATES),
)
_ARITHMETIC = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift"),
    *("rshift", "and", "xor", "or"),
)
_OPERATORS = (
    *(f"__{way}{name}__" for name in _ARITHMETIC for way in ("", "r", "i")),
    *("__neg__", "__pos__", "__abs__", "__invert__", "__array_ufunc__", "__array__"),
)
_PROTOCOLS = {
    "represents": _REPRESENTS,
    "operators": _OPERATORS,
    "copies": _COPIES,
    "compares": _COMPARES,
    "iterates": _ITERATES,
    "shows": _SHOWS,
    "nothing": (),
}


def protocol(names: Iterable[str]) -> frozenset[str]:
    """Methods by their names, or by what they are for."""
    found: set[str] = set()
    for name in names:
        found.update(_PROTOCOLS.get(name, (name,)))
    if any(not name.startswith("__") for name in found):
        found |= {"__getattr__", "__getattribute__"}
    return frozenset(found)


_ALONE = frozenset(
    ("stores", "restores", "pyplot", "display", "opens", "pickles", "unpickles", "uncopied")
)


@cache
def parse(text: str) -> Spec:
    effects, arrow, result = text.partition("->")
    values: dict[str, object] = {}
    for effect in effects.split(";"):
        word, _, rest = effect.strip().partition(" ")
        if not word or word == "pure":
            continue
        if word in ("mutates", "keeps", "reads", "writes"):
            values[word] = tuple(int(s) if s.isdigit() else s for s in rest.split())
        elif word == "calls":
            values[word] = protocol(rest.split())
        elif word in _ALONE:
            values[word] = True
        else:
            values[word] = rest.strip() or word
    if arrow:
        values["results"] = tuple(_results(result))
    return Spec(**values)  # type: ignore[arg-type]


def _results(text: str) -> Iterable[Result]:
    for choice in text.split(","):
        condition: str | None = None
        choice = choice.strip()
        if ":" in choice:
            condition, _, choice = choice.partition(":")
        kind, _, names = choice.strip().partition(" ")
        if kind not in (
            "fresh",
            "parts",
            "holding",
            "view",
            "alias",
            "item",
            "copy",
            "convert",
            "self",
            "like",
        ):
            kind, names = "plain", choice.strip()
        types: set[str] = set()
        elements: set[str] | None = None
        for name in names.replace(" ", "").split("|"):
            if "[" in name:
                name, _, inner = name.partition("[")
                elements = (elements or set()) | set(inner.rstrip("]").split("/"))
            if name:
                types.add(name)
        yield Result(
            kind,
            frozenset(types),
            None if elements is None else frozenset(elements),
            condition,
        )


@cache
def library() -> Library:
    return Library()
