"""Hosts an engine in a process of its own, so that it can be killed and measured.

argv: folder, JSON of [cells]; prints the run's name, then its record when it has ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "runs"))

from support import started, workflow


async def main(folder: Path, run: str | None, cells: list[object]) -> None:
    async with started(folder / "dossier") as engine:
        if run is None:
            run = await engine.submit(workflow(folder, cells))  # type: ignore[arg-type]
        else:
            await engine.resume(run)
        print(run, flush=True)
        record = await engine.wait(run)
        outputs, _ = await engine.outputs(run)
        print(json.dumps({**record.to_json(), "outputs": outputs}), flush=True)


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    asyncio.run(
        main(
            Path(sys.argv[1]),
            given if isinstance(given, str) else None,
            given if isinstance(given, list) else [],
        )
    )
