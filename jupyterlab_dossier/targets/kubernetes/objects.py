"""The cluster's objects of one worker: Job, Secret and ConfigMap. Typed, never templates."""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from kubernetes_asyncio import client as k

from ..provider import Target, WorkerOrder
from .options import chosen, time_limit
from .settings import gpu, group, user

Json = dict[str, Any]

MANAGED = "app.kubernetes.io/managed-by"
WORKER = "dossier.jupyter.org/worker"
USER = "dossier.jupyter.org/user"
TARGET = "dossier.jupyter.org/target"
QUEUE = "kueue.x-k8s.io/queue-name"
OURS = "jupyterlab-dossier"

CONTAINER = "worker"
_ROOT = "/dossier"
_CONFIG = f"{_ROOT}/config"
_WORK = f"{_ROOT}/work"
_BIN = f"{_ROOT}/bin"
# What is left of a worker goes away by itself, should nobody be there to end it.
_TTL = 600
_FAILED_PODS = "Failed"


# What a pod says whose program somebody else has put there.
PLANTED = "the worker's program is not the one that its server has put into the cluster"
_PROGRAM = "dossier-worker-"
# The program runs as the bytes that were checked, from a folder that is the pod's alone.
_CHECKED = f"""
import hashlib, os, sys
found, digest, checked, *rest = sys.argv[1:]
with open(found, "rb") as file:
    program = file.read()
if hashlib.sha256(program).hexdigest() != digest:
    sys.exit("{PLANTED}: delete the ConfigMap {_PROGRAM}" + digest)
with open(checked, "wb") as file:
    file.write(program)
os.execv(sys.executable, [sys.executable, checked, *rest])
"""


def name_of(worker: str) -> str:
    """The name of a worker's Job, and of its Secret."""
    return f"dossier-{worker}"


def labels(order: WorkerOrder) -> dict[str, str]:
    """How a worker's objects are found."""
    return {
        MANAGED: OURS,
        WORKER: order.worker,
        TARGET: label(order.target.name),
        USER: label(os.environ.get("JUPYTERHUB_USER") or _user_name()),
    }


def _user_name() -> str:
    """Of this process; in a container its user may have a number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def label(text: str) -> str:
    """Any text as a label's value."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:63].strip("-_.")


def zipapp(path: Path) -> k.V1ConfigMap:
    """The worker's program; its name is its content's, so that workers share it.

    Whoever may make ConfigMaps can have made one of that name: the pod looks at the content.
    """
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return k.V1ConfigMap(
        metadata=k.V1ObjectMeta(name=f"{_PROGRAM}{digest}", labels={MANAGED: OURS}),
        binary_data={"worker.pyz": base64.b64encode(data).decode()},
        immutable=True,
    )


def secret(name: str, config: Path, labels: dict[str, str], owner: k.V1Job | None) -> k.V1Secret:
    """The worker's configuration with its secret, as it is mounted in the pod."""
    values = json.loads(config.read_text())
    ca = values.get("ca")
    inside = {
        **values,
        "folder": _WORK,
        "argv": None,
        "log": "stderr",
        "credential_file": f"{_WORK}/credential",
        "ca": f"{_CONFIG}/ca.pem" if ca else None,
        # The kubelet's own score stands.
        "oom_score_adj": None,
    }
    files = {"config.json": json.dumps(inside)}
    if ca:
        files["ca.pem"] = Path(ca).read_text()
    owners = None
    if owner is not None:
        owners = [
            k.V1OwnerReference(
                api_version="batch/v1",
                kind="Job",
                name=owner.metadata.name,
                uid=owner.metadata.uid,
                controller=True,
                block_owner_deletion=False,
            )
        ]
    metadata = k.V1ObjectMeta(name=name, labels=labels, owner_references=owners)
    return k.V1Secret(metadata=metadata, string_data=files, type="Opaque")


def job(order: WorkerOrder, program: str) -> k.V1Job:
    """The worker's Job. It waits until its Secret is there, which it owns."""
    marks = labels(order)
    asked = chosen(order.target, order.options)
    queue = {QUEUE: asked["queue"]} if asked.get("queue") else {}
    return k.V1Job(
        metadata=k.V1ObjectMeta(name=name_of(order.worker), labels={**marks, **queue}),
        spec=k.V1JobSpec(
            suspend=True,
            backoff_limit=0,
            completions=1,
            parallelism=1,
            pod_replacement_policy=_FAILED_PODS,
            active_deadline_seconds=int(time_limit(order.target, order.options)),
            ttl_seconds_after_finished=_TTL,
            template=k.V1PodTemplateSpec(
                metadata=k.V1ObjectMeta(labels=marks), spec=pod_spec(order, program)
            ),
        ),
    )


