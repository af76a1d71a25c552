"""What is left of servers that are no more: collected by the next one, and by nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from namespaces import PATIENCE, Namespace, apply, catalogue, cell, gone, kubectl
from support import started
from test_faults import HOST

from jupyterlab_dossier.targets.kubernetes.objects import USER


@contextlib.asynccontextmanager
async def server(
    namespace: Namespace, folder: Path, user: str = "ada", source: str = "print('on')", **more: Any
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server of a user with a pod, which is killed at the end: the pod stays."""
    folder.mkdir(exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable, HOST, folder, json.dumps(namespace.settings(**more)),
        json.dumps([cell(source)]), "stay",
        stdout=subprocess.PIPE, env={**os.environ, "JUPYTERHUB_USER": user},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if b"said" in line:
                break
        yield process
    finally:
        process.kill()
        await process.wait()


async def ended(process: asyncio.subprocess.Process) -> None:
    """Its run has ended, and its pod waits for the next cell."""
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline())["state"] == "done"


async def test_pods_of_a_run_that_is_over_are_collected_and_those_of_others_are_not(
    namespace: Namespace, tmp_path: Path
) -> None:
    mine, elsewhere, bobs = (tmp_path / name for name in ("mine", "elsewhere", "bobs"))
    async with (
        server(namespace, elsewhere) as second,
        server(namespace, bobs, user="bob") as other,
    ):
        await asyncio.gather(ended(second), ended(other))
        theirs = sorted(namespace.names("jobs"))
        async with server(namespace, mine) as first:
            await ended(first)
        assert len(namespace.names("jobs")) == 3
        async with started(mine / "dossier", catalogue(namespace), recover=True) as engine:
            await until_left(namespace, theirs)
            assert await engine.ledger.workers.alive() == []
        labels = [job["metadata"]["labels"][USER] for job in namespace.get("jobs")]
        assert sorted(labels) == ["ada", "bob"]


async def test_another_job_of_the_same_name_is_not_ours(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with server(namespace, tmp_path / "mine") as first:
        await ended(first)
    (job,) = namespace.get("jobs")
    name = job["metadata"]["name"]
    kubectl("delete", "job", name, "-n", namespace.name)
    container = {"name": "other", "image": "other:1"}
    apply(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": namespace.name},
            "spec": {
                "suspend": True,
                "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
            },
        }
    )
    other = namespace.get("jobs")[0]["metadata"]["uid"]
    async with started(tmp_path / "mine/dossier", catalogue(namespace), recover=True) as engine:
        for _ in range(10 * PATIENCE):
            if not await engine.ledger.workers.alive():
                break
            await asyncio.sleep(0.1)
        assert await engine.ledger.workers.alive() == []
    assert [j["metadata"]["uid"] for j in namespace.get("jobs")] == [other]


async def test_a_target_that_is_no_more_leaves_nothing(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with server(namespace, tmp_path / "mine") as first:
        await ended(first)
    async with started(tmp_path / "mine/dossier", recover=True):
        await gone(namespace)


async def test_a_pod_whose_server_will_never_come_again_ends_by_itself(
    namespace: Namespace, tmp_path: Path
) -> None:
    waits = "print('on', flush=True)\nimport time\ntime.sleep(600)"
    async with server(namespace, tmp_path / "mine", source=waits, grace=3):
        (job,) = namespace.get("jobs")
    shutil.rmtree(tmp_path / "mine")
    name = job["metadata"]["name"]
    kubectl(
        "wait", "pod", "-l", f"job-name={name}", "-n", namespace.name,
        "--for=jsonpath={.status.phase}=Succeeded", f"--timeout={PATIENCE}s",
    )  # fmt: skip
    assert job["spec"]["ttlSecondsAfterFinished"] == 600
    # Nobody waits ten minutes here: the cluster does the rest at once.
    patch = json.dumps({"spec": {"ttlSecondsAfterFinished": 1}})
    kubectl("patch", "job", name, "-n", namespace.name, "-p", patch)
    await gone(namespace)


async def until_left(namespace: Namespace, jobs: list[str]) -> None:
    """Waits until these Jobs are the only ones."""
    for _ in range(PATIENCE):
        if sorted(await asyncio.to_thread(namespace.names, "jobs")) == jobs:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"{namespace.names('jobs')}, and not {jobs}")
