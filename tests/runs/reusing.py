"""Runs after runs, and which of their cells were executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import workflow

from jupyterlab_dossier.runs import Engine

PLAIN = ["import math\nx = 2", "def g(n):\n    return n + 1", "def f(n):\n    return g(n) * 10",
         "y = f(x)\ny", "z = [y]\nprint(z)", "print('alone')"]  # fmt: skip


async def run(engine: Engine, folder: Path, sources: Any, **asked: Any) -> Any:
    record = await engine.wait(await engine.submit(workflow(folder, sources, **asked)))
    outputs, _ = await engine.outputs(record.run)
    return record, outputs


def ran(record: Any) -> list[str]:
    """Cells that were executed."""
    return [task.id for task in record.tasks if task.state != "reused"]


def edited(sources: list[str], index: int, source: str) -> list[str]:
    return [*sources[:index], source, *sources[index + 1 :]]
