"""The server's machine gets another address while its pods run, as in another network."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import Namespace, cell, gone

HOST = Path(__file__).parent / "host.py"
ROUTER, FIRST, SECOND = "10.251.0.1", "10.251.0.2", "10.251.0.3"
NAME, CABLE, PLUG = "dossier-laptop", "dossier2", "dossier3"

# Goes on while nobody is there.
COUNTS = """\
import socket, sys, time
print(socket.gethostname(), flush=True)
for n in range(12):
    sys.stdout.write(f'at {n}\\n')
    sys.stdout.flush()
    time.sleep(1)
x = 41
"""
COUNTED = "".join(f"at {n}\n" for n in range(12))


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@pytest.fixture
def laptop() -> Iterator[None]:
    """A machine of its own, by its network, whose way to the cluster leads over this one."""
    ip("netns", "add", NAME)
    try:
        ip("link", "add", CABLE, "type", "veth", "peer", "name", PLUG, "netns", NAME)
        ip("addr", "add", f"{ROUTER}/24", "dev", CABLE)
        ip("link", "set", CABLE, "up")
        ip("-n", NAME, "link", "set", "lo", "up")
        ip("-n", NAME, "link", "set", PLUG, "up")
        address(FIRST)
        yield
    finally:
        ip("link", "delete", CABLE)
        ip("netns", "delete", NAME)


def address(new: str) -> None:
    """The laptop has this address, and none that it had before."""
    ip("-n", NAME, "addr", "flush", "dev", PLUG)
    ip("-n", NAME, "addr", "add", f"{new}/24", "dev", PLUG)
    ip("-n", NAME, "route", "add", "default", "via", ROUTER)


async def host(namespace: Namespace, folder: Path, what: str) -> asyncio.subprocess.Process:
    settings = json.dumps(namespace.settings())
    return await asyncio.create_subprocess_exec(
        "ip", "netns", "exec", NAME, sys.executable, str(HOST), str(folder), settings, what,
        stdout=subprocess.PIPE,
    )  # fmt: skip


async def line(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    return json.loads(await process.stdout.readline())


@pytest.mark.parametrize("server", ["runs on", "is started again"])
async def test_pods_find_their_server_at_another_address(
    namespace: Namespace, tmp_path: Path, laptop: None, server: str
) -> None:
    cells = [cell(COUNTS), cell("import socket\nprint(socket.gethostname(), x + 1)")]
    process = await host(namespace, tmp_path, json.dumps(cells))
    run = (await line(process))["run"]
    pod = (await line(process))["said"]
    assert (await line(process))["said"] == "at 0\n"
    if server == "is started again":
        process.kill()
        await process.wait()
    address(SECOND)
    if server == "is started again":
        process = await host(namespace, tmp_path, run)
    output, _ = await process.communicate()
    ended = json.loads(output.splitlines()[-1])
    assert ended["state"] == "done", ended
    first, second = ("".join(o["text"] for o in ended["outputs"][c]) for c in ("c0", "c1"))
    assert first == pod + COUNTED
    # The same pod, with what it held.
    assert second == f"{pod.strip()} 42\n"
    await gone(namespace)
