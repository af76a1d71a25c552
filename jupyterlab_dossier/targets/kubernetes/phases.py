"""What the cluster says of a worker, in words: where its pod stands, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# The container cannot start, and waiting does not help: reason to what to do.
_HOPELESS = {
    "InvalidImageName": "Correct the cell's or the target's image",
    "ErrImageNeverPull": "The image is not on the node, and the target forbids pulling it",
    "CreateContainerConfigError": "Check the secrets and the user that the pod names",
    "CreateContainerError": "Check the image and the volumes that the pod names",
    "RunContainerError": "Check that the image has the interpreter that the target names",
}
_NO_CLAIM = re.compile(r"not found|is being deleted")
_IMAGE = "Check the image's name and that the cluster may pull it"
_PULL_FAILED = ("ErrImagePull", "ImagePullBackOff")
_FINISHED = ("FailureTarget", "Failed", "SuccessCriteriaMet", "Complete")
# Why the cluster took a pod away (the pod's condition DisruptionTarget).
_DISRUPTED = {
    "EvictionByEvictionAPI": "its pod was evicted (the node is drained, or somebody asked for it)",
    "PreemptionByScheduler": "its pod was preempted by one of a higher priority",
    "DeletionByTaintManager": "its pod was evicted: the node has a taint that it does not tolerate",
    "TerminationByKubelet": "its pod was evicted by its node",
    "DeletionByPodGC": "its node is gone, and its pod with it",
}


@dataclass(frozen=True)
class Phase:
    """Where a worker's pod stands."""

    words: str
    state: str
    """`waits`, `hopeless` (it will not start), or `ended`."""
    again: bool = False
    """The cluster took it away or sent it back: the same may start another time."""


def read(job: Any, pods: Sequence[Any], events: Sequence[Any]) -> Phase:
    """The phase of a worker by its Job, the Job's pods and the events of both, oldest first."""
    if job is None:
        return Phase("its Job was deleted", "ended")
    pod = max(pods, key=lambda p: p.metadata.creation_timestamp, default=None)
    conditions = {c.type: c for c in (job.status.conditions or []) if c.status == "True"}
    finished = next((conditions[name] for name in _FINISHED if name in conditions), None)
    if finished is not None or job.metadata.deletion_timestamp is not None:
        return _end(job, pod, finished)
    if pod is None:
        return _no_pod(job, events)
    return _pending(pod, events)


def _end(job: Any, pod: Any, finished: Any) -> Phase:
    if finished is not None and finished.reason == "DeadlineExceeded":
        return _ended(f"its time limit of {job.spec.active_deadline_seconds} s was passed")
    if pod is None:
        return _ended("its pod was deleted")
    status = pod.status
    terminated = _terminated(pod)
    if terminated is not None and terminated.reason == "OOMKilled":
        limit = (pod.spec.containers[0].resources.limits or {}).get("memory")
        most = f" of {limit}" if limit else ""
        return _ended(f"its pod was killed: it needed more memory than its limit{most}")
    if status.reason == "Evicted":
        return _ended(f"its pod was evicted: {_line(status.message)}", again=True)
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
    if terminated is not None and terminated.exit_code:
        return _ended(f"its pod ended with status {terminated.exit_code} ({terminated.reason})")
    return _ended("its pod ended")


def _ended(words: str, again: bool = False) -> Phase:
    return Phase(words, "ended", again)


def _no_pod(job: Any, events: Sequence[Any]) -> Phase:
    failed = next((e for e in reversed(events) if e.reason == "FailedCreate"), None)
    if failed is not None:
        message = _line(failed.message).removeprefix("Error creating: ")
        if "exceeded quota" in message:
            return Phase(f"queued: the namespace's quota is full: {message}", "waits")
        return Phase(f"the cluster refuses its pod: {message}", "hopeless")
    if job.spec.suspend and job.metadata.labels.get("kueue.x-k8s.io/queue-name"):
        queue = job.metadata.labels["kueue.x-k8s.io/queue-name"]
        return Phase(f"queued in the Kueue queue {queue!r}", "waits")
    return Phase("queued: its pod is being made", "waits")


def _pending(pod: Any, events: Sequence[Any]) -> Phase:
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            message = _line(condition.message)
            if condition.reason == "SchedulingGated":
                return Phase(f"queued: {message}", "waits")
            if "persistentvolumeclaim" in message and _NO_CLAIM.search(message):
                return Phase(
                    f"its volume is not there: {message}. Correct the claim's name, or make it",
                    "hopeless",
                )
            return Phase(f"unschedulable: {message}", "waits")
    status = next(iter(pod.status.container_statuses or ()), None)
    state = status.state if status is not None else None
    if state is not None and state.waiting is not None:
        reason, message = state.waiting.reason, _line(state.waiting.message)
        image = pod.spec.containers[0].image
        if reason in _PULL_FAILED:
            # Of the two the first says what went wrong; the second only that it waits.
            pull = [e for e in events if e.reason == "Failed" and "pull image" in e.message]
            words = _line(pull[-1].message) if pull else message
            return Phase(f"image {image!r} cannot be pulled: {words}. {_IMAGE}", "hopeless")
        if reason in _HOPELESS:
            words = f"its container cannot be started ({reason}): {message}. {_HOPELESS[reason]}"
            return Phase(words, "hopeless")
        return _creating(pod, image, events)
    if state is not None and state.running is not None:
        return Phase("its pod runs; the worker is to dial in", "waits")
    if pod.status.phase == "Pending":
        return _creating(pod, pod.spec.containers[0].image, events)
    return Phase("its pod ends", "waits")


def _creating(pod: Any, image: str, events: Sequence[Any]) -> Phase:
    mine = [e for e in events if e.involved_object.uid == pod.metadata.uid]
    last = mine[-1] if mine else None
    if last is not None and last.reason == "Pulling":
        return Phase(f"pulling image {image!r}", "waits")
    if last is not None and last.type == "Warning":
        return Phase(f"starting: {_line(last.message)}", "waits")
    return Phase("starting its pod", "waits")


def _terminated(pod: Any) -> Any:
    for status in pod.status.container_statuses or ():
        if status.state is not None and status.state.terminated is not None:
            return status.state.terminated
    return None


def _line(text: str | None) -> str:
    return " ".join((text or "").split())[:600]
