"""How far long phases are, in words, and how often they are told."""

from __future__ import annotations

import asyncio

import pytest

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
