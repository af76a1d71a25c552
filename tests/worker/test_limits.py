"""Limits that a cell asks for are kept while it runs, and by every kind of worker kernel."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from peer import Server

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone counts it"),
]

STOCK_ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
TAKE = "import resource\nblock = bytearray({} << 20)\nprint(len(block) >> 20)"


@pytest.mark.parametrize("argv", [None, STOCK_ARGV], ids=["ours", "stock"])
async def test_memory(server: Server, zipapp: Path, argv: list[str] | None) -> None:
    peer = server.worker(zipapp, **({"argv": argv} if argv else {}))
    options = {"memory": 100}
    assert (await peer.run(TAKE.format(40), options=options)).text() == "40\n"
    refused = await peer.run(TAKE.format(300), options=options)
    assert refused.done["status"] == "error"
    assert refused.done["error"]["ename"] == "MemoryError"
    # Small pieces are counted too; what the cells before left is not this cell's.
    grown = await peer.run(
        "kept = []\nwhile True: kept.append(bytearray(1 << 20))", options=options
    )
    assert grown.done["error"]["ename"] == "MemoryError"
    assert (
        30 < int((await peer.run("print(len(kept))")).text()) <= 120
    )  # what malloc had at hand comes on top
    # The next cell has no limit; so have children that it starts.
    assert (await peer.run(TAKE.format(300))).text() == "300\n"
    limit = await peer.run("print(resource.getrlimit(resource.RLIMIT_DATA)[0])")
    assert limit.text() == f"{limit_here()}\n"


def limit_here() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_DATA)[0]