def pod(order: WorkerOrder, program: str) -> k.V1Pod:
    """The Job's pod, for a dry run."""
    name = f"{name_of(order.worker)}-check"
    return k.V1Pod(
        metadata=k.V1ObjectMeta(name=name, labels=labels(order)), spec=pod_spec(order, program)
    )


def pod_spec(order: WorkerOrder, program: str) -> k.V1PodSpec:
    """What runs, with the rights of the "restricted" Pod Security Standard."""
    target = order.target
    asked = chosen(target, order.options)
    volumes, mounts = _volumes(asked)
    secret_name = name_of(order.worker)
    settings = target.settings
    found, checked = (f"{folder}/worker.pyz" for folder in (_BIN, _WORK))
    files = (found, program.removeprefix(_PROGRAM), checked, f"{_CONFIG}/config.json")
    container = k.V1Container(
        name=CONTAINER,
        image=asked.get("image"),
        image_pull_policy=settings.get("image_pull_policy"),
        command=[target.python or "python3", "-I", "-c", _CHECKED, *files],
        termination_message_policy="FallbackToLogsOnError",
        working_dir=_WORK,
        env=_environment(asked),
        resources=resources(target, asked),
        volume_mounts=[
            k.V1VolumeMount(name="program", mount_path=_BIN, read_only=True),
            k.V1VolumeMount(name="config", mount_path=_CONFIG, read_only=True),
            k.V1VolumeMount(name="work", mount_path=_WORK),
            *mounts,
        ],
        security_context=k.V1SecurityContext(
            allow_privilege_escalation=False,
            capabilities=k.V1Capabilities(drop=["ALL"]),
            privileged=False,
        ),
    )
    return k.V1PodSpec(
        restart_policy="Never",
        automount_service_account_token=False,
        enable_service_links=False,
        termination_grace_period_seconds=10,
        service_account_name=asked.get("service_account"),
        priority_class_name=asked.get("priority_class"),
        node_selector=asked.get("node_selector"),
        tolerations=[_toleration(item) for item in asked.get("tolerations") or ()] or None,
        image_pull_secrets=[
            k.V1LocalObjectReference(name=name) for name in settings.get("image_pull_secrets") or ()
        ]
        or None,
        security_context=k.V1PodSecurityContext(
            run_as_non_root=True,
            run_as_user=user(target),
            # So that the Secret can be read; a large volume is not gone through for it each time.
            fs_group=group(target),
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=k.V1SeccompProfile(type="RuntimeDefault"),
        ),
        containers=[container],
        volumes=[
            k.V1Volume(name="program", config_map=k.V1ConfigMapVolumeSource(name=program)),
            k.V1Volume(
                name="config",
                secret=k.V1SecretVolumeSource(secret_name=secret_name, default_mode=0o440),
            ),
            k.V1Volume(name="work", empty_dir=k.V1EmptyDirVolumeSource()),
            *volumes,
        ],
    )


def resources(target: Target, asked: Json) -> k.V1ResourceRequirements:
    """Requests and limits; both are what the cell asks, so that its place is its own."""
    wanted: dict[str, str] = {}
    for name in ("cpu", "memory"):
        if asked.get(name):
            wanted[name] = str(asked[name])
    if asked.get("gpu"):
        wanted[gpu(target)] = str(asked["gpu"])
    for name, count in (asked.get("resources") or {}).items():
        wanted[name] = str(count)
    return k.V1ResourceRequirements(requests=wanted or None, limits=wanted or None)


def _environment(asked: Json) -> list[k.V1EnvVar]:
    found = [k.V1EnvVar(name="HOME", value=_WORK)]
    # The kubelet replaces "$(NAME)"; "$$" stands for one "$".
    for name, value in (asked.get("env") or {}).items():
        found.append(k.V1EnvVar(name=name, value=value.replace("$", "$$")))
    for item in asked.get("secrets") or ():
        source = k.V1SecretKeySelector(name=item["secret"], key=item["key"])
        found.append(
            k.V1EnvVar(name=item["variable"], value_from=k.V1EnvVarSource(secret_key_ref=source))
        )
    return found


def _volumes(asked: Json) -> tuple[list[k.V1Volume], list[k.V1VolumeMount]]:
    volumes, mounts = [], []
    names: dict[str, str] = {}
    for item in asked.get("volumes") or ():
        claim = item["claim"]
        if claim not in names:
            names[claim] = f"volume-{len(names)}"
            source = k.V1PersistentVolumeClaimVolumeSource(claim_name=claim)
            volumes.append(k.V1Volume(name=names[claim], persistent_volume_claim=source))
        mounts.append(
            k.V1VolumeMount(
                name=names[claim], mount_path=item["path"], read_only=item.get("read_only")
            )
        )
    return volumes, mounts


def _toleration(item: Json) -> k.V1Toleration:
    return k.V1Toleration(
        key=item.get("key"),
        operator=item.get("operator"),
        value=item.get("value"),
        effect=item.get("effect"),
        toleration_seconds=item.get("seconds"),
    )
