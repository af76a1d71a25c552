"""Cleaning takes what is old, and nothing that anything needs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path

from support import started, targets, workflow

from dossier_worker.blobs import CHUNK, PIECE, digests_of, name_of
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.ledger.cleaning import Policy
from jupyterlab_dossier.runs.values import blobs

ALL = Policy(age=0, size=0, last=False)


def age(engine: Engine) -> None:
    """As if all blobs had come yesterday."""
    yesterday = time.time() - 24 * 3600
    for blob in engine.store.blobs.names():
        os.utime(engine.store.blobs.path(blob), (yesterday, yesterday))


async def test_the_last_run_of_a_notebook_stays(engine: Engine, tmp_path: Path) -> None:
    runs = []
    for number, name in enumerate(("a", "a", "b")):
        cells = (f"import os\ndata = os.urandom({200_000 + number})", "print(len(data))")
        flow = replace(workflow(tmp_path, cells), path=str(tmp_path / f"{name}.ipynb"), fresh=True)
        runs.append(await engine.submit(flow))
        assert (await engine.wait(runs[-1])).state == "done"
    age(engine)
    before = engine.store.size()
    said = await engine.clean(Policy(age=0), dry=True)
    assert said.runs == [runs[0]]
    assert engine.store.size() == before
    done = await engine.clean(Policy(age=0))
    assert (done.runs, done.blobs, done.freed) == (said.runs, said.blobs, said.freed)
    assert 200_000 <= done.freed < 300_000
    assert engine.store.size() == before - done.freed
    assert [record.run for record in await engine.runs()] == [runs[2], runs[1]]
    for run in runs[1:]:
        given = await engine.given(run, "c1")
        assert list(given.values) == ["data"] and not given.refused


async def test_what_is_too_much_goes_oldest_first(engine: Engine, tmp_path: Path) -> None:
    runs = []
    for number in range(3):
        flow = workflow(tmp_path, [f"data = bytes({1_000_000 + number})"])
        runs.append(await engine.submit(replace(flow, path=str(tmp_path / "a.ipynb"), fresh=True)))
        await engine.wait(runs[-1])
    age(engine)
    done = await engine.clean(Policy(size=2_500_000))
    assert done.runs == [runs[0]]
    assert 1_000_000 <= done.freed < 1_100_000


async def test_nothing_that_a_run_needs(engine: Engine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(.01)\nlater = 1"
    flow = workflow(tmp_path, ["data = bytes(300_000)", wait, "print(len(data), later)"])
    first = await engine.submit(replace(flow, path=str(tmp_path / "a.ipynb")))
    async for event in engine.watch(first):
        if event.cell == "c0" and event.body.get("state") == "done":
            break
    age(engine)
    done = await engine.clean(ALL)
    assert (done.runs, done.blobs) == ([], 0)
    gate.touch()
    assert (await engine.wait(first)).state == "done"
    outputs, _ = await engine.outputs(first)
    assert outputs["c2"][0]["text"] == "300000 1\n"
    age(engine)
    done = await engine.clean(ALL)
    assert done.runs == [first]
    assert list(engine.store.blobs.names()) == []
    assert await engine.runs() == []


async def test_a_blob_that_is_asked_for_counts_as_new(engine: Engine) -> None:
    blobs = engine.store.blobs
    blob = engine.store.write(b"value")
    age(engine)
    since = time.time() - 3600
    assert engine.store.has(blob)
    assert blobs.remove_unused(blob, since) == 0
    assert engine.store.has(blob)
    age(engine)
    assert blobs.remove_unused(blob, since) == 5
    assert not engine.store.has(blob)
    assert blobs.remove_unused(blob, since) == 0


async def test_askers_and_cleaners_at_once(engine: Engine) -> None:
    """Whoever finds a blob keeps it, however the two meet."""
    blobs = engine.store.blobs
    since = time.time() - 3600

    def once(number: int) -> bool:
        blob = blobs.write(f"value {number}".encode())
        os.utime(blobs.path(blob), (since - 9, since - 9))
        asking = asyncio.run_coroutine_threadsafe(_asked(engine, blob), loop)
        blobs.remove_unused(blob, since)
        return not asking.result() or blobs.path(blob).exists()

    loop = asyncio.get_running_loop()
    assert all([await asyncio.to_thread(once, number) for number in range(300)])


async def _asked(engine: Engine, blob: str) -> bool:
    return engine.store.has(blob)


async def test_ten_engines_and_one_that_cleans_all_the_time(tmp_path: Path) -> None:
    """On one store: half of the runs take what older ones left, while most of those go."""
    async with contextlib.AsyncExitStack() as stack:
        folder = tmp_path / "dossier"
        cleaner, *engines = [
            await stack.enter_async_context(started(folder, targets(slots=1))) for _ in range(11)
        ]
        freed: list[int] = []
        ended = asyncio.Event()

        async def clean() -> None:
            while not ended.is_set():
                done = await cleaner.clean(Policy(age=0, size=0))
                freed.append(done.freed)

        async def run(number: int, engine: Engine, turn: int) -> None:
            cells = (
                # What everybody makes, what is its own, and what is new each time.
                "same = bytes(300_000)",
                f"import os\nnew = os.urandom(100_000 + {turn})",
                f"together = same + bytes([{number + 1}]) * 200_000",
                "print(len(together), together[-1], len(new))",
            )
            flow = workflow(tmp_path, cells, fresh=number % 2 == turn % 2)
            name = await engine.submit(replace(flow, path=str(tmp_path / f"{number}.ipynb")))
            record = await engine.wait(name)
            assert record.state == "done", (record.why, [t.why for t in record.tasks])
            outputs, _ = await engine.outputs(name)
            assert outputs["c3"][0]["text"] == f"500000 {number + 1} {100_000 + turn}\n"
            given = await engine.given(name, "c3")
            assert given.values.keys() == {"together", "new"} and not given.refused
            taken.append(record.tasks[0].state == "reused")

        seed = replace(workflow(tmp_path, ["same = bytes(300_000)"]), path=str(tmp_path / "seed"))
        await cleaner.wait(await cleaner.submit(seed))
        cleaning = asyncio.create_task(clean())
        for turn in range(4):
            taken: list[bool] = []
            age(cleaner)
            freed.clear()
            await asyncio.gather(*(run(*item, turn) for item in enumerate(engines)))
            # It was no idle cleaning: what the turn before left went meanwhile.
            assert len(freed) > 2 and (turn == 0 or sum(freed) > 0), freed
            assert any(taken), taken
        ended.set()
        await cleaning
        known = await cleaner.ledger.versions.all()
        wanted = {blob for _, _, manifest in known for blob, _ in blobs(manifest)}
        assert len({run for run, _, _ in known}) == 11
        assert wanted and all(map(cleaner.store.verify, wanted))


async def test_what_never_came_whole_goes_too(engine: Engine) -> None:
    data = os.urandom(2 * CHUNK)
    digests = digests_of(memoryview(data))
    partial = engine.store.blobs.begin(name_of(len(data), digests), len(data), digests)
    for offset in range(0, CHUNK, PIECE):
        partial.add(offset, data[offset : offset + PIECE])
    partial.close()
    assert (await engine.clean(Policy())).blobs == 0  # it may go on
    yesterday = time.time() - 24 * 3600
    for file in engine.store.blobs.temporary.iterdir():
        os.utime(file, (yesterday, yesterday))
    said = await engine.clean(Policy(), dry=True)
    assert said.blobs == 1 and CHUNK <= said.freed <= said.store < 2 * CHUNK
    done = await engine.clean(Policy())
    assert (done.blobs, done.freed) == (said.blobs, said.freed)
    assert engine.store.size() == said.store - done.freed
