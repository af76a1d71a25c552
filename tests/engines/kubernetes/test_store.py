"""Server and pods mount the volume with the store: values are mapped there, and none is sent.

The store is its owner's alone and pods are never root: the engine runs as the pods' user.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from namespaces import Namespace, cell, gone, processes

from dossier_worker.blobs import BlobFolder

HOST = Path(__file__).parent / "host.py"
USER = 1000
# Of this test's own rights only one stays: its interpreter may stand in root's home.
AS_USER = (
    *("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
# What the worker kernel has mapped of the store, and what has gone over the pod's network.
LOOKS = """
import os, re
names = re.findall(r" (\\d+) +/\\S*/([0-9a-f]{64})$", open("/proc/self/maps").read(), re.M)
network = "/sys/class/net/eth0/statistics/"
bytes_sent = [int(open(network + way).read()) for way in ("rx_bytes", "tx_bytes")]
print(sorted(set(names)), bytes_sent, os.getuid(), os.environ["HOSTNAME"], sep="; ")
"""
SIZE = 10_000_000


@contextlib.asynccontextmanager
async def engine(
    folder: Path, settings: dict[str, Any], cells: list[Any]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """An engine of another user, which runs these cells."""
    home = folder / "home"
    home.mkdir()
    shutil.copy(os.environ["KUBECONFIG"], home / "kubeconfig")
    for path in (home, home / "kubeconfig"):
        os.chown(path, USER, USER)
    process = await asyncio.create_subprocess_exec(
        *AS_USER, sys.executable, str(HOST), str(folder), json.dumps(settings), json.dumps(cells),
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": str(home), "KUBECONFIG": str(home / "kubeconfig")},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """The run's record with its outputs, once the engine has ended."""
    output, _ = await process.communicate()
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def shared(namespace: Namespace, *mounts: Any, memory: str = "600Mi", **more: Any) -> Any:
    return namespace.settings(shared=True, options={"volumes": mounts, "memory": memory}, **more)


def mount(claim: str, path: Path, **more: Any) -> dict[str, Any]:
    return {"claim": claim, "path": str(path), **more}


def store_of(folder: Path) -> Path:
    """Where an engine of this folder keeps its blobs."""
    return folder / "dossier" / "store"


async def test_values_are_mapped_from_the_volume_and_none_is_sent(
    namespace: Namespace, volume: str, tmp_path: Path
) -> None:
    other = {"env": {"ANOTHER": "pod"}}
    cells = [
        {"source": f"import numpy as np\ndata = np.arange({SIZE}.0)", "target": "local"},
        cell("double = data * 2" + LOOKS),
        cell("sum_ = data + double" + LOOKS, **other),
        {"source": "print(double.sum(), sum_.sum())\nback = sum_ + 1", "target": "local"},
        cell("print((back == sum_ + 1).all())" + LOOKS, **other),
    ]
    async with engine(tmp_path, shared(namespace, mount(volume, tmp_path)), cells) as process:
        record = await ended(process)
    assert record["state"] == "done", record
    said = {name: outputs[0]["text"] for name, outputs in record["outputs"].items()}
    total = SIZE * (SIZE - 1) / 2
    assert said["c3"] == f"{2 * total} {3 * total}\n"
    assert said["c4"].startswith("True\n")
    pods = set()
    for name, count in (("c1", 1), ("c2", 2), ("c4", 2)):
        mapped, sent, user, pod = said[name].splitlines()[-1].split("; ")
        pods.add(pod)
        assert int(user) == USER
        blobs = re.findall(r"\('(\d+)', '(\w+)'\)", mapped)
        assert len(blobs) == count, said[name]
        for inode, blob in blobs:
            found = (store_of(tmp_path) / blob[:2] / blob).stat()
            assert (found.st_ino, found.st_uid) == (int(inode), USER)
            assert found.st_size >= 8 * SIZE
        # Four values of 80 MB have come and gone by the last of them.
        assert sum(json.loads(sent)) < 1_000_000
    assert len(pods) == 2
    await gone(namespace)


async def test_a_pod_killed_while_it_writes_leaves_no_half_value(
    namespace: Namespace, volume: str, tmp_path: Path
) -> None:
    source = (
        "import os, time\nimport numpy as np\nprint('on', flush=True)\n"
        f"while not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)\n"
        "big = np.full(60_000_000, 7.0)"
    )
    last = {"source": "print(big.sum())", "target": "local"}
    cells = [{**cell(source), "idempotent": True}, last]
    settings = shared(namespace, mount(volume, tmp_path), memory="1500Mi")
    async with engine(tmp_path, settings, cells) as process:
        await said(process, "on\n")
        (pod,) = namespace.names("pods")
        (worker,) = (number for number, argv in processes(pod) if b"config.json" in argv)
        (tmp_path / "go").touch()
        writing = await large_file(store_of(tmp_path) / "tmp")
        os.kill(worker, signal.SIGKILL)
        record = await ended(process)
    assert record["state"] == "done", record
    assert record["outputs"]["c1"][0]["text"] == "420000000.0\n"
    # It was cut off in the middle indeed: what it had written has no name, and counts for nothing.
    assert writing.exists()
    blobs = BlobFolder(store_of(tmp_path))
    names = list(blobs.names())
    assert names and all(blobs.verify(name) for name in names)
    await gone(namespace)


async def said(process: asyncio.subprocess.Process, text: str) -> None:
    """Returns when the run has printed it."""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if json.loads(line).get("said") == text:
            return
    raise AssertionError(f"it ended before it said {text!r}")


async def large_file(folder: Path) -> Path:
    """The first one to come that is large."""
    while True:
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_size > 100_000_000:
                    return path
        await asyncio.sleep(0.001)


Mounts = Callable[[str, Path], list[Any]]


@pytest.mark.parametrize(
    ("mounts", "more", "words"),
    [
        (lambda claim, folder: [], {}, "is not there on the worker's machine: mount the volume"),
        (
            lambda claim, folder: [mount("other", folder)], {},
            "is there on the worker's machine, but is not the server's store: mount the same",
        ),
        (
            lambda claim, folder: [mount(claim, folder, read_only=True)], {},
            "the worker cannot write to the server's store",
        ),
        (
            lambda claim, folder: [mount(claim, folder)], {"user": USER + 1},
            f"it is for user {USER}, and the worker is user {USER + 1}; let it run as the server's",
        ),
    ],
    ids=["not mounted", "another volume", "read only", "another user"],
)  # fmt: skip
async def test_a_store_that_is_not_shared_is_told_of_at_once(
    namespace: Namespace, make_volume: Callable[[str, Path], str], volume: str, tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory, mounts: Mounts, more: dict[str, Any], words: str,
) -> None:  # fmt: skip
    other = tmp_path_factory.mktemp("other")
    (store_of(other) / "tmp").mkdir(parents=True)
    for path in (other, *other.rglob("*")):
        os.chown(path, USER, USER)
    make_volume("other", other)
    settings = shared(namespace, *mounts(volume, tmp_path), **more)
    async with engine(tmp_path, settings, [cell("print('here')")]) as process:
        record = await ended(process)
    assert record["state"] == "failed"
    (task,) = record["tasks"]
    assert words in task["why"] and str(store_of(tmp_path)) in task["why"], task["why"]
    await gone(namespace)
