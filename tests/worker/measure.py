"""How fast worker kernels are beside a bare ipykernel: python tests/worker/measure.py"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import AsyncKernelManager
from peer import Peer, Server

sys.path.insert(0, str(Path(__file__).parents[2]))

from dossier_worker.build import build

ROUNDS, WARM, STARTS = 15, 40, 5


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def cold() -> None:
    """What a stock kernel takes from start to its first cell done."""
    manager = AsyncKernelManager()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    await client.execute_interactive("pass", output_hook=lambda _: None)
    client.stop_channels()
    await manager.shutdown_kernel(now=True)


async def main() -> None:
    folder = Path(tempfile.mkdtemp())
    server = Server(folder)
    zipapp = build(folder / "dossier_worker.pyz")
    peer = server.worker(zipapp)
    stock_argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    stock = server.worker(zipapp, argv=stock_argv)
    manager = AsyncKernelManager()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)

    async def bare() -> None:
        await client.execute_interactive("pass", output_hook=lambda _: None)

    blocking = BlockingKernelClient()
    blocking.load_connection_info(client.get_connection_info())
    blocking.start_channels()
    blocking.wait_for_ready(timeout=60)

    async def bare_blocking() -> None:
        # In a thread: its own event loop cannot run within ours.
        await asyncio.to_thread(blocking.execute, "pass", reply=True)

    async def warm(worker: Peer) -> float:
        return statistics.median([await seconds(lambda: worker.run("pass")) for _ in range(WARM)])

    for worker in (peer, stock):
        await worker.run("pass")
    rounds = [
        (
            statistics.median([await seconds(bare_blocking) for _ in range(WARM)]),
            statistics.median([await seconds(bare) for _ in range(WARM)]),
            await warm(peer),
            await warm(stock),
        )
        for _ in range(ROUNDS)
    ]
    _show("warm no-op: ipykernel, blocking client", rounds, 0)
    _show("  ipykernel, asynchronous client", rounds, 1)
    _show("  own worker kernel", rounds, 2)
    _show("  stock kernel behind the worker", rounds, 3)

    starts = []
    for number in range(STARTS):
        stock_time = await seconds(cold)
        await peer.run("pass")  # its end is the moment a spare is made
        await asyncio.sleep(0.5)
        spare = await seconds(lambda n=number: peer.run("pass", kernel=f"s{n}", keep=False))
        # The spare is used up and the next not made yet: these two are forked at once.
        pair = [f"f{number}", f"g{number}"]
        await asyncio.sleep(0.5)
        forks = await seconds(
            lambda p=pair: asyncio.gather(*(peer.run("pass", kernel=k, keep=False) for k in p))
        )
        starts.append((stock_time, spare, forks))
    _show("fresh kernel: cold ipykernel", starts, 0)
    _show("  spare", starts, 1)
    _show("  two at once, a spare and a fork", starts, 2)
    for each in (client, blocking):
        each.stop_channels()
    await manager.shutdown_kernel(now=True)
    await server.close()


def _show(name: str, rounds: list[tuple[float, ...]], column: int) -> None:
    value = statistics.median(r[column] for r in rounds)
    ratio = statistics.median(r[column] / r[0] for r in rounds)
    print(f"{name:38s} {1e3 * value:8.2f} ms   {ratio:.3f} x")


if __name__ == "__main__":
    asyncio.run(main())
