"""Workers of a target where only so many may be there at once, whatever cells ask of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from support import started, targets, workflow

from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.workers.executions import Execution, Executions
from jupyterlab_dossier.runs.workers.worker import Worker
from jupyterlab_dossier.targets import Catalogue, Target
from jupyterlab_dossier.targets.local import LocalProvider


class OneByOne(LocalProvider):
    """Local processes, each of them for cells that ask for the same memory, as pods are."""

    kind = "narrow"

    def worker_options(self, target: Target, asked: dict[str, Any]) -> dict[str, Any]:
        return asked


def narrow(workers: int = 1) -> Catalogue:
    settings = {"workers": workers, "shared": True, "shares_folder": True, "slots": 2}
    return Catalogue(
        {
            "local": Target("local", "local", {"slots": 2}),
            "narrow": Target("narrow", "narrow", settings),
        },
        {"local": LocalProvider(), "narrow": OneByOne()},
    )


def asks(memory: int, source: str) -> dict[str, Any]:
    return {"source": source, "target": "narrow", "options": {"memory": memory}}


async def test_a_run_does_not_wait_for_a_place_that_it_holds_itself(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", narrow()) as engine:
        cells = [
            asks(500, "left = (i for i in [5])\nk = 1"),
            asks(600, "n = k"),
            asks(500, "print(next(left) + n)"),
        ]
        run = await engine.submit(workflow(tmp_path, cells))
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert [task.state for task in record.tasks] == ["done", "failed", "skipped"]
        assert record.tasks[1].why == (
            "not run: its place is held by a worker of narrow with memory 500, which is kept: cell"
            " 0 left state in it; it is kept until this run has ended. Give these cells the same"
            " options, or let narrow have more `workers`"
        )
    async with started(tmp_path / "more", narrow(workers=2)) as engine:
        record = await engine.wait(await engine.submit(workflow(tmp_path, cells)))
        assert record.state == "done", record.why


@pytest.mark.timeout(60)
async def test_a_worker_that_dials_in_is_waited_for_whatever_happens_meanwhile(
    tmp_path: Path,
) -> None:
    async with started(tmp_path / "dossier", targets(slots=2)) as engine:
        dialled, noted = asyncio.Event(), asyncio.Event()
        set_worker = engine.ledger.workers.update

        async def held_up(name: str, **fields: Any) -> None:
            if "about" in fields and not dialled.is_set():
                dialled.set()
                await noted.wait()
            await set_worker(name, **fields)

        engine.ledger.workers.update = held_up  # type: ignore[method-assign]
        waits = await engine.submit(workflow(tmp_path, ["print(1)"]))
        await dialled.wait()
        other = await engine.submit(workflow(tmp_path, [{"source": "2", "target": "apart"}]))
        assert (await engine.wait(other)).state == "done"
        noted.set()
        assert (await engine.wait(waits)).state == "done"


async def test_a_cell_that_waits_is_told_what_holds_its_place(tmp_path: Path) -> None:
    held = "; its place is held by a worker of narrow with memory 500, which is kept: cell 0 left"
    async with started(tmp_path / "dossier", narrow()) as engine:
        cells: list[Any] = [
            asks(500, "left = (i for i in [5])\nk = 1"),
            "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\nn = k",
            asks(500, "print(next(left) + n)"),
        ]
        holder = await engine.submit(workflow(tmp_path, cells))
        async for event in engine.watch(holder):
            if event.cell == "c1" and event.body.get("state") == "running":
                break
        waiter = await engine.submit(workflow(tmp_path, [asks(600, "print(1)")]))

        async def told() -> None:
            async for event in engine.watch(waiter):
                if held in (event.body.get("why") or ""):
                    return
            raise AssertionError("it was not told")

        await asyncio.wait_for(told(), 60)
        (tmp_path / "go").touch()
        assert (await engine.wait(holder)).state == "done"
        assert (await engine.wait(waiter)).state == "done"


# No interrupt reaches it.
DEAF = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(os.getpid(), flush=True)
while True: time.sleep(1)
"""


