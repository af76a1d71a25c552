"""A namespace of its own for each test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# The engine of tests/runs is the one whose cells run in pods, with the options of tests/targets.
TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(TESTS / "runs"), str(TESTS / "targets")]

from namespaces import (  # noqa: E402
    NODE,
    PATIENCE,
    RESTRICTED,
    Namespace,
    apply,
    kubectl,
    let_through,
)
from registry import Registry  # noqa: E402

# A cluster beside whatever else the machine does: what hangs is found all the same.
LIMIT = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.fixture
def make_namespace() -> Iterator[Callable[[str], Namespace]]:
    made: list[str] = []

    def make(name: str) -> Namespace:
        name = f"{name}-{os.urandom(3).hex()}"
        kubectl("create", "namespace", name)
        made.append(name)
        kubectl("label", "namespace", name, RESTRICTED)
        # Its controller may be slow to notice where a test had the API server restarted.
        kubectl(
            "wait", "--for=create", "serviceaccount/default", "-n", name, f"--timeout={PATIENCE}s"
        )
        return Namespace(name)

    yield make
    for name in made:
        kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def namespace(make_namespace: Callable[[str], Namespace]) -> Namespace:
    return make_namespace("cells")


@pytest.fixture
def make_volume(namespace: Namespace) -> Iterator[Callable[[str, Path], str]]:
    """Makes claims of the namespace whose volumes are folders of this machine."""
    made: list[str] = []

    def make(claim: str, folder: Path) -> str:
        name = f"{namespace.name}-{claim}"
        made.append(name)
        spec = {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "",
        }
        apply(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": name},
                "spec": {**spec, "hostPath": {"path": str(folder)}},
            },
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": claim, "namespace": namespace.name},
                "spec": {
                    "accessModes": spec["accessModes"],
                    "storageClassName": "",
                    "volumeName": name,
                    "resources": {"requests": spec["capacity"]},
                },
            },
        )
        return claim

    yield make
    kubectl("delete", "pvc", "--all", "-n", namespace.name, "--wait=false")
    for name in made:
        kubectl("delete", "pv", name, "--wait=false")


@pytest.fixture
def volume(make_volume: Callable[[str, Path], str], tmp_path: Path) -> Iterator[str]:
    """A claim of the namespace whose volume is this test's folder, for everybody to write."""
    tmp_path.chmod(0o777)
    let_through(tmp_path)
    before = os.umask(0)
    yield make_volume("folder", tmp_path)
    os.umask(before)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = Registry(tmp_path)
    yield made
    made.close()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A folder with a private authority (ca.crt) and a certificate by it for this machine."""
    folder = tmp_path / "tls"
    folder.mkdir()
    script = f"""
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=private
    openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \\
      -out server.crt -extfile <(echo subjectAltName=IP:{NODE})
    """
    subprocess.run(["bash", "-ec", script], cwd=folder, check=True, capture_output=True)
    return folder
