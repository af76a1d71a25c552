"""Small pieces of process state that are read as a whole: word -> value."""

from __future__ import annotations

import _locale
import decimal
import gc
import logging
import os
import signal
import socket
import sys
import warnings
from typing import Any

from ...values.singletons import shell_of_process
from .items import same_items

# What signal.getsignal wraps; that one looks the answer up among the members of an enum.
_getsignal = getattr(sys.modules["_signal"], "getsignal", signal.getsignal)


def read() -> dict[str, Any]:
    """Lists are compared by the identity of what is in them."""
    found: dict[str, Any] = {
        "cwd": _cwd(),
        "sys.path": list(sys.path),
        "warnings filters": list(warnings.filters),
        "locale": _locale.setlocale(_locale.LC_ALL),
        "recursion limit": sys.getrecursionlimit(),
        "sys.stdout": [sys.stdout],
        "sys.stderr": [sys.stderr],
        "sys.excepthook": [sys.excepthook],
        "decimal context": _decimal(),
        "logging": _logging(),
        "gc": (gc.isenabled(), gc.get_threshold()),
        "socket timeout": socket.getdefaulttimeout(),
        "switch interval": sys.getswitchinterval(),
    }
    for number, word in _SIGNALS:
        found[word] = [_getsignal(number)]
    numpy = sys.modules.get("numpy")
    if hasattr(numpy, "get_printoptions"):
        assert numpy is not None
        found["numpy print options"] = numpy.get_printoptions()
        found["numpy error state"] = numpy.geterr()
    sklearn = sys.modules.get("sklearn")
    if hasattr(sklearn, "get_config"):
        assert sklearn is not None
        found["sklearn configuration"] = sklearn.get_config()
    shell = shell_of_process()
    if shell is not None:
        found.update(_ipython(shell))
    return found


# Whose callbacks come with the first picture.
_OWN = ("IPython.", "ipykernel.", "matplotlib")


def same(before: Any, now: Any) -> bool:
    if isinstance(before, list) and isinstance(now, list):
        return same_items(before, now)
    return bool(before == now)


# Those that programs handle. SIGINT is ours while a cell runs.
_SIGNALS = [
    (int(getattr(signal, name)), f"signal {name}")
    for name in ("SIGALRM", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGPIPE",
                 "SIGQUIT", "SIGVTALRM", "SIGPROF", "SIGSEGV", "SIGFPE", "SIGWINCH")
    if hasattr(signal, name)
]  # fmt: skip


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _decimal() -> tuple[Any, ...]:
    context = decimal.getcontext()
    return (context.prec, context.rounding, context.Emin, context.Emax, context.capitals,
            context.clamp, tuple(context.traps.values()))  # fmt: skip


def _logging() -> list[Any]:
    root = logging.getLogger()
    return [root.level, root.disabled, logging.root.manager.disable, *root.handlers, *root.filters]


def _ipython(shell: Any) -> dict[str, Any]:
    manager = shell.input_transformer_manager
    return {
        "sys.displayhook": [sys.displayhook, shell.displayhook],
        "IPython extensions": sorted(shell.extension_manager.loaded),
        "IPython events": [
            callback
            for each in shell.events.callbacks.values()
            for callback in each
            if not str(getattr(callback, "__module__", "")).startswith(_OWN)
        ],
        "IPython transformers": [
            *shell.input_transformers_post, *shell.ast_transformers, *manager.cleanup_transforms,
            *manager.line_transforms, *manager.token_transformers,
        ],
        "IPython traceback mode": [shell.InteractiveTB.mode],
    }  # fmt: skip
