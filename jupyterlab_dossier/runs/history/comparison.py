"""Two runs beside each other: code, inputs, environment and outputs, cell by cell.

Values are compared by their bytes: equal bytes are equal values, others may be.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...dataflow.model import Cell
from ...dataflow.stale import match
from ..model import Json, TaskRecord
from ..values import blobs
from . import compare

if TYPE_CHECKING:
    from ..engine.engine import Engine

# More lines of a difference, and longer texts of one, nobody reads.
_LINES = 400
_TEXT = 500


async def compared(engine: Engine, left: str, right: str) -> Json:
    """What differs between two runs. Raises `NoSuchRun`.

    `{"left", "right", "cells": [{"id", "left", "right", "code", "inputs", "outputs"}],
    "environment": [{"name", "left", "right"}]}`: a cell's `left` and `right` are its tasks, None
    where a run has no such cell; `code` are lines of a unified difference; `inputs` are names with
    `same`, True only where the bytes are equal; `outputs` says in words what differs. Cells are
    matched by id, else by source, else by position, as for staleness.
    """
    ours, theirs = await _Side.of(engine, left), await _Side.of(engine, right)
    pairs = await asyncio.to_thread(match, ours.cells, theirs.cells)
    rows = [(pairs.get(number), number) for number in range(len(theirs.cells))]
    gone = [(number, None) for number in range(len(ours.cells)) if number not in pairs.values()]
    return {
        "left": left,
        "right": right,
        "cells": [_cell(ours, theirs, *row) for row in [*rows, *gone]],
        "environment": environment(ours.conditions, theirs.conditions),
    }


@dataclass
class _Side:
    cells: list[Cell]
    tasks: dict[str, TaskRecord]
    outputs: dict[str, list[Json]]
    inputs: dict[str, dict[str, list[str]]]
    """The blobs of each input, by cell and name."""
    conditions: Json

    @staticmethod
    async def of(engine: Engine, run: str) -> _Side:
        record = await engine.record(run)
        _, spec, conditions = await engine.ledger.runs.spec(run)
        cells = [spec["cell"]] if "cell" in spec else spec["workflow"]["cells"]
        outputs, _ = await engine.outputs(run)
        inputs: dict[str, dict[str, list[str]]] = {}
        for task in record.tasks:
            given = await engine.ledger.tasks.given(run, task.id) or {}
            manifests = await engine.ledger.versions.manifests(given.values())
            inputs[task.id] = {
                name: [blob for blob, _ in blobs(manifests[version])]
                for name, version in given.items()
                if version in manifests
            }
        return _Side(
            [Cell(c["id"], c["source"]) for c in cells],
            {task.id: task for task in record.tasks},
            outputs,
            inputs,
            conditions,
        )


def _cell(ours: _Side, theirs: _Side, left: int | None, right: int | None) -> Json:
    one = ours.cells[left] if left is not None else None
    other = theirs.cells[right] if right is not None else None
    known = other or one
    assert known is not None
    inputs: list[Json] = []
    outputs: list[str] = []
    if one is not None and other is not None:
        inputs = _inputs(ours.inputs.get(one.id, {}), theirs.inputs.get(other.id, {}))
        shown = ours.outputs.get(one.id, []), theirs.outputs.get(other.id, [])
        outputs = [words[:_TEXT] for words in compare.differences(*shown)]
    return {
        "id": known.id,
        "left": _task(ours, one),
        "right": _task(theirs, other),
        "code": _code(one, other),
        "inputs": inputs,
        "outputs": outputs,
    }


def _task(side: _Side, cell: Cell | None) -> Json | None:
    task = side.tasks.get(cell.id) if cell is not None else None
    return None if task is None else task.to_json()


def _code(one: Cell | None, other: Cell | None) -> list[str]:
    before = one.source.splitlines() if one is not None else []
    after = other.source.splitlines() if other is not None else []
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    return [line[:_TEXT] for line in lines[:_LINES]]


def _inputs(ours: Mapping[str, list[str]], theirs: Mapping[str, list[str]]) -> list[Json]:
    return [
        {"name": name, "same": bool(ours.get(name)) and ours.get(name) == theirs.get(name)}
        for name in sorted({*ours, *theirs})
    ]


def environment(ours: Json, theirs: Json) -> list[Json]:
    """The conditions that differ, flat: `{"name": "env.OMP_NUM_THREADS", "left", "right"}`."""
    one, other = _flat(ours), _flat(theirs)
    return [
        {"name": name, "left": one.get(name), "right": other.get(name)}
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    ]


def _flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for key, item in value.items():
            found |= _flat(item, f"{name}.{key}" if name else str(key))
        return found
    return {name: str(value)[:_TEXT]}
