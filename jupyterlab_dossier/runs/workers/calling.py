"""Tells workers where their engine is now: its address may change, also while they run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import anyio

from ...store import private_folder
from ...targets import Catalogue, Provider, Target
from ..model import Json
from .worker import Worker

log = logging.getLogger(__name__)

# Where the workers of a target dial in, and the file with the certificate to trust there, if it is
# none that everybody trusts.
Address = tuple[str, "str | None"]

# Seconds between two calls of workers that are not linked: at first, and at most.
CALLS = (1.0, 30.0)


class Calling:
    """Calls workers that are not linked, or not yet, until they are.

    Who is linked knows where we are. Who is not dials the address of its configuration, which may
    have been that of another network: there is one task a target that looks whether it still is.
    """

    def __init__(
        self, workers: Mapping[str, Worker], folder: Path, catalogue: Catalogue,
        address: Callable[[Target, Provider], Awaitable[Address]],
        failed: Callable[[Worker, Exception], None],
    ) -> None:  # fmt: skip
        self._workers = workers
        self._folder = folder
        self._catalogue = catalogue
        self._address = address
        self._failed = failed
        self._called: dict[str, asyncio.Event] = {}
        """Targets whose workers are being called; set, they are at once."""
        self._closed = False

    def close(self) -> None:
        """Workers that are left behind are the next engine's to call."""
        self._closed = True

    async def call(self, target: Target, at_once: bool = False) -> None:
        """Returns when all workers of a target are linked, or another call looks after them."""
        if self._closed:
            return
        if target.name in self._called:
            if at_once:
                self._called[target.name].set()
            return
        now = self._called[target.name] = asyncio.Event()
        if at_once:
            now.set()
        pause, longest = CALLS
        try:
            while self._unlinked(target):
                with anyio.move_on_after(pause):
                    await now.wait()
                now.clear()
                await self._tell(target, self._unlinked(target))
                pause = min(2 * pause, longest)
        finally:
            del self._called[target.name]

    def _unlinked(self, target: Target) -> list[Worker]:
        return [
            worker
            for worker in self._workers.values()
            if worker.target.name == target.name
            and worker.connection is None
            and worker.handle is not None
            and not worker.ended
        ]

    async def _tell(self, target: Target, workers: Sequence[Worker]) -> None:
        provider = self._catalogue.provider(target)
        if provider is None or not workers:
            return
        try:
            address = await self._address(target, provider)
        except Exception as fault:  # of a plugin, too
            for worker in workers:
                self._not_told(worker, fault)
            return
        await asyncio.gather(*(self._tell_one(worker, provider, address) for worker in workers))

    async def _tell_one(self, worker: Worker, provider: Provider, address: Address) -> None:
        folder = self._folder / worker.id
        try:
            if await asyncio.to_thread(_move_config, folder, *address):
                worker.uncalled = True
            if worker.uncalled and worker.handle is not None:
                await provider.moved(worker.handle, folder / CONFIG)
                worker.uncalled = False
        except Exception as fault:  # of a plugin, too
            self._not_told(worker, fault)

    def _not_told(self, worker: Worker, fault: Exception) -> None:
        """Where we have not moved, as far as we know, nothing is amiss."""
        if worker.uncalled:
            self._failed(worker, fault)
        else:
            log.info("whether worker %s knows where we are cannot be seen: %s", worker.id, fault)


CONFIG = "config.json"


def write_config(folder: Path, config: Json) -> None:
    """Writes a worker's configuration, whole and for its owner's eyes only."""
    private_folder(folder.parent)
    private_folder(folder)
    temporary = folder / f"{CONFIG}.new"
    descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(config, file)
    os.replace(temporary, folder / CONFIG)


def _move_config(folder: Path, url: str, ca: str | None) -> bool:
    """Says in a worker's configuration where its server is now; whether that is news."""
    with contextlib.suppress(OSError, ValueError):
        config = json.loads((folder / CONFIG).read_text())
        if (config["url"], config["ca"]) != (url, ca):
            write_config(folder, config | {"url": url, "ca": ca})
            return True
    return False
