"""What a user reads while a pod is waited for, and when it fails: each provoked for real."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from namespaces import (
    Namespace,
    apply,
    catalogue,
    cell,
    gone,
    kubectl,
    outcome,
    prints,
    says,
    until,
)
from support import started, workflow

SLEEPS = "print('on', flush=True)\nimport time\ntime.sleep(100)"


async def failing(namespace: Namespace, folder: Path, source: str, **options: Any) -> str:
    """Why a cell with these options fails; nothing is left of its pod."""
    async with started(folder / "dossier", catalogue(namespace)) as engine:
        record, _ = await outcome(engine, folder, cell(source, **options))
        assert record.state in ("failed", "lost"), record
    await gone(namespace)
    return str(record.tasks[0].why)


async def test_an_image_that_does_not_exist(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "1", image="localhost:5999/none:1")
    assert "image 'localhost:5999/none:1' cannot be pulled" in why
    assert "Check the image's name and that the cluster may pull it" in why


async def test_an_image_whose_name_is_none(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "1", image="UPPER")
    assert "InvalidImageName" in why and "Correct the cell's or the target's image" in why


async def test_more_memory_than_the_limit(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "x = b'x' * (1 << 30)", memory="200Mi")
    assert "memory" in why


async def test_a_request_beyond_the_quota(namespace: Namespace, tmp_path: Path) -> None:
    quota = {"hard": {"requests.memory": "1Gi", "limits.memory": "1Gi"}}
    meta = {"name": "small", "namespace": namespace.name}
    apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": quota})
    why = await failing(namespace, tmp_path, "1", memory="2Gi")
    assert why == (
        "option memory asks for 2Gi memory, and the namespace's quota 'small' allows 1Gi in all"
    )


async def test_a_full_quota_is_waited_for(namespace: Namespace, tmp_path: Path) -> None:
    meta = {"name": "one", "namespace": namespace.name}
    spec = {"hard": {"pods": "1"}}
    apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": spec})
    async with started(tmp_path / "dossier", catalogue(namespace, idle=1)) as engine:
        cells = [cell(f"import time; time.sleep(3); print({n})") for n in range(2)]
        record, said = await outcome(engine, tmp_path, *cells)
        assert record.state == "done", record
        assert any("the namespace's quota is full" in why and "pods=1" in why for why in said), said


async def test_a_request_that_no_node_can_serve(namespace: Namespace, tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell("1", cpu="100")]))
        event = await until(engine, run, says("unschedulable"))
        assert "Insufficient cpu" in event.body["why"]
        assert event.body["state"] == "starting"
        await engine.cancel(run)
        assert (await engine.wait(run)).state == "cancelled"
        await gone(namespace)


async def test_a_volume_that_is_not_there(namespace: Namespace, tmp_path: Path) -> None:
    volumes = [{"claim": "none", "path": "/data"}]
    why = await failing(namespace, tmp_path, "1", volumes=volumes)
    assert "volume 'none'" in why and "not found" in why


async def test_a_secret_that_is_not_there(namespace: Namespace, tmp_path: Path) -> None:
    secrets = [{"variable": "TOKEN", "secret": "none", "key": "token"}]
    why = await failing(namespace, tmp_path, "1", secrets=secrets)
    assert 'secret "none" not found' in why and "Check the secrets" in why


async def test_a_time_limit(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, SLEEPS, time_limit=8)
    assert "its time limit of 8 s was passed" in why


@pytest.mark.parametrize("way", ["deleted", "evicted"])
async def test_a_pod_that_is_taken_away(namespace: Namespace, tmp_path: Path, way: str) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        source = "open('f', 'w').close()\n" + SLEEPS
        run = await engine.submit(workflow(tmp_path, [cell(source)]))
        await until(engine, run, prints("on"))
        (pod,) = namespace.names("pods")
        if way == "deleted":
            await asyncio.to_thread(kubectl, "delete", "pod", pod, "-n", namespace.name)
        else:
            await asyncio.to_thread(evict, namespace, pod)
        record = await engine.wait(run)
        assert record.state == "lost"
        assert f"its pod was {way}" in str(record.tasks[0].why)
        assert "it may have had effects, so it was not run again" in str(record.tasks[0].why)
        await gone(namespace)


def evict(namespace: Namespace, pod: str) -> None:
    """By the Eviction API, as a drain of the node does."""
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": namespace.name},
    }
    path = f"/api/v1/namespaces/{namespace.name}/pods/{pod}/eviction"
    kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))


async def test_what_the_cluster_forbids(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "1", priority_class="none")
    assert "no PriorityClass with name none was found" in why
