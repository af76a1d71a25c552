"""Hosts an engine that kills itself while it puts files into the notebook's folder.

argv: folder, the point (`put`, `replace` or `commit`), and after how many of these it dies. Prints
the run's name before that.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "runs"))

from support import away, started, workflow

from jupyterlab_dossier.runs.files import returned


def dies(before: int, what: Callable[..., Any], when: Callable[..., bool]) -> Callable[..., Any]:
    done = 0

    def call(*arguments: Any) -> Any:
        nonlocal done
        if when(*arguments):
            done += 1
            if done > before:
                os.kill(os.getpid(), signal.SIGKILL)
        return what(*arguments)

    return call


async def main(folder: Path, point: str, before: int) -> None:
    if point == "put":
        returned._Placing.put = dies(before, returned._Placing.put, lambda *_: True)  # type: ignore[method-assign]
    elif point == "replace":
        nb = str(folder / "nb")
        os.replace = dies(before, os.replace, lambda a, b: str(b).startswith(nb))
    source = (folder / "cell.py").read_text()
    async with started(folder / "dossier", away()) as engine:
        asked = workflow(folder / "nb", [source, "print(open('f4').read())"], default_target="away")
        run = await engine.submit(asked)
        print(run, flush=True)
        if point == "commit":
            engine.ledger.tasks.commit = dies(before, engine.ledger.tasks.commit, lambda *_: True)  # type: ignore[method-assign]
        await engine.wait(run)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
