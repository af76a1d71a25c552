"""What is said of a pod, by what a real cluster said of it (`phases/`, provoked one by one), and by
reasons that one node alone cannot be brought to give."""

from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path
from types import SimpleNamespace as Answer
from typing import Any

import pytest
from kubernetes_asyncio import client as k

from jupyterlab_dossier.targets.kubernetes import phases
from jupyterlab_dossier.targets.kubernetes.objects import PLANTED

FOLDER = Path(__file__).parent / "phases"

PROVOKED = {
    "deadline": ("ended", "its time limit of 3 s was passed"),
    "deleted": ("ended", "its pod was deleted"),
    "evicted": ("ended", "its pod was evicted (the node is drained, or somebody asked for it)"),
    "gated": ("waits", "queued: Scheduling is blocked due to non-empty scheduling gates"),
    "image-never": ("hopeless", "The image is not on the node, and the target forbids pulling it"),
    "image-no-name": ("hopeless", "Correct the cell's or the target's image"),
    "image-refused": ("waits", "cannot be pulled yet, and is tried again: Failed to pull image"),
    "init-fails": ("ended", "container 'added', which the cluster has added, failed with status 1"),
    "init-image": ("waits", "image 'localhost:5999/none:1' cannot be pulled yet"),
    "lost": ("ended", "somebody asked for it): Eviction API: evicting; its node does not answer"),
    "memory": ("ended", "its pod was killed: it needed more memory than its limit of 100Mi"),
    "no-claim": ("hopeless", "Correct the claim's name, or make it"),
    "no-configmap": ("waits", "its volumes cannot be mounted yet: MountVolume.SetUp failed"),
    "no-interpreter": ("ended", "Check that the image has the interpreter that the target names"),
    "no-secret": ("hopeless", 'secret "none" not found. Check the secrets and the user'),
    "no-service-account": ("hopeless", 'the cluster refuses its pod: pods "dossier-no-service-acc'),
    "not-restricted": ("hopeless", 'is forbidden: violates PodSecurity "restricted:latest"'),
    "quota": ("waits", "queued: the namespace's quota is full: "),
    "root-path": ("ended", "mkdir /etc/passwd: not a directory"),
    "running": ("runs", "its pod runs; the worker is to dial in"),
    "suspended": ("waits", "queued in the Kueue queue 'mine' until Kueue admits it"),
    "unschedulable": ("waits", "unschedulable: 0/1 nodes are available: 1 Insufficient cpu."),
}  # fmt: skip


def captured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def phase(said: dict[str, Any]) -> phases.Phase:
    """What is read out of it, as the client library hands it over."""

    async def read() -> phases.Phase:
        async with k.ApiClient(k.Configuration()) as api:

            def thing(what: Any, kind: str) -> Any:
                return api.deserialize(Answer(data=json.dumps(what)), kind)

            pods = [thing(pod, "V1Pod") for pod in said["pods"]]
            events = [thing(event, "CoreV1Event") for event in said["events"]]
            return phases.read(thing(said["job"], "V1Job"), pods, events)

    return asyncio.run(read())


def test_the_table_has_all_that_was_captured() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(PROVOKED)


@pytest.mark.parametrize("name", PROVOKED)
def test_what_a_cluster_said(name: str) -> None:
    state, words = PROVOKED[name]
    found = phase(captured(name))
    assert found.state == state and words in found.words, found


def waiting(reason: str, message: str) -> dict[str, Any]:
    """A pod whose container waits for this reason."""
    said = captured("no-secret")
    (status,) = said["pods"][0]["status"]["containerStatuses"]
    status["state"]["waiting"] = {"reason": reason, "message": message}
    said["events"] = []
    return said


@pytest.mark.parametrize(
    ("reason", "message", "state", "words"),
    [
        ("ErrImagePull", "manifest unknown", "hopeless", "Check the image's name"),
        ("ErrImagePull", "pull access denied, repository does not exist", "hopeless", "denied"),
        ("ErrImagePull", "unexpected status: 401 Unauthorized", "hopeless", "401"),
        ("ErrImagePull", "no match for platform in manifest", "hopeless", "platform"),
        ("ErrImagePull", "dial tcp: lookup r.example: no such host", "waits", "is tried again"),
        ("ErrImagePull", "unexpected status: 503 Service Unavailable", "waits", "is tried again"),
        ("ImagePullBackOff", 'Back-off pulling image "a"', "waits", "is tried again"),
        ("RegistryUnavailable", "the registry is down", "waits", "is tried again"),
        ("SignatureValidationFailed", "no signature", "hopeless", "takes signed images only"),
        ("ImageInspectError", "it is broken", "hopeless", "cannot read it"),
        ("CreateContainerConfigError", "couldn't find key k in Secret", "hopeless", "the secrets"),
        ("CreateContainerConfigError", "failed to sync secret cache: timed out waiting", "waits",
         "timed out"),
        ("CreateContainerError", "invalid mount", "hopeless", "the volumes that the pod names"),
        ("CreateContainerError", "context deadline exceeded", "waits", "deadline exceeded"),
        ("RunContainerError", "no such file", "hopeless", "has the interpreter"),
        ("ContainerCreating", "", "waits", "its pod is being made"),
        ("AnotherReason", "of a later Kubernetes", "waits", "is not ready: of a later"),
    ],
)  # fmt: skip
def test_a_container_that_waits(reason: str, message: str, state: str, words: str) -> None:
    found = phase(waiting(reason, message))
    assert found.state == state and words in found.words, found


def test_a_registry_that_never_answers_is_given_up() -> None:
    said = captured("image-refused")
    (failed,) = (e for e in said["events"] if "Failed to pull image" in e["message"])
    failed["count"] = 4
    assert phase(said).state == "hopeless"


