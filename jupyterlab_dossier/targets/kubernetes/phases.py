"""What the cluster says of a worker, in words: where its pod stands, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .objects import CONTAINER, PLANTED, QUEUE

# The container cannot start, and waiting does not help: reason to what to do.
_HOPELESS = {
    "InvalidImageName": "Correct the cell's or the target's image",
    "ErrImageNeverPull": "The image is not on the node, and the target forbids pulling it",
    "ImageInspectError": "Check the image: the node has it, but cannot read it",
    "SignatureValidationFailed": "The cluster takes signed images only, and this one is not",
    "CreateContainerConfigError": "Check the secrets and the user that the pod names",
    "CreateContainerError": "Check the image and the volumes that the pod names",
    "RunContainerError": "Check that the image has the interpreter that the target names",
    "CrashLoopBackOff": "Ask who runs the cluster: it adds this container to pods",
}
# Unless the node only was too slow: it tries again.
_SLOW = re.compile(r"timed out|deadline exceeded|is reserved for|connection refused")
_PULL_FAILED = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable")
# A registry that answers so will not answer otherwise; one that does not answer may.
_NO_IMAGE = re.compile(
    r"not found|manifest unknown|no match for platform|denied|unauthorized|authorization failed"
    r"|invalid reference|\b40[134]\b",
    re.IGNORECASE,
)
# So often the node tries a registry that does not answer before it is given up: about a minute.
_PULLS = 4
_IMAGE = "Check the image's name and that the cluster may pull it"
_NO_CLAIM = re.compile(r"not found|is being deleted")
_REFUSED = re.compile(r"is forbidden|denied the request|is invalid|not found")
_FINISHED = ("FailureTarget", "Failed", "SuccessCriteriaMet", "Complete")
# Why the cluster took a pod away (the pod's condition DisruptionTarget).
_DISRUPTED = {
    "EvictionByEvictionAPI": "its pod was evicted (the node is drained, or somebody asked for it)",
    "PreemptionByScheduler": "its pod was preempted by one of a higher priority",
    "DeletionByTaintManager": (
        "its pod was evicted: the node has a taint that it does not tolerate, as one that is lost"
    ),
    "TerminationByKubelet": "its pod was evicted by its node",
    "DeletionByPodGC": "its node is gone, and its pod with it",
}
# The same by the pod's own reason, which its node or its controller gives.
_TAKEN = {
    "Evicted": "its pod was evicted",
    "Preempting": "its pod was preempted by one that its node cannot do without",
    "Preempted": "its pod was preempted by one of a higher priority",
    "NodeLost": "its node does not answer any more",
    "NodeShutdown": "its node was shut down",
    "Terminated": "its node was shut down",
    "Shutdown": "its node was shut down",
}
# What keeps a pod from being started, by the event that says so.
_HELD_UP = {
    "FailedMount": "its volumes cannot be mounted yet",
    "FailedAttachVolume": "its volume cannot be attached to the node yet",
    "FailedMapVolume": "its volume cannot be attached to the node yet",
    "FailedCreatePodSandBox": "its node cannot give it a network yet",
}


@dataclass(frozen=True)
class Phase:
    """Where a worker's pod stands."""

    words: str
    state: str
    """`waits`, `runs`, `hopeless` (it will not start), or `ended`."""
    again: bool = False
    """The cluster took it away or sent it back: the same may start another time."""


def read(job: Any, pods: Sequence[Any], events: Sequence[Any]) -> Phase:
    """The phase of a worker by its Job, the Job's pods and the events of both, oldest first."""
    if job is None:
        return Phase("its Job was deleted", "ended")
    pod = newest(pods)
    conditions = {c.type: c for c in (job.status.conditions or []) if c.status == "True"}
    finished = next((conditions[name] for name in _FINISHED if name in conditions), None)
    if finished is not None or job.metadata.deletion_timestamp is not None:
        return _end(job, pod, finished)
    if pod is None:
        return _no_pod(job, events)
    if job.spec.suspend and pod.metadata.deletion_timestamp is not None:
        return _displaced(pod, events)
    if pod.metadata.deletion_timestamp is not None and (_pends(pod) or _left(pod)):
        # The Job fails when the pod has ended, which a node that is lost never tells.
        phase = _end(job, pod, None)
        more = "; its node does not answer any more" if _left(pod) else ""
        return replace(phase, words=phase.words + more)
    if pod.status.reason == "NodeLost":
        return _ended(f"{_TAKEN['NodeLost']}: {_line(pod.status.message)}", again=True)
    if _terminated(pod) is not None and pod.metadata.deletion_timestamp is None:
        # Other containers that the cluster has added may run on. (Why a pod is deleted, its Job
        # may say a moment later.)
        return _end(job, pod, None)
    return _pending(pod, [e for e in events if e.involved_object.uid == pod.metadata.uid])


