"""What cells in pods cost, beside what one would do without us; `make bench-engines`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kubernetes_asyncio import client as k
from kubernetes_asyncio import config, watch

from jupyterlab_dossier.link import LinkServer, Outside
from jupyterlab_dossier.runs import Cell, Engine, Workflow
from jupyterlab_dossier.targets import Catalogue, Target

from .harness import Row, Timer, in_turn
from .ours import place, run_of
from .report import measure

Json = dict[str, Any]

PACKAGES = ("ipykernel", "kubernetes_asyncio", "numpy")
IMAGE = "localhost/base:1"
NAMESPACE = "benchmarks"
WRITTEN, SYNCED = "made and written once", "made, written and synced once"
# The pods' user, with one right of root: the interpreter may stand in root's home.
USER = 1000
AS_USER = (
    *("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
GIGABYTE = 1_000_000_000
MADE = f"import numpy as np\na = np.full({GIGABYTE // 8}, {{number}}.0)"
# A notebook's cell without us: a Job that starts a kernel and executes it there.
BARE = """
import asyncio
from jupyter_client.manager import AsyncKernelManager

async def run():
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    await client._async_execute_interactive("print('executed')")

asyncio.run(run())
"""
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


async def cold_cell(rounds: int = 5) -> list[Row]:
    """From nothing to the output of a first cell; no pod is there."""
    settings = k.Configuration()
    await config.load_kube_config(client_configuration=settings)
    api = k.ApiClient(settings)
    batch, core = k.BatchV1Api(api), k.CoreV1Api(api)
    numbers = iter(range(rounds + 1))
    with TemporaryDirectory() as folder:
        async with engine_of_pods(Path(folder), idle=0.1) as made:

            async def ours() -> float:
                cell = Cell("c0", 0, "print('executed')", target="pods")
                asked = Workflow(path=f"{folder}/none.ipynb", cells=(cell,), fresh=True)
                with Timer() as timer:
                    run = await made.submit(asked)
                    record = await made.wait(run)
                assert record.state == "done", record.why
                await _nothing_runs(core)
                return timer.seconds

            async def bare() -> float:
                name = f"bare-{next(numbers)}"
                with Timer() as timer:
                    await batch.create_namespaced_job(NAMESPACE, _job(name))
                    await _says(core, name, "executed")
                await batch.delete_namespaced_job(
                    name, NAMESPACE, propagation_policy="Background", grace_period_seconds=0
                )
                await _nothing_runs(core)
                return timer.seconds

            seconds = await in_turn(rounds, {"ours": ours, "bare Job with an ipykernel": bare})
    await api.close()
    return [Row("cold cell in a pod", seconds, {"bare Job with an ipykernel": 1.15})]


async def warm_cell(rounds: int = 40) -> list[Row]:
    """A cell that does nothing, in a worker kernel that is there."""
    with TemporaryDirectory() as folder:
        async with (
            engine_of_pods(Path(folder)) as made,
            place(made, "pods") as pod,
            place(made) as here,
        ):
            run = await run_of(made, 2 * rounds + 2)
            numbers = iter(range(2 * rounds + 2))

            async def ours() -> float:
                with Timer() as timer:
                    await pod.cell("pass", run, f"t{next(numbers)}")
                return timer.seconds

            async def local() -> float:
                with Timer() as timer:
                    await here.cell("pass", run, f"t{next(numbers)}")
                return timer.seconds

            seconds = await in_turn(rounds, {"ours": ours, "on a local worker": local})
    return [Row("warm cell in a pod", seconds, {"on a local worker": 2})]


async def through_a_volume(rounds: int = 3) -> list[Row]:
    """A gigabyte that is made in a pod and used here; both mount the volume.

    The store is its owner's alone and pods are never root: the engine is a process of their user.
    """
    with _volume() as folder:
        process = await asyncio.create_subprocess_exec(
            *AS_USER, sys.executable, "-m", "benchmarks.volume", str(folder), str(rounds),
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "HOME": str(folder),
            "KUBECONFIG": str(folder / "kubeconfig")},
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0
    title = "1 GB made in a pod, used here, through a volume"
    return [Row(title, json.loads(output), {WRITTEN: 1.3})]


async def over_the_link(rounds: int = 3) -> list[Row]:
    """A gigabyte that is there in a pod comes here."""
    with TemporaryDirectory() as folder:
        async with engine_of_pods(Path(folder)) as made, place(made, "pods") as pod:
            run = await run_of(made, 4 * rounds + 4)
            numbers = iter(range(4 * rounds + 4))
            copy = Path(folder, "copy")

            async def ours() -> float:
                number = next(numbers)
                await pod.cell(MADE.format(number=number), run, f"t{number}")
                with Timer() as timer:
                    outcome = await pod.cell("b = a", run, f"t{next(numbers)}", exports=["b"])
                (manifest,) = outcome.manifests
                (blob,) = (part["blob"] for part in manifest["buffers"])
                assert made.store.blobs.size(blob) == GIGABYTE
                made.store.remove(blob)
                return timer.seconds

            async def copied() -> float:
                number = next(numbers)
                source = MADE.format(number=number) + "\na.tofile('/dossier/work/copied')"
                await pod.cell(source, run, f"t{number}")
                worker = f"dossier.jupyter.org/worker={pod.kernel.worker.id}"
                name = _kubectl("get", "pods", "-n", NAMESPACE, "-l", worker, "-o", "name").strip()
                source = f"{NAMESPACE}/{name.removeprefix('pod/')}:/dossier/work/copied"
                with Timer() as timer:
                    await asyncio.to_thread(_kubectl, "cp", source, str(copy))
                assert copy.stat().st_size == GIGABYTE
                copy.unlink()
                return timer.seconds

            seconds = await in_turn(rounds, {"ours": ours, "kubectl cp": copied})
    return [Row("1 GB from a pod over the link", seconds, {})]


CASES = (cold_cell, warm_cell, through_a_volume, over_the_link)


@contextlib.asynccontextmanager
async def engine_of_pods(folder: Path, **settings: Any) -> AsyncIterator[Engine]:
    """An engine with a target of pods, and local workers."""
    options = {"image": IMAGE, "memory": "4Gi", **settings.pop("options", {})}
    values = {"namespace": NAMESPACE, "image_pull_policy": "Never", "options": options, **settings}
    targets = {"pods": Target("pods", "kubernetes", values), "local": Target("local", "local")}
    made = Engine(folder / "dossier", Catalogue(targets))
    link = LinkServer(made.store, made.pool)
    made.pool.lives.outside = Outside(link, folder / "link", served=False)
    await made.start(await link.listen_loopback())
    try:
        yield made
    finally:
        await made.stop()
        await link.close()


def _job(name: str) -> Mapping[str, Any]:
    container = {
        "name": "bare",
        "image": IMAGE,
        "imagePullPolicy": "Never",
        "command": ["python3", "-c", BARE],
        "env": [{"name": "HOME", "value": "/tmp"}],
        "securityContext": RESTRICTED,
    }
    pod = {"restartPolicy": "Never", "containers": [container]}
    spec = {"backoffLimit": 0, "template": {"spec": pod}}
    return {"metadata": {"name": name}, "spec": spec}


async def _says(core: Any, job: str, words: str) -> None:
    """Returns as soon as the log of a Job's pod has these words."""
    asked = {"label_selector": f"batch.kubernetes.io/job-name={job}"}
    async with watch.Watch().stream(core.list_namespaced_pod, NAMESPACE, **asked) as stream:
        async for event in stream:
            pod = event["object"]
            if pod.status.phase in ("Running", "Succeeded"):
                break
    answer = await core.read_namespaced_pod_log(
        pod.metadata.name, NAMESPACE, follow=True, _preload_content=False
    )
    async for line in answer.content:
        if words in line.decode():
            answer.close()
            return
    raise AssertionError(f"{job} ended without a word")


