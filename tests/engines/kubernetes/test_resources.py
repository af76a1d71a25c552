"""What a cell asks of its pod is what its pod has: devices, places, rights, secrets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import (
    IMAGE,
    Namespace,
    apply,
    catalogue,
    cell,
    gone,
    kubectl,
    let_through,
    outcome,
    prints,
    says,
    until,
)
from support import started, workflow

UNITS = 2
WAITS = "print('on', flush=True)\nimport time\ntime.sleep(100)"


@pytest.fixture
def device() -> Iterator[str]:
    """A resource of which the node has two units."""
    name = f"example.com/device-{os.urandom(3).hex()}"
    places = [f"/status/{kind}/{name.replace('/', '~1')}" for kind in ("capacity", "allocatable")]

    def patch(*changes: dict[str, str]) -> None:
        body = json.dumps(changes)
        kubectl("patch", "node", "node1", "--subresource=status", "--type=json", "-p", body)

    patch(*({"op": "add", "path": place, "value": str(UNITS)} for place in places))
    yield name
    patch(*({"op": "remove", "path": place} for place in places))


Wanted = Callable[[int], dict[str, Any]]


@pytest.fixture(params=["gpu", "resources"])
def wanted(request: pytest.FixtureRequest, device: str) -> tuple[dict[str, Any], Wanted]:
    """Settings of a target, and options of a cell for so many units: by `gpu`, or by name."""
    if request.param == "gpu":
        return {"gpu": device}, lambda count: {"gpu": count}
    return {}, lambda count: {"resources": {device: count}}


async def test_a_device_is_given(
    namespace: Namespace, tmp_path: Path, device: str, wanted: tuple[dict[str, Any], Wanted]
) -> None:
    settings, asked = wanted
    async with started(tmp_path / "dossier", catalogue(namespace, **settings)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell(WAITS, **asked(1))]))
        await until(engine, run, prints("on"))
        (pod,) = namespace.get("pods")
        given = pod["spec"]["containers"][0]["resources"]
        assert given["limits"][device] == given["requests"][device] == "1"
        await engine.cancel(run)
    await gone(namespace)


async def test_more_devices_than_a_node_has_are_waited_for(
    namespace: Namespace, tmp_path: Path, device: str, wanted: tuple[dict[str, Any], Wanted]
) -> None:
    settings, asked = wanted
    async with started(tmp_path / "dossier", catalogue(namespace, **settings)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell("1", **asked(UNITS + 1))]))
        event = await until(engine, run, says("unschedulable"))
        assert f"Insufficient {device}" in event.body["why"]
        await engine.cancel(run)
        assert (await engine.wait(run)).state == "cancelled"
    await gone(namespace)


async def test_more_devices_than_the_quota_are_refused(
    namespace: Namespace, tmp_path: Path, device: str, wanted: tuple[dict[str, Any], Wanted]
) -> None:
    settings, asked = wanted
    meta = {"name": "devices", "namespace": namespace.name}
    spec = {"hard": {f"requests.{device}": "1"}}
    apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": spec})
    async with started(tmp_path / "dossier", catalogue(namespace, **settings)) as engine:
        record, _ = await outcome(engine, tmp_path, cell("1", **asked(2)))
    option = "gpu" if settings else f"resources.{device}"
    assert record.tasks[0].why == (
        f"option {option} asks for 2 {device}, and the namespace's quota 'devices' allows 1 in all"
    )
    assert namespace.names("jobs") == []


async def test_a_pod_is_what_was_asked(
    namespace: Namespace, make_volume: Callable[[str, Path], str], tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    given = tmp_path_factory.mktemp("given")
    given.chmod(0o755)
    let_through(given)
    (given / "text").write_text("read by the pod")
    make_volume("given", given)
    token = f"token-{os.urandom(8).hex()}"
    meta = {"namespace": namespace.name}
    priority = f"{namespace.name}-first"
    apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "cells", **meta}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "mine", **meta},
            "stringData": {"token.txt": token},
        },
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": priority},
            "value": 7,
        },
    )
    tolerations = [
        {"key": "example.com/slow", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute", "seconds": 9},
    ]
    options = {
        "cpu": "250m",
        "memory": "400Mi",
        "node_selector": {"kubernetes.io/hostname": "node1"},
        "tolerations": tolerations,
        "service_account": "cells",
        "priority_class": priority,
        "env": {"PLAIN": "as $(it) is"},
        "secrets": [{"variable": "TOKEN", "secret": "mine", "key": "token.txt"}],
        "volumes": [{"claim": "given", "path": "/given", "read_only": True}],
        "time_limit": 120,
    }
    source = (
        "import hashlib, os\n"
        "print(hashlib.sha256(os.environ['TOKEN'].encode()).hexdigest(), os.environ['PLAIN'])\n"
        "print(open('/given/text').read(), os.path.exists('/var/run/secrets/kubernetes.io'))\n"
        "try: open('/given/made', 'w')\n"
        "except OSError as error: print(error.strerror, flush=True)\n"
    )
    try:
        targets = catalogue(namespace, image_pull_secrets=["pulls"])
        async with started(tmp_path / "dossier", targets) as engine:
            run = await engine.submit(workflow(tmp_path, [cell(source + WAITS, **options)]))
            await until(engine, run, prints("on"))
            (pod,), (job,) = namespace.get("pods"), namespace.get("jobs")
            about = await asyncio.to_thread(
                kubectl, "get", "pods,jobs,events,configmaps", "-n", namespace.name, "-o", "yaml"
            )
            await engine.cancel(run)
            assert (await engine.wait(run)).state == "cancelled"
            outputs, _ = await engine.outputs(run)
        await gone(namespace)
    finally:
        kubectl("delete", "priorityclass", priority)
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert outputs["c0"][0]["text"] == (
        f"{digest} as $(it) is\nread by the pod False\nRead-only file system\non\n"
    )
    spec = pod["spec"]
    (container,) = spec["containers"]
    assert container["image"] == IMAGE
    amount = {"cpu": "250m", "memory": "400Mi"}
    assert container["resources"] == {"requests": amount, "limits": amount}
    assert spec["nodeSelector"] == options["node_selector"]
    assert [t for t in spec["tolerations"] if not t["key"].startswith("node.kubernetes.io")] == [
        tolerations[0],
        {"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute",
         "tolerationSeconds": 9},
    ]  # fmt: skip
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("cells", False)
    assert (spec["priorityClassName"], spec["priority"]) == (priority, 7)
    assert spec["imagePullSecrets"] == [{"name": "pulls"}]
    variables = {item["name"]: item for item in container["env"]}
    reference = {"secretKeyRef": {"key": "token.txt", "name": "mine"}}
    assert variables["TOKEN"] == {"name": "TOKEN", "valueFrom": reference}
    mounts = {item["mountPath"]: item for item in container["volumeMounts"]}
    claims = {v["name"]: v["persistentVolumeClaim"] for v in spec["volumes"] if "claim" in str(v)}
    assert mounts["/given"]["readOnly"]
    assert claims[mounts["/given"]["name"]]["claimName"] == "given"
    assert job["spec"]["activeDeadlineSeconds"] == 120
    # The secret itself is nowhere: not in the record, not in logs, not in what the cluster tells.
    forms = [token.encode(), base64.b64encode(token.encode())]
    places = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"platform.log" in str(path).encode() for path in tmp_path.rglob("*"))
    assert not any(form in text for form in forms for text in [*places, about.encode()])