def newest(pods: Sequence[Any]) -> Any:
    """The pod that counts, if there is one: a Job may have had others."""
    return max(pods, key=lambda p: p.metadata.creation_timestamp, default=None)


def silent(line: str | None) -> str | None:
    """Where a worker that runs does not dial in: why, by the last line of its log."""
    _, _, said = _line(line).partition(": ")  # without its time and its logger
    return f"its pod runs, but its worker does not reach this server: {said}" if said else None


def _pends(pod: Any) -> bool:
    """Nothing of it has begun."""
    return bool(pod.status.phase == "Pending")


def _left(pod: Any) -> bool:
    """The cluster takes it for not ready, of which its node, that is to say so, knows nothing."""
    said = {c.type: c.status for c in pod.status.conditions or ()}
    return said.get("ContainersReady") == "True" and said.get("Ready") != "True"


def _end(job: Any, pod: Any, finished: Any) -> Phase:
    if finished is not None and finished.reason == "DeadlineExceeded":
        return _ended(f"its time limit of {job.spec.active_deadline_seconds} s was passed")
    if pod is None:
        return _ended("its pod was deleted")
    status = pod.status
    terminated = _terminated(pod)
    if terminated is not None and terminated.reason == "OOMKilled":
        container = _container(pod)
        limit = ((container and container.resources.limits) or {}).get("memory")
        most = f" of {limit}" if limit else ""
        return _ended(f"its pod was killed: it needed more memory than its limit{most}")
    if status.reason in _TAKEN:
        return _ended(f"{_TAKEN[status.reason]}: {_line(status.message)}", again=True)
    for condition in status.conditions or ():
        if condition.type == "DisruptionTarget" and condition.status == "True":
            words = _DISRUPTED.get(condition.reason, f"its pod was evicted: {condition.reason}")
            more = f": {_line(condition.message)}" if condition.message else ""
            return _ended(words + more, again=True)
    if pod.metadata.deletion_timestamp is not None:
        return _ended("its pod was deleted")
    if terminated is None and status.reason:
        # The kubelet may know more of its node than the scheduler did: OutOfcpu, NodeAffinity ...
        words = f"its node refused its pod ({status.reason}): {_line(status.message)}"
        return _ended(words, again=True)
    return _ended(_exit(pod, terminated))


def _displaced(pod: Any, events: Sequence[Any]) -> Phase:
    """By Kueue; why, an event says a moment later."""
    words = "Kueue has taken its place away"
    why = next((e.message for e in reversed(events) if e.reason == "Stopped"), None)
    if why is not None:
        return _ended(f"{words}: {_line(why)}", again=True)
    return Phase(words, "waits") if _terminated(pod) is None else _ended(words, again=True)


def _exit(pod: Any, terminated: Any) -> str:
    """How its containers ended by themselves."""
    if terminated is None:
        for status, own in _statuses(pod):
            state = status.state.terminated if status.state is not None else None
            if not own and state is not None and state.exit_code:
                return f"its pod ended: {_whose(status, own)} failed with status {state.exit_code}"
    elif terminated.reason in ("StartError", "ContainerCannotRun"):
        words = f"its container cannot be started: {_line(terminated.message)}"
        return f"{words}. {_HOPELESS['RunContainerError']}"
    elif terminated.exit_code and PLANTED in (terminated.message or ""):
        return _line(terminated.message[terminated.message.index(PLANTED) :])
    elif terminated.exit_code:
        return f"its pod ended with status {terminated.exit_code} ({terminated.reason})"
    return "its pod ended"


def _ended(words: str, again: bool = False) -> Phase:
    return Phase(words, "ended", again)


