"""One user has two clusters with a namespace of the same name: each thing is done in its own.

The second one has no node, so that its pods wait; all the rest of it is real.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import (
    NODE,
    PATIENCE,
    RESTRICTED,
    Namespace,
    cell,
    free_ports,
    gone,
    kubectl,
    prints,
    says,
    until,
)
from support import started, workflow
from test_faults import HOST

from jupyterlab_dossier.targets import Catalogue, Target

CONTROL = Path(__file__).parent / "control"
WAITS = """\
import time
print('on', flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The kubeconfig of a second cluster."""
    folder = tmp_path_factory.mktemp("second")
    names = ("API", "ETCD", "PEERS", "CONTROLLERS", "SCHEDULER")
    ports = dict(zip(names, map(str, free_ports(NODE, *["127.0.0.1"] * 4)), strict=True))
    try:
        subprocess.run([CONTROL], env={**os.environ, "STATE": str(folder), **ports}, check=True)
        yield str(folder / "admin.conf")
    finally:
        for file in folder.glob("*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)


def in_second(second: str, *arguments: str) -> str:
    return kubectl("--kubeconfig", second, *arguments)


def jobs(namespace: Namespace, second: str | None = None) -> list[dict[str, Any]]:
    """All Jobs of the namespace, in the first cluster or in the second one."""
    where = ["--kubeconfig", second] if second else []
    listed = kubectl(*where, "get", "jobs", "-n", namespace.name, "-o", "json")
    return list(json.loads(listed)["items"])


@pytest.fixture
def both(namespace: Namespace, second: str) -> dict[str, Target]:
    """Targets in a namespace of the same name, here and there."""
    in_second(second, "create", "namespace", namespace.name)
    in_second(second, "label", "namespace", namespace.name, RESTRICTED)
    in_second(
        second, "wait", "--for=create", "serviceaccount/default", "-n", namespace.name,
        f"--timeout={PATIENCE}s",
    )  # fmt: skip
    here = namespace.settings(kubeconfig=os.environ["KUBECONFIG"])
    there = namespace.settings(kubeconfig=second)
    return {
        name: Target(name, "kubernetes", settings)
        for name, settings in (("here", here), ("there", there))
    }


async def test_a_cell_runs_here_and_one_waits_there_until_it_is_cancelled_there(
    namespace: Namespace, both: dict[str, Target], second: str, tmp_path: Path
) -> None:
    async with started(tmp_path / "dossier", Catalogue(both)) as engine:
        here = await engine.submit(workflow(tmp_path, [{**cell(WAITS), "target": "here"}]))
        there = await engine.submit(workflow(tmp_path, [{**cell("1"), "target": "there"}]))
        await until(engine, here, prints("on"))
        event = await until(engine, there, says("unschedulable"))
        assert "no nodes available to schedule pods" in event.body["why"]
        (mine,), (other,) = jobs(namespace), jobs(namespace, second)
        assert mine["metadata"]["name"] != other["metadata"]["name"]

        await engine.cancel(there)
        assert (await engine.wait(there)).state == "cancelled"
        await until_left(namespace, second, [])
        assert [job["metadata"]["uid"] for job in jobs(namespace)] == [mine["metadata"]["uid"]]
        (pod,) = namespace.names("pods")
        await asyncio.to_thread(
            kubectl, "wait", f"pod/{pod}", "-n", namespace.name, "--for=condition=Ready"
        )
        await engine.cancel(here)
        assert (await engine.wait(here)).state == "cancelled"
    await gone(namespace)


async def test_what_is_left_there_is_collected_there_alone(
    namespace: Namespace, both: dict[str, Target], second: str, tmp_path: Path
) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, str(HOST), str(tmp_path), json.dumps(both["there"].settings),
        json.dumps([cell("1")]), stdout=subprocess.PIPE,
    )  # fmt: skip
    while not jobs(namespace, second):
        await asyncio.sleep(0.2)
    server.kill()
    await server.wait()
    # Here is one that nothing but its cluster tells from that there.
    (left,) = jobs(namespace, second)
    kept = {"name", "namespace", "labels"}
    meta = {name: value for name, value in left["metadata"].items() if name in kept}
    container = {"name": "worker", "image": "other:1"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    twin = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta}
    spec = {"suspend": True, "template": template}
    kubectl("create", "-f", "-", stdin=json.dumps({**twin, "spec": spec}))

    targets = Catalogue({"here": both["here"]})
    async with started(tmp_path / "dossier", targets, recover=True):
        await until_left(namespace, second, [])
    (stays,) = jobs(namespace)
    assert stays["metadata"]["name"] == left["metadata"]["name"]
    kubectl("delete", "job", meta["name"], "-n", namespace.name)
    await gone(namespace)


async def until_left(namespace: Namespace, second: str, names: list[str]) -> None:
    """Waits until these are the Jobs there."""
    for _ in range(PATIENCE):
        found = await asyncio.to_thread(jobs, namespace, second)
        if [job["metadata"]["name"] for job in found] == names:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"{found}, and not {names}")
