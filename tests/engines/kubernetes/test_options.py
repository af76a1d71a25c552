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
# Where a target's settings show; those without a place say where the cluster and the server are.
SETTINGS = {
    "python": POD + r"containers 0 command 0",
    "gpu": POD + r"containers 0 resources (limits|requests) \S+",
    "user": POD + r"securityContext runAsUser",
    "group": POD + r"securityContext fsGroup",
    "image_pull_policy": POD + r"containers 0 imagePullPolicy",
    "image_pull_secrets": POD + r"imagePullSecrets( \d name)?",
}
GOOD_SETTINGS: dict[str, list[Any]] = {
    "python": ["python3.12", "/opt/my env/bin/python"],
    "gpu": ["example.com/gpu"],
    "user": [4711],
    "group": [4711],
    "image_pull_policy": ["Always", "Never"],
    "image_pull_secrets": ["mine"],
}
ELSEWHERE = {"kubeconfig", "context", "namespace", "listen", "link", "ca", "options"}
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

    async def reads(
        self, asked: dict[str, Any], **settings: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The Job as it is sent, and as the server reads it; a pod of it is admitted, too."""
        target = Target("pods", "kubernetes", {"options": {"image": "base:1"}, **settings})
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


async def check(
    server: Server, option: str, document: dict[str, Any], place: str, **settings: Any
) -> bool:
    """Whether the API server takes it; where it does, nothing but its own place differs."""
    plain, _ = await server.reads(document if settings else {})
    try:
        sent, _ = await server.reads(document, **settings)
    except ApiException as error:
        assert error.status in (400, 403, 422), error
        return False
    for at in {at for at in sent.keys() | plain.keys() if sent.get(at) != plain.get(at)}:
        assert re.fullmatch(place, at), f"{option} shows in {at}"
    return True


@pytest.mark.parametrize("option", GOOD)
async def test_what_is_good_is_taken_and_changes_its_own_place(
    namespace: Namespace, tmp_path: Path, option: str
) -> None:
    async with reached(namespace, tmp_path) as server:
        for value in GOOD[option]:
            assert await check(server, option, {option: value}, PLACES[option])
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
            option = leaf.path[0]
            await check(server, option, document, PLACES[option])


def test_each_setting_has_its_place() -> None:
    assert SETTINGS.keys() | ELSEWHERE == options.SETTINGS.keys()


@pytest.mark.parametrize("setting", SETTINGS)
async def test_what_a_target_is_set_to_is_refused_or_harmless(
    namespace: Namespace, tmp_path: Path, setting: str
) -> None:
    schema = {"properties": {setting: options.SETTINGS[setting]}}
    checker = Draft202012Validator(schema)
    asked = {"gpu": 1} if setting == "gpu" else {}
    tried = 0
    async with reached(namespace, tmp_path) as server:
        for leaf in leaves({"type": "object", **schema}):
            values = [*leaf.values, *GOOD_SETTINGS[setting]]
            for document in map(leaf.make, values):
                if checker.is_valid(document):
                    await check(server, setting, asked, SETTINGS[setting], **document)
                    tried += 1
    assert tried >= len(GOOD_SETTINGS[setting])
