"""Values on their way between worker kernels, on a shared store and over the link."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from peer import Peer, Server

from dossier_worker.blobs import PIECE, BlobFolder

STOCK_ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def _handed(done: dict[str, Any]) -> dict[str, Any]:
    """The exports of a task, as the next one's inputs and manifests."""
    manifests = {m["version"]: m for m in done["exports"]}
    return {"inputs": {m["name"]: m["version"] for m in done["exports"]}, "manifests": manifests}


@pytest.mark.parametrize("kind", ["own", "stock"])
async def test_between_kernels(server: Server, zipapp: Path, kind: str) -> None:
    worker = server.worker(zipapp, argv=STOCK_ARGV if kind == "stock" else None)
    code = "import numpy as np\na = np.arange(100000.)\nclass C:\n    x = 1\nc = C()\nd = {'c': c}"
    made = await worker.run(code, exports=None)
    assert {m["name"] for m in made.done["exports"]} == {"np", "a", "C", "c", "d"}
    assert all(m["version"].startswith(f"{made.done['attempt']}/") for m in made.done["exports"])
    handed = _handed(made.done)
    code = "a[0] = 5; print(a.sum(), d['c'] is c, isinstance(c, C), np.__name__)"
    used = await worker.run(code, kernel="other", exports=["a", "b"], mutated=["a"], **handed)
    assert used.text() == "4999950005.0 True True numpy\n"
    assert [m["name"] for m in used.done["exports"]] == ["a"]
    again = await worker.run("print(a[0])", kernel="third", **{**handed, **_handed(used.done)})
    assert again.text() == "5.0\n"


async def test_what_a_shared_folder_does_not_show_yet_comes_over_the_link(
    server: Server, zipapp: Path, tmp_path: Path
) -> None:
    made = await server.worker(zipapp).run("a = 'x' * 3_000_000", exports=None)
    late = server.worker(zipapp, blobs=str(tmp_path / "late"))
    used = await late.run("print(len(a))", **_handed(made.done))
    assert used.text() == "3000000\n"


async def test_states(server: Server, zipapp: Path) -> None:
    worker = server.worker(zipapp)
    made = await worker.run("a = 1", exports=["a"])
    used = await worker.run("a", kernel="b", exports=["a"], **_handed(made.done))
    states = [
        f.message["state"]
        for f in worker.messages(used.done["attempt"])
        if f.message["type"] == "state"
    ]
    assert states == ["preparing", "running", "collecting"]


async def test_refused(server: Server, zipapp: Path) -> None:
    """A value that cannot be loaded is named, and the cell does not run."""
    worker = server.worker(zipapp)
    made = await worker.run("import os\nvalue = [1]", exports=["value"])
    handed = _handed(made.done)
    blob = made.done["exports"][0]["pickle"]["blob"]
    worker.blobs.remove(blob)
    refused = await worker.run("print('never')", kernel="b", **handed)
    assert refused.done["status"] == "refused"
    assert "value" in refused.done["error"]["evalue"]
    assert refused.text() == ""


async def test_unshippable(server: Server, zipapp: Path) -> None:
    worker = server.worker(zipapp)
    made = await worker.run("f = open('/dev/null')\nx = 1", exports=["f", "x"])
    manifests = {m["name"]: m for m in made.done["exports"]}
    assert "unshippable" in manifests["f"] and "unshippable" not in manifests["x"]


async def test_over_the_link(server: Server, zipapp: Path) -> None:
    """Without a shared folder the worker fetches what a task loads and serves what it made."""
    worker = server.worker(zipapp, blobs=None)
    made = await worker.run("import numpy as np\na = np.arange(1 << 20)", exports=["np", "a"])
    for manifest in made.done["exports"]:
        for part in (manifest["pickle"], *manifest["buffers"]):
            await _take(worker, part["blob"], part["size"])
    # Another worker, which has nothing yet, gets them from the server.
    other = server.worker(zipapp, blobs=None)
    used = await other.run("print(a.sum())", **_handed(made.done))
    assert used.text() == f"{sum(range(1 << 20))}\n"
    big = next(m for m in made.done["exports"] if m["name"] == "a")["buffers"][0]["blob"]
    assert BlobFolder(other.folder / "blobs").has(big)
    worker.blobs.remove(big)
    third = server.worker(zipapp, blobs=None)
    refused = await third.run("print('never')", **_handed(made.done))
    assert refused.done["status"] == "refused"
    assert "variable 'a' could not be fetched" in refused.done["error"]["evalue"]


async def _take(worker: Peer, blob: str, size: int) -> None:
    """Pull a blob from a worker into the server's store, as the server does."""
    worker.ask({"type": "blob_stat", "blob": blob})
    info = await worker.until(lambda: _reply(worker, "blob_info", blob))
    chunks = [bytes.fromhex(digest) for digest in info.message["chunks"]]
    arriving = worker.blobs.begin(blob, size, chunks)
    for offset in range(0, size, PIECE):
        length = min(PIECE, size - offset)
        worker.ask({"type": "blob_read", "blob": blob, "offset": offset, "length": length})
        piece = await worker.until(lambda o=offset: _reply(worker, "blob_piece", blob, o))
        arriving.add(offset, piece.buffers[0])
    arriving.finish()


def _reply(worker: Peer, kind: str, blob: str, offset: int | None = None) -> Any:
    for frame in worker.replies:
        message = frame.message
        found = message["type"] == kind and message["blob"] == blob
        if found and offset in (None, message.get("offset")):
            return frame
    return None
