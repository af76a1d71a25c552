"""The recorded conditions of a run: what may change results though no cell changed.

Hash seed and thread counts are set alike in every worker kernel of a run, since float reductions
change bits with the number of BLAS threads and sets of strings their order with the seed.
"""

from __future__ import annotations

import functools
import getpass
import hashlib
import os
import platform
import socket
from pathlib import Path

from ..model import Json

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def environment(jobs: int) -> dict[str, str]:
    """Variables of every worker kernel; what the user's environment sets stands.

    `jobs` cells at once share the cores, so that a run does not start more threads than there are.
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    threads = str(max(1, cores // max(1, jobs)))
    wanted = {"PYTHONHASHSEED": "0", **dict.fromkeys(THREADS, threads)}
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


@functools.cache
def processor() -> str:
    """The class of this machine's processor: another may round floating-point sums otherwise."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    found = {name.strip(): value.strip() for name, _, value in lines}
    flags = found.get("flags") or found.get("Features") or ""
    name = found.get("model name") or platform.machine()
    return f"{name} ({hashlib.sha256(flags.encode()).hexdigest()[:8]})"


def record(env: dict[str, str]) -> Json:
    """The conditions as the ledger keeps them, with who began the run and where."""
    return {
        "env": env,
        "machine": platform.machine(),
        "system": platform.system(),
        "user": user(),
        "host": socket.gethostname(),
        "processor": processor(),
    }


def for_keys(env: dict[str, str]) -> Json:
    """What of them has a part in results: neither who nor where."""
    return {
        **env,
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": processor(),
    }


def user() -> str:
    """Who this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this number, as in some containers
        return str(os.getuid())
