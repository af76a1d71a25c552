"""What cells in pods cost, beside what one would do without us; `make bench-engines`."""

from __future__ import annotations

import asyncio
import contextlib
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

PACKAGES = ("ipykernel", "kubernetes_asyncio", "numpy")
IMAGE = "localhost/base:1"
NAMESPACE = "benchmarks"
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


async def cold_cell(rounds: int = 7) -> list[Row]:
    """From nothing to the output of a first cell; no pod is there."""
    settings = k.Configuration()
    await config.load_kube_config(client_configuration=settings)
    api = k.ApiClient(settings)
    batch, core = k.BatchV1Api(api), k.CoreV1Api(api)
    numbers = iter(range(rounds + 1))
    with TemporaryDirectory() as folder:
        async with _engine(Path(folder), idle=0.1) as made:

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


async def warm_cell(rounds: int = 60) -> list[Row]:
    """A cell that does nothing, in a worker kernel that is there."""
    with TemporaryDirectory() as folder:
        async with _engine(Path(folder)) as made, place(made, "pods") as pod, place(made) as here:
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


async def over_the_link(rounds: int = 3) -> list[Row]:
    """A gigabyte that is there in a pod comes here."""
    with TemporaryDirectory() as folder:
        async with _engine(Path(folder)) as made, place(made, "pods") as pod:
            run = await run_of(made, 4 * rounds + 4)
            numbers = iter(range(4 * rounds + 4))
            copy = Path(folder, "copy")

            async def ours() -> float:
                number = next(numbers)
                await pod.cell(MADE.format(number=number), run, f"t{number}")
                with Timer() as timer:
                    outcome = await pod.cell("b = a", run, f"t{next(numbers)}", exports=["b"])
                (manifest,) = outcome.manifests
                assert sum(part["size"] for part in manifest["buffers"]) >= GIGABYTE
                return timer.seconds

            async def copied() -> float:
                number = next(numbers)
                source = MADE.format(number=number) + "\na.tofile('/dossier/work/copied')"
                await pod.cell(source, run, f"t{number}")
                name = _kubectl("get", "pods", "-o", "name").strip().removeprefix("pod/")
                with Timer() as timer:
                    await asyncio.to_thread(
                        _kubectl, "cp", f"{name}:/dossier/work/copied", str(copy)
                    )
                assert copy.stat().st_size == GIGABYTE
                return timer.seconds

            seconds = await in_turn(rounds, {"ours": ours, "kubectl cp": copied})
    return [Row("1 GB from a pod over the link", seconds, {})]


CASES = (cold_cell, warm_cell, over_the_link)


@contextlib.asynccontextmanager
async def _engine(folder: Path, **settings: Any) -> AsyncIterator[Engine]:
    """An engine with a target of pods, and local workers."""
    options = {"image": IMAGE, "memory": "4Gi", **settings.pop("options", {})}
    values = {"namespace": NAMESPACE, "image_pull_policy": "Never", "options": options, **settings}
    targets = {"pods": Target("pods", "kubernetes", values), "local": Target("local", "local")}
    made = Engine(folder / "dossier", Catalogue(targets))
    link = LinkServer(made.store, made.pool)
    made.pool.outside = Outside(link, folder / "link", served=False)
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


def _kubectl(*arguments: str) -> str:
    command = ["kubectl", "-n", NAMESPACE, *arguments]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


@contextlib.contextmanager
def _namespace() -> Iterator[None]:
    subprocess.run(["kubectl", "create", "namespace", NAMESPACE], check=True)
    try:
        yield
    finally:
        subprocess.run(["kubectl", "delete", "namespace", NAMESPACE], check=True)


if __name__ == "__main__":
    with _namespace():
        asyncio.run(measure("measured on a cluster", CASES, sys.argv[1:], PACKAGES))
