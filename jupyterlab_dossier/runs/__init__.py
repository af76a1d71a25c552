"""Runs: the engine that executes workflows, and the ledger that remembers them.

It knows nothing of Jupyter server: the command line and the server extension both host it.
"""

from .engine.engine import Engine
from .model import BadInput, Cell, Event, NoSuchRun, RunRecord, TaskRecord, Workflow

__all__ = [
    "BadInput",
    "Cell",
    "Engine",
    "Event",
    "NoSuchRun",
    "RunRecord",
    "TaskRecord",
    "Workflow",
]
