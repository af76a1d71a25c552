"""A pod that its node sends back at the last moment: its cell has not begun, and gets another one.

Scheduler and kubelet agree on an idle node, so the test is the scheduler: it binds a pod to a node
that the scheduler rightly found too small for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import PATIENCE, Namespace, catalogue, cell, gone, kubectl, outcome, says, until
from support import started, workflow

from jupyterlab_dossier.runs.workers.leases import STARTS

# The node makes room for one of their pods as far as it can.
pytestmark = pytest.mark.alone

NODE = "node1"


def bind(namespace: Namespace, pod: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": pod, "namespace": namespace.name},
        "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
    }
    path = f"/api/v1/namespaces/{namespace.name}/pods/{pod}/binding"
    kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))


@contextlib.asynccontextmanager
async def binding(namespace: Namespace) -> AsyncIterator[list[str]]:
    """Binds each pod that the scheduler has refused; yields their names."""
    bound: list[str] = []

    async def go_on() -> None:
        while True:
            for pod in await asyncio.to_thread(namespace.get, "pods"):
                name = pod["metadata"]["name"]
                judged = pod["status"].get("conditions")
                if name not in bound and judged and "nodeName" not in pod["spec"]:
                    bound.append(name)
                    await asyncio.to_thread(bind, namespace, name)
            await asyncio.sleep(0.1)

    going = asyncio.create_task(go_on())
    try:
        yield bound
    finally:
        going.cancel()


@pytest.mark.parametrize(
    ("reason", "options", "words"),
    [
        ("OutOfcpu", {"cpu": "100"}, "cpu, requested: 100000"),
        ("OutOfmemory", {"memory": "4Ti"}, "memory, requested: 4398046511104"),
        # As where a label is taken away after the scheduler has seen it.
        ("NodeAffinity", {"node_selector": {"dossier.test/none": "there"}}, "affinity/selector"),
        # The kubelet would make room for so important a pod, and cannot.
        (
            "UnexpectedAdmissionError",
            {"cpu": "100", "priority_class": "system-node-critical"},
            "no set of running pods found to reclaim resources",
        ),
    ],
)
async def test_a_node_that_always_refuses_ends_the_cell_after_some_tries(
    namespace: Namespace, tmp_path: Path, reason: str, options: dict[str, Any], words: str
) -> None:
    async with (
        started(tmp_path / "dossier", catalogue(namespace)) as engine,
        binding(namespace) as bound,
    ):
        record, said = await outcome(engine, tmp_path, cell("1", **options))
        assert record.state == "failed"
        refused = f"a worker on pods did not start: its node refused its pod ({reason}): "
        assert refused in str(record.tasks[0].why), record
        assert words in str(record.tasks[0].why)
        tries = [why for why in said if why.startswith(refused) and "another one" in why]
        assert [why.rpartition("(")[2] for why in tries] == [
            f"{n} of {STARTS})" for n in range(2, STARTS + 1)
        ]
        assert len(bound) == STARTS
        await gone(namespace)


@pytest.fixture
def resource(namespace: Namespace) -> Iterator[str]:
    """An extended resource of which the node has nothing yet."""
    name = f"dossier.test/{namespace.name}"
    have(name, 0)
    yield name
    change([{"op": "remove", "path": f"/status/capacity/{name.replace('/', '~1')}"}])


def have(resource: str, count: int) -> None:
    """So much of it is on the node now, which its kubelet finds out."""
    path = f"/status/capacity/{resource.replace('/', '~1')}"
    change([{"op": "add", "path": path, "value": str(count)}])
    there = "{.status.allocatable." + resource.replace(".", r"\.") + "}=" + str(count)
    kubectl("wait", f"node/{NODE}", f"--for=jsonpath={there}", f"--timeout={PATIENCE}s")


def change(patch: list[dict[str, str]]) -> None:
    kubectl("patch", "node", NODE, "--subresource=status", "--type=json", "-p", json.dumps(patch))


async def test_a_node_that_refuses_once_gets_the_cells_next_pod(
    namespace: Namespace, resource: str, tmp_path: Path
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        wanted = cell("print('once')", resources={resource: 1})
        run = await engine.submit(workflow(tmp_path, [wanted]))
        async with binding(namespace) as bound:
            await until(engine, run, says(f"(OutOf{resource})"))
        await asyncio.to_thread(have, resource, 1)
        record = await engine.wait(run)
        assert record.state == "done", record
        outputs, _ = await engine.outputs(run)
        assert outputs["c0"][0]["text"] == "once\n"
        assert len(bound) <= STARTS - 1
    await gone(namespace)