def test_containers_that_the_cluster_adds_are_not_the_workers() -> None:
    said = captured("running")
    (pod,) = said["pods"]
    pod["spec"]["containers"].insert(0, {"name": "proxy", "image": "proxy:1"})
    (ours,) = pod["status"]["containerStatuses"]
    proxy = {**copy.deepcopy(ours), "name": "proxy", "image": "proxy:1"}
    proxy["state"] = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
    pod["status"]["containerStatuses"].insert(0, proxy)
    assert phase(said).words.startswith("image 'proxy:1' cannot be pulled")
    proxy["state"] = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    assert phase(said).words == "its pod runs; the worker is to dial in"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"exitCode": 137, "reason": "OOMKilled"}, "it needed more memory than its limit of"),
        ({"exitCode": 137, "reason": "Error"}, "its pod ended with status 137 (Error)"),
        ({"exitCode": 0, "reason": "Completed"}, "its pod ended"),
    ],
)
def test_a_worker_has_ended_though_a_container_that_the_cluster_added_runs_on(
    state: dict[str, Any], words: str
) -> None:
    said = captured("running")
    (pod,) = said["pods"]
    pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": "1Gi"}}
    pod["spec"]["containers"].append({"name": "proxy", "image": "proxy:1"})
    (ours,) = pod["status"]["containerStatuses"]
    proxy = {**copy.deepcopy(ours), "name": "proxy", "image": "proxy:1"}
    pod["status"]["containerStatuses"].append(proxy)
    assert phase(said).state == "runs"
    ours["state"] = {"terminated": state}
    found = phase(said)
    assert found.state == "ended" and not found.again and words in found.words, found
    # Why it is deleted, its Job says a moment later: its time limit, or Kueue.
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert phase(said).state == "waits"


def ended(reason: str, message: str) -> dict[str, Any]:
    """A pod that failed for this reason of its own."""
    said = captured("memory")
    said["pods"][0]["status"] |= {"reason": reason, "message": message, "containerStatuses": []}
    return said


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Evicted", "its pod was evicted: of itself"),
        ("Preempting", "its pod was preempted by one that its node cannot do without"),
        ("Terminated", "its node was shut down: of itself"),
        ("NodeShutdown", "its node was shut down: of itself"),
        ("OutOfmemory", "its node refused its pod (OutOfmemory): of itself"),
        ("NodeAffinity", "its node refused its pod (NodeAffinity): of itself"),
        ("UnexpectedAdmissionError", "its node refused its pod (UnexpectedAdmissionError): of"),
    ],
)
def test_a_pod_that_failed(reason: str, words: str) -> None:
    found = phase(ended(reason, "of itself"))
    assert found.state == "ended" and words in found.words, found


def test_a_pod_that_is_deleted_before_it_begins() -> None:
    said = captured("unschedulable")
    said["pods"][0]["metadata"]["deletionTimestamp"] = "2026-11-28T14:51:30Z"
    found = phase(said)
    assert (found.state, found.words) == ("ended", "its pod was deleted")


def test_a_node_that_is_lost() -> None:
    said = captured("running")
    said["pods"][0]["status"] |= {"reason": "NodeLost", "message": "Node node1 was unresponsive"}
    found = phase(said)
    assert found == phases.Phase(
        "its node does not answer any more: Node node1 was unresponsive", "ended", again=True
    )


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("FailedAttachVolume", "its volume cannot be attached to the node yet: so it is"),
        ("FailedMount", "its volumes cannot be mounted yet: so it is"),
        ("FailedCreatePodSandBox", "its node cannot give it a network yet: so it is"),
    ],
)
def test_a_pod_that_is_held_up(reason: str, words: str) -> None:
    said = captured("no-configmap")
    said["events"][-1] |= {"reason": reason, "message": "so it is"}
    found = phase(said)
    assert found == phases.Phase(f"its pod is being made: {words}", "waits")


def test_room_is_made_for_a_pod() -> None:
    said = captured("unschedulable")
    said["pods"][0]["status"]["nominatedNodeName"] = "node1"
    found = phase(said)
    assert found.words == "pods of a lower priority make room on node 'node1'"


@pytest.mark.parametrize(
    ("message", "state", "words"),
    [
        ('admission webhook "a.b" denied the request: no', "hopeless", "denied the request: no"),
        ('Internal error occurred: failed calling webhook "a.b": connection refused', "waits",
         "queued: its pod cannot be made yet"),
    ],
)  # fmt: skip
def test_a_webhook_of_the_cluster(message: str, state: str, words: str) -> None:
    said = captured("not-restricted")
    for event in said["events"]:
        event["message"] = f"Error creating: {message}"
    found = phase(said)
    assert found.state == state and words in found.words, found


@pytest.mark.parametrize("name", [*PROVOKED])
def test_a_pod_of_our_labels_that_is_none_of_ours_is_read(name: str) -> None:
    """Whoever may make pods in the namespace may give them any label."""
    said = captured(name)
    for pod in said["pods"]:
        for container in pod["spec"]["containers"]:
            container["name"] = "other"
    assert phase(said).state in ("ended", "hopeless", "runs", "waits")


def test_a_planted_program_is_told() -> None:
    said = captured("memory")
    (status,) = said["pods"][0]["status"]["containerStatuses"]
    message = f"Some warning.\n{PLANTED}: delete the ConfigMap dossier-worker-ab\n"
    ended = {**status["state"]["terminated"], "reason": "Error", "exitCode": 1, "message": message}
    status["state"] = {"terminated": ended}
    assert phase(said).words == f"{PLANTED}: delete the ConfigMap dossier-worker-ab"
