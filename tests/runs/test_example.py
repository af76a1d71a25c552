"""The example, from the command line: Restart & Run All's outputs, in less time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from support import assert_equal_outputs

from jupyterlab_dossier.runs.planning.conditions import environment

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.ipynb"
MODELS = ("boosting", "trees", "network", "vectors")
SEEDS = range(10) if os.environ.get("DOSSIER_FULL") else [int(os.environ.get("DOSSIER_SEED", "3"))]


def outputs(path: Path) -> dict[str, list[Any]]:
    node = nbformat.read(path, 4)
    return {cell.id: cell.outputs for cell in node.cells if cell.cell_type == "code"}


@pytest.fixture(scope="module")
def in_one_kernel() -> dict[str, list[Any]]:
    node = nbformat.read(EXAMPLE, 4)
    client = NotebookClient(node, timeout=300, kernel_name="python3")
    client.create_kernel_manager()
    client.execute(env={**os.environ, **environment(os.cpu_count() or 1)})
    return {cell.id: cell.outputs for cell in node.cells if cell.cell_type == "code"}


def run(folder: Path, *options: str) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    command = [sys.executable, "-m", "jupyterlab_dossier.cli", "run", str(EXAMPLE)]
    done = subprocess.run(
        [*command, "-o", str(folder / "out.ipynb"), "--json", *options],
        env={**os.environ, "JUPYTER_DATA_DIR": str(folder / "data")},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout), outputs(folder / "out.ipynb")


@pytest.mark.timeout(600)
def test_equal_and_overlapping(in_one_kernel: dict[str, list[Any]], tmp_path: Path) -> None:
    record, ours = run(tmp_path)
    assert_equal_outputs(ours, in_one_kernel)
    tasks = {task["id"]: task for task in record["tasks"]}
    overlap = [
        (a, b)
        for a in MODELS
        for b in MODELS
        if a < b
        and max(tasks[a]["started"], tasks[b]["started"])
        < min(tasks[a]["ended"], tasks[b]["ended"])
    ]
    assert overlap or os.cpu_count() == 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_equal_in_any_order(in_one_kernel: dict[str, list[Any]], tmp_path: Path, seed: int) -> None:
    _, ours = run(tmp_path, "--shuffle", str(seed))
    assert_equal_outputs(ours, in_one_kernel)
