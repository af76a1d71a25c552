"""Notebooks whose cells run in several real processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Kernel:
    """A process with one namespace."""

    def __init__(self, folder: Path, mode: str, seed: str = "0") -> None:
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
        env |= {"PYTHONHASHSEED": seed, "MPLBACKEND": "agg", "IPYTHONDIR": str(folder / "ipython")}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "kernel_process.py"), str(folder), mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env,
        )  # fmt: skip

    def ask(self, op: str, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"op": op, **request}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return answer

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


class Notebook:
    """Cells run one after the other, each in the kernel that the test says."""

    def __init__(self, kernels: list[Kernel], folder: Path) -> None:
        self.kernels = kernels
        self.folder = folder
        self.versions: dict[str, str] = {}
        self.manifests: dict[str, Any] = {}
        self._cells = 0

    def cell(
        self,
        kernel: int,
        code: str,
        out: str = "",
        mutated: str = "",
        take: str | None = None,
        ok: bool = True,
    ) -> str:
        """Load the names that the code mentions (or `take`), run it, export `out`."""
        self._cells += 1
        code = textwrap.dedent(code)
        names = re.findall(r"\w+", code) if take is None else take.split()
        inputs = {n: self.versions[n] for n in names if n in self.versions}
        process = self.kernels[kernel]
        self.load(kernel, inputs)
        result = process.ask("run", code=code)
        if ok:
            assert result["error"] is None, result["error"] + result["out"]
        else:
            assert result["error"] is not None
        if out:
            self.export(kernel, out, mutated)
        return str(result["out"]) + ("" if ok else str(result["error"]))

    def load(self, kernel: int, inputs: dict[str, str]) -> dict[str, Any]:
        answer = self.kernels[kernel].ask("load", inputs=inputs, manifests=self.manifests)
        assert "load_error" not in answer, answer["load_error"]
        return answer

    def export(self, kernel: int, names: str, mutated: str = "") -> dict[str, Any]:
        answer = self.kernels[kernel].ask(
            "export", names=names.split(), mutated=mutated.split(), prefix=f"c{self._cells}/"
        )
        for manifest in answer["manifests"]:
            self.manifests[manifest["version"]] = manifest
            self.versions[manifest["name"]] = manifest["version"]
        return answer

    def manifest(self, name: str) -> dict[str, Any]:
        manifest: dict[str, Any] = self.manifests[self.versions[name]]
        return manifest

    def blobs(self, name: str) -> list[str]:
        manifest = self.manifest(name)
        return [manifest["pickle"]["blob"], *(b["blob"] for b in manifest["buffers"])]


def _kernels(folder: Path, mode: str) -> Iterator[list[Kernel]]:
    kernels = [Kernel(folder, mode) for _ in range(3)]
    yield kernels
    for kernel in kernels:
        kernel.end()


@pytest.fixture(scope="session")
def blob_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture(scope="session")
def plain_kernels(blob_folder: Path) -> Iterator[list[Kernel]]:
    yield from _kernels(blob_folder, "plain")


@pytest.fixture(scope="session")
def ipython_kernels(blob_folder: Path) -> Iterator[list[Kernel]]:
    yield from _kernels(blob_folder, "ipython")


def _fresh(kernels: list[Kernel], folder: Path) -> Notebook:
    for kernel in kernels:
        kernel.ask("reset")
    return Notebook(kernels, folder)


@pytest.fixture
def book(plain_kernels: list[Kernel], blob_folder: Path) -> Notebook:
    return _fresh(plain_kernels, blob_folder)


@pytest.fixture
def ipython_book(ipython_kernels: list[Kernel], blob_folder: Path) -> Notebook:
    return _fresh(ipython_kernels, blob_folder)
