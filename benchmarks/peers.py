"""The peers, each set up as its documentation has it for one machine with two workers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_client.manager import AsyncKernelManager


def nothing() -> None:
    """The task of no-op benchmarks."""


@contextlib.asynccontextmanager
async def bare_kernel() -> AsyncIterator[Any]:
    """A client of a plain ipykernel."""
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    try:
        yield client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def execute(client: Any, code: str) -> None:
    """Executes code and returns at its reply and idle, as a notebook does."""
    await client._async_execute_interactive(code, output_hook=lambda message: None)


@contextlib.contextmanager
def parsl(workers: int, prefetch: int = 0, encrypted: bool = True) -> Iterator[Any]:
    """A python_app that does nothing, on Parsl's HighThroughputExecutor."""
    import parsl as package
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import LocalProvider

    with TemporaryDirectory() as folder:
        executor = HighThroughputExecutor(
            label="htex",
            address="127.0.0.1",
            max_workers_per_node=workers,
            prefetch_capacity=prefetch,
            encrypted=encrypted,
            provider=LocalProvider(init_blocks=1, max_blocks=1),
        )
        package.load(Config(executors=[executor], run_dir=os.path.join(folder, "runs")))
        try:
            yield package
        finally:
            package.dfk().cleanup()
            package.clear()


@contextlib.contextmanager
def dask(workers: int) -> Iterator[Any]:
    """A client of a dask cluster of single-threaded worker processes."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client
