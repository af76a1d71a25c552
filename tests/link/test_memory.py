"""A large value through the server: its memory stays small, and messages pass.

256 MB each way by default; DOSSIER_TEST_LARGE gives another number of MB (1000 for the full one).
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import psutil

MEGABYTES = int(os.environ.get("DOSSIER_TEST_LARGE", "256"))

_SERVER = """
import asyncio, sys
from types import SimpleNamespace
from jupyterlab_dossier.link import LinkServer
from jupyterlab_dossier.store import Store

class Engine:
    def __init__(self):
        self.last, self.workers, self.tasks = ("", 0), {}, set()
    async def authenticate(self, worker, secret, credential):
        return SimpleNamespace(credential=None)
    async def connected(self, worker, hello):
        self.workers[worker.worker] = worker
    async def disconnected(self, worker):
        pass
    def seen(self, worker):
        return self.last
    async def received(self, worker, epoch, batch):
        for frame in batch:
            if frame.message["type"] == "done":
                task = asyncio.create_task(self.fetch(worker, frame.message))
                self.tasks.add(task)
            else:
                self.workers[worker].send({"type": "interrupt"})
        self.last = (epoch, batch[-1].seq)
    async def fetch(self, worker, message):
        await self.workers[worker].fetch(message["blob"], message["size"])
        self.workers[worker].send({"type": "fetched"})

async def main():
    link = LinkServer(Store(sys.argv[1]), Engine())
    print(await link.listen_loopback(), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_large_value_each_way(bench: Any, tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVER, str(tmp_path / "store-of-child"),
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = (await server.stdout.readline()).decode().strip()
        worker = bench.worker()
        await worker.connect(url)

        async def there(data: bytes, interrupts: int) -> str:
            blob: str = worker.blobs.write(data)
            worker.send(type="done", blob=blob, size=len(data))
            await answered(interrupts)
            await worker.until(lambda: {"type": "fetched"} in worker.received, within=100)
            return blob

        async def answered(times: int) -> None:
            loop = asyncio.get_running_loop()
            for _ in range(times):
                before = worker.received.count({"type": "interrupt"})
                start = loop.time()
                worker.send(type="state")
                await worker.until(
                    lambda n=before: worker.received.count({"type": "interrupt"}) > n
                )
                latencies.append(loop.time() - start)

        async def back(blob: str, size: int, interrupts: int) -> None:
            worker.blobs.remove(blob)
            pulling = asyncio.create_task(worker.puller.pull(blob, size))
            await answered(interrupts)
            await pulling

        latencies: list[float] = []
        memory = psutil.Process(server.pid)
        # What a first transfer loads is not what a large one needs.
        await back(await there(os.urandom(16 << 20), 1), 16 << 20, 1)
        worker.received.clear()
        before = memory.memory_info().rss
        most = before

        async def sample() -> None:
            nonlocal most
            while True:
                most = max(most, memory.memory_info().rss)
                await asyncio.sleep(0.01)

        sampling = asyncio.create_task(sample())
        size = MEGABYTES * 1_000_000
        data = os.urandom(1 << 20) * (size // (1 << 20)) + b"end"
        blob = await there(data, 20)
        await back(blob, len(data), 20)
        sampling.cancel()
        assert worker.blobs.verify(blob)
        grown = (most - before) / 1e6
        print(
            f"{MEGABYTES} MB each way: memory +{grown:.0f} MB, a message in {max(latencies):.3f} s"
        )
        assert grown < 64
        assert max(latencies) < 2
    finally:
        server.kill()
        await server.wait()
