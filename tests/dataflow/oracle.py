"""Runs a notebook's cells out of order, each in a namespace of its own, as the graph allows.

A model of workers in one process: a cell gets copies of its inputs, made together so that sharing
is kept, and what it leaves are versions. An object that a cell was given and did not change stays
the object of the version it came from. Functions get the namespace they are loaded into as their
globals; classes of the notebook are copied too.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import os
import random
import re
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

from jupyterlab_dossier.dataflow import Cell, Graph, analyse

Names = dict[str, Any]
CONFIG = "fakeconf"  # a module whose attributes are process state


def _is_ours(thing: Any) -> bool:
    return getattr(thing, "__module__", None) == "__main__"


class _Shipping:
    """Makes deepcopy treat functions and classes of the notebook as values."""

    def __init__(self, namespace: Names) -> None:
        self.namespace = namespace

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        table: dict[Any, Any] = copy._deepcopy_dispatch  # type: ignore[attr-defined]
        ours = {
            types.FunctionType: self.function,
            type: self.cls,
            types.ModuleType: lambda module, memo: sys.modules[module.__name__],
            types.MappingProxyType: lambda proxy, memo: proxy,
            types.BuiltinMethodType: self.method,
            **dict.fromkeys(_ITERATORS, _iterator),
        }
        saved = {t: table.get(t) for t in ours}
        table.update(ours)
        try:
            yield
        finally:
            for kind, handler in saved.items():
                if handler is None:
                    table.pop(kind, None)
                else:
                    table[kind] = handler

    def function(self, f: Any, memo: Names) -> Any:
        closure = None
        if f.__closure__ is not None:
            closure = tuple(self._cell(c, memo) for c in f.__closure__)
        ours = f.__globals__.get("__name__") == "__main__"
        scope = self.namespace if ours else f.__globals__
        if not ours and not hasattr(f, "__wrapped__"):
            return f
        made = types.FunctionType(f.__code__, scope, f.__name__, None, closure)
        memo[id(f)] = made
        for new, old in zip(made.__closure__ or (), f.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):
                new.cell_contents = copy.deepcopy(old.cell_contents, memo)
        made.__defaults__ = copy.deepcopy(f.__defaults__, memo)
        made.__kwdefaults__ = copy.deepcopy(f.__kwdefaults__, memo)
        made.__dict__.update(copy.deepcopy(f.__dict__, memo))
        made.__module__ = f.__module__
        return made

    def method(self, m: Any, memo: Names) -> Any:
        """A bound method of a built-in type, like `l.append`."""
        holder = m.__self__
        if holder is None or isinstance(holder, (types.ModuleType, type)):
            return m
        return getattr(copy.deepcopy(holder, memo), m.__name__)

    def _cell(self, cell: Any, memo: Names) -> Any:
        known = memo.get(id(cell))
        if known is None:
            known = memo[id(cell)] = types.CellType()
            memo.setdefault(id(memo), []).append(cell)
        return known

    def cls(self, cls: Any, memo: Names) -> Any:
        if not _is_ours(cls):
            return cls
        skipped = ("__dict__", "__weakref__")
        body = {k: v for k, v in vars(cls).items() if k not in skipped}
        bases = copy.deepcopy(cls.__bases__, memo)
        made = type(cls.__name__, bases, {})
        memo[id(cls)] = made
        for name, value in body.items():
            if isinstance(value, property):
                parts = [copy.deepcopy(p, memo) for p in (value.fget, value.fset, value.fdel)]
                value = property(*parts)
            elif isinstance(value, (staticmethod, classmethod)):
                value = type(value)(copy.deepcopy(value.__func__, memo))
            else:
                value = copy.deepcopy(value, memo)
            with contextlib.suppress(AttributeError, TypeError):
                setattr(made, name, value)
        return made


_EMPTY: dict[int, int] = {}
_ITERATORS = {
    type(iterator)
    for iterator in (
        iter(_EMPTY), iter(_EMPTY.values()), iter(_EMPTY.items()), reversed(_EMPTY),
        iter(set[int]()), reversed([]), iter(b""), iter(int, 0),
    )
}  # fmt: skip


def _iterator(iterator: Any, memo: Names) -> Any:
    """Some cannot be moved: they would be of another type afterwards."""
    try:
        how = iterator.__reduce__()
    except RuntimeError as error:  # of a dict that has changed since
        raise TypeError(str(error)) from error
    if type(iter(*how[1])) is not type(iterator):
        raise TypeError("would come back as another one")
    return copy._reconstruct(iterator, memo, *how)  # type: ignore[attr-defined]


def new_namespace() -> Names:
    return {"__name__": "__main__", "__builtins__": __builtins__}


def fresh_config() -> None:
    sys.modules[CONFIG] = types.ModuleType(CONFIG)
    os.environ.pop("DOSSIER_TEST", None)


def execute(source: str, namespace: Names, silent: bool = False) -> str:
    """What a cell prints and shows; addresses do not count."""
    tree = ast.parse(source)
    out = io.StringIO()
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(tree, "<cell>", "exec"), namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
                if value is not None and not silent:
                    print(repr(value))
    except Exception as error:
        out.write(f"{type(error).__name__}: {error}")
    return re.sub(r"0x[0-9a-f]+", "0x…", out.getvalue())


def in_order(sources: Sequence[str]) -> list[str]:
    fresh_config()
    random.seed(12345)
    namespace = new_namespace()
    return [execute(source, namespace) for source in sources]


class Kernel:
    """A worker kernel: its namespace, the versions its names hold, objects of known versions."""

    def __init__(self) -> None:
        self.namespace = new_namespace()
        self.present: dict[str, str] = {}
        self.config = types.ModuleType(CONFIG)
        # id of an object here -> (it, the object of the version, name it is known by)
        self.known: dict[int, tuple[Any, Any, str]] = {}
        self.memo: Names = {}


class Workers:
    """The versions so far, and the way a cell is run."""

    def __init__(self, sources: Sequence[str], graph: Graph) -> None:
        self.sources = sources
        self.graph = graph
        self.index = {cell.id: cell.index for cell in graph.cells}
        self.versions: dict[tuple[str, str], Any] = {}
        self.homes: dict[tuple[str, str], Kernel] = {}  # of what cannot be shipped
        self.sticky: Kernel | None = None

    def run(self, number: int) -> str:
        report = self.graph.cells[number]
        random.seed(12345)
        kernel = self.choose(number)
        sys.modules[CONFIG] = kernel.config
        missing = {n: c for n, c in report.inputs.items() if kernel.present.get(n) != c}
        self.load(missing, kernel)
        text = execute(self.sources[number], kernel.namespace)
        self.store(number, kernel)
        if report.sticky is not None and self.sticky is None:
            self.sticky = kernel
        return text

    def choose(self, number: int) -> Kernel:
        report = self.graph.cells[number]
        if self.sticky is not None and any(c.sticky for c in self.graph.cells[:number]):
            return self.sticky
        for name, cell in report.inputs.items():
            if (cell, name) in self.homes:
                return self.homes[cell, name]
        kernel = Kernel()
        fresh_config()
        sys.modules[CONFIG] = kernel.config
        for earlier in self.graph.cells[:number]:
            for setup in earlier.setup:
                self.load(setup.inputs, kernel)
                execute(setup.source, kernel.namespace, silent=True)
        # What set-up used is no input.
        for name in list(kernel.present):
            if report.inputs.get(name) != kernel.present.pop(name):
                kernel.namespace.pop(name, None)
        return kernel

    def load(self, inputs: dict[str, str], kernel: Kernel) -> None:
        memo = kernel.memo
        with _Shipping(kernel.namespace).active():
            # What an older version made is referred to by newer ones.
            for name, cell in sorted(inputs.items(), key=lambda i: self.index[i[1]]):
                if (cell, name) not in self.versions:
                    continue
                kernel.present[name] = cell
                value = self.versions[cell, name]
                if name == "<random>":
                    random.setstate(value)
                    continue
                if (cell, name) in self.homes:
                    kernel.namespace[name] = value
                    continue
                before = set(memo)
                kernel.namespace[name] = copy.deepcopy(value, memo)
                alive = {id(o): o for o in memo.get(id(memo), [])}
                for key in set(memo) - before - {id(memo)}:
                    if key in alive:
                        kernel.known[id(memo[key])] = (memo[key], alive[key], name)

    def store(self, number: int, kernel: Kernel) -> None:
        report = self.graph.cells[number]
        # Unchanged objects are those of the versions they came from.
        for key, (_, original, name) in list(kernel.known.items()):
            if name in report.mutated:
                del kernel.known[key]
                kernel.memo.pop(id(original), None)
        memo: Names = {key: original for key, (_, original, _n) in kernel.known.items()}
        with _Shipping(kernel.namespace).active():
            for name in report.outputs:
                version = (report.id, name)
                if name == "<random>":
                    self.versions[version] = random.getstate()
                    continue
                if name not in kernel.namespace:
                    continue
                kernel.present[name] = report.id
                value = kernel.namespace[name]
                if name in report.unshippable:
                    self.versions[version] = value
                    self.homes[version] = kernel
                    continue
                before = set(memo)
                try:
                    self.versions[version] = copy.deepcopy(value, memo)
                except TypeError:  # what cannot be moved, found out now: it stays
                    self.versions[version] = value
                    self.homes[version] = kernel
                    continue
                alive = {id(o): o for o in memo.get(id(memo), [])}
                for key in set(memo) - before:
                    if key in alive:
                        kernel.known[key] = (alive[key], memo[key], name)
                        kernel.memo[id(memo[key])] = alive[key]
                        kernel.memo.setdefault(id(kernel.memo), []).append(memo[key])


def orders(graph: Graph, count: int, seed: int) -> Iterator[list[int]]:
    """Random orders that respect the edges, the one that hurries later cells first."""
    index = {cell.id: cell.index for cell in graph.cells}
    before: dict[int, set[int]] = {cell.index: set() for cell in graph.cells}
    for edge in graph.edges:
        before[index[edge.to]].add(index[edge.source])
    rng = random.Random(seed)
    for turn in range(count):
        done: list[int] = []
        left = set(before)
        while left:
            ready = sorted(n for n in left if before[n] <= set(done))
            done.append(ready[-1] if turn == 0 else rng.choice(ready))
            left.remove(done[-1])
        yield done


def check(sources: Sequence[str], count: int = 4, seed: int = 0) -> Graph:
    """Asserts that each allowed order prints what Restart & Run All prints."""
    graph = analyse([Cell(f"c{n}", source) for n, source in enumerate(sources)])
    expected = in_order(sources)
    for order in orders(graph, count, seed):
        workers = Workers(sources, graph)
        found: dict[int, str] = {}
        for number in order:
            found[number] = workers.run(number)
        for number, text in enumerate(expected):
            assert found[number] == text, (
                f"order {order}, cell {number}: {found[number]!r} instead of {text!r}\n"
                + "\n".join(f"--- {n}\n{s}" for n, s in enumerate(sources))
                + "\n"
                + "\n".join(
                    f"{c.index} in {c.inputs} out {c.outputs} barrier {c.barrier}"
                    for c in graph.cells
                )
            )
    return graph
