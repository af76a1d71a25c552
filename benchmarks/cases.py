"""What is measured: each function returns rows of the report."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient

from dossier_worker.blobs import BlobFolder
from dossier_worker.values import Values
from jupyterlab_dossier.runs import Workflow, notebooks
from jupyterlab_dossier.runs.ledger.tasks import Commit
from jupyterlab_dossier.runs.model import Cell

from . import peers
from .harness import Row, Timer, engine, in_turn
from .ours import place, run_of

FLOATS = 100_000_000 // 8
TASKS = 200


async def warm_no_op(rounds: int = 60) -> list[Row]:
    """A cell that does nothing, in a kernel that is there."""
    async with engine(slots=2) as made, place(made) as ours, peers.bare_kernel() as client:
        run = await run_of(made, rounds + 1)
        numbers = iter(range(rounds + 1))
        with peers.dask(1) as dask:

            async def our_side() -> float:
                with Timer() as timer:
                    await ours.cell("pass", run, f"t{next(numbers)}")
                return timer.seconds

            async def bare() -> float:
                with Timer() as timer:
                    await peers.execute(client, "pass")
                return timer.seconds

            async def dask_side() -> float:
                with Timer() as timer:
                    dask.submit(peers.nothing, pure=False).result()
                return timer.seconds

            seconds = await in_turn(
                rounds, {"ours": our_side, "bare ipykernel execute": bare, "dask": dask_side}
            )
        for label, prefetch, encrypted in (
            ("Parsl", 0, True),
            ("Parsl, plain, prefetch 32", 32, False),
        ):
            with peers.parsl(1, prefetch, encrypted) as package:
                app = package.python_app(peers.nothing)

                async def parsl_side(app: Any = app) -> float:
                    with Timer() as timer:
                        app().result()
                    return timer.seconds

                seconds |= await in_turn(rounds // 2, {label: parsl_side})
    return [Row("warm no-op, commit included", seconds, {"bare ipykernel execute": 0.35})]


async def no_op_tasks(rounds: int = 3) -> list[Row]:
    """Two hundred cells that do nothing, two workers."""
    cells = tuple(Cell(f"c{i}", i, "pass") for i in range(TASKS))
    async with engine(slots=1, workers=2) as made:

        async def our_side() -> float:
            run = await made.submit(Workflow(path="/tmp/none.ipynb", cells=cells, jobs=2))
            record = await made.wait(run)
            assert record.state == "done", record.why
            started = [t.started for t in record.tasks if t.started]
            ended = [t.ended for t in record.tasks if t.ended]
            return (max(ended) - min(started)) / TASKS

        seconds = await in_turn(rounds, {"ours": our_side})
    with peers.dask(2) as dask:

        async def dask_side() -> float:
            with Timer() as timer:
                dask.gather([dask.submit(peers.nothing, pure=False) for _ in range(TASKS)])
            return timer.seconds / TASKS

        seconds |= await in_turn(rounds, {"dask": dask_side})
    for label, prefetch, encrypted in (
        ("Parsl", 0, True),
        ("Parsl, plain, prefetch 32", 32, False),
    ):
        with peers.parsl(2, prefetch, encrypted) as package:
            app = package.python_app(peers.nothing)

            async def parsl_side(app: Any = app) -> float:
                with Timer() as timer:
                    for future in [app() for _ in range(TASKS)]:
                        future.result()
                return timer.seconds / TASKS

            seconds |= await in_turn(rounds, {label: parsl_side})
    goals = {"dask": 1 / 3, "Parsl": 1 / 3}
    return [Row(f"{TASKS} no-op tasks, two workers", seconds, goals, "tasks/s",
                "ratios are of seconds a task: smaller is better")]  # fmt: skip


async def hundred_megabytes(rounds: int = 7) -> list[Row]:
    """A float array of 100 MB to a worker and back, and from one worker to another."""
    async with engine(slots=2) as made, place(made) as one, place(made) as two:
        run = await run_of(made, 8 * (rounds + 1))
        numbers = iter(range(8 * (rounds + 1)))
        await one.cell("import numpy as np", run, f"t{next(numbers)}")
        folder = BlobFolder(made.folder / "store")
        with peers.dask(2) as dask:
            first, second = list(dask.scheduler_info()["workers"])

            async def our_trip() -> float:
                array = np.random.default_rng(next(numbers)).random(FLOATS)
                space: dict[str, Any] = {"a": array}
                values = Values(space, folder)
                with Timer() as timer:
                    (sent,) = values.export(["a"], lambda name: f"{run}/{name}{id(array)}")
                    outcome = await one.cell(
                        "b = a", run, f"t{next(numbers)}", exports=["b"],
                        inputs={"a": sent["version"]}, manifests={sent["version"]: sent},
                    )  # fmt: skip
                    (back,) = outcome.manifests
                    fresh: dict[str, Any] = {}
                    Values(fresh, folder).load(
                        {"b": back["version"]}, {m["version"]: m for m in (sent, back)}
                    )
                assert fresh["b"][-1] == array[-1]
                return timer.seconds

            async def dask_trip() -> float:
                array = np.random.default_rng().random(FLOATS)
                with Timer() as timer:
                    back = dask.gather(dask.scatter(array, hash=False))
                assert back[-1] == array[-1]
                return timer.seconds

            async def our_pass() -> float:
                with Timer() as timer:
                    made_here = await one.cell(
                        f"a = np.full({FLOATS}, {next(numbers)}.0)", run, f"t{next(numbers)}",
                        exports=["a"],
                    )  # fmt: skip
                    (manifest,) = made_here.manifests
                    await two.cell(
                        "print(a[-1])", run, f"t{next(numbers)}",
                        inputs={"a": manifest["version"]},
                        manifests={manifest["version"]: manifest},
                    )  # fmt: skip
                return timer.seconds

            async def dask_pass() -> float:
                with Timer() as timer:
                    array = dask.submit(np.full, FLOATS, 1.0, workers=[first], pure=False)
                    dask.submit(len, array, workers=[second], pure=False).result()
                return timer.seconds

            trip = await in_turn(rounds, {"ours": our_trip, "dask scatter→gather": dask_trip})
            passed = await in_turn(rounds, {"ours": our_pass, "dask worker→worker": dask_pass})
    with peers.parsl(1) as package:
        app = package.python_app(_same)

        async def parsl_trip() -> float:
            array = np.random.default_rng().random(FLOATS)
            with Timer() as timer:
                app(array).result()
            return timer.seconds

        trip |= await in_turn(1, {"Parsl": parsl_trip})
    return [
        Row("100 MB to a worker and back", trip, {"dask scatter→gather": 0.4}),
        Row("100 MB made on one worker, used on another", passed, {"dask worker→worker": 0.8}),
    ]


def _same(value: Any) -> Any:
    return value


async def fresh_kernel(rounds: int = 8) -> list[Row]:
    """From nothing to the first cell done, in a worker that is there."""
    async with engine(slots=2) as made:
        run = await run_of(made, rounds + 2)
        numbers = iter(range(rounds + 2))
        async with place(made) as warm:
            await warm.cell("pass", run, f"t{next(numbers)}")

        async def our_side() -> float:
            start = time.perf_counter()
            async with place(made) as fresh:
                await fresh.cell("pass", run, f"t{next(numbers)}")
                seconds = time.perf_counter() - start
            await asyncio.sleep(0.2)  # the worker forks the next spare while nobody waits
            return seconds

        async def cold() -> float:
            start = time.perf_counter()
            async with peers.bare_kernel() as client:
                await peers.execute(client, "pass")
                return time.perf_counter() - start

        seconds = await in_turn(rounds, {"ours": our_side, "cold ipykernel": cold})
    return [Row("fresh worker kernel, first cell", seconds, {"cold ipykernel": 0.06})]


async def ledger_cost(rounds: int = 5) -> list[Row]:
    """What the record costs: intent and commit of a task, one at a time and 32 at once."""
    rows = []
    async with engine(slots=1) as made:
        for together in (1, 32):
            run = await run_of(made, 320)

            async def one(number: int, run: str = run) -> None:
                name = f"{run}-{number}"
                await made.ledger.tasks.add_attempt(
                    name, run, f"t{number}", 1, "w", "k", {}, durable=False
                )
                await made.ledger.tasks.commit(
                    Commit(name, run, f"t{number}", "done", None, 1, [], "ok", False)
                )

            with Timer() as timer:
                for start in range(0, 320, together):
                    await asyncio.gather(*(one(start + i) for i in range(together)))
            rows.append(Row(f"ledger: intent and commit of a task, {together} at once",
                            {"ours": timer.seconds / 320}, {}))  # fmt: skip
    return rows


async def example(path: Path = Path("examples/digits.ipynb")) -> list[Row]:
    """The example notebook, against Restart & Run All in one kernel and its critical path."""
    notebook = notebooks.read(path)
    async with engine() as made:
        run = await made.submit(notebooks.workflow(notebook))
        with Timer() as timer:
            record = await made.wait(run)
        assert record.state == "done", record.why
    node = nbformat.read(path, 4)
    with Timer() as plain:
        await NotebookClient(node, timeout=600, kernel_name="python3").async_execute()
    longest = max((t.ended or 0) - (t.started or 0) for t in record.tasks if t.started and t.ended)
    seconds = {
        "ours": timer.seconds,
        "Restart & Run All": plain.seconds,
        "its longest cell": longest,
    }
    return [Row("examples/digits.ipynb, from nothing", seconds, {})]


CASES = (warm_no_op, no_op_tasks, hundred_megabytes, fresh_kernel, ledger_cost, example)
