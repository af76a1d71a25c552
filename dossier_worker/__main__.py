"""`python <zipapp> config.json`: the worker. The other forms are for its own processes."""

from __future__ import annotations

import os
import sys


def main() -> None:
    match sys.argv[1:]:
        case ["--zygote", fd, blobs, *preload]:
            from .kernel import zygote

            zygote.main(int(fd), blobs, preload)
        case ["--kernel", fd, blobs]:
            from .kernel import host

            host.main(int(fd), blobs)
        case ["--guard", *argv]:
            from .kernel import processes

            processes.guard(argv)
        case ["--compare"]:
            from . import comparing

            # What the user's code prints, natively too, must not come between the answers.
            answers = os.fdopen(os.dup(1), "w")
            os.dup2(2, 1)
            comparing.main(sys.stdin, answers)
        case [config] if not config.startswith("-"):
            from . import worker

            sys.exit(worker.main(config))
        case _:
            sys.exit("usage: python dossier_worker.pyz CONFIG.json")


if __name__ == "__main__":
    main()
