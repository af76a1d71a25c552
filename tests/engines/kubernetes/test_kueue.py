"""Cells wait in queues of a real Kueue."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import (
    PATIENCE,
    Namespace,
    apply,
    catalogue,
    cell,
    free_ports,
    gone,
    kubectl,
    outcome,
    prints,
    says,
    until,
)
from support import started, workflow

KUEUE = Path(os.environ.get("KUEUE", "none"))
pytestmark = pytest.mark.skipif(not KUEUE.is_dir(), reason="Kueue was not built")

API = "kueue.x-k8s.io/v1beta1"
# What CRDs cannot say of themselves, a webhook of Kueue's installation fills in.
DEFAULTS = {
    "namespaceSelector": {},
    "queueingStrategy": "BestEffortFIFO",
    "stopPolicy": "None",
    "flavorFungibility": {"whenCanBorrow": "Borrow", "whenCanPreempt": "TryNextFlavor"},
    "preemption": {
        "withinClusterQueue": "Never",
        "reclaimWithinCohort": "Never",
        "borrowWithinCohort": {"policy": "Never"},
    },
}
SLEEPS = "open('f', 'w').close()\nprint('on', flush=True)\nimport time\ntime.sleep(100)"


@pytest.fixture(scope="module")
def kueue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kueue's manager, beside the cluster's own parts."""
    folder = tmp_path_factory.mktemp("kueue")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=kueue",
         "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    health, webhook = free_ports("127.0.0.1", "127.0.0.1")
    settings = {
        "apiVersion": "config.kueue.x-k8s.io/v1beta1",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": f"127.0.0.1:{health}"},
        "metrics": {"bindAddress": "0"},
        "webhook": {"host": "127.0.0.1", "port": webhook, "certDir": str(folder)},
        "leaderElection": {"leaderElect": False},
        "internalCertManagement": {"enable": False},
        "integrations": {"frameworks": ["batch/job"]},
    }
    (folder / "config.yaml").write_text(json.dumps(settings))
    kubectl("apply", "--server-side", "-f", str(KUEUE / "crds"))
    kubectl(
        "wait", "--for=condition=Established", "-f", str(KUEUE / "crds"), f"--timeout={PATIENCE}s"
    )
    # Its certificate for metrics has a fixed place: one that only this process sees.
    script = """
    mkdir over && mount -t tmpfs tmpfs over && mkdir over/upper over/work
    mount -t overlay overlay -o lowerdir=/etc,upperdir=$PWD/over/upper,workdir=$PWD/over/work /etc
    mkdir -p /etc/kueue/metrics && ln -s "$PWD" /etc/kueue/metrics/certs && exec "$@"
    """
    command = [
        "unshare", "--mount", "sh", "-ec", script, "sh",
        KUEUE / "kueue", "--config", folder / "config.yaml",
        "--feature-gates=VisibilityOnDemand=false",
    ]  # fmt: skip
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stderr=log, cwd=folder) as process,
    ):
        yield
        process.terminate()


@pytest.fixture
def queue(kueue: None, namespace: Namespace) -> Iterator[str]:
    """A queue for 700 MiB of memory in all; its name is the namespace's."""
    name = namespace.name
    amount = {"name": "memory", "nominalQuota": "700Mi"}
    flavors = [{"name": name, "resources": [amount]}]
    group = {"coveredResources": ["memory"], "flavors": flavors}
    apply(
        {"apiVersion": API, "kind": "ResourceFlavor", "metadata": {"name": name}},
        {
            "apiVersion": API,
            "kind": "ClusterQueue",
            "metadata": {"name": name},
            "spec": {**DEFAULTS, "resourceGroups": [group]},
        },
        {
            "apiVersion": API,
            "kind": "LocalQueue",
            "metadata": {"name": name, "namespace": name},
            "spec": {"clusterQueue": name},
        },
    )
    kubectl("wait", "--for=condition=Active", f"clusterqueue/{name}", f"--timeout={PATIENCE}s")
    yield name
    for thing in (f"clusterqueue/{name}", f"resourceflavor/{name}"):
        kubectl("delete", thing, "--wait=false")


async def test_a_cell_waits_until_kueue_admits_it(
    namespace: Namespace, queue: str, tmp_path: Path
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace, idle=1)) as engine:
        cells = [
            cell(f"import time; time.sleep(3); print({n})", queue=queue, memory=memory)
            for n, memory in enumerate(("400Mi", "500Mi"))
        ]
        record, said = await outcome(engine, tmp_path, *cells)
    assert record.state == "done", record.to_json()
    waited = [why for why in said if "insufficient unused quota for memory" in why]
    assert waited and all(f"queued in the Kueue queue {queue!r}: " in why for why in waited), said
    await gone(namespace)


async def test_kueue_takes_the_place_of_a_cell_away(
    namespace: Namespace, queue: str, tmp_path: Path
) -> None:
    def stop(policy: str) -> None:
        change: dict[str, Any] = {"spec": {"stopPolicy": policy}}
        kubectl("patch", "clusterqueue", queue, "--type=merge", "-p", json.dumps(change))

    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell(SLEEPS, queue=queue)]))
        await until(engine, run, prints("on"))
        await asyncio.to_thread(stop, "HoldAndDrain")
        record = await engine.wait(run)
    assert record.state == "lost"
    assert "Kueue has taken its place away: The ClusterQueue is stopped" in str(record.tasks[0].why)
    await gone(namespace)


async def test_a_queue_that_is_not_there(kueue: None, namespace: Namespace, tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell("1", queue="none")]))
        await until(engine, run, says("queued in the Kueue queue 'none'"))
        await engine.cancel(run)
        assert (await engine.wait(run)).state == "cancelled"
    await gone(namespace)
