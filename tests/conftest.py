"""An environment of its own for what must not be like the one of the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

VENVS = Path(__file__).parents[1] / ".venvs"
OLD = "ipykernel==6.29.5"


@pytest.fixture(scope="session")
def old_python() -> str:
    """An interpreter with the oldest ipykernel that we support."""
    python = VENVS / "ipykernel6" / "bin" / "python"
    if not python.exists():
        uv = shutil.which("uv")
        if uv is None:
            pytest.skip("uv is needed to make an environment with ipykernel 6.29")
        subprocess.run(
            [uv, "venv", "-q", "--python", sys.executable, python.parents[1]], check=True
        )
        needed = [OLD, "cloudpickle", "numpy", "tornado"]
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *needed], check=True)
    return str(python)
