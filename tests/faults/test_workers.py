"""Workers and links that die in the middle of a cell."""

from __future__ import annotations

import asyncio
import json
import operator
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from line import line
from support import away, started, targets, workflow

from jupyterlab_dossier.link import LinkServer
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.model import Event
from jupyterlab_dossier.runs.preflight import survey

CUT = 60.0


async def until_output(engine: Engine, run: str, text: str) -> Event:
    async for event in engine.watch(run):
        if event.kind == "output" and text in str(event.body):
            return event
    raise AssertionError(f"{run} ended before it said {text!r}: {await engine.show(run)}")


def only_worker(engine: Engine) -> int:
    (worker,) = engine.pool.workers.values()
    assert worker.handle
    return int(worker.handle["pid"])


WAITS = "import time\nprint('on', flush=True)\ntime.sleep(60)"
ONCE = (
    "import pathlib, time\n"
    "first = not pathlib.Path('was-here').exists()\n"
    "pathlib.Path('was-here').touch()\n"
    "print('first' if first else 'again', flush=True)\n"
    "if first: time.sleep(60)"
)


async def test_worker_killed_during_a_cell(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        run = await engine.submit(workflow(tmp_path, ["open('f', 'w').close()\n" + WAITS]))
        await until_output(engine, run, "on")
        kernels = psutil.Process(only_worker(engine)).children(recursive=True)
        os.kill(only_worker(engine), signal.SIGKILL)
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "lost" and record.tasks[0].state == "lost"
        assert "signal 9" in (record.tasks[0].why or "")
        _, alive = psutil.wait_procs(kernels, timeout=60)
        assert not alive, "worker kernels outlived their worker"
        again = await engine.wait(await engine.submit(workflow(tmp_path, ["print(1)"])))
        assert again.state == "done"


async def test_a_cell_marked_idempotent_runs_again(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        cells = [{"source": ONCE, "idempotent": True}, "print('next')"]
        run = await engine.submit(workflow(tmp_path, cells))
        await until_output(engine, run, "first")
        os.kill(only_worker(engine), signal.SIGKILL)
        record = await engine.wait(run)
        assert record.state == "done", record.why
        outputs, _ = await engine.outputs(run)
        # The lost attempt's outputs are not the cell's: they stand in the log.
        assert [o["text"] for o in outputs["c0"]] == ["again\n"]


async def test_a_cell_proven_pure_runs_again(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        run = await engine.submit(workflow(tmp_path, ["n = 0\nwhile True:\n    n = n + 1"]))
        states = []
        async for event in engine.watch(run):
            if event.cell and event.kind == "state":
                states.append(event.body["state"])
                if event.body["state"] == "running":
                    if "queued" in states:
                        await engine.cancel(run)
                    else:
                        os.kill(only_worker(engine), signal.SIGKILL)
        # The interrupted cell may be heard to collect before the run's end is told.
        states = [state for state in states if state != "collecting"]
        assert states == ["starting", "running", "queued", "starting", "running", "cancelled"]


async def test_a_killed_worker_kernel_is_told(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        source = "import os, signal\nprint('on', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
        record = await engine.wait(await engine.submit(workflow(tmp_path, [source, "1"])))
        assert [t.state for t in record.tasks] == ["failed", "skipped"]
        assert "signal 9" in (record.tasks[0].why or "")


@pytest.mark.timeout(240)
async def test_link_cut_during_a_cell_and_a_large_transfer(tmp_path: Path) -> None:
    """One minute without a link: nothing is lost, and nothing sent twice."""
    gigabyte = 1_000_000_000
    engine = Engine(tmp_path / "dossier", targets(slots=2))
    link = LinkServer(engine.store, engine.pool)
    url = await link.listen_loopback()
    async with line(url) as (wire, address):
        await engine.start(address)
        counts = "import time\nfor i in range(200):\n    print(i, flush=True)\n    time.sleep(0.01)"
        large = f"import numpy as np\na = np.full({gigabyte}, 120, 'u1')\na[-1] = 1"
        cells: list[Any] = [
            {"source": counts, "target": "apart"},
            {"source": large, "target": "apart"},
            "print(len(a), a[-1], a[0])",
        ]
        run = await engine.submit(workflow(tmp_path, cells))
        await wire.until(200_000_000)
        wire.cut()
        await asyncio.sleep(CUT)  # the fault itself, not a wait for something to happen
        wire.mend()
        record = await engine.wait(run)
        assert record.state == "done", record.why
        outputs, _ = await engine.outputs(run)
        assert outputs["c0"][0]["text"] == "".join(f"{i}\n" for i in range(200))
        assert outputs["c2"][0]["text"] == f"{gigabyte} 1 120\n"
        # What was under way at the cut is sent again: a window of pieces and what TCP held.
        assert wire.sent < gigabyte + 32_000_000
        await engine.stop()
        await link.close()


async def end(engine: Engine, run: str, way: str) -> None:
    """As the user ends the run (cancel), or its first cell (interrupt, kill)."""
    if way == "cancel":
        await engine.cancel(run)
    elif way == "interrupt":
        engine.interrupt(run, "c0")
    else:
        engine.kill(run, "c0")


@pytest.mark.parametrize("link", ["stalled", "cut"])
@pytest.mark.parametrize("way", ["cancel", "interrupt", "kill"])
async def test_results_on_their_way_are_given_up(tmp_path: Path, way: str, link: str) -> None:
    """Whoever ends a cell whose large result still comes does not wait for the link."""
    size, some = 100_000_000, 20_000_000
    engine = Engine(tmp_path / "dossier", targets(slots=1))
    server = LinkServer(engine.store, engine.pool)
    async with line(await server.listen_loopback()) as (wire, address):
        await engine.start(address)
        large = f"import numpy as np\na = np.full({size}, 120, 'u1')\na[-1] = 1"
        cells: list[Any] = [{"source": large, "target": "apart"}, "print(len(a), a[-1], a[0])"]
        wire.limit(some)
        run = await engine.submit(workflow(tmp_path, cells))
        await wire.until(some)
        (worker,) = engine.pool.workers.values()
        if link == "cut":
            wire.cut()
        await end(engine, run, way)
        record = await asyncio.wait_for(engine.wait(run), 20)
        wanted = "cancelled" if way == "cancel" else "failed"
        assert (record.state, record.tasks[0].state) == (wanted, wanted), record.why
        why = {"cancel": "cancelled", "interrupt": "interrupted while", "kill": "killed: "}
        assert why[way] in (record.tasks[0].why or "")
        assert (worker.busy, worker.kernels) == (0, {})
        here = [p for p in engine.store.blobs.folder.rglob("*") if p.is_file()]
        temporary = engine.store.blobs.temporary
        assert not [p for p in here if p.stat().st_size >= size and temporary not in p.parents]
        wire.mend()
        again = await engine.submit(workflow(tmp_path, cells))
        record = await engine.wait(again)
        assert record.state == "done", record.why
        assert worker.ended is None and worker.id in engine.pool.workers
        outputs, _ = await engine.outputs(again)
        assert outputs["c1"][0]["text"] == f"{size} 1 120\n"
        await engine.stop()
        await server.close()


@pytest.mark.parametrize(
    ("moment", "way", "why"),
    [
        ("environment", "cancel", "cancelled"),
        ("files", "cancel", "cancelled"),
        ("files", "interrupt", "interrupted before it was sent"),
        ("files", "kill", "killed: "),
    ],
)
async def test_a_cell_that_is_ended_before_it_was_sent_is_not_sent(
    tmp_path: Path, moment: str, way: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(tmp_path / "dossier", away()) as engine:
        part: Any = survey if moment == "environment" else engine.travel
        name = "on_worker" if moment == "environment" else "pack"
        does, reached, go_on = getattr(part, name), asyncio.Event(), asyncio.Event()

        async def held_up(*arguments: Any) -> Any:
            reached.set()
            await go_on.wait()
            return await does(*arguments)

        monkeypatch.setattr(part, name, held_up)
        sends: list[Any] = []
        send = engine.pool.executions.send
        monkeypatch.setattr(
            engine.pool.executions, "send", lambda one: (sends.append(one), send(one))
        )
        cells = [{"source": "open('made', 'w').close()", "target": "away"}]
        run = await engine.submit(workflow(tmp_path, cells))
        await reached.wait()
        await end(engine, run, way)
        go_on.set()
        record = await asyncio.wait_for(engine.wait(run), 60)
        ended = "cancelled" if way == "cancel" else "failed"
        assert (record.state, record.tasks[0].state) == (ended, ended), record.why
        assert why in (record.tasks[0].why or "")
        assert not sends and not (tmp_path / "made").exists()
        again = await engine.submit(workflow(tmp_path, cells))
        assert (await engine.wait(again)).state == "done"
        assert (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("part", "sent", "why"),
    [
        ("ledger.tasks.add_attempt", False, "interrupted before it was sent"),
        ("ledger.workers.received", True, "interrupted while its results were on their way"),
        ("pool.executions.execute", True, "interrupted while its results were on their way"),
    ],
)
async def test_an_interrupt_between_two_steps_of_a_cell_is_heard(
    tmp_path: Path, part: str, sent: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its intent is recorded, or its end: it does not run, and nothing of it is moved yet."""
    async with started(tmp_path / "dossier", targets(slots=1)) as engine:
        owner, _, name = part.rpartition(".")
        step = operator.attrgetter(owner)(engine)
        does = getattr(step, name)

        async def interrupted(*arguments: Any, **named: Any) -> Any:
            if name == "received" and not arguments[4]:
                return await does(*arguments, **named)  # it brings no result
            if name != "execute":
                engine.interrupt(run, "c0")
                return await does(*arguments, **named)
            result = await does(*arguments, **named)
            engine.interrupt(run, "c0")
            return result

        monkeypatch.setattr(step, name, interrupted)
        source = "open('made', 'w').close()\nlarge = bytes(2_000_000)"
        cells: list[Any] = [{"source": source, "target": "apart"}, "print(len(large))"]
        run = await engine.submit(workflow(tmp_path, cells))
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert (record.state, record.tasks[0].state) == ("failed", "failed"), record.why
        assert why in (record.tasks[0].why or "")
        assert (tmp_path / "made").exists() is sent
        monkeypatch.undo()
        again = await engine.submit(workflow(tmp_path, cells))
        assert (await engine.wait(again)).state == "done"


async def test_a_worker_without_work_stays_for_what_it_holds_and_ends_after_the_run(
    tmp_path: Path,
) -> None:
    async with started(tmp_path / "dossier", targets(slots=2, idle=1)) as engine:
        cells: list[Any] = [
            {"source": "left = (i for i in range(7, 9))\nk = 1", "target": "apart"},
            "import time\ntime.sleep(3)\nn = k",
            {"source": "print(next(left) + n)", "target": "apart"},
        ]
        run = await engine.submit(workflow(tmp_path, cells))
        record = await engine.wait(run)
        assert record.state == "done", record.why
        outputs, _ = await engine.outputs(run)
        assert [o["text"] for o in outputs["c2"]] == ["8\n"]
        pids = [int((w.handle or {})["pid"]) for w in engine.pool.workers.values()]
        processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
        _, alive = await asyncio.to_thread(psutil.wait_procs, processes, 20)
        assert not alive


async def test_a_worker_that_says_that_it_ends_is_given_no_cell(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        first = await engine.submit(workflow(tmp_path, ["open('f', 'w').close()"]))
        assert (await engine.wait(first)).state == "done"
        pid = only_worker(engine)
        received, said = engine.pool.received, asyncio.Event()

        async def holds(worker: str, epoch: str, batch: Any) -> None:
            await received(worker, epoch, batch)
            if any(message["type"] == "gone" for _, message, _ in batch):
                os.kill(pid, signal.SIGSTOP)  # it cannot leave before a cell looks for a worker
                said.set()

        engine.pool.received = holds  # type: ignore[method-assign]
        os.kill(pid, signal.SIGTERM)
        await asyncio.wait_for(said.wait(), 20)
        run = await engine.submit(workflow(tmp_path, ["open('g', 'w').close()"]))
        async for event in engine.watch(run):
            if event.cell:
                os.kill(pid, signal.SIGCONT)
                break
        record = await engine.wait(run)
        assert record.state == "done", record.why


async def test_a_worker_that_has_ended_leaves_nothing_in_the_server(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", targets(slots=2, idle=1)) as engine:
        record = await engine.wait(await engine.submit(workflow(tmp_path, ["print(1)"])))
        assert record.state == "done", record.why
        (worker,) = engine.pool.workers.values()
        values = json.loads((tmp_path / "dossier/workers" / worker.id / "config.json").read_text())
        proof = worker.id, None, values["credential"]
        assert await engine.pool.authenticate(*proof) is not None
        ears = [task for task in asyncio.all_tasks() if "Peer." in str(task.get_coro())]
        assert ears
        await asyncio.wait_for(worker.gone.wait(), 20)
        await asyncio.wait(ears, timeout=20)
        assert all(task.done() for task in ears)
        assert await engine.pool.authenticate(*proof) is None
