"""`jupyter dossier` as its users call it: a process of its own, with a data folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
    }


@pytest.fixture
def program() -> list[str]:
    return [sys.executable, "-m", "jupyterlab_dossier.cli"]


@pytest.fixture
def cli(program: list[str], environment: dict[str, str], tmp_path: Path) -> Cli:
    """Runs a command to its end."""

    def call(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**environment, **more},
            cwd=tmp_path,
            timeout=100,
        )

    return call


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Writes a notebook of these cell sources; `metadata` by cell index, `kernel` by name."""

    def write(
        *sources: str,
        name: str = "nb.ipynb",
        metadata: dict[int, Any] | None = None,
        dossier: Any = None,
        kernel: str = "python3",
    ) -> Path:
        document: dict[str, Any] = {"kernelspec": {"name": kernel, "display_name": kernel}}
        if dossier is not None:
            document["dossier"] = dossier
        cells = [
            {
                "cell_type": "code",
                "id": f"c{index}",
                "metadata": (metadata or {}).get(index, {}),
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for index, source in enumerate(sources)
        ]
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": document, "cells": cells}
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return path

    return write
