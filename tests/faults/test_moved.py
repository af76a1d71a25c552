"""The engine's address changes while its workers run, as a laptop's does in another network."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from support import workflow

from jupyterlab_dossier.link import LinkServer, Outside
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.targets import Catalogue, Target, WorkerOrder
from jupyterlab_dossier.targets.local import LocalProvider

WAITS = (
    "import os, pathlib, time\npathlib.Path('on').touch()\n"
    "while not os.path.exists('go'): time.sleep(0.02)\nprint(x + 1)"
)


class Distant(LocalProvider):
    """Local processes, to which this machine has an address that changes."""

    kind = "distant"
    address = "127.0.0.1"

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.at_start = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def face(self, target: Target) -> str:  # type: ignore[override]
        return self.address

    async def start(self, order: WorkerOrder) -> dict[str, Any]:
        self.at_start.set()
        await self.go_on.wait()
        return await super().start(order)

    async def moved(self, handle: dict[str, Any], config: Path) -> None:
        assert not self.told.is_set(), "it is told once"
        self.told.set()


@pytest.mark.parametrize("when", ["before it dials", "in a cell"])
async def test_a_worker_finds_its_engine_at_another_address(tmp_path: Path, when: str) -> None:
    provider = Distant()
    place = Target("distant", "distant", {"shared": True, "shares_folder": True})
    here = Target("local", "local")
    providers = {"local": LocalProvider(), "distant": provider}
    engine = Engine(tmp_path / "dossier", Catalogue({"distant": place, "local": here}, providers))
    link = LinkServer(engine.store, engine.pool)
    engine.pool.lives.forget = link.forget
    engine.pool.lives.outside = Outside(link, tmp_path / "link", served=False)
    await engine.start(await link.listen_loopback())

    async def move() -> None:
        """What listened at the address is there no more."""
        provider.address = "localhost"
        door = link._http.pop()
        door.stop()
        for handler in list(link._handlers):
            handler.end(1001, "its address is gone")

    try:
        if when == "before it dials":
            provider.go_on.clear()
        cells = [{"source": source, "target": "distant"} for source in ("x = 41", WAITS)]
        run = await engine.submit(workflow(tmp_path, cells))
        if when == "before it dials":
            await asyncio.wait_for(provider.at_start.wait(), 60)
            await move()
            provider.go_on.set()

        async def on() -> None:
            while not (tmp_path / "on").exists():
                await asyncio.sleep(0.02)

        await asyncio.wait_for(on(), 60)
        (worker,) = engine.pool.workers.values()
        if when == "in a cell":
            await move()
            await asyncio.wait_for(provider.told.wait(), 60)
            await asyncio.wait_for(engine.pool.roster.reconnected(worker), 60)
        config = json.loads(
            (tmp_path / "dossier" / "workers" / worker.id / "config.json").read_text()
        )
        assert config["url"].startswith("wss://localhost:")
        assert provider.told.is_set()
        (tmp_path / "go").touch()
        record = await asyncio.wait_for(engine.wait(run), 60)
        assert record.state == "done", record.why
        outputs, _ = await engine.outputs(run)
        assert outputs["c1"][0]["text"] == "42\n"
        assert len(await engine.ledger.tasks.attempts(run)) == 2
    finally:
        await engine.stop()
        await link.close()