async def _pid(engine: Engine, run: str, cell: str) -> int:
    async for event in engine.watch(run):
        if event.cell == cell and event.kind == "output":
            return int(event.body["content"]["text"])
    raise AssertionError("it ended before it told")


async def _gone(pid: int) -> None:
    with anyio.fail_after(60):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("how", ["kill", "cancel"])
async def test_the_first_cell_of_a_worker_kernel_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """And the slot of its worker is free for the next one."""
    monkeypatch.setattr("jupyterlab_dossier.runs.engine.workflow.PATIENCE", 0.1)
    async with started(tmp_path / "dossier", targets(slots=1)) as engine:
        run = await engine.submit(workflow(tmp_path, [DEAF]))
        pid = await _pid(engine, run, "c0")
        if how == "kill":
            engine.kill(run, "c0")
        else:
            await engine.cancel(run)
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == ("failed" if how == "kill" else "cancelled")
        after = await engine.submit(workflow(tmp_path, ["print(2)"]))
        assert (await asyncio.wait_for(engine.wait(after), 60)).state == "done"
        await _gone(pid)


async def test_what_runs_behind_a_cell_that_failed_is_ended(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", targets(slots=2)) as engine:
        fails = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\n1 / 0"
        run = await engine.submit(workflow(tmp_path, [fails, DEAF]))
        pid = await _pid(engine, run, "c1")
        (tmp_path / "go").touch()
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert [task.state for task in record.tasks] == ["failed", "skipped"]
        await _gone(pid)


async def test_an_answer_reaches_a_worker_that_was_cut_off(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", targets(slots=1)) as engine:
        source = "print('asks', flush=True)\nprint('got', input())"
        run = await engine.submit(workflow(tmp_path, [source]))
        async for event in engine.watch(run):
            if event.kind == "output" and event.body.get("msg_type") == "input_request":
                break
        (worker,) = engine.pool.workers.values()
        assert worker.connection is not None
        worker.connection.end(1001, "cut")
        with anyio.fail_after(60):
            while worker.connection is not None:
                await asyncio.sleep(0)
        engine.input(run, "c0", "this")
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why
        outputs, _ = await engine.outputs(run)
        assert "".join(o.get("text", "") for o in outputs["c0"]) == "asks\ngot this\n"


class Told:
    """A connection that keeps what is sent."""

    def __init__(self) -> None:
        self.types: list[str] = []

    def send(self, message: dict[str, Any]) -> None:
        self.types.append(message["type"])


async def test_a_cell_interrupted_while_its_worker_was_cut_off_is_sent_and_interrupted() -> None:
    """It takes its count, and has not run."""
    worker = Worker("w", Target("t", "local", {}), "{}", 1)
    done = asyncio.get_running_loop().create_future()
    order = {"type": "execute"}
    execution = Execution("a", "r", "c", worker, worker.kernel(), order, done, False)
    executions = Executions()
    waiting = asyncio.create_task(executions.execute(execution))
    await asyncio.sleep(0)
    executions.interrupt(execution)
    told = Told()
    worker.connection = told  # type: ignore[assignment]
    executions.resume(worker)
    assert told.types == ["execute", "interrupt"]
    done.set_result({})
    await waiting


async def test_a_result_stands_though_its_worker_ends_while_it_is_recorded(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier", targets(slots=1)) as engine:
        record_it = engine.ledger.workers.received

        async def received(worker: str, epoch: str, *told: Any) -> Any:
            recorded = await record_it(worker, epoch, *told)
            if any(message["status"] == "ok" for _, message in told[2]):
                await engine.pool.lives._lost(engine.pool.workers[worker], "it was evicted")
            return recorded

        engine.ledger.workers.received = received  # type: ignore[method-assign]
        source = "print('once')\nopen('written', 'a').write('x')"
        run = await engine.submit(workflow(tmp_path, [source]))
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why
        assert (tmp_path / "written").read_text() == "x"
