"""cloudpickle: the copy packed into the worker's zipapp, else the installed one."""

from __future__ import annotations

import importlib
from typing import Any


def _find() -> Any:
    try:
        return importlib.import_module("dossier_worker._cloudpickle.cloudpickle")
    except ImportError:
        return importlib.import_module("cloudpickle.cloudpickle")


cloudpickle: Any = _find()


def is_cloudpickle(module: str) -> bool:
    """Whether a pickle names a copy of cloudpickle; each kernel loads it with its own."""
    return module.rpartition(".")[2] == "cloudpickle" and module.startswith(
        ("cloudpickle", "dossier_worker._cloudpickle")
    )
