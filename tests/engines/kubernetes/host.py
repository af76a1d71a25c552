"""Hosts an engine with a target of pods in a process of its own, so that it can be killed.

argv: folder, JSON of the target's settings, JSON of [cells] or the name of a run to take up, and
perhaps "stay"; prints the run, what its cells say, and its record when it has ended. Where it
stays, its pods do, too.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "runs"))

from support import started, workflow

from jupyterlab_dossier.targets import Catalogue, Target


async def main(folder: Path, settings: dict[str, Any], what: str) -> None:
    catalogue = Catalogue({"pods": Target("pods", "kubernetes", settings)})
    async with started(folder / "dossier", catalogue) as engine:
        if what.startswith("["):
            run = await engine.submit(workflow(folder, json.loads(what)))
            print(json.dumps({"run": run}), flush=True)
            async for event in engine.watch(run):
                if event.kind == "output":
                    for line in event.body["content"]["text"].splitlines(keepends=True):
                        print(json.dumps({"said": line}), flush=True)
        else:
            run = what
            await engine.resume(run)
        record = await engine.wait(run)
        outputs, _ = await engine.outputs(run)
        print(json.dumps({**record.to_json(), "outputs": outputs}), flush=True)
        if sys.argv[4:] == ["stay"]:
            await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]))
