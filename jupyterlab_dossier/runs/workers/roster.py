"""The workers of one engine, and news of them."""

from __future__ import annotations

import asyncio

from ...targets import Target
from .worker import Kernel, Lost, Recipe, Worker


class News:
    """Wakes everybody who waits for it."""

    def __init__(self) -> None:
        self._come = asyncio.Event()

    def tell(self) -> None:
        come, self._come = self._come, asyncio.Event()
        come.set()

    async def wait(self) -> None:
        await self._come.wait()


class Roster:
    """The workers that an engine has, by name."""

    def __init__(self) -> None:
        self.workers: dict[str, Worker] = {}
        self.leaving: dict[str, Worker] = {}
        """Those that have ended, whose platform has not let them go: each holds its place."""
        self.news = News()
        """Of workers: ready, free, in another phase, cut off, or gone."""
        self.heard: dict[str, tuple[str, int]] = {}
        """Epoch and number of each one's last durable message, until nothing of it is left."""

    def kernel(self, name: str) -> Kernel | None:
        """A worker kernel that lives, by its id."""
        found = (worker.kernels.get(name) for worker in self.workers.values())
        return next((kernel for kernel in found if kernel is not None), None)

    def warm(self, target: Target, recipe: Recipe) -> Worker | None:
        """A worker that is linked now and would run cells of this recipe."""
        alike = (
            w
            for w in self.workers.values()
            if w.target.name == target.name and w.recipe == recipe.key
        )
        return next((w for w in alike if w.connection is not None and not w.ended), None)

    async def reconnected(self, worker: Worker) -> None:
        """Returns when the worker is linked again. Raises `Lost` where it has ended."""
        while worker.connection is None and not worker.ended:
            await self.news.wait()
        if worker.ended:
            raise Lost(f"the worker was lost: {worker.ended}", worker=True)
