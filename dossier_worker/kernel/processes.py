"""Processes that end together."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading

from .memory import Kills

_KILLS = Kills()
_PR_SET_PDEATHSIG = 1


def die_with_parent(watched: int, parent: int | None = None) -> None:
    """End this process when its parent ends.

    Linux does it whatever this process is busy with. Elsewhere a thread watches the socket to
    the parent (`watched`) for its end.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if parent is not None and os.getppid() != parent:
            os._exit(1)  # it ended before we asked
        return

    def watch() -> None:
        poll = select.poll()
        poll.register(watched, select.POLLHUP)
        poll.poll()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="dossier-watch", daemon=True).start()


def kill_group(pid: int) -> None:
    """Kill a worker kernel and whatever it started (joblib's processes outlive it otherwise)."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
        return


def words(status: int) -> tuple[int | None, int | None, str]:
    """(signal, exit code, words) of a wait status."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return None, code, f"it ended by itself with exit code {code}"
    number = -code
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    why = f"killed by signal {number} ({name})"
    if number == signal.SIGKILL:
        why += f", {_KILLS.words() or 'possibly out of memory'}"
    return number, None, why


def guard(argv: list[str]) -> None:
    """Become another program that ends when our parent ends."""
    die_with_parent(-1, os.getppid())
    os.execvp(argv[0], argv)
