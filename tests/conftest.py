"""An environment of its own for what must not be like the one of the tests."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# `make test-engines` alone has what these need.
collect_ignore = [] if os.environ.get("DOSSIER_ENGINES") else ["engines"]

VENVS = Path(__file__).parents[1] / ".venvs"
OLD = "ipykernel==6.29.5"


@pytest.fixture(scope="session")
def old_python() -> str:
    """An interpreter with the oldest ipykernel that we support."""
    folder = VENVS / "ipykernel6"
    python, done = folder / "bin" / "python", folder / "done"
    VENVS.mkdir(exist_ok=True)
    with (VENVS / "ipykernel6.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes run tests
        if not done.exists():
            uv = shutil.which("uv")
            if uv is None:
                pytest.skip("uv is needed to make an environment with ipykernel 6.29")
            subprocess.run(
                [uv, "venv", "-q", "--clear", "--python", sys.executable, folder], check=True
            )
            needed = [OLD, "cloudpickle", "numpy", "tornado"]
            subprocess.run([uv, "pip", "install", "-q", "--python", python, *needed], check=True)
            done.touch()
    return str(python)
