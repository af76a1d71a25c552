"""How many ordered pairs of cells the graph forces beside those that a traced run needs.

All are transitive closures. `traced` is what the run needed, and what the rules for files and the
outside add; `forced` is what the graph orders; `by_names` what matching names alone would order (a
cell that reads a name waits for the last one that wrote it), which is unsound.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jupyterlab_dossier.dataflow import Cell, Graph, analyse
from jupyterlab_dossier.dataflow.ipython import parse

from . import corpus

Json = dict[str, Any]
Pair = tuple[int, int]
EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.ipynb"


@dataclass
class Precision:
    """Pairs of one notebook."""

    name: str
    cells: int
    barriers: int
    sticky: int
    possible: int
    needed: int  # read after write
    traced: int  # with what the rules add
    forced: int
    firm: int  # of the forced ones, without edges past which a reader may start early
    by_names: int
    missed_by_names: int
    unsound: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return self.forced / max(1, self.traced)

    def to_json(self) -> Json:
        return asdict(self)


def summary(found: Sequence[Precision]) -> Json:
    """The numbers of the report."""

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in found)

    traced = max(1, total("traced"))
    return {
        "notebooks": len(found),
        "cells": total("cells"),
        "barriers": total("barriers"),
        "pairs of cells": total("possible"),
        "pairs ordered in the traced run": total("needed"),
        "with the rules for files and the outside": total("traced"),
        "pairs forced by the graph": total("forced"),
        "forced / traced": round(total("forced") / traced, 2),
        "forced where readers start early on what may stay as it is": total("firm"),
        "the same / traced": round(total("firm") / traced, 2),
        "pairs ordered by names only": total("by_names"),
        "of the traced ones missed by names only": total("missed_by_names"),
        "traced pairs that the graph does not force": sum(len(one.unsound) for one in found),
    }


def closure(pairs: Iterable[Pair], count: int) -> set[Pair]:
    """All pairs (a, b) with a before b that follow."""
    before: list[set[int]] = [set() for _ in range(count)]
    direct = sorted(pairs, key=lambda pair: pair[1])
    for a, b in direct:
        before[b] |= {a} | before[a]
    return {(a, b) for b in range(count) for a in before[b]}


def load(name: str) -> list[tuple[str, frozenset[str]]]:
    """A long notebook, or the example."""
    if name != "example":
        return [(cell.source, cell.tags) for cell in corpus.load("long", name)]
    cells = json.loads(EXAMPLE.read_text(encoding="utf-8"))["cells"]
    return [("".join(c["source"]), frozenset()) for c in cells if c["cell_type"] == "code"]


def names() -> list[str]:
    return ["example", *corpus.names("long")]


def measure(name: str, cells: Sequence[tuple[str, frozenset[str]]], trace: list[Json]) -> Precision:
    """Compares a traced run with the graph."""
    graph = analyse(
        [
            Cell(f"c{n}", source, may_fail="raises-exception" in tags)
            for n, (source, tags) in enumerate(cells)
        ]
    )
    count = len(cells)
    index = {cell.id: cell.index for cell in graph.cells}
    edges = {(index[e.source], index[e.to]): e.why for e in graph.edges}
    forced = closure(edges, count)
    direct = {(int(i), n) for n, cell in enumerate(trace) for i in cell["needs"]}
    rules = {(i, n) for n, cell in enumerate(trace) for i in cell["rules"]}
    process = {(i, n) for n, cell in enumerate(trace) for i in cell["process"]}
    # What sets up the process is repeated where it is needed, in any order.
    process = {(i, n) for i, n in process if not _is_replayed(graph, i)}
    needed = closure(direct | process, count)
    traced = closure(direct | process | rules, count)
    by_names = closure(_by_names([source for source, _ in cells]), count)
    return Precision(
        name,
        count,
        sum(cell.barrier is not None for cell in graph.cells),
        sum(cell.sticky is not None for cell in graph.cells),
        count * (count - 1) // 2,
        len(needed),
        len(traced),
        len(forced),
        len(closure(_firm(graph), count)),
        len(by_names),
        len(needed - by_names),
        [_words(pair, trace) for pair in sorted((direct | process) - forced)],
        [f"{a} -> {b}: {edges[a, b]}" for a, b in sorted(forced - traced) if (a, b) in edges],
    )


def _firm(graph: Graph) -> set[Pair]:
    """Edges, where a reader takes what a cell that only might change it was given itself."""
    index = {cell.id: cell.index for cell in graph.cells}
    found = set()
    for edge in graph.edges:
        if not edge.maybe:
            found.add((index[edge.source], index[edge.to]))
            continue
        for name in edge.names:
            cell = graph.cells[index[edge.source]]
            while name in cell.maybe:
                cell = graph.cells[index[cell.inputs[name]]]
            found.add((cell.index, index[edge.to]))
    return found


def _is_replayed(graph: Graph, cell: int) -> bool:
    report = graph.cells[cell]
    return bool(report.setup) and report.sticky is None


def _words(pair: Pair, trace: list[Json]) -> str:
    needs = trace[pair[1]]["needs"].get(str(pair[0]), ["the process"])
    return f"{pair[0]} -> {pair[1]}: {', '.join(needs)}"


def _by_names(sources: Sequence[str]) -> set[Pair]:
    found = set()
    writer: dict[str, int] = {}
    for number, source in enumerate(sources):
        read, written = _read_and_written(parse(source)[0])
        found |= {(writer[name], number) for name in read & writer.keys()}
        writer.update(dict.fromkeys(written, number))
    return found


def _read_and_written(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names that appear in a cell, and those that its top level binds."""
    read, written = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.add(node.target.id)
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            written.add(node.id)
        elif isinstance(node, ast.alias):
            written.add((node.asname or node.name).partition(".")[0])
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            written.add(node.name)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)):
            todo.extend(ast.iter_child_nodes(node))
    return read, written
