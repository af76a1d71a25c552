"""Workflow runs in any allowed order give the outputs of Restart & Run All.

A seeded sample by default; with DOSSIER_FULL every notebook in every way, resumable.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest

from . import corpus, order

FULL = bool(os.environ.get("DOSSIER_FULL"))
SEED = int(os.environ.get("DOSSIER_SEED") or 1)
SAMPLE = {"long": 3, "small": 12}
AT_ONCE = 3


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", corpus.KINDS)
async def test_any_allowed_order(kind: corpus.Kind, tmp_path: Path) -> None:
    print(f"DOSSIER_SEED={SEED}")
    rng = random.Random(f"{SEED} {kind}")
    names = corpus.names(kind)
    if not FULL:
        names = rng.sample(names, min(SAMPLE[kind], len(names)))
    record = order.Record() if FULL else None
    turn = asyncio.Semaphore(AT_ONCE)
    async with order.started(tmp_path / "dossier") as engine:

        async def one(name: str, ways: tuple[order.Way, ...]) -> dict[str, Any]:
            async with turn:
                cells = corpus.load(kind, name)
                folder = tmp_path / name
                return await order.examine(engine, f"{kind}/{name}", cells, ways, folder, record)

        def ways() -> tuple[order.Way, ...]:
            return order.ALL_WAYS if FULL else (rng.choice(order.ALL_WAYS[:12]),)

        entries = await asyncio.gather(*(one(name, ways()) for name in names))
    print(order.summary(entries))
    different = {
        f"{name}, {way}": run["differences"]
        for name, entry in zip(names, entries, strict=True)
        for way, run in entry["runs"].items()
        if run["differences"]
    }
    assert not different


async def test_a_missing_edge_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the edges of the graph the oracle must find a difference."""
    cells = corpus.parse("# %%\nx = [1]\n# %%\nx.append(2)\n# %%\nprint(x)")
    async with order.started(tmp_path / "dossier") as engine:
        real = engine.graph_of

        async def without(*arguments: Any) -> Any:
            graph = await real(*arguments)
            graph["cells"][2]["inputs"] = {"x": "c0"}
            graph["edges"] = [edge for edge in graph["edges"] if edge["from"] != "c1"]
            return graph

        monkeypatch.setattr(engine, "graph_of", without)
        entry = await order.examine(
            engine, "missing", cells, [order.Way(order.LATEST_FIRST, 1)], tmp_path / "runs"
        )
    (run,) = entry["runs"].values()
    assert set(run["differences"]) == {"c2"} and run["out_of_order"] == 1
