"""What a notebook's kernelspec means for workers: which interpreter, and whose kernel."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PYTHON = re.compile(r"python(\d(\.\d+)?)?(\.exe)?$")


class NoSuchKernel(LookupError):
    """No kernelspec of this name is installed."""


@dataclass(frozen=True)
class Interpreter:
    """How worker kernels of a kernelspec are made."""

    python: str
    """Interpreter that runs the worker."""
    argv: tuple[str, ...] | None
    """The kernelspec's own command where it is not plain ipykernel (a stock kernel is started)."""
    env: dict[str, str]


def find(name: str) -> Any:
    """The `jupyter_client.kernelspec.KernelSpec` of this name. Raises `NoSuchKernel`."""
    from jupyter_client import kernelspec  # a large import, which few commands need

    try:
        return kernelspec.KernelSpecManager().get_kernel_spec(name)
    except kernelspec.NoSuchKernel:
        raise NoSuchKernel(name) from None


def interpreter(name: str) -> Interpreter:
    """Reads a kernelspec. Raises `NoSuchKernel`."""
    spec = find(name)
    argv = list(spec.argv)
    env = {key: str(value) for key, value in spec.env.items()}
    # jupyter_client starts `python` of a kernelspec with its own interpreter, and so do we.
    first = sys.executable if _PYTHON.fullmatch(argv[0]) else argv[0]
    if _PYTHON.fullmatch(Path(first).name) and "-m" in argv[1:]:
        module = argv.index("-m") + 1
        plain = all(option.startswith("-X") for option in argv[1 : module - 1])
        if (
            plain
            and argv[module : module + 1] in (["ipykernel_launcher"], ["ipykernel"])
            and argv[module + 1 :] == ["-f", "{connection_file}"]
        ):
            return Interpreter(first, None, env)
    return Interpreter(sys.executable, (first, *argv[1:]), env)
