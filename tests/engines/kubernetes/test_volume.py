"""Server and pods mount the same volume: a notebook's files are there, and none is sent."""

from __future__ import annotations

from pathlib import Path

from namespaces import Namespace, cell, gone
from support import started, workflow

from jupyterlab_dossier.targets import Catalogue, Target


async def test_files_of_a_shared_folder_are_there_for_both(
    namespace: Namespace, volume: str, tmp_path: Path
) -> None:
    options = {"volumes": [{"claim": volume, "path": str(tmp_path)}], "memory": "600Mi"}
    settings = namespace.settings(shares_folder=True, options=options)
    catalogue = Catalogue({"pods": Target("pods", "kubernetes", settings)})
    (tmp_path / "given.txt").write_text("by the server")
    async with started(tmp_path / "dossier", catalogue) as engine:
        sources = [
            {"source": "import numpy as np\ndata = np.arange(4_000_000)", "target": "local"},
            cell(
                "double = data * 2\n"
                "text = open('given.txt').read() + ', by the pod'\n"
                "with open('made.txt', 'w') as f: f.write(text)"
            ),
            {"source": "print(double.sum(), open('made.txt').read())", "target": "local"},
        ]
        run = await engine.submit(workflow(tmp_path, sources))
        record = await engine.wait(run)
        assert record.state == "done", f"{record.to_json()}"
        outputs, _ = await engine.outputs(run)
        assert outputs["c2"][0]["text"] == "15999996000000 by the server, by the pod\n"
    assert (tmp_path / "made.txt").stat().st_uid == 1000
    await gone(namespace)
