"""Runs a command (argv: seconds, command, arguments) without a terminal, and ends it in time.

It ends with all that it started after these seconds, or once whoever asked for it is no more. A
program of its own, of the standard library alone: it also outlives who asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

_LOOK = 0.5


def main(seconds: float, command: list[str]) -> int:
    """The command's exit status."""
    asked_by, until = os.getppid(), time.monotonic() + seconds
    env = dict(os.environ)
    info = json.loads(env["KUBERNETES_EXEC_INFO"])
    info["spec"]["interactive"] = False
    env["KUBERNETES_EXEC_INFO"] = json.dumps(info)
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env=env, start_new_session=True
        )
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    while True:
        try:
            return process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            if time.monotonic() > until or os.getppid() != asked_by:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        import signal

        os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
