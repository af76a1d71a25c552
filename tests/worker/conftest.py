"""Workers for the tests: one zipapp a session, one server a module."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from dossier_worker.build import build

sys.path.insert(0, str(Path(__file__).parent))

from peer import Peer, Server

VENVS = Path(__file__).parents[2] / ".venvs"
OLD = "ipykernel==6.29.5"

StartWorker = Callable[..., Peer]


@pytest.fixture(scope="session")
def zipapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("zipapp") / "dossier_worker.pyz")


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    await server.close()


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    yield server
    await server.close()
