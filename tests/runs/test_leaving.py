"""A worker that has ended holds its place until its platform has let it go."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support import started, workflow

from jupyterlab_dossier.runs.workers import lives
from jupyterlab_dossier.targets import Catalogue, Ended, ProviderFault, Target, WorkerOrder
from jupyterlab_dossier.targets.local import LocalProvider


class Slow(LocalProvider):
    """Local processes on a platform that lets them go when it is told to."""

    kind = "slow"

    def __init__(self) -> None:
        self.go, self.asked = asyncio.Event(), asyncio.Event()
        self.there = 0
        """Workers that it has, and has not let go."""
        self.most = 0

    def options(self, target: Target) -> dict[str, Any]:
        return {"properties": {"env": {"type": "object"}}}

    def worker_options(self, target: Target, asked: dict[str, Any]) -> dict[str, Any]:
        return asked

    async def start(self, order: WorkerOrder) -> dict[str, Any]:
        self.there += 1
        self.most = max(self.most, self.there)
        return await super().start(order)

    async def left(self, handle: dict[str, Any]) -> None:
        self.asked.set()
        await self.go.wait()
        self.there -= 1


def catalogue(workers: int) -> tuple[Slow, Catalogue]:
    slow = Slow()
    settings = {"shared": True, "shares_folder": True, "slots": 1, "workers": workers}
    targets = {"local": Target("local", "local"), "slow": Target("slow", "slow", settings)}
    return slow, Catalogue(targets, {"local": LocalProvider(), "slow": slow})


def cells(*moods: str) -> list[dict[str, Any]]:
    """Cells that run one after the other, each with options of its own."""
    names = ["0", *(f"v{n}" for n in range(len(moods)))]
    return [
        {
            "source": f"v{n} = {names[n]} + 1\nprint(v{n})",
            "target": "slow", "options": {"env": {"MOOD": mood}},
        }
        for n, mood in enumerate(moods)
    ]  # fmt: skip


async def test_a_cell_waits_for_its_place_and_says_so(tmp_path: Path) -> None:
    slow, targets = catalogue(workers=1)
    async with started(tmp_path / "data", targets) as engine:
        run = await engine.submit(workflow(tmp_path, cells("calm", "glad")))
        await asyncio.wait_for(slow.asked.wait(), 60)

        async def told() -> None:
            async for event in engine.watch(run):
                if "a worker that has ended is not gone yet" in str(event.body.get("why")):
                    return
            raise AssertionError("it was not told")

        await asyncio.wait_for(told(), 60)
        assert slow.there == 1
        slow.go.set()
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why
        assert (slow.most, len(await engine.ledger.tasks.attempts(run))) == (1, 2)
        slow.go.set()


async def test_as_many_make_room_as_are_needed(tmp_path: Path) -> None:
    """Two that wait take the places of two; one that waits takes one."""
    slow, targets = catalogue(workers=2)
    slow.go.set()
    async with started(tmp_path / "data", targets) as engine:

        async def run(*moods: str) -> None:
            sources = [
                {"source": f"print({mood!r}, {moods})", "target": "slow",
                 "options": {"env": {"MOOD": mood}}}
                for mood in moods
            ]  # fmt: skip
            ended = await engine.wait(await engine.submit(workflow(tmp_path, sources)))
            assert ended.state == "done", ended.why

        def moods() -> set[str]:
            alive = (w for w in engine.pool.workers.values() if not w.ended)
            return {w.made_by.options.split('"')[5] for w in alive}

        await run("calm", "glad")
        assert moods() == {"calm", "glad"}
        await run("keen", "loud")
        assert moods() == {"keen", "loud"}
        await run("keen", "wild")
        assert moods() == {"keen", "wild"}
        assert slow.most == 2


async def test_what_a_platform_does_not_let_go_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lives, "LEAVING", 0.1)
    _, targets = catalogue(workers=1)
    async with started(tmp_path / "data", targets) as engine:
        run = await engine.submit(workflow(tmp_path, cells("calm", "glad")))
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why


async def test_a_place_is_kept_while_the_platform_does_not_answer(tmp_path: Path) -> None:
    slow, targets = catalogue(workers=1)
    left, questions = slow.left, 0

    async def away(handle: dict[str, Any]) -> None:
        nonlocal questions
        questions += 1
        if questions == 1:
            raise OSError("nobody answers")
        await left(handle)

    slow.left = away  # type: ignore[method-assign]
    async with started(tmp_path / "data", targets) as engine:
        run = await engine.submit(workflow(tmp_path, cells("calm", "glad")))
        await asyncio.wait_for(slow.asked.wait(), 60)
        assert (slow.there, questions) == (1, 2)
        slow.go.set()
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why
        assert slow.most == 1


async def test_a_worker_that_cannot_be_taken_away_holds_its_place_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its platform tells of no end, and it is told of none."""
    monkeypatch.setattr(lives, "LEAVING", 0.1)
    monkeypatch.setattr(lives, "FAREWELL", 0.1)
    slow, targets = catalogue(workers=1)
    asked: list[dict[str, Any]] = []

    async def refused(handle: dict[str, Any]) -> None:
        asked.append(handle)
        raise ProviderFault("you may not delete it")

    async def lasts(handle: dict[str, Any], tell: Any) -> Ended:
        await asyncio.Event().wait()
        raise AssertionError

    end = slow.end
    slow.end, slow.wait = refused, lasts  # type: ignore[method-assign,assignment]
    async with started(tmp_path / "data", targets) as engine:
        run = await engine.submit(workflow(tmp_path, cells("calm", "glad")))
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why
        slow.end = end  # type: ignore[method-assign]
    for handle in asked:
        await end(handle)
