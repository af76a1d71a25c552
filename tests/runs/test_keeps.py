"""A warm worker that keeps little on its disk: what it removed is sent again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from support import away, started, workflow

from dossier_worker.blobs import BlobFolder
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.workers.worker import Worker

LARGE = 3 << 20
LIMIT = 1 << 20
MADE = f"x = b'1' * {LARGE}"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with started(tmp_path / "dossier", away(keeps=LIMIT)) as engine:
        yield engine


async def ran(engine: Engine, folder: Path, *sources: str) -> list[str]:
    """The states of the cells of a run on the target away."""
    run = await engine.submit(workflow(folder, sources, default_target="away"))
    record = await engine.wait(run)
    assert record.state == "done", record.tasks
    return [task.state for task in record.tasks]


def worker_of(engine: Engine) -> Worker:
    (worker,) = (worker for worker in engine.pool.workers.values() if not worker.ended)
    return worker


def own_store(engine: Engine) -> BlobFolder:
    return BlobFolder(engine.pool.lives.folder / worker_of(engine).id / "blobs")


def size(blobs: BlobFolder) -> int:
    return sum(blobs.size(name) for name in blobs.names())


def grow_old(blobs: BlobFolder) -> None:
    then = time.time() - 3600
    for name in blobs.names():
        os.utime(blobs.path(name), (then, then))


async def test_what_was_removed_is_sent_again(engine: Engine, tmp_path: Path) -> None:
    await ran(engine, tmp_path, MADE, "print(len(x))")
    worker, own = worker_of(engine), own_store(engine)
    (blob,) = (name for name in own.names() if own.size(name) >= LARGE)
    assert worker.connection is not None and worker.connection.served(blob) == 0
    grow_old(own)
    await ran(engine, tmp_path, "print('something else')")
    with anyio.fail_after(30):
        while size(own) > LIMIT:
            await asyncio.sleep(0.05)
    assert await ran(engine, tmp_path, MADE, "print(len(x) + 1)") == ["reused", "done"]
    assert worker_of(engine) is worker
    assert worker.connection.served(blob) == own.size(blob)


async def test_a_file_that_was_removed_is_sent_again(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(os.urandom(LARGE))
    read = "print(len(open('big.bin', 'rb').read()))"
    await ran(engine, tmp_path, read)
    worker, own = worker_of(engine), own_store(engine)
    blob = engine.travel.blob_of(str(tmp_path / "big.bin"))
    assert worker.connection is not None and blob is not None
    grow_old(own)
    await ran(engine, tmp_path, "print('something else')")
    with anyio.fail_after(30):
        while own.path(blob).exists():
            await asyncio.sleep(0.05)
    assert await ran(engine, tmp_path, read + "\nprint('again')") == ["done"]
    assert worker.connection.served(blob) == 2 * LARGE


async def test_a_worker_killed_while_it_removes_harms_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    await ran(engine, tmp_path, MADE, "print(len(x))")
    worker, own = worker_of(engine), own_store(engine)
    for number in range(2000):
        own.write(str(number).encode() * 500)
    grow_old(own)
    before = len(list(own.names()))
    await ran(engine, tmp_path, "print('something else')")
    with anyio.fail_after(30):
        while len(list(own.names())) >= before:
            await asyncio.sleep(0)
    assert worker.connection is not None
    os.kill(int(worker.connection.hello["pid"]), signal.SIGKILL)
    with anyio.fail_after(60):
        await worker.gone.wait()
    assert await ran(engine, tmp_path, MADE, "print(len(x) + 1)") == ["reused", "done"]
    assert worker_of(engine) is not worker