async def _nothing_runs(core: Any) -> None:
    while (await core.list_namespaced_pod(NAMESPACE)).items:
        await asyncio.sleep(0.2)


def _kubectl(*arguments: str, given: str | None = None) -> str:
    done = subprocess.run(
        ["kubectl", *arguments],
        check=True, text=True, stdout=subprocess.PIPE, input=given, timeout=300,
    )  # fmt: skip
    return done.stdout


@contextlib.contextmanager
def _volume() -> Iterator[Path]:
    """A folder of the pods' user, that is a volume of the namespace, too."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(os.environ["KUBECONFIG"], folder / "kubeconfig")
        for path in (folder, folder / "kubeconfig"):
            os.chown(path, USER, USER)
        size = {"storage": "10Gi"}
        spec: Json = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": NAMESPACE},
            "spec": {**spec, "capacity": size, "hostPath": {"path": name}},
        }
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": NAMESPACE, "namespace": NAMESPACE},
            "spec": {**spec, "volumeName": NAMESPACE, "resources": {"requests": size}},
        }
        for thing in (volume, claim):
            _kubectl("apply", "-f", "-", given=json.dumps(thing))
        try:
            yield folder
        finally:
            _kubectl("delete", "pvc", NAMESPACE, "-n", NAMESPACE, "--wait=false")
            _kubectl("delete", "pv", NAMESPACE, "--wait=false")


@contextlib.contextmanager
def _namespace() -> Iterator[None]:
    _kubectl("create", "namespace", NAMESPACE)
    try:
        yield
    finally:
        _kubectl("delete", "namespace", NAMESPACE)


if __name__ == "__main__":
    with _namespace():
        asyncio.run(measure("measured on a cluster", CASES, sys.argv[1:], PACKAGES))
