"""What the check at run time costs: python tests/worker/measure_check.py"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from peer import Peer, Result, Server

sys.path.insert(0, str(Path(__file__).parents[2]))

from dossier_worker.build import build

ROUNDS = 25
CHECK = {"budget": 0.005}
PRELOAD = ["numpy", "pandas", "matplotlib", "matplotlib.pyplot"]
CASES = {
    "1 GB array": "import numpy as np; a = np.zeros(2**27)",
    "10^6-element list": "x = list(map(float, range(10**6)))",
    "1,000-column frame": "import numpy as np, pandas as pd\n"
    "d = pd.DataFrame({f'c{i}': np.arange(1000.) + i for i in range(1000)})",
    "200 variables": "for i in range(200): globals()[f'v{i}'] = [i, {'a': i}]",
}

numbers = itertools.count()


async def timed(worker: Peer, kernel: str, **options: Any) -> tuple[float, Result]:
    began = time.perf_counter()
    result = await worker.run("pass", kernel=kernel, **options)
    return 1e3 * (time.perf_counter() - began), result


async def fresh(worker: Peer, **options: Any) -> tuple[float, Result]:
    await asyncio.sleep(0.6)  # until there is a spare
    return await timed(worker, f"fresh{next(numbers)}", keep=False, **options)


async def main() -> None:
    folder = Path(tempfile.mkdtemp())
    server = Server(folder)
    worker = server.worker(build(folder / "dossier_worker.pyz"), preload=PRELOAD)
    await worker.run("pass")
    pairs = [
        ((await fresh(worker))[0], (await fresh(worker, check=CHECK))[0]) for _ in range(ROUNDS)
    ]
    show("fresh kernel", pairs)
    pairs = [
        ((await timed(worker, "k"))[0], (await timed(worker, "k", check=CHECK))[0])
        for _ in range(4 * ROUNDS)
    ]
    show("warm kernel", pairs)
    for name, code in CASES.items():
        made = await worker.run(code, kernel=f"made{next(numbers)}", exports=None)
        given = {
            "inputs": {m["name"]: m["version"] for m in made.done["exports"]},
            "manifests": {m["version"]: m for m in made.done["exports"]},
        }
        timings, unchecked = [], 0
        for _ in range(5):
            without, _ = await fresh(worker, **given)
            with_check, result = await fresh(worker, check=CHECK, **given)
            timings.append((without, with_check))
            unchecked = len(result.done["effects"]["unchecked"])
            seconds = result.done["effects"]["seconds"]
        show(name, timings, f"check {1e3 * seconds:.1f} ms, unchecked names: {unchecked}")
    await server.close()


def show(name: str, pairs: list[tuple[float, float]], more: str = "") -> None:
    for how, words in ((min, "fastest"), (statistics.median, "median")):
        without, with_check = (how(column) for column in zip(*pairs, strict=True))
        print(
            f"{name:20s} {words:8s} {without:8.2f} ms without, {with_check:8.2f} ms with   {more}"
        )


if __name__ == "__main__":
    asyncio.run(main())
