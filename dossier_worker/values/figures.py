"""Figures that were made in another kernel are shown and drawn as if they had been made here."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterable
from typing import Any

_BACKEND = "matplotlib_inline.backend_inline"


def settle(objects: Collection[Any]) -> None:
    """These were loaded: transforms know their parents, figures of pyplot are pictures."""
    _know_parents(objects)
    _make_shown(objects)


def _know_parents(objects: Iterable[Any]) -> None:
    """A transform keeps its parents by their ids, which are those of the other process.

    A parent made here with one of these ids would take its place: a part of the figure would no
    longer follow the limits of its axes.
    """
    transforms = sys.modules.get("matplotlib.transforms")
    if transforms is None:
        return
    for obj in objects:
        if issubclass(type(obj), transforms.TransformNode):
            parents = [parent() for parent in obj._parents.values()]
            obj._parents.clear()
            for parent in parents:
                if parent is not None:
                    parent.set_children(obj)


def _make_shown(objects: Iterable[Any]) -> None:
    """The inline backend tells IPython how to show figures when pyplot makes its first one."""
    figures = sys.modules.get("matplotlib.figure")
    if figures is None or _BACKEND in sys.modules:
        return
    matplotlib = sys.modules["matplotlib"]
    if matplotlib.rcParams._get("backend") not in ("inline", f"module://{_BACKEND}"):
        return
    # Only pyplot numbers them; a figure made without it is shown as text.
    if any(isinstance(obj, figures.Figure) and hasattr(obj, "number") for obj in objects):
        importlib.import_module("matplotlib.pyplot")
        importlib.import_module(_BACKEND)
