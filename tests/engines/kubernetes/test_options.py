"""Whatever stands in an option, the API server makes of it what was meant, or refuses it.

Every value that the schema lets through goes to the API server, by dry run: what it reads is what
was sent, and differs from a plain pod only where the option has its place.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fields import GOOD, Leaf, leaves
from jsonschema import Draft202012Validator
from kubernetes_asyncio.client import ApiException
from namespaces import Namespace

from jupyterlab_dossier.targets import Target, WorkerOrder
from jupyterlab_dossier.targets.kubernetes import cluster, objects, options

# Where each option may show in its worker's Job; a new one has no place until it is given one.
POD = "spec template spec "
PLACES = {
    "image": POD + r"containers 0 image",
    "cpu": POD + r"containers 0 resources( (limits|requests) cpu)?",
    "memory": POD + r"containers 0 resources( (limits|requests) memory)?",
    "gpu": POD + r"containers 0 resources( (limits|requests) nvidia.com/gpu)?",
    "resources": POD + r"containers 0 resources( (limits|requests) \S+)?",
    "node_selector": POD + r"nodeSelector \S+",
    "tolerations": POD + r"tolerations \d (key|operator|value|effect|tolerationSeconds)",
    "service_account": POD + r"serviceAccountName",
    "priority_class": POD + r"priorityClassName",
    "queue": r"metadata labels kueue.x-k8s.io/queue-name",
    "env": POD + r"containers 0 env \d (name|value)",
    "secrets": POD + r"containers 0 env \d (name|valueFrom secretKeyRef (name|key))",
    "volumes": POD
    + r"(volumes \d (name|persistentVolumeClaim claimName)"
    + r"|containers 0 volumeMounts \d (name|mountPath|readOnly))",
    "time_limit": r"spec activeDeadlineSeconds",
    "idle": r"",  # the worker's own
}
FIELDS = list(leaves({"type": "object", "properties": options.PROPERTIES}))


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All leaves of an object, by their paths."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in items:
        at = f"{path} {key}".strip()
        if isinstance(part, dict | list) and part:
            yield from flat(part, at)
        else:
            yield at, part


class Server:
    """What the API server makes of a worker's Job and pod, without making them."""

    def __init__(self, reached: cluster.Cluster, folder: Path) -> None:
        self._cluster = reached
        self._folder = folder

    async def reads(self, asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The Job as it is sent, and as the server reads it; a pod of it is admitted, too."""
        target = Target("pods", "kubernetes", {"options": {"image": "base:1"}})
        order = WorkerOrder(
            "w", target, self._folder / "config.json", self._folder / "worker.pyz", "python3", {},
            str(self._folder), asked,
        )  # fmt: skip
        job = objects.job(order, "program")
        space = self._cluster.namespace
        read = await self._cluster.batch.create_namespaced_job(space, job, dry_run="All")
        pod = objects.pod(order, "program")
        admitted = await self._cluster.core.create_namespaced_pod(space, pod, dry_run="All")
        plain = self._cluster.api.sanitize_for_serialization
        sent, found = dict(flat(plain(job))), dict(flat(plain(read)))
        sent_pod, found_pod = dict(flat(plain(pod))), dict(flat(plain(admitted)))
        for asks, has in ((sent, found), (sent_pod, found_pod)):
            assert {at: has.get(at) for at in asks} == same(asks)
        return sent, found


def same(sent: dict[str, Any]) -> dict[str, Any]:
    """What is sent as the server writes it: quantities in their shortest form."""
    return {at: "1536Mi" if value == "1.5Gi" else value for at, value in sent.items()}


@asynccontextmanager
async def reached(namespace: Namespace, folder: Path) -> AsyncIterator[Server]:
    target = Target("pods", "kubernetes", {"namespace": namespace.name})
    connected = await cluster.connect(target)
    try:
        yield Server(connected, folder)
    finally:
        await connected.close()


async def check(server: Server, option: str, document: dict[str, Any]) -> bool:
    """Whether the API server takes it; where it does, nothing but its own place differs."""
    plain, _ = await server.reads({})
    try:
        sent, _ = await server.reads(document)
    except ApiException as error:
        assert error.status in (400, 403, 422), error
        return False
    for at in {at for at in sent.keys() | plain.keys() if sent.get(at) != plain.get(at)}:
        assert re.fullmatch(PLACES[option], at), f"{option} shows in {at}"
    return True


@pytest.mark.parametrize("option", GOOD)
async def test_what_is_good_is_taken_and_changes_its_own_place(
    namespace: Namespace, tmp_path: Path, option: str
) -> None:
    async with reached(namespace, tmp_path) as server:
        for value in GOOD[option]:
            assert await check(server, option, {option: value})
            plain, _ = await server.reads({})
            sent, _ = await server.reads({option: value})
            assert (sent != plain) == (option != "idle")


@pytest.mark.parametrize("leaf", FIELDS, ids=[".".join(leaf.path) for leaf in FIELDS])
async def test_what_the_schema_takes_is_refused_or_harmless(
    namespace: Namespace, tmp_path: Path, leaf: Leaf
) -> None:
    checker = Draft202012Validator(options.schema(Target("pods", "kubernetes")))
    passing = [document for v in leaf.values if checker.is_valid(document := leaf.make(v))]
    async with reached(namespace, tmp_path) as server:
        for document in passing:
            await check(server, leaf.path[0], document)
