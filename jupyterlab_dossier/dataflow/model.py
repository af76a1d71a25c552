"""What goes in (cells) and what comes out (a graph): plain data, the same in Python and in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Cell:
    """A code cell. `effects` is the user's override (cell.metadata.dossier.effects).

    `may_fail` is for cells tagged raises-exception: they may stop half-way and the run goes on.
    `observed` is what runs of it were seen to do beyond what analysis said (`observed.widen`).
    """

    id: str
    source: str
    effects: Mapping[str, Any] | None = None
    may_fail: bool = False
    observed: Mapping[str, Any] | None = None

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Cell:
        return Cell(
            str(data["id"]),
            str(data["source"]),
            data.get("effects"),
            bool(data.get("may_fail", False)),
            data.get("observed"),
        )

    def to_json(self) -> dict[str, Any]:
        data = {
            "id": self.id,
            "source": self.source,
            "effects": None if self.effects is None else dict(self.effects),
            "may_fail": self.may_fail,
        }
        if self.observed is not None:
            data["observed"] = dict(self.observed)
        return data


@dataclass
class SetupStatement:
    """A statement that only writes process state; replayed in kernels of later cells."""

    source: str
    inputs: dict[str, str] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)  # files
    after: list[str] = field(default_factory=list)  # names that its own cell imported before it


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
    maybe: list[str] = field(default_factory=list)  # of `mutated`: only might, see Edge.maybe
    missing: list[str] = field(default_factory=list)  # names it uses that nothing has set
    deletes: list[str] = field(default_factory=list)
    syntax_error: str | None = None
    setup: list[SetupStatement] = field(default_factory=list)
    prepares: bool = False  # it imports, and writes process state, and does nothing else
    sticky: str | None = None
    outside: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    unshippable: list[str] = field(default_factory=list)
    pure: bool = True
    needs: dict[str, Any] = field(default_factory=dict)  # `needs.Needs`, before it runs
    looks_back: bool = False  # at what earlier cells were and showed (`Out`, `In`)
    history: list[str] = field(default_factory=list)  # by these names
    unseeded: list[str] = field(default_factory=list)  # generators it draws from, never seeded
    traits: dict[str, Any] = field(default_factory=dict)  # `traits.Traits`: whether to be reused

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "setup": [vars(statement) for statement in self.setup]}


@dataclass
class Edge:
    """`to` must start after `source` ended; `why` is for the user.

    `maybe`: the edge would not be there if `source` left the content of `names` as it was, which
    can be seen once it has run: until then `to` may use the versions `source` itself was given.
    Content is all that a reader can see, also which objects the names share.
    """

    source: str
    to: str
    kind: Literal["value", "order"]
    names: list[str]
    why: str
    maybe: bool = False

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "from": self.source,
            "to": self.to,
            "kind": self.kind,
            "names": self.names,
            "why": self.why,
        }
        if self.maybe:
            data["maybe"] = True
        return data


@dataclass
class Graph:
    cells: list[CellReport] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "cells": [cell.to_json() for cell in self.cells],
            "edges": [edge.to_json() for edge in self.edges],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Graph:
        cells = [
            CellReport(**{**cell, "setup": [SetupStatement(**s) for s in cell["setup"]]})
            for cell in data["cells"]
        ]
        edges = [
            Edge(e["from"], e["to"], e["kind"], list(e["names"]), e["why"], e.get("maybe") is True)
            for e in data["edges"]
        ]
        return Graph(cells, edges)
