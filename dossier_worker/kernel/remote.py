"""The steps around a cell, inside a stock kernel: called by silent requests, JSON in and out."""

from __future__ import annotations

import json
import sys
from typing import Any

from .history import recall
from .place import Place, Refused
from .shell import count_from, reset

_place: Place | None = None


def call(step: str, task_json: str) -> str:
    """Do one step of a task; the answer is {"ok": …} or {"refused": words}."""
    task: dict[str, Any] = json.loads(task_json)
    try:
        return json.dumps({"ok": _STEPS[step](task)})
    except Refused as refusal:
        return json.dumps({"refused": str(refusal)})


def _shell() -> Any:
    # Not by import: a kernel that is not IPython has no such module.
    return sys.modules["IPython"].get_ipython()


def _here(task: dict[str, Any]) -> Place:
    global _place
    if _place is None:
        _place = Place(_shell().user_ns, task["blobs"])
    return _place


def _enter(task: dict[str, Any]) -> None:
    place = _here(task)
    if task.get("reset"):
        place.values.reset()
        reset(_shell())
    place.enter(task)


def _load(task: dict[str, Any]) -> None:
    _here(task).load(task["inputs"], task["manifests"])


def _start(task: dict[str, Any]) -> None:
    if task.get("execution_count") is not None and not task.get("silent"):
        count_from(_shell(), int(task["execution_count"]))
    if task.get("history"):
        recall(_shell(), task["history"]["inputs"], task["history"]["results"])
    _here(task).start(task)


def _collect(task: dict[str, Any]) -> dict[str, Any]:
    return _here(task).collect(task)


_STEPS = {"enter": _enter, "load": _load, "start": _start, "collect": _collect}
