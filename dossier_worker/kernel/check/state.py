"""Process state: what is not in a variable, but is there for all code of the process."""

from __future__ import annotations

import decimal
import gc
import locale
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from ...values.singletons import shell_of_process
from .cell import Cell, Effects
from .items import same_items

# Modules that are watched wherever they are imported, and classes in them.
_MODULES = ("builtins", "numpy", "pandas", "matplotlib", "matplotlib.pyplot", "warnings", "logging",
            "json", "os", "sys", "time", "random", "math", "numpy.random")  # fmt: skip
_CLASSES = ("pandas.DataFrame", "pandas.Series", "pandas.Index", "matplotlib.figure.Figure",
            "matplotlib.axes.Axes", "matplotlib.pyplot.Figure", "matplotlib.pyplot.Axes",
            "logging.Logger")  # fmt: skip
# Attributes of watched modules that change by themselves.
_RESTLESS = frozenset({
    "sys.last_type", "sys.last_value", "sys.last_traceback", "sys.last_exc", "sys.modules",
    "sys.path", "sys.stdout", "sys.stderr", "sys.displayhook", "sys.excepthook", "sys.ps1",
    "sys.ps2", "sys.ps3", "sys.argv", "builtins.__IPYTHON__", "builtins.display",
    "builtins.get_ipython", "builtins.exit", "builtins.quit", "builtins._", "time.tzname",
})  # fmt: skip

Reader = Callable[[], dict[str, Any]]


class State:
    def __init__(self) -> None:
        self._before: dict[str, Any] = {}
        self._modules: dict[str, tuple[ModuleType, dict[str, Any]]] = {}
        self._classes: dict[str, tuple[type, dict[str, Any]]] = {}
        self._threads: set[int | None] = set()
        self._loaded: set[str] = set()

    def begin(self, cell: Cell) -> None:
        self._before = _read()
        self._threads = {thread.ident for thread in threading.enumerate()}
        self._loaded = set(sys.modules)
        modules = dict(_watched_modules(cell))
        self._modules = {n: (m, dict(vars(m))) for n, m in modules.items()}
        self._classes = {n: (c, dict(vars(c))) for n, c in _watched_classes(cell)}

    def report(self, cell: Cell, effects: Effects) -> None:
        words: set[str] = effects["process"]
        imported = any(name not in self._loaded for name in sys.modules)
        now = _read()
        for name, value in now.items():
            changed = name in self._before and not _same(self._before[name], value)
            if changed and not (imported and name in _BY_IMPORTS):
                words.add(name)
        for name in self._before.keys() - now.keys():
            words.add(name)
        for name in now.keys() - self._before.keys():
            if name.startswith("os.environ"):
                words.add(name)
        for name, (module, before) in self._modules.items():
            if sys.modules.get(name, module) is not module or name not in sys.modules:
                words.add(f"sys.modules[{name!r}]")
            words.update(_attributes(name, before, vars(module), local=cell.owns(vars(module))))
        for name, (cls, attributes) in self._classes.items():
            words.update(_attributes(name, attributes, dict(vars(cls)), local=False))
        for thread in threading.enumerate():
            if thread.ident not in self._threads and _is_own(cell, thread):
                words.add("threads")
        self._before, self._modules, self._classes = {}, {}, {}


def _same(before: Any, now: Any) -> bool:
    if isinstance(before, list) and isinstance(now, list):
        return same_items(before, now)
    return bool(before is now or (type(before) is type(now) and before == now))


def _attributes(
    name: str, before: dict[str, Any], now: dict[str, Any], local: bool
) -> Iterator[str]:
    """`module.attribute` for each that was bound, rebound or unbound."""
    if same_items([*before, *before.values()], [*now, *now.values()]):
        return
    missing = object()
    for key in before.keys() | now.keys():
        was, value = before.get(key, missing), now.get(key, missing)
        if was is value or same_items([was], [value]) or f"{name}.{key}" in _RESTLESS:
            continue
        if key.startswith("__") or isinstance(value, ModuleType):
            continue  # caches of Python; submodules come to be by imports
        # Libraries keep caches in private names; a function that becomes another one is no cache.
        if local or not key.startswith("_") or isinstance(was, FunctionType):
            yield f"{name}.{key}"


def _watched_modules(cell: Cell) -> Iterator[tuple[str, ModuleType]]:
    for name in _MODULES:
        module = sys.modules.get(name)
        if module is not None:
            yield name, module
    for value in list(cell.namespace.values()):
        if isinstance(value, ModuleType) and sys.modules.get(value.__name__) is value:
            yield value.__name__, value
        elif isinstance(value, (FunctionType, type)) and value.__module__ != "__main__":
            module = sys.modules.get(value.__module__ or "")
            if module is not None and cell.owns(vars(module)):
                yield module.__name__, module


