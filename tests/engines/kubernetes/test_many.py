"""Many cells at once: the engine's cost of each stays the same, and pods are no more than asked."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest
from namespaces import PATIENCE, Namespace, catalogue, cell, gone, processes, says, until
from support import started, workflow
from test_rights import RULES, kubeconfig

from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.workers import lives

# They measure, and look at how busy the API server is.
pytestmark = pytest.mark.alone

FULL = bool(os.environ.get("DOSSIER_FULL"))
# Cells of the runs that are compared.
FEW, MANY = (250, 1000) if FULL else (60, 240)
# Cells at once, and pods that they may have.
FAN, PODS = (100, 20) if FULL else (40, 8)
# What each pod asks of the API server: its program, quotas and limits, its trial, its Job with
# Secret and start, its log, and that it goes; the engine itself looks and checks its rights.
EACH, ALL = 14, 60


async def cost(engine: Engine, folder: Path, count: int) -> float:
    """The engine's processor time for each cell of a run, whose outputs are right."""
    sources = [f"value_{n} = {n} * {n}\nprint('cell', {n}, value_{n})" for n in range(count)]
    begun = time.process_time()
    run = await engine.submit(workflow(folder, [cell(source) for source in sources], fresh=True))
    record = await engine.wait(run)
    spent = (time.process_time() - begun) / count
    assert record.state == "done", record.why
    outputs, _ = await engine.outputs(run)
    assert [outputs[f"c{n}"][0]["text"] for n in range(count)] == [
        f"cell {n} {n * n}\n" for n in range(count)
    ]
    return spent


async def test_the_engines_cost_of_a_cell_does_not_grow_with_their_number(
    namespace: Namespace, tmp_path: Path
) -> None:
    targets = catalogue(namespace, workers=4, slots=2, options={"memory": "600Mi"})
    async with started(tmp_path / "dossier", targets) as engine:
        await cost(engine, tmp_path, 16)  # starts the pods
        few = await cost(engine, tmp_path, FEW)
        many = await cost(engine, tmp_path, MANY)
        print(f"{1000 * few:.1f} ms a cell of {FEW}, {1000 * many:.1f} ms a cell of {MANY}")
        assert many < 1.5 * few
    await gone(namespace)


async def test_a_wide_fan_is_as_many_pods_as_the_target_allows(
    namespace: Namespace, tmp_path: Path
) -> None:
    path = kubeconfig(namespace, tmp_path, RULES, "ada")
    source = "import os, time\ntime.sleep(1)\nprint({n}, os.environ['HOSTNAME'])"
    cells = [cell(source.replace("{n}", str(n))) for n in range(FAN)]
    most = 0
    async with started(
        tmp_path / "dossier", catalogue(namespace, workers=PODS, kubeconfig=path)
    ) as engine:
        run = await engine.submit(workflow(tmp_path, cells))
        async for _ in engine.watch(run):
            most = max(most, sum(not w.ended for w in engine.pool.workers.values()))
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        outputs, _ = await engine.outputs(run)
    said = [outputs[f"c{n}"][0]["text"].split() for n in range(FAN)]
    assert [int(n) for n, _ in said] == list(range(FAN))
    assert most == PODS
    assert 1 < len({host for _, host in said}) <= PODS
    await gone(namespace)
    answers = asked("ada", namespace)
    assert 429 not in answers, "the API server throttled us"
    assert len(answers) <= EACH * PODS + ALL, len(answers)


def asked(user: str, namespace: Namespace) -> list[int]:
    """How the API server answered all that a user asked, by its own record."""
    log = (Path(os.environ["STATE"]) / "log" / "audit").read_text()
    name = f"system:serviceaccount:{namespace.name}:{user}"
    events = (json.loads(line) for line in log.splitlines() if name in line)
    return [e["responseStatus"]["code"] for e in events if e["stage"] == "ResponseComplete"]


async def test_a_pod_that_is_slow_to_end_holds_its_place(
    namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell with other options needs the place of a pod whose worker does not answer any more."""
    # A busy machine may need longer to end a pod than a run waits for it.
    monkeypatch.setattr(lives, "LEAVING", float(PATIENCE))
    async with started(tmp_path / "dossier", catalogue(namespace, workers=1)) as engine:
        record = await engine.wait(await engine.submit(workflow(tmp_path, [cell("print(1)")])))
        assert record.state == "done", record.to_json()
        (pod,) = namespace.names("pods")
        (worker,) = (process for process, argv in processes(pod) if b"config.json" in argv)
        os.kill(worker, signal.SIGSTOP)
        run = await engine.submit(workflow(tmp_path, [cell("print(2)", env={"OTHER": "pod"})]))
        waiting = asyncio.create_task(engine.wait(run))
        saying = asyncio.create_task(
            until(engine, run, says("a worker that has ended is not gone yet"))
        )
        names = {pod}
        while not waiting.done():
            pods = await asyncio.to_thread(namespace.get, "pods")
            there = [p for p in pods if p["status"]["phase"] in ("Pending", "Running")]
            assert len(there) <= 1, [p["status"] for p in there]
            names |= {p["metadata"]["name"] for p in pods}
        record = await waiting
        assert record.state == "done", record.to_json()
        assert len(names.union(namespace.names("pods"))) == 2
        await saying
    await gone(namespace)
