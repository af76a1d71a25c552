"""Servers, workers, links and the cluster's own parts that die in the middle of a cell in a pod."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from namespaces import PATIENCE, Namespace, catalogue, cell, gone, kubectl, prints, processes, until
from support import started, workflow

# How often each fault is made, each time at another moment.
ROUNDS = 20 if os.environ.get("DOSSIER_FULL") else 1

HOST = Path(__file__).parent / "host.py"
# Goes on while nobody is there, and says each second where it stands: by one write, so that
# a line is never in two messages.
COUNTS = """\
import sys, time
for n in range(12):
    sys.stdout.write(f'at {n}\\n')
    sys.stdout.flush()
    time.sleep(1)
"""
COUNTED = "".join(f"at {n}\n" for n in range(12))


def text_of(outputs: list[Any]) -> str:
    return "".join(o["text"] for o in outputs)


@pytest.fixture(params=range(ROUNDS))
def moment(request: pytest.FixtureRequest) -> int:
    """How many seconds the cell has run when the fault comes."""
    return random.Random(f"moment {request.param}").randrange(6)


async def whole(engine: Any, run: str) -> str:
    """What a run of one cell printed, once it is done."""
    record = await engine.wait(run)
    assert record.state == "done", record.to_json()
    outputs, _ = await engine.outputs(run)
    return text_of(outputs["c0"])


async def test_a_server_that_is_killed_finds_its_pods_again(
    namespace: Namespace, tmp_path: Path, moment: int
) -> None:
    async def host(*arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, str(HOST), str(tmp_path), json.dumps(namespace.settings()), *arguments,
            stdout=subprocess.PIPE,
        )  # fmt: skip

    first = await host(json.dumps([cell(COUNTS)]))
    assert first.stdout is not None
    run = json.loads(await first.stdout.readline())["run"]
    for n in range(moment + 1):
        assert json.loads(await first.stdout.readline())["said"] == f"at {n}\n"
    first.kill()
    await first.wait()
    pods = namespace.get("pods")
    second = await host(run)
    output, _ = await second.communicate()
    ended = json.loads(output.splitlines()[-1])
    assert ended["state"] == "done", ended
    assert text_of(ended["outputs"]["c0"]) == COUNTED
    assert len(pods) == 1
    await gone(namespace)


async def test_the_workers_process_is_killed(
    namespace: Namespace, tmp_path: Path, moment: int
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        again = {**cell(COUNTS), "idempotent": True}
        run = await engine.submit(workflow(tmp_path, [again]))
        await until(engine, run, prints(f"at {moment}"))
        kill_worker(namespace)
        assert await whole(engine, run) == COUNTED
    await gone(namespace)


async def test_the_pod_is_deleted(namespace: Namespace, tmp_path: Path, moment: int) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        again = {**cell(COUNTS), "idempotent": True}
        run = await engine.submit(workflow(tmp_path, [again]))
        await until(engine, run, prints(f"at {moment}"))
        (pod,) = namespace.names("pods")
        await asyncio.to_thread(kubectl, "delete", "pod", pod, "-n", namespace.name, "--wait=false")
        assert await whole(engine, run) == COUNTED
        assert len(await engine.ledger.tasks.attempts(run)) == 2
    await gone(namespace)


def kill_worker(namespace: Namespace) -> None:
    """The worker of the only pod, by its process on this machine, which is the node."""
    (pod,) = namespace.names("pods")
    (worker,) = (process for process, argv in processes(pod) if b"config.json" in argv)
    os.kill(worker, signal.SIGKILL)


@pytest.mark.alone
@pytest.mark.parametrize(("part", "seconds"), [("apiserver", 30), ("kubelet", 1)])
async def test_a_part_of_the_cluster_is_down(
    namespace: Namespace, tmp_path: Path, moment: int, part: str, seconds: int
) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        source = COUNTS.replace("12", str(seconds + 12))
        run = await engine.submit(workflow(tmp_path, [cell(source)]))
        await until(engine, run, prints(f"at {moment}"))
        await asyncio.to_thread(restart, part, seconds)
        expected = "".join(f"at {n}\n" for n in range(seconds + 12))
        assert await whole(engine, run) == expected
        second = await engine.submit(workflow(tmp_path, [cell("print('after')")]))
        assert await whole(engine, second) == "after\n"
    await gone(namespace)


def restart(part: str, seconds: int) -> None:
    """Ends a part of the cluster and starts it again after a while."""
    state = Path(os.environ["STATE"])
    pid = int((state / f"{part}.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    subprocess.run(["tail", f"--pid={pid}", "-f", "/dev/null"], timeout=PATIENCE, check=True)
    try:
        subprocess.run(["sleep", str(seconds)], check=True)  # the fault itself
    finally:
        with (state / "log" / part).open("ab") as log:
            start = ["setsid", "--fork", state / "parts" / part]
            subprocess.run(start, stdout=log, stderr=log, check=True)
    until_ready()


def until_ready() -> None:
    script = "until kubectl get --raw /readyz; do sleep 0.5; done"
    subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=PATIENCE)
    kubectl("wait", "--for=condition=Ready", "node/node1", f"--timeout={PATIENCE}s")


async def test_the_link_is_cut(namespace: Namespace, tmp_path: Path, moment: int) -> None:
    async with started(tmp_path / "dossier", catalogue(namespace)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell(COUNTS)]))
        await until(engine, run, prints(f"at {moment}"))
        (pod,) = namespace.get("pods")
        address = pod["status"]["podIP"]
        for rule in ("-s", "-d"):
            iptables("-I", rule, address)
        try:
            await asyncio.sleep(60)  # the fault itself
        finally:
            for rule in ("-s", "-d"):
                iptables("-D", rule, address)
        assert await whole(engine, run) == COUNTED
    await gone(namespace)


def iptables(change: str, direction: str, address: str) -> None:
    for chain in ("INPUT", "OUTPUT"):
        subprocess.run(
            ["iptables", "-w", change, chain, direction, address, "-j", "DROP"], check=True
        )
