"""A gigabyte through a volume: run by `benchmarks.engines` as the pods' user.

argv: the folder that is the volume, and how many rounds; prints the medians as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from .engines import GIGABYTE, MADE, NAMESPACE, SYNCED, WRITTEN, engine_of_pods
from .harness import Timer, in_turn
from .ours import place, run_of


async def main(folder: Path, rounds: int) -> dict[str, float]:
    options = {"volumes": [{"claim": NAMESPACE, "path": str(folder)}]}
    async with (
        engine_of_pods(folder, shared=True, shares_folder=True, options=options) as made,
        place(made, "pods") as pod,
        place(made) as here,
    ):
        run = await run_of(made, 9 * rounds + 9)
        numbers = iter(range(9 * rounds + 9))
        file = folder / "written"

        async def warm() -> None:
            """A virtual machine gives freed memory back to its host, and gets it again slowly: each
            side finds as much at hand."""
            number = next(numbers)
            source = (
                f"import os\n{MADE.format(number=number)}\na.tofile({str(file)!r})\n"
                f"os.remove({str(file)!r})\ndel a"
            )
            await pod.cell(source, run, f"t{number}")

        async def ours() -> float:
            await warm()
            number = next(numbers)
            with Timer() as timer:
                there = await pod.cell(MADE.format(number=number), run, f"t{number}", exports=["a"])
                (manifest,) = there.manifests
                await here.cell(
                    f"assert a[-1] == {number}", run, f"t{next(numbers)}",
                    inputs={"a": manifest["version"]}, manifests={manifest["version"]: manifest},
                )  # fmt: skip
            await here.cell("del a", run, f"t{next(numbers)}")
            (blob,) = (part["blob"] for part in manifest["buffers"])
            assert made.store.blobs.size(blob) == GIGABYTE
            made.store.remove(blob)
            return timer.seconds

        async def written(how: str) -> float:
            await warm()
            number = next(numbers)
            source = (
                f"import os\n{MADE.format(number=number)}\n"
                f"with open({str(file)!r}, 'wb') as file:\n    a.tofile(file)\n{how}"
            )
            with Timer() as timer:
                await pod.cell(source, run, f"t{number}")
            assert file.stat().st_size == GIGABYTE
            file.unlink()
            return timer.seconds

        sides = {
            "ours": ours,
            WRITTEN: partial(written, ""),
            SYNCED: partial(written, "    os.fsync(file.fileno())"),
        }
        return await in_turn(rounds, sides)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))))
