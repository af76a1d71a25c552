"""The engine killed in the middle of a run, and taken up by another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from support import started, targets, workflow

from jupyterlab_dossier.link import LinkServer
from jupyterlab_dossier.runs import BadInput, Engine
from jupyterlab_dossier.runs.engine.workflow import WorkflowRun
from jupyterlab_dossier.runs.ledger.database import LedgerFault
from jupyterlab_dossier.runs.workers.worker import Recipe
from jupyterlab_dossier.targets import Catalogue, Ended, ProviderFault, Target
from jupyterlab_dossier.targets.local import LocalProvider

HOST = Path(__file__).parent / "host.py"
FULL = bool(os.environ.get("DOSSIER_FULL"))

# Each cell leaves a line in a file of its own, so that one executed twice is seen.
STEP = (
    "import time\n"
    "open('ran-{n}', 'a').write('x')\n"
    "time.sleep(0.4)\n"
    "v{n} = {before} + 1\n"
    "print({n}, v{n}, flush=True)"
)
CHAIN = [STEP.format(n=n, before=f"v{n - 1}" if n else 0) for n in range(5)]


async def host(folder: Path, given: Any) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(HOST),
        str(folder),
        json.dumps(given),
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    return (await asyncio.wait_for(process.stdout.readline(), 240)).decode().strip()


async def until(path: Path) -> None:
    """Returns once a cell has left its mark."""
    while not path.exists():
        await asyncio.sleep(0.01)


def assert_all_once(folder: Path, record: dict[str, Any]) -> None:
    assert record["state"] == "done", record["why"]
    texts = [record["outputs"][f"c{n}"][0]["text"] for n in range(len(CHAIN))]
    assert texts == [f"{n} {n + 1}\n" for n in range(len(CHAIN))]
    assert [(folder / f"ran-{n}").read_text() for n in range(len(CHAIN))] == ["x"] * len(CHAIN)


async def test_engine_killed_and_run_resumed(tmp_path: Path) -> None:
    process = await host(tmp_path, CHAIN)
    run = await line_of(process)
    await asyncio.wait_for(until(tmp_path / "ran-2"), 60)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    second = await host(tmp_path, run)
    assert await line_of(second) == run
    record = json.loads(await line_of(second))
    await second.wait()
    assert_all_once(tmp_path, record)


async def test_a_server_start_takes_up_what_a_dead_one_left(tmp_path: Path) -> None:
    process = await host(tmp_path, CHAIN)
    run = await line_of(process)
    await asyncio.wait_for(until(tmp_path / "ran-1"), 60)
    process.kill()
    await process.wait()
    async with started(tmp_path / "dossier", recover=True) as engine:
        record = await engine.wait(run)
        outputs, _ = await engine.outputs(run)
        assert_all_once(tmp_path, {**record.to_json(), "outputs": outputs})


async def test_after_a_restart_idle_workers_end_and_those_that_still_run_a_cell_do_not(
    tmp_path: Path,
) -> None:
    went_on = (
        "import os, pathlib, time\npathlib.Path('on').touch()\n"
        "while not os.path.exists('go'): time.sleep(0.02)\nprint(k)"
    )
    process = await host(tmp_path, [{"source": "k = 1", "target": "apart"}, went_on])
    run = await line_of(process)
    await asyncio.wait_for(until(tmp_path / "on"), 60)
    process.kill()
    await process.wait()
    async with started(tmp_path / "dossier", targets(slots=2, idle=1), recover=True) as engine:
        there = {worker.target.name: worker for worker in engine.pool.workers.values()}
        other = await engine.submit(workflow(tmp_path, ["open('other', 'w').close()"]))
        assert (await engine.wait(other)).state == "done"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(there["local"].gone.wait(), 3)
        await asyncio.wait_for(there["apart"].gone.wait(), 20)
        assert there["apart"].ended == "it was idle"
        (tmp_path / "go").touch()
        record = await engine.wait(run)
        assert record.state == "done", record.why


async def test_a_run_is_cancelled_though_its_worker_does_not_come_back(tmp_path: Path) -> None:
    runs_on = (
        "import os, time\nopen('pid.new', 'w').write(str(os.getpid()))\n"
        "os.rename('pid.new', 'pid')\nwhile True: time.sleep(0.1)"
    )
    process = await host(tmp_path, [runs_on])
    run = await line_of(process)
    await asyncio.wait_for(until(tmp_path / "pid"), 60)
    kernel = psutil.Process(int((tmp_path / "pid").read_text()))
    worker = _worker(psutil.Process(process.pid))
    worker.suspend()
    process.kill()
    await process.wait()
    async with started(tmp_path / "dossier", recover=True) as engine:
        await engine.cancel(run)
        record = await asyncio.wait_for(engine.wait(run), 30)
        assert (record.state, record.tasks[0].state) == ("cancelled", "cancelled")
        assert [row["state"] for row in await engine.ledger.tasks.attempts(run)] == ["lost"]
        worker.resume()  # it dials in, and is told
        _, alive = await asyncio.to_thread(psutil.wait_procs, [kernel], 30)
        assert not alive


@pytest.mark.parametrize("gone", ["kernelspec", "target"])
async def test_a_run_whose_place_is_gone_ends_and_keeps_no_other_from_going_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = tmp_path / "path" / "kernels" / "own" / "kernel.json"
    spec.parent.mkdir(parents=True)
    own = {"argv": argv, "display_name": "own", "language": "python", "env": {"OWN": "1"}}
    spec.write_text(json.dumps(own))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "path"))
    waits = (
        "import os, time\nopen('{n}.new', 'w').write(str(os.getpid()))\n"
        "os.rename('{n}.new', '{n}')\nwhile not os.path.exists('go'): time.sleep(0.02)"
    )
    before = Catalogue({"spare": Target("spare", "local"), "local": Target("local", "local")})
    asked = {"kernelspec": "own"} if gone == "kernelspec" else {}
    cells = [
        {"source": source, "target": "spare" if gone == "target" else "local"}
        for source in ("k = 1\n" + waits.format(n="lost"), "k")
    ]
    async with started(tmp_path / "dossier", before, leave=True) as engine:
        lost = await engine.submit(workflow(tmp_path, cells, **asked))
        await asyncio.wait_for(until(tmp_path / "lost"), 60)
        good = await engine.submit(workflow(tmp_path, [waits.format(n="good")]))
        await asyncio.wait_for(until(tmp_path / "good"), 60)
    kernel = psutil.Process(int((tmp_path / "lost").read_text()))
    words = "no kernelspec named 'own'"
    if gone == "kernelspec":
        spec.unlink()
    else:
        words = "cell 0 (c0): there is no target 'spare'"
    async with started(tmp_path / "dossier", leave=True) as engine:
        with pytest.raises(BadInput, match=re.escape(words)):
            await engine.resume(lost)
        assert (await engine.record(lost)).state == "running"  # it may be there again
    async with started(tmp_path / "dossier", recover=True) as engine:
        record = await asyncio.wait_for(engine.wait(lost), 30)
        assert record.state == "failed" and words in str(record.why)
        assert [task.state for task in record.tasks] == ["failed", "skipped"]
        assert words in str(record.tasks[0].why)
        _, alive = await asyncio.to_thread(psutil.wait_procs, [kernel], 30)
        assert not alive
        (tmp_path / "go").touch()
        assert (await asyncio.wait_for(engine.wait(good), 60)).state == "done"


async def test_a_fault_of_the_engine_leaves_no_cell_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(tmp_path / "dossier") as engine:
        run = await engine.submit(workflow(tmp_path, ["k = 1\nwhile True: pass", "k"]))
        async for event in engine.watch(run):
            if event.kind == "state" and event.body["state"] == "running":
                break
        active = engine._active[run]
        assert isinstance(active, WorkflowRun)

        def fault(*_: Any) -> None:
            raise KeyError("spare")

        monkeypatch.setattr(active, "_finished", fault)
        active._wake.set()
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "failed" and "KeyError: 'spare'" in str(record.why)
        assert [task.state for task in record.tasks] == ["failed", "skipped"]


async def test_a_cancel_is_heard_after_the_ledger_could_not_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(tmp_path / "dossier") as engine, started(tmp_path / "dossier") as other:
        ask, failed = engine.ledger.runs.cancel_asked, asyncio.Event()

        async def fault(runs: Any) -> set[str]:
            monkeypatch.setattr(engine.ledger.runs, "cancel_asked", ask)
            failed.set()
            raise LedgerFault("disk I/O error")

        monkeypatch.setattr(engine.ledger.runs, "cancel_asked", fault)
        run = await engine.submit(workflow(tmp_path, ["while True: pass"]))
        await asyncio.wait_for(failed.wait(), 30)
        await other.cancel(run)
        assert (await asyncio.wait_for(engine.wait(run), 30)).state == "cancelled"


async def test_an_adopted_worker_is_kept_for_as_long_as_its_cells_asked(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        place = engine.catalogue.targets["local"]
        recipe = Recipe("local", sys.executable, None, (), options='{"idle": 7}')
        await engine.pool.leases.give_back(await engine.pool.leases.lease(place, recipe))
        async with started(tmp_path / "dossier") as other:
            (worker,) = await other.pool.adoption.adopt(await engine.ledger.workers.alive())
            assert worker.seconds_idle == 7


@pytest.mark.timeout(1800 if FULL else 240)
async def test_random_kills(tmp_path: Path) -> None:
    """Engine, worker or worker kernel killed at random: nothing lost, nothing twice, no hang."""
    seed = int(os.environ.get("DOSSIER_SEED", "20261"))
    print(f"seed {seed}")
    chance = random.Random(seed)
    for number in range(50 if FULL else 3):
        folder = tmp_path / str(number)
        folder.mkdir()
        cells = [{"source": source, "idempotent": True} for source in CHAIN]
        process = await host(folder, cells)
        run = await line_of(process)
        await asyncio.wait_for(until(folder / f"ran-{chance.randrange(len(CHAIN))}"), 60)
        await asyncio.sleep(chance.random() * 0.5)
        victim = chance.choice(["engine", "worker"])
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, IndexError):
            engine = psutil.Process(process.pid)
            pid = engine.pid if victim == "engine" else _worker(engine).pid
            os.kill(pid, signal.SIGKILL)
        if victim == "engine":
            await process.wait()
            resumed = await host(folder, run)
            said = await line_of(resumed)
            record = json.loads(await line_of(resumed)) if said == run else None
            await resumed.wait()
        else:
            record = json.loads(await line_of(process))
            await process.wait()
        if record is None:  # it had ended before it was killed
            continue
        assert record["state"] == "done", (number, victim, record["why"])
        texts = [record["outputs"][f"c{n}"][0]["text"] for n in range(len(CHAIN))]
        assert texts == [f"{n} {n + 1}\n" for n in range(len(CHAIN))], (number, victim)
        _assert_no_worker_left(folder)


def _worker(engine: psutil.Process) -> psutil.Process:
    return next(p for p in engine.children() if any(".pyz" in part for part in p.cmdline()))


def _assert_no_worker_left(folder: Path) -> None:
    left = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command and ".pyz" in command:
            left.append(process)
    _, alive = psutil.wait_procs(left, timeout=10)
    assert not alive, alive


@pytest.mark.timeout(300)
async def test_a_gigabyte_there_and_back_in_bounded_memory(tmp_path: Path) -> None:
    size = 1_000_000_000
    cells: list[Any] = [
        {"source": f"import numpy as np\na = np.full({size}, 120, 'u1')", "target": "local"},
        {"source": "a[0] = 1\nb = a", "target": "apart"},
        {"source": "print(len(b), b[0], b[1])", "target": "local"},
    ]
    process = await host(tmp_path, cells)
    await line_of(process)
    engine = psutil.Process(process.pid)
    before = peak = engine.memory_info().rss
    reading = asyncio.ensure_future(line_of(process))
    while not reading.done():
        with contextlib.suppress(psutil.NoSuchProcess):
            peak = max(peak, engine.memory_info().rss)
        await asyncio.wait([reading], timeout=0.02)
    record = json.loads(reading.result())
    await process.wait()
    assert record["state"] == "done", record["why"]
    assert record["outputs"]["c2"][0]["text"] == f"{size} 1 120\n"
    assert peak - before < 64 << 20, f"{(peak - before) >> 20} MiB"


@pytest.mark.timeout(180)
async def test_an_interrupt_passes_a_large_transfer(tmp_path: Path) -> None:
    size = 1_000_000_000
    loop = asyncio.get_running_loop()
    cells: list[Any] = [
        {"source": f"import numpy as np\na = np.zeros({size}, 'u1')", "target": "apart"},
        {"source": "print('on', flush=True)\nwhile True: pass", "target": "apart"},
    ]
    async with started(tmp_path / "dossier", targets(slots=2)) as engine:
        run = await engine.submit(workflow(tmp_path, cells))
        collecting = on = False
        async for event in engine.watch(run):
            collecting |= event.cell == "c0" and event.body.get("state") == "collecting"
            on |= event.cell == "c1" and event.kind == "output"
            if collecting and on:
                break
        asked = loop.time()
        engine.interrupt(run, "c1")
        async for event in engine.watch(run):
            if event.cell == "c1" and event.body.get("msg_type") == "error":
                break
        assert loop.time() - asked < 2
        assert (await engine.wait(run)).tasks[1].state == "failed"


class OutOfReach(LocalProvider):
    """Local processes on a platform that at first cannot be asked, as a cluster without a VPN."""

    kind = "far"

    def __init__(self, faults: int, ends: int = 0) -> None:
        self.faces = self.waits = faults
        self.ends = ends

    async def face(self, target: Target) -> None:
        self.faces -= 1
        if self.faces >= 0:
            raise socket.gaierror(-3, "the name of the cluster is not known")

    async def wait(self, handle: dict[str, Any], tell: Callable[[str], bool]) -> Ended:
        self.waits -= 1
        if self.waits >= 0:
            raise ProviderFault("the cluster is out of reach")
        return await super().wait(handle, tell)

    async def end(self, handle: dict[str, Any]) -> None:
        self.ends -= 1
        if self.ends >= 0:
            raise ProviderFault("the cluster is out of reach")
        await super().end(handle)


def far(faults: int, ends: int = 0) -> Catalogue:
    settings = {"shared": True, "shares_folder": True, "idle": 1}
    place, here = Target("far", "far", settings), Target("local", "local")
    providers = {"local": LocalProvider(), "far": OutOfReach(faults, ends)}
    return Catalogue({"far": place, "local": here}, providers)


async def test_a_platform_that_does_not_answer_after_a_restart_is_asked_again(
    tmp_path: Path,
) -> None:
    source = (
        "import os, pathlib, time\npathlib.Path('on').touch()\n"
        "while not os.path.exists('go'): time.sleep(0.02)"
    )
    async with started(tmp_path / "dossier", far(0), leave=True) as engine:
        cells = [{"source": source, "target": "far"}]
        run = await engine.submit(workflow(tmp_path, cells))
        await asyncio.wait_for(until(tmp_path / "on"), 60)
    async with started(tmp_path / "dossier", far(2), recover=True) as engine:
        (worker,) = engine.pool.workers.values()

        async def told() -> None:
            async for event in engine.watch(run):
                if "it is tried again" in str(event.body.get("why")):
                    return
            raise AssertionError("it was not told")

        await asyncio.wait_for(told(), 60)
        (tmp_path / "go").touch()
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why
        assert worker.handle
        os.kill(int(worker.handle["pid"]), signal.SIGKILL)
        await asyncio.wait_for(worker.gone.wait(), 20)


class Astray(OutOfReach):
    """Its answer cannot be read at first."""

    async def wait(self, handle: dict[str, Any], tell: Callable[[str], bool]) -> Ended:
        self.waits -= 1
        if self.waits >= 0:
            raise KeyError("uid")
        return await LocalProvider.wait(self, handle, tell)


async def test_the_end_of_a_worker_is_heard_after_a_fault_of_its_provider(tmp_path: Path) -> None:
    catalogue = far(0)
    provider = catalogue.providers["far"] = Astray(0)
    provider.waits = 1
    catalogue.targets["far"].settings["idle"] = 600
    async with started(tmp_path / "dossier", catalogue) as engine:
        cells = [{"source": "print(1)", "target": "far"}]
        record = await engine.wait(await engine.submit(workflow(tmp_path, cells)))
        assert record.state == "done", record.why
        (worker,) = engine.pool.workers.values()
        assert worker.handle
        os.kill(int(worker.handle["pid"]), signal.SIGKILL)
        await asyncio.wait_for(worker.gone.wait(), 30)
        assert provider.waits < 0


async def test_a_worker_that_meets_another_engine_at_its_address_looks_on(tmp_path: Path) -> None:
    source = (
        "import os, pathlib, time\npathlib.Path('on').touch()\n"
        "while not os.path.exists('go'): time.sleep(0.02)"
    )
    folder = tmp_path / "dossier"
    first = Engine(folder, targets(slots=2))
    link = LinkServer(first.store, first.pool)
    address = await link.listen_loopback()
    await first.start(address)
    run = await first.submit(workflow(tmp_path, [source]))
    await asyncio.wait_for(until(tmp_path / "on"), 60)
    await first.stop(leave_runs=True)
    await link.close()
    other = Engine(folder, targets(slots=2))
    authenticate, met = other.pool.authenticate, asyncio.Event()

    async def meets(*proof: Any) -> Any:
        try:
            return await authenticate(*proof)
        finally:
            met.set()

    other.pool.authenticate = meets  # type: ignore[method-assign]
    link = LinkServer(other.store, other.pool)
    port = urlsplit(address).port
    assert port
    await other.start(await link.listen_loopback(port))
    await asyncio.wait_for(met.wait(), 60)
    await other.stop()
    await link.close()
    async with started(folder, recover=True) as engine:
        (tmp_path / "go").touch()
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why


async def test_what_a_platform_did_not_take_away_is_asked_of_it_again(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", far(0, ends=3)) as engine:
        cells = [{"source": "print(1)", "target": "far"}]
        record = await engine.wait(await engine.submit(workflow(tmp_path, cells)))
        assert record.state == "done", record.why

        async def ended() -> None:
            while await engine.ledger.workers.alive():
                await asyncio.sleep(0.05)

        await asyncio.wait_for(ended(), 30)


class Limited(OutOfReach):
    """Its workers live an hour at most."""

    def time_limit(self, target: Target, asked: dict[str, Any]) -> float:  # type: ignore[override]
        return 3600


async def test_no_cell_begins_in_the_second_half_of_its_workers_time_limit(tmp_path: Path) -> None:
    catalogue = far(0)
    catalogue.providers["far"] = Limited(0)
    catalogue.targets["far"].settings["idle"] = 600
    cells = [{"source": "import os\nprint(os.getpid())", "target": "far"}]
    async with started(tmp_path / "dossier", catalogue) as engine:

        async def worker() -> str:
            run = await engine.submit(workflow(tmp_path, cells, fresh=True))
            record = await asyncio.wait_for(engine.wait(run), 60)
            assert record.state == "done", record.why
            (attempt,) = await engine.ledger.tasks.attempts(run)
            return str(attempt["worker"])

        first = await worker()
        assert await worker() == first
        engine.pool.workers[first].began -= 1700
        assert await worker() == first
        engine.pool.workers[first].began -= 200
        second = await worker()
        assert second != first and first not in engine.pool.workers
        assert await worker() == second
