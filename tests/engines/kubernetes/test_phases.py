"""What a user reads while a pod is waited for, and when it fails: each provoked for real."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import (
    IMAGE,
    PATIENCE,
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
from registry import Registry
from support import started, workflow

# What the namespaces ask of every container.
CONFINED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
# Takes a pod away; returns what undoes the fault.
Take = Callable[[Namespace, str], Callable[[], object]]


def delete(namespace: Namespace, pod: str) -> Callable[[], object]:
    kubectl("delete", "pod", pod, "-n", namespace.name)
    return lambda: None


def evict(namespace: Namespace, pod: str) -> Callable[[], object]:
    """By the Eviction API, as a drain of the node does."""
    meta = {"name": pod, "namespace": namespace.name}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
    path = f"/api/v1/namespaces/{namespace.name}/pods/{pod}/eviction"
    kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))
    return lambda: None


def preempt(namespace: Namespace, pod: str) -> Callable[[], object]:
    """Another pod needs its CPU, and is of a higher priority."""
    high = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": namespace.name},
        "value": 1000,
    }
    container = {
        "name": "other",
        "image": IMAGE,
        "resources": {"requests": {"cpu": "1500m"}},
        "securityContext": CONFINED,
    }
    other = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "other", "namespace": namespace.name},
        "spec": {"priorityClassName": namespace.name, "containers": [container]},
    }
    apply(high, other)

    def undo() -> None:
        kubectl("delete", "pod", "other", "-n", namespace.name, "--grace-period=1")
        kubectl("delete", "priorityclass", namespace.name)

    return undo


def taint(namespace: Namespace, pod: str) -> Callable[[], object]:
    kubectl("taint", "node", "node1", "broken=yes:NoExecute")
    return lambda: kubectl("taint", "node", "node1", "broken-")


SLEEPS = "print('on', flush=True)\nimport time\ntime.sleep(100)"


async def failing(namespace: Namespace, folder: Path, source: str, **options: Any) -> str:
    """Why a cell with these options fails; nothing is left of its pod."""
    async with started(folder / "dossier", catalogue(namespace)) as engine:
        record, _ = await outcome(engine, folder, cell(source, **options))
        assert record.state in ("failed", "lost"), record
    await gone(namespace)
    return str(record.tasks[0].why)


async def test_an_image_that_does_not_exist(
    namespace: Namespace, registry: Registry, tmp_path: Path
) -> None:
    image = registry.push().replace("base", "none")
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        record, said = await outcome(engine, tmp_path, cell("1", image=image))
    why = str(record.tasks[0].why)
    assert f"image {image!r} cannot be pulled: " in why and "not found" in why
    assert "Check the image's name and that the cluster may pull it" in why
    assert not any("is tried again" in words for words in said)
    await gone(namespace)


async def test_a_registry_that_does_not_answer_is_tried_again(
    namespace: Namespace, registry: Registry, tmp_path: Path
) -> None:
    image = registry.push()
    registry.close()
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell("print('there')", image=image)]))
        event = await until(engine, run, says("cannot be pulled yet, and is tried again"))
        assert "connection refused" in event.body["why"]
        await asyncio.to_thread(registry.serve)
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
    await gone(namespace)


async def test_a_registry_that_never_answers(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "1", image="localhost:5999/none:1")
    assert "image 'localhost:5999/none:1' cannot be pulled: " in why and "refused" in why


async def test_an_image_whose_name_is_none(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "1", image="UPPER")
    assert "InvalidImageName" in why and "Correct the cell's or the target's image" in why


async def test_more_memory_than_the_limit(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "x = b'x' * (1 << 30)", memory="200Mi")
    assert "out of memory: its limit is 200 MiB" in why


async def test_an_image_that_is_still_pulled(
    namespace: Namespace, registry: Registry, tmp_path: Path
) -> None:
    image = registry.push()
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        with registry.silent():
            run = await engine.submit(workflow(tmp_path, [cell("print('there')", image=image)]))
            event = await until(engine, run, says("pulling image"))
            assert event.body == {"state": "starting", "why": f"pulling image {image!r}"}
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
    await gone(namespace)


async def test_a_request_beyond_the_quota(namespace: Namespace, tmp_path: Path) -> None:
    quota = {"hard": {"requests.memory": "1Gi", "limits.memory": "1Gi"}}
    meta = {"name": "small", "namespace": namespace.name}
    apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": quota})
    why = await failing(namespace, tmp_path, "1", memory="2Gi")
    assert why == (
        "option memory asks for 2Gi memory, and the namespace's quota 'small' allows 1Gi in all"
    )


async def test_a_request_beyond_a_limit_range(namespace: Namespace, tmp_path: Path) -> None:
    limits = {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}
    meta = {"name": "small", "namespace": namespace.name}
    apply({"apiVersion": "v1", "kind": "LimitRange", "metadata": meta, "spec": limits})
    why = await failing(namespace, tmp_path, "1", memory="2Gi")
    assert why == (
        "option memory asks for 2Gi memory, and the namespace allows at most 1Gi a container"
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


async def test_a_queue_without_kueue(namespace: Namespace, tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell("1", queue="mine")]))
        event = await until(engine, run, says("queued in the Kueue queue 'mine'"))
        assert "if it never does: is there such a queue (kubectl get localqueues" in str(event.body)
        await engine.cancel(run)
        assert (await engine.wait(run)).state == "cancelled"
    await gone(namespace)


async def test_an_interpreter_that_is_not_in_the_image(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace, python="none")) as engine:
        record, _ = await outcome(engine, tmp_path, cell("1"))
    why = str(record.tasks[0].why)
    assert 'exec: "none": executable file not found' in why
    assert "Check that the image has the interpreter that the target names" in why
    await gone(namespace)


async def test_a_volume_that_is_not_there(namespace: Namespace, tmp_path: Path) -> None:
    volumes = [{"claim": "none", "path": "/data"}]
    why = await failing(namespace, tmp_path, "1", volumes=volumes)
    assert "volume 'none'" in why and "not found" in why


async def test_a_volume_that_is_deleted_while_it_is_waited_for(
    namespace: Namespace, tmp_path: Path
) -> None:
    spec = {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    meta = {"name": "soon", "namespace": namespace.name}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}
    apply(claim)
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        wanted = cell("1", volumes=[{"claim": "soon", "path": "/data"}])
        run = await engine.submit(workflow(tmp_path, [wanted]))
        await until(engine, run, says("unbound immediate PersistentVolumeClaims"))
        await asyncio.to_thread(kubectl, "delete", "pvc", "soon", "-n", namespace.name)
        record = await engine.wait(run)
    assert record.state == "failed"
    assert "its volume is not there: " in str(record.tasks[0].why)
    assert "Correct the claim's name, or make it" in str(record.tasks[0].why)
    await gone(namespace)


async def test_a_secret_that_is_not_there(namespace: Namespace, tmp_path: Path) -> None:
    secrets = [{"variable": "TOKEN", "secret": "none", "key": "token"}]
    why = await failing(namespace, tmp_path, "1", secrets=secrets)
    assert 'secret "none" not found' in why and "Check the secrets" in why


async def test_a_time_limit(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, SLEEPS, time_limit=8)
    assert "its time limit of 8 s was passed" in why


@pytest.mark.parametrize(
    ("take", "words"),
    [
        (delete, "deleted"),
        (evict, "evicted (the node is drained, or somebody asked for it)"),
        (preempt, "preempted by one of a higher priority"),
        (taint, "evicted: the node has a taint that it does not tolerate"),
    ],
    ids=["deleted", "evicted", "preempted", "tainted"],
)
async def test_a_pod_that_is_taken_away(
    namespace: Namespace, tmp_path: Path, take: Take, words: str
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        source = "open('f', 'w').close()\n" + SLEEPS
        run = await engine.submit(workflow(tmp_path, [cell(source, cpu="1500m")]))
        await until(engine, run, prints("on"))
        (pod,) = namespace.names("pods")
        undo = await asyncio.to_thread(take, namespace, pod)
        try:
            record = await engine.wait(run)
        finally:
            await asyncio.to_thread(undo)
        assert record.state == "lost"
        assert f"its pod was {words}" in str(record.tasks[0].why)
        assert "it may have had effects, so it was not run again" in str(record.tasks[0].why)
        await gone(namespace)


async def test_what_the_cluster_forbids(namespace: Namespace, tmp_path: Path) -> None:
    why = await failing(namespace, tmp_path, "1", priority_class="none")
    assert "no PriorityClass with name none was found" in why


@pytest.fixture
def policy(namespace: Namespace) -> Iterator[None]:
    """The cluster lets no pod into the namespace whose image is of another registry."""
    kinds = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    name = {"name": namespace.name}
    only = {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}
    rule = {
        "expression": "object.spec.containers.all(c, c.image.startsWith('trusted.example/'))",
        "message": "images of trusted.example only",
    }
    apply(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": name,
            "spec": {
                "matchConstraints": {"resourceRules": [{**kinds, "operations": ["CREATE"]}]},
                "validations": [rule],
            },
        },
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": name,
            "spec": {
                "policyName": namespace.name,
                "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": only},
            },
        },
    )
    container = {"name": "trial", "image": IMAGE, "securityContext": CONFINED}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial"}}
    trial = json.dumps({**pod, "spec": {"containers": [container]}}).encode()
    command = ["kubectl", "create", "--dry-run=server", "-n", namespace.name, "-f", "-"]
    for _ in range(5 * PATIENCE):  # the API server takes it up a moment later
        if subprocess.run(command, input=trial, capture_output=True).returncode:
            break
    yield
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        kubectl("delete", kind, namespace.name)


async def test_what_a_policy_of_the_cluster_forbids(
    namespace: Namespace, policy: None, tmp_path: Path
) -> None:
    why = await failing(namespace, tmp_path, "1")
    assert "the cluster refuses the pod, by its option image: " in why
    assert "images of trusted.example only" in why
