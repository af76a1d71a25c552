"""Rounds in turn, so that a machine whose speed drifts does not favour one side; medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jupyterlab_dossier.link import LinkServer
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.targets import Catalogue, Target

Measured = Callable[[], Awaitable[float]]


@dataclass
class Row:
    """One thing measured: medians in seconds by side, and what is said of it."""

    title: str
    seconds: Mapping[str, float]
    goals: Mapping[str, float]
    """Side to the ratio ours / theirs that is the goal."""
    unit: str = "ms"
    note: str = ""

    def lines(self) -> list[str]:
        ours = self.seconds["ours"]
        out = [f"| {self.title} | ours | {self._value(ours)} | | |"]
        for side, value in self.seconds.items():
            if side != "ours":
                goal = f"{self.goals[side]:g}" if side in self.goals else ""
                out.append(f"| | {side} | {self._value(value)} | {ours / value:.2f} | {goal} |")
        if self.note:
            out.append(f"| | {self.note} | | | |")
        return out

    def _value(self, seconds: float) -> str:
        if self.unit == "tasks/s":
            return f"{1 / seconds:.0f} tasks/s"
        return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


async def in_turn(rounds: int, sides: Mapping[str, Measured]) -> dict[str, float]:
    """Medians of each side's times, measured A B C A B C ... after one round of warm-up."""
    times: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds + 1):
        for side, measure in sides.items():
            seconds = await measure()
            if number:
                times[side].append(seconds)
    return {side: statistics.median(values) for side, values in times.items()}


@asynccontextmanager
async def engine(**settings: Any) -> AsyncIterator[Engine]:
    """An engine with a local target of these settings."""
    with TemporaryDirectory() as folder:
        target = Target("local", "local", settings)
        made = Engine(Path(folder) / "dossier", Catalogue({"local": target}))
        link = LinkServer(made.store, made.pool)
        await made.start(await link.listen_loopback())
        try:
            yield made
        finally:
            await made.stop()
            await link.close()


class Timer:
    """`with Timer() as t: ...; t.seconds`."""

    def __enter__(self) -> Timer:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start
