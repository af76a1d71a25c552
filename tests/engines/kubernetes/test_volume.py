"""Server and pods mount the same volume: values and files are there, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from namespaces import Namespace, cell, gone
from support import started, workflow

from jupyterlab_dossier.link import peer
from jupyterlab_dossier.targets import Catalogue, Target


async def test_values_and_files_of_a_shared_volume_are_not_sent(
    namespace: Namespace, volume: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    fetch = peer.Peer.fetch

    async def counted(self: peer.Peer, blob: str, size: int | None) -> None:
        fetched.append(blob)
        await fetch(self, blob, size)

    monkeypatch.setattr(peer.Peer, "fetch", counted)
    options = {"volumes": [{"claim": volume, "path": str(tmp_path)}], "memory": "600Mi"}
    settings = namespace.settings(shared=True, shares_folder=True, options=options)
    catalogue = Catalogue({"pods": Target("pods", "kubernetes", settings)})
    async with started(tmp_path / "dossier", catalogue) as engine:
        (tmp_path / "dossier").chmod(0o777)
        sources = [
            {"source": "import numpy as np\ndata = np.arange(4_000_000)", "target": "local"},
            cell("double = data * 2\nwith open('made.txt', 'w') as f: f.write('by the pod')"),
            {"source": "print(double.sum(), open('made.txt').read())", "target": "local"},
        ]
        run = await engine.submit(workflow(tmp_path, sources))
        record = await engine.wait(run)
        assert record.state == "done", f"{record.to_json()}"
        outputs, _ = await engine.outputs(run)
        assert outputs["c2"][0]["text"] == "15999996000000 by the pod\n"
    assert (tmp_path / "made.txt").stat().st_uid == 1000
    assert fetched == []
    await gone(namespace)