def _no_pod(job: Any, events: Sequence[Any]) -> Phase:
    queue = (job.metadata.labels or {}).get(QUEUE)
    if job.spec.suspend and queue:
        # Kueue's own words, if there is a Kueue.
        told = [e for e in events if e.involved_object.kind == "Workload" and e.type == "Warning"]
        if told:
            return Phase(f"queued in the Kueue queue {queue!r}: {_line(told[-1].message)}", "waits")
        check = f"kubectl get localqueues -n {job.metadata.namespace}"
        return Phase(
            f"queued in the Kueue queue {queue!r} until Kueue admits it; if it never does: is there"
            f" such a queue ({check}), and Kueue at all?",
            "waits",
        )
    failed = next((e for e in reversed(events) if e.reason == "FailedCreate"), None)
    if failed is None:
        return Phase("queued: its pod is not made yet", "waits")
    message = _line(failed.message).removeprefix("Error creating: ")
    if "exceeded quota" in message:
        return Phase(f"queued: the namespace's quota is full: {message}", "waits")
    if _REFUSED.search(message):
        return Phase(f"the cluster refuses its pod: {message}", "hopeless")
    return Phase(f"queued: its pod cannot be made yet: {message}", "waits")


def _pending(pod: Any, events: Sequence[Any]) -> Phase:
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            return _unscheduled(pod, condition)
    for status, own in _statuses(pod):
        state = status.state
        waiting = state.waiting if state is not None else None
        if waiting is None or waiting.reason in (None, "PodInitializing", "ContainerCreating"):
            continue
        whose, message = _whose(status, own), _line(waiting.message)
        if waiting.reason in _PULL_FAILED:
            return _pulls(status.image, message, events)
        if waiting.reason in _HOPELESS and not _SLOW.search(message):
            words = f"{whose} cannot be started ({waiting.reason}): {message}"
            return Phase(f"{words}. {_HOPELESS[waiting.reason]}", "hopeless")
        return Phase(f"{whose} is not ready: {message or waiting.reason}", "waits")
    if any(own and s.state is not None and s.state.running for s, own in _statuses(pod)):
        return Phase("its pod runs; the worker is to dial in", "runs")
    if pod.status.phase == "Pending":
        return _creating(pod, events)
    return Phase("its pod ends", "waits")


def _unscheduled(pod: Any, condition: Any) -> Phase:
    message = _line(condition.message)
    if condition.reason == "SchedulingGated":
        return Phase(f"queued: {message}", "waits")
    if "persistentvolumeclaim" in message and _NO_CLAIM.search(message):
        words = f"its volume is not there: {message}. Correct the claim's name, or make it"
        return Phase(words, "hopeless")
    if pod.status.nominated_node_name:
        node = pod.status.nominated_node_name
        return Phase(f"pods of a lower priority make room on node {node!r}", "waits")
    return Phase(f"unschedulable: {message}", "waits")


def _pulls(image: str, message: str, events: Sequence[Any]) -> Phase:
    # The event says what went wrong; later on, the container's state only says that it waits.
    failed = [e for e in events if e.reason == "Failed" and "pull image" in e.message]
    words = _line(failed[-1].message) if failed else message
    tries = sum(e.count or 1 for e in failed)
    if _NO_IMAGE.search(words) or tries >= _PULLS:
        return Phase(f"image {image!r} cannot be pulled: {words}. {_IMAGE}", "hopeless")
    return Phase(f"image {image!r} cannot be pulled yet, and is tried again: {words}", "waits")


def _creating(pod: Any, events: Sequence[Any]) -> Phase:
    last = events[-1] if events else None
    if last is not None and last.reason == "Pulling":
        container = _container(pod)
        which = f" {container.image!r}" if container is not None else ""
        return Phase(f"pulling image{which}", "waits")
    if last is not None and last.type == "Warning":
        held_up = _HELD_UP.get(last.reason)
        words = f"{held_up}: {_line(last.message)}" if held_up else _line(last.message)
        return Phase(f"its pod is being made: {words}", "waits")
    return Phase("its pod is being made", "waits")


def _container(pod: Any) -> Any:
    """The worker's: the cluster may add others. None in a pod that only has our labels."""
    return next((c for c in pod.spec.containers if c.name == CONTAINER), None)


def _statuses(pod: Any) -> Iterator[tuple[Any, bool]]:
    """Of all containers, in the order of their start, and whether it is the worker's."""
    for status in (
        *(pod.status.init_container_statuses or ()),
        *(pod.status.container_statuses or ()),
    ):
        yield status, status.name == CONTAINER


def _whose(status: Any, own: bool) -> str:
    return "its container" if own else f"container {status.name!r}, which the cluster has added,"


def _terminated(pod: Any) -> Any:
    """How the worker's container ended."""
    for status, own in _statuses(pod):
        if own and status.state is not None:
            return status.state.terminated
    return None


def _line(text: str | None) -> str:
    return " ".join((text or "").split())[:600]