def _watched_classes(cell: Cell) -> Iterator[tuple[str, type]]:
    for name in _CLASSES:
        module, _, attribute = name.rpartition(".")
        found = getattr(sys.modules.get(module), attribute, None)
        if isinstance(found, type):
            yield name, found
    for value in list(cell.namespace.values()):
        if isinstance(value, type) and value.__module__ not in ("__main__", "builtins"):
            yield f"{value.__module__}.{value.__qualname__}", value


def _is_own(cell: Cell, thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    space = getattr(target, "__globals__", {})
    name = space.get("__name__")
    own = type(thread).__module__ == "__main__" or (bool(space) and cell.owns(space))
    return thread.is_alive() and (own or name == "concurrent.futures.thread")


# Pieces of state: word -> value. Lists are compared by the identity of what is in them.

# Libraries set these when they are imported.
_BY_IMPORTS = frozenset({"warnings filters", "IPython formatters", "IPython events", "logging",
                         "IPython magics", "locale", "sys.path"})  # fmt: skip


def _read() -> dict[str, Any]:
    found: dict[str, Any] = {
        "cwd": _cwd(),
        "sys.path": list(sys.path),
        "warnings filters": list(warnings.filters),
        "locale": locale.setlocale(locale.LC_ALL),
        "recursion limit": sys.getrecursionlimit(),
        "sys.stdout": sys.stdout,
        "sys.stderr": sys.stderr,
        "sys.excepthook": sys.excepthook,
        "decimal context": _decimal(),
        "logging": _logging(),
        "gc": (gc.isenabled(), gc.get_threshold()),
        "socket timeout": socket.getdefaulttimeout(),
        "switch interval": sys.getswitchinterval(),
    }
    for key, value in os.environ.items():
        found[f"os.environ[{key!r}]"] = value
    for number in _SIGNALS:
        found[f"signal {number.name}"] = signal.getsignal(number)
    for read in (_pandas, _matplotlib, _numpy, _sklearn, _ipython):
        found.update(read())
    return found


_SIGNALS = [s for s in signal.Signals if s not in (signal.SIGINT, signal.SIGKILL, signal.SIGSTOP)]


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _decimal() -> tuple[Any, ...]:
    context = decimal.getcontext()
    traps = tuple(on for on in context.traps.values())
    return (context.prec, context.rounding, context.Emin, context.Emax, context.capitals,
            context.clamp, traps)  # fmt: skip


def _logging() -> list[Any]:
    root = logging.getLogger()
    return [root.level, root.disabled, logging.root.manager.disable, *root.handlers, *root.filters]


def _pandas() -> dict[str, Any]:
    config = sys.modules.get("pandas._config.config")
    found: dict[str, Any] = {}
    todo = [("", getattr(config, "_global_config", {}))]
    while todo:
        prefix, options = todo.pop()
        for key, value in options.items():
            if isinstance(value, dict):
                todo.append((f"{prefix}{key}.", value))
            else:
                found[f"pandas option {prefix}{key}"] = value
    return found


def _matplotlib() -> dict[str, Any]:
    params = getattr(sys.modules.get("matplotlib"), "rcParams", None)
    if params is None:
        return {}
    return {f"matplotlib rcParams[{key!r}]": value for key, value in dict.items(params)}


def _numpy() -> dict[str, Any]:
    numpy = sys.modules.get("numpy")
    if not hasattr(numpy, "get_printoptions"):
        return {}
    assert numpy is not None
    return {"numpy print options": numpy.get_printoptions(), "numpy error state": numpy.geterr()}


def _sklearn() -> dict[str, Any]:
    sklearn = sys.modules.get("sklearn")
    if not hasattr(sklearn, "get_config"):
        return {}
    assert sklearn is not None
    return {"sklearn configuration": dict(sklearn.get_config())}


def _ipython() -> dict[str, Any]:
    shell = shell_of_process()
    if shell is None:
        return {}
    magics = shell.magics_manager.magics
    formatters: list[Any] = []
    for formatter in shell.display_formatter.formatters.values():
        formatters += [formatter.enabled, *formatter.type_printers.values(),
                       *formatter.deferred_printers.values()]  # fmt: skip
    transformers = shell.input_transformer_manager
    return {
        "sys.displayhook": shell.displayhook,
        "IPython magics": [*magics["line"], *magics["line"].values(), *magics["cell"].values()],
        "IPython extensions": sorted(shell.extension_manager.loaded),
        "IPython formatters": formatters,
        "IPython events": [c for each in shell.events.callbacks.values() for c in each],
        "IPython transformers": [
            *shell.input_transformers_post, *shell.ast_transformers,
            *transformers.cleanup_transforms, *transformers.line_transforms,
            *transformers.token_transformers,
        ],
    }  # fmt: skip
