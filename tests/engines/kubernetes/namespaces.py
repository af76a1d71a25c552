"""Namespaces of the cluster, targets whose cells run in pods there, and what happens in them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import workflow

from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.targets import Catalogue, Target

IMAGE = "localhost/base:1"
# The node's address, which is this machine's.
NODE = "10.250.0.1"
# Seconds that anything may take, which is there against hanging only: the machine may be slow.
PATIENCE = 300
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Runs kubectl as the cluster's administrator; its output."""
    done = subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=2 * PATIENCE
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def apply(*things: dict[str, Any]) -> None:
    """Makes or changes objects."""
    kubectl(
        "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": things})
    )


@dataclass(frozen=True)
class Namespace:
    """A namespace, and settings of a target there."""

    name: str

    def settings(self, **more: Any) -> dict[str, Any]:
        chosen = {"image": IMAGE, "memory": "300Mi", **more.pop("options", {})}
        return {
            "namespace": self.name,
            "image_pull_policy": "IfNotPresent",
            "options": {name: value for name, value in chosen.items() if value is not None},
            "workers": 3,
            **more,
        }

    def names(self, kind: str) -> list[str]:
        """The names of all objects of a kind."""
        listed = json.loads(kubectl("get", kind, "-n", self.name, "-o", "json"))["items"]
        return [item["metadata"]["name"] for item in listed]

    def get(self, kind: str) -> list[dict[str, Any]]:
        return list(json.loads(kubectl("get", kind, "-n", self.name, "-o", "json"))["items"])


def catalogue(namespace: Namespace, **more: Any) -> Catalogue:
    return Catalogue({"pods": Target("pods", "kubernetes", namespace.settings(**more))})


def cell(source: str, **options: Any) -> dict[str, Any]:
    return {"source": source, "target": "pods", "options": options}


async def outcome(engine: Engine, folder: Path, *cells: Any) -> tuple[Any, list[str]]:
    """A run's record, and all words that its tasks had on the way."""
    run = await engine.submit(workflow(folder, cells))
    said = [e.body["why"] or "" async for e in engine.watch(run) if e.kind == "state"]
    return await engine.wait(run), said


async def until(engine: Engine, run: str, found: Callable[[Any], bool]) -> Any:
    """The first event of a run that is looked for."""
    async for event in engine.watch(run):
        if found(event):
            return event
    raise AssertionError(f"it ended before: {await engine.show(run)}")


def prints(text: str) -> Callable[[Any], bool]:
    """The cell's output has this text."""
    return lambda event: event.kind == "output" and text in str(event.body)


def says(words: str) -> Callable[[Any], bool]:
    """The cell's state is explained with these words."""
    return lambda event: event.kind == "state" and words in str(event.body["why"])


def processes(pod: str) -> Iterator[tuple[int, bytes]]:
    """The processes of a pod on this machine, which is the node: number and command line."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"HOSTNAME={pod}".encode() in (process / "environ").read_bytes():
                yield int(process.name), (process / "cmdline").read_bytes()


async def gone(namespace: Namespace) -> None:
    """Waits until nothing of ours is left.

    The cluster's collector of what a Job owned may be a minute late after the API server was down.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        secrets = [n for n in namespace.names("secrets") if n.startswith("dossier-")]
        if not (namespace.names("jobs") or namespace.names("pods") or secrets):
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"left: {namespace.names('jobs')}, {namespace.names('pods')}, {secrets}")


def let_through(folder: Path) -> None:
    """Everybody may pass the folders of the tests that lie above this one."""
    for parent in folder.parents:
        if parent.stat().st_mode & stat.S_IXOTH:
            break
        parent.chmod(0o755)


def free_ports(*hosts: str) -> list[int]:
    """A free port of each."""
    probes = [socket.socket() for _ in hosts]
    try:
        for probe, host in zip(probes, hosts, strict=True):
            probe.bind((host, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
