"""What goes in (cells) and what comes out (a graph): plain data, the same in Python and in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Cell:
    """A code cell. `effects` is the user's override (cell.metadata.dossier.effects).

    `may_fail` is for cells tagged raises-exception: they may stop half-way and the run goes on.
    """

    id: str
    source: str
    effects: Mapping[str, Any] | None = None
    may_fail: bool = False

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Cell:
        return Cell(
            str(data["id"]),
            str(data["source"]),
            data.get("effects"),
            bool(data.get("may_fail", False)),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "source": self.source,
            "effects": None if self.effects is None else dict(self.effects),
            "may_fail": self.may_fail,
        }


@dataclass
class SetupStatement:
    """A statement that only writes process state; replayed in kernels of later cells."""

    source: str
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass
class CellReport:
    """What one cell needs, may define and may do."""

    id: str
    index: int
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    barrier: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    mutated: list[str] = field(default_factory=list)  # inputs whose objects may change in place
    deletes: list[str] = field(default_factory=list)
    syntax_error: str | None = None
    setup: list[SetupStatement] = field(default_factory=list)
    sticky: str | None = None
    outside: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    unshippable: list[str] = field(default_factory=list)
    pure: bool = True


@dataclass
class Edge:
    """`to` must start after `source` ended; `why` is for the user."""

    source: str
    to: str
    kind: Literal["value", "order"]
    names: list[str]
    why: str

    def to_json(self) -> dict[str, Any]:
        return {
            "from": self.source,
            "to": self.to,
            "kind": self.kind,
            "names": self.names,
            "why": self.why,
        }


@dataclass
class Graph:
    cells: list[CellReport] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "cells": [asdict(cell) for cell in self.cells],
            "edges": [edge.to_json() for edge in self.edges],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Graph:
        cells = [
            CellReport(**{**cell, "setup": [SetupStatement(**s) for s in cell["setup"]]})
            for cell in data["cells"]
        ]
        edges = [
            Edge(e["from"], e["to"], e["kind"], list(e["names"]), e["why"]) for e in data["edges"]
        ]
        return Graph(cells, edges)
