"""How far long phases are, in words, and how often they are told."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from support import started, targets, workflow

from jupyterlab_dossier.runs import progress


def test_words_for_bytes() -> None:
    assert progress.amount(1_200_000_000, 2_000_000_000) == "1.2 of 2.0 GB"
    assert progress.amount(0, 2_500_000) == "0.0 of 2.5 MB"
    assert progress.amount(3, 7) == "3 of 7 bytes"
    arrived = {"a": 0, "b": 0}
    words = progress.moving([("a", 10**9), ("b", 10**9), ("a", 10**9)], lambda blob: arrived[blob])
    assert words() is None
    arrived["a"] = 2 * 10**9  # asked for twice: no more than the whole counts
    assert words() == "moving 1.0 of 2.0 GB, 0 s"
    arrived["b"] = 10**9
    assert words() is None


def test_words_for_those_who_wait() -> None:
    assert progress.waiting(lambda: None)() is None
    assert progress.waiting(lambda: 3)() == "waiting for a worker: 3 before it, 0 s"
    assert progress.waiting(lambda: 0)() == "waiting for a worker: it is next, 0 s"


async def test_only_what_is_new_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.001)
    said: list[str] = []
    looks = iter([None, "one", "one", "two"])
    over = asyncio.Event()

    def words() -> str | None:
        found = next(looks, "end")
        if found == "end":
            over.set()
            return None
        return found

    async def tell(line: str) -> None:
        said.append(line)

    async with progress.told(words, tell):
        await asyncio.wait_for(over.wait(), 10)
    assert said == ["one", "two"]


MANY = 200_000_000


async def test_a_transfer_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows the run's events sees growing bytes of the whole, both ways."""
    monkeypatch.setattr(progress, "EVERY", 0.01)
    cells = [
        f"import numpy as np\na = np.random.default_rng(0).integers(0, 255, {MANY}, dtype='u1')",
        {"source": "b = a + 1\nprint(len(b))", "target": "apart"},
    ]
    told: dict[str, list[tuple[float, float]]] = {"preparing": [], "collecting": []}
    async with started(tmp_path / "data", targets(slots=1)) as engine:
        name = await engine.submit(workflow(tmp_path, cells))
        async for event in engine.watch(name):
            words = re.fullmatch(
                r"moving ([\d.]+) of ([\d.]+) MB, \d+ s", event.body.get("why") or ""
            )
            if event.cell == "c1" and words is not None:
                told[event.body["state"]].append((float(words[1]), float(words[2])))
        assert (await engine.wait(name)).state == "done"
    for phase, seen in told.items():
        moved = [done for done, _ in seen]
        assert len(set(moved)) >= 3, phase
        assert moved == sorted(moved) and moved[-1] <= MANY / 1e6, phase
        assert all(abs(whole - MANY / 1e6) < 1 for _, whole in seen), phase


async def test_who_is_cancelled_as_it_ends_hears_it() -> None:
    async def tell(words: str) -> None:
        raise AssertionError(words)

    over = asyncio.Event()

    async def work() -> None:
        async with progress.told(lambda: None, tell):
            await over.wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    over.set()
    await asyncio.sleep(0)  # it has stopped to look, and waits for that
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
