"""A node that is lost with a pod on it: the pod stays until the node is back, and no run does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from namespaces import Namespace, catalogue, cell, gone, kubectl, prints, says, until
from support import started, workflow
from test_faults import COUNTED, COUNTS, iptables, until_ready, whole
from test_phases import Take, evict

# The cluster takes a minute to be sure.
FULL = bool(os.environ.get("DOSSIER_FULL"))
# A pod is to be evicted as soon as it is; five minutes later is the cluster's own.
SOON = {
    "key": "node.kubernetes.io/unreachable",
    "operator": "Exists",
    "effect": "NoExecute",
    "seconds": 1,
}


@contextlib.contextmanager
def lost(address: str) -> Iterator[None]:
    """The node is silent: its kubelet stands still, and nothing that the pod sends arrives."""
    kubelet = int((Path(os.environ["STATE"]) / "kubelet.pid").read_text())
    os.kill(kubelet, signal.SIGSTOP)
    for direction in ("-s", "-d"):
        iptables("-I", direction, address)
    try:
        yield
    finally:
        for direction in ("-s", "-d"):
            iptables("-D", direction, address)
        os.kill(kubelet, signal.SIGCONT)


def drive_off(namespace: Namespace, pod: str) -> Callable[[], object]:
    """As the cluster does with a silent node, but not with the only one that it has."""
    kubectl("taint", "node", "node1", "node.kubernetes.io/unreachable:NoExecute")
    return lambda: kubectl("taint", "node", "node1", "node.kubernetes.io/unreachable:NoExecute-")


@pytest.mark.skipif(not FULL, reason="each takes two minutes: make test-full")
@pytest.mark.parametrize(
    ("take", "words"),
    [
        (evict, "its pod was evicted (the node is drained, or somebody asked for it)"),
        (drive_off, "its pod was evicted: the node has a taint that it does not tolerate"),
    ],
    ids=["drained", "lost"],
)
async def test_a_run_goes_on_while_the_pod_of_a_lost_node_does_not_end(
    namespace: Namespace, tmp_path: Path, take: Take, words: str
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        again = {**cell(COUNTS, tolerations=[SOON]), "idempotent": True}
        run = await engine.submit(workflow(tmp_path, [again]))
        await until(engine, run, prints("at 1"))
        (pod,) = namespace.get("pods")
        name = pod["metadata"]["name"]
        with lost(pod["status"]["podIP"]):
            undo = await asyncio.to_thread(take, namespace, name)
            try:
                event = await until(engine, run, says(words))
                assert "its node does not answer any more" in event.body["why"]
                await until(engine, run, says("untolerated taint"))
            finally:
                await asyncio.to_thread(undo)
            (old,) = (p for p in namespace.get("pods") if p["metadata"]["name"] == name)
            assert "deletionTimestamp" in old["metadata"] and old["status"]["phase"] == "Running"
        assert await whole(engine, run) == COUNTED
        assert len(await engine.ledger.tasks.attempts(run)) == 2
    await asyncio.to_thread(until_ready)
    await gone(namespace)
