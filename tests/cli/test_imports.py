"""What a command loads before it does anything: a user waits for all of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Each takes longer to import than most commands take.
HEAVY = {"IPython", "jsonschema", "jupyter_client", "jupyter_server", "jupyterlab", "matplotlib",
         "nbclient", "nbformat", "numpy", "pandas"}  # fmt: skip


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("jupyterlab_dossier.cli", HEAVY | {"rich", "tornado", "jupyterlab_dossier.runs"}),
        ("jupyterlab_dossier.cli.host", HEAVY),
        ("jupyterlab_dossier.runs.notebooks", HEAVY - {"jsonschema", "nbformat"}),
    ],
)
def test_nothing_heavy_is_loaded_up_front(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert not heavy & set(loaded.stdout.split())
