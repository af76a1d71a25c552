"""The loop of the helper process."""

from __future__ import annotations

import gc
import json
import warnings
from typing import Any, BinaryIO

from . import changes
from .analysis import Analyser, analyse
from .model import Cell
from .stale import Analysed, stale

_KEPT = 8
_COLLECT = 50  # answers between two full collections


def answer(analysers: dict[str, Analyser], request: dict[str, Any]) -> dict[str, Any]:
    """One request; notebooks are told apart by "notebook" so that each keeps its own cache."""
    key = str(request.get("notebook", ""))
    analyser = analysers.pop(key, None) or Analyser()
    cells = [Cell.from_json(cell) for cell in request["cells"]]
    if "old" in request:
        return {"stale": _stale(request["old"], cells)}
    graph = analyser.analyse(cells, request.get("parameters"), request.get("folder"))
    analysers[key] = analyser
    while len(analysers) > _KEPT:
        del analysers[next(iter(analysers))]
    return {"graph": graph.to_json()}


def _stale(old: dict[str, Any], cells: list[Cell]) -> list[dict[str, Any]]:
    """What must run again of `cells`, after `old` has run."""
    before = [Cell.from_json(cell) for cell in old["cells"]]
    ran = Analysed(
        before, analyse(before), frozenset(old.get("failed", ())), frozenset(old.get("quiet", ()))
    )
    return [mark.to_json() for mark in stale(ran, Analysed.of(cells))]


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    # Invalid escapes in cells are the cells' matter, not this process's.
    warnings.simplefilter("ignore")
    analysers: dict[str, Analyser] = {}
    editing: changes.Editing | None = None
    # A full collection over a big notebook takes longer than an edit may: not while one waits.
    gc.disable()
    answered = 0
    for line in source:
        if not line.strip():
            continue
        reply: dict[str, Any] = {"id": None}
        try:
            request = json.loads(line)
            reply["id"] = request.get("id")
            if "changes" in request:
                editing, reply["changes"] = changes.answer(editing, request["changes"])
            else:
                reply |= answer(analysers, request)
        except Exception as error:
            reply["error"] = f"{type(error).__name__}: {error}"
        sink.write(json.dumps(reply).encode() + b"\n")
        sink.flush()
        answered += 1
        gc.collect(2 if answered % _COLLECT == 0 else 0)
