"""What a worker with a store of its own removes from its disk, and what it never does."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import anyio
import pytest
import pytest_asyncio
from peer import Peer, Server

from dossier_worker.blobs import YOUNG, BlobFolder
from dossier_worker.room import Room

LARGE = 3 << 20
HOUR = 3600.0
STOCK_ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def age(blobs: BlobFolder, names: Iterable[str], seconds: float = HOUR) -> None:
    """As if nobody had asked for them for so long."""
    then = time.time() - seconds
    for name in names:
        os.utime(blobs.path(name), (then, then))


def names(blobs: BlobFolder) -> set[str]:
    return set(blobs.names())


async def until_gone(blobs: BlobFolder, name: str) -> None:
    with anyio.fail_after(30):
        while blobs.path(name).exists():
            await asyncio.sleep(0.05)


def parts(manifest: Any) -> set[str]:
    return {manifest["pickle"]["blob"], *(part["blob"] for part in manifest["buffers"])}


def test_the_oldest_go_first_and_no_more_than_must(tmp_path: Path) -> None:
    blobs = BlobFolder(tmp_path)
    made = [blobs.write(bytes([number]) * 1000) for number in range(5)]
    for number, name in enumerate(made):
        age(blobs, [name], HOUR - number)
    room = Room(blobs, 2500)
    used = {made[1]}
    excess = room.excess(used, beside=500)
    assert excess == 4 * 1000 + 500 - 2500
    assert room.free(excess, used, time.time()) <= 0
    assert names(blobs) == {made[1], made[3], made[4]}


def test_what_was_just_asked_for_stays(tmp_path: Path) -> None:
    blobs = BlobFolder(tmp_path)
    old, new = blobs.write(b"old" * 1000), blobs.write(b"new" * 1000)
    age(blobs, [old, new])
    assert blobs.has(new)
    room = Room(blobs, 1)
    assert room.free(room.excess(set(), 0), set(), time.time() - YOUNG) > 0
    assert names(blobs) == {new}


def test_never_more_than_half_of_what_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = BlobFolder(tmp_path)
    blobs.write(bytes(3000))

    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    assert Room(blobs, 1 << 40).excess(set(), 0) == 1000


@pytest_asyncio.fixture
async def worker(server: Server, zipapp: Path) -> AsyncIterator[Peer]:
    yield server.worker(zipapp, blobs=None, keeps=1000, slots=1)


@pytest.fixture
def own(worker: Peer) -> BlobFolder:
    """The worker's own store."""
    return BlobFolder(worker.folder / "blobs")


async def cleared(worker: Peer, own: BlobFolder, number: int) -> None:
    """Once the worker has looked for what can go: this, newer than all else that is old, went."""
    decoy = own.write(str(number).encode() * LARGE)
    age(own, [decoy], HOUR / 2)
    await worker.run("pass", kernel="another")
    await until_gone(own, decoy)


async def test_results_stay_until_the_server_has_them(worker: Peer, own: BlobFolder) -> None:
    result = await worker.run(f"x = b'1' * {LARGE}", exports=["x"])
    (manifest,) = result.done["exports"]
    assert "holds" not in result.done
    age(own, parts(manifest))
    await cleared(worker, own, 1)
    assert parts(manifest) <= names(own)
    worker.send({"type": "kept", "attempt": result.done["attempt"]})
    await until_gone(own, manifest["pickle"]["blob"])


@pytest.mark.parametrize("argv", [None, STOCK_ARGV], ids=["own", "stock"])
async def test_memory_of_a_worker_kernel_can_be_compared_while_it_lives(
    server: Server, zipapp: Path, argv: list[str] | None
) -> None:
    worker = server.worker(zipapp, blobs=None, keeps=1000, slots=1, argv=argv)
    own = BlobFolder(worker.folder / "blobs")
    source = f"import numpy as np\nx = np.ones({LARGE}, 'u1')"
    result = await worker.run(source, exports=["x"])
    (manifest,) = result.done["exports"]
    (buffer,) = manifest["buffers"]
    worker.send({"type": "kept", "attempt": result.done["attempt"]})
    age(own, parts(manifest))
    await cleared(worker, own, 1)
    assert buffer["blob"] in names(own)
    worker.send({"type": "kill", "kernel": "k"})
    await until_gone(own, buffer["blob"])


async def test_inputs_of_a_cell_that_waits_stay(worker: Peer, own: BlobFolder) -> None:
    made = await worker.run(f"x = b'1' * {LARGE}", exports=["x"])
    (manifest,) = made.done["exports"]
    worker.send({"type": "kept", "attempt": made.done["attempt"]})
    gate = worker.folder / "gate"
    os.mkfifo(gate)
    first = worker.execute(f"open({str(gate)!r}).read()")
    given = {"inputs": {"x": manifest["version"]}, "manifests": {manifest["version"]: manifest}}
    second = worker.execute("print(len(x))", kernel="later", **given)
    await worker.until(lambda: any(f.message["type"] == "state" for f in worker.messages(first)))
    age(own, parts(manifest))
    decoy = own.write(b"d" * LARGE)
    age(own, [decoy], HOUR / 2)
    worker.send({"type": "kept", "attempt": "none"})
    worker.send({"type": "kept", "attempt": made.done["attempt"]})
    await until_gone(own, decoy)
    assert parts(manifest) <= names(own)
    with open(gate, "w"):
        pass
    await worker.result(first)
    assert (await worker.result(second)).text() == f"{LARGE}\n"
