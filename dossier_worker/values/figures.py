"""Figures of pyplot are shown as pictures, also where no figure was made.

The inline backend tells IPython how to show figures when pyplot makes its first one. A kernel that
is given one by another kernel must know, too.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from typing import Any

_BACKEND = "matplotlib_inline.backend_inline"


def make_shown(objects: Iterable[Any]) -> None:
    """These were loaded: activates the backend if there is a figure of pyplot among them."""
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
