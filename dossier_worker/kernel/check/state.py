"""Process state: what is in no variable, but there for all code of the process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from ...values.singletons import shell_of_process
from . import settings
from .audit import Audit
from .cell import Cell, Effects
from .tables import MISSING, Table, of_class

# Modules that are watched wherever they are imported, and classes in them. Beside them, what the
# notebook's names refer to.
_MODULES = ("builtins", "numpy", "pandas", "matplotlib", "matplotlib.pyplot", "warnings", "logging",
            "json", "os", "time", "random", "math", "numpy.random")  # fmt: skip
_CLASSES = ("pandas.DataFrame", "pandas.Series", "pandas.Index", "matplotlib.figure.Figure",
            "matplotlib.axes.Axes", "logging.Logger")  # fmt: skip
# Attributes that change by themselves.
_RESTLESS = frozenset({
    "sys.last_type", "sys.last_value", "sys.last_traceback", "sys.last_exc", "sys.modules",
    "sys.path", "sys.stdout", "sys.stderr", "sys.displayhook", "sys.excepthook", "sys.ps1",
    "sys.ps2", "sys.ps3", "sys.argv", "builtins.__IPYTHON__", "builtins.display",
    "builtins.get_ipython", "builtins.exit", "builtins.quit", "builtins._", "time.tzname",
    "os.environ", "matplotlib.pyplot.draw_if_interactive",
})  # fmt: skip
# Libraries set these when they are imported, or used for the first time.
_BY_IMPORTS = frozenset({
    "warnings filters", "logging", "locale", "sys.path",
    "IPython formatter image/png", "matplotlib rcParams['interactive']",
    "matplotlib rcParams['backend']", "matplotlib rcParams['backend_fallback']",
})  # fmt: skip


class State:
    """Made before a fork, it has a record of all modules that all children share."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._tables: dict[str, Table] = {}
        self._always: dict[str, Table] = {}
        self._watched: dict[str, Table] = {}
        self._modules: dict[str, ModuleType] = {}
        self._settings: dict[str, Any] = {}
        self._threads: set[int | None] = set()
        self._loaded = 0
        for name, module in list(sys.modules.items()):
            if type(module) is ModuleType:
                self._table(name, vars(module))

    def begin(self, cell: Cell) -> None:
        self._settings = settings.read()
        self._threads = {thread.ident for thread in threading.enumerate()}
        if len(sys.modules) != self._loaded:
            self._loaded = len(sys.modules)
            self._always = self._find_always()
        self._modules = dict(_used_modules(cell))
        self._watched = dict(self._always)
        for table in self._always.values():
            table.changes()
        for name, module in self._modules.items():
            self._watched[name] = self._table(name, vars(module))
        for name, cls in _used_classes(cell):
            self._watched[name] = self._table(name, of_class(cls))

    def report(self, cell: Cell, effects: Effects) -> None:
        found: set[str] = set()
        for name, value in settings.read().items():
            before = self._settings.get(name, MISSING)
            if before is not MISSING and not settings.same(before, value):
                found.add(name)
        for name, table in self._watched.items():
            module = self._modules.get(name)
            local = module is not None and cell.owns(vars(module))
            for key, was, now in table.changes():
                if name.endswith(" "):
                    found.update(_option(name, key, now))
                else:
                    found.update(_attribute(f"{name}.{key}", str(key), was, now, local))
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                found.add(f"sys.modules[{name!r}]")
        for thread in threading.enumerate():
            if thread.ident not in self._threads and _is_own(cell, thread):
                found.add("threads")
        if len(sys.modules) > self._loaded:
            found -= _BY_IMPORTS
        found.difference_update(f"os.environ[{key!r}]" for key in self._audit.set_by_imports)
        effects["process"] |= found
        self._settings, self._watched, self._modules = {}, {}, {}

    def _find_always(self) -> dict[str, Table]:
        tables = {n: self._table(n, vars(sys.modules[n])) for n in _MODULES if n in sys.modules}
        for name, cls in _main_classes():
            tables[name] = self._table(name, of_class(cls))
        for name, entries in _options():
            tables[name] = self._table(name, entries)
        return tables

    def _table(self, name: str, entries: dict[Any, Any]) -> Table:
        """The table of these entries, with what they are now."""
        table = self._tables.get(name)
        if table is None or table.entries is not entries:
            table = self._tables[name] = Table(entries)
        else:
            table.changes()
        return table


def _attribute(word: str, key: str, was: Any, now: Any, local: bool) -> Iterator[str]:
    """The word, if it is the notebook that is likely to have changed the attribute."""
    if word in _RESTLESS or key.startswith("__") or isinstance(now, ModuleType):
        return  # also Python's own caches; and submodules come to be by imports
    # Libraries keep caches in private names; a function that becomes something else is no cache.
    if local or not key.startswith("_") or isinstance(was, FunctionType):
        yield word


def _option(name: str, key: Any, now: Any) -> Iterator[str]:
    if name == "os.environ ":
        yield f"os.environ[{os.fsdecode(key)!r}]"
    elif name == "matplotlib rcParams ":
        yield f"matplotlib rcParams[{key!r}]"
    elif name.startswith("IPython"):
        # Its own magics are bound anew now and then.
        if not str(getattr(now, "__module__", "")).startswith(("IPython.", "ipykernel.")):
            yield name.strip()
    elif not isinstance(now, dict):  # a section has a table of its own
        yield f"{name.strip()}.{key}".replace("option.", "option ")


def _options() -> Iterator[tuple[str, dict[Any, Any]]]:
    """Dictionaries of options; their names end with a blank."""
    data = getattr(os.environ, "_data", None)
    if isinstance(data, dict):
        yield "os.environ ", data
    params = getattr(sys.modules.get("matplotlib"), "rcParams", None)
    if params is not None:
        yield "matplotlib rcParams ", params
    config = getattr(sys.modules.get("pandas._config.config"), "_global_config", {})
    todo = [("pandas option ", config)]
    while todo:
        name, entries = todo.pop()
        yield name, entries
        todo += [(f"{name[:-1]}.{key} ", v) for key, v in entries.items() if isinstance(v, dict)]
    shell = shell_of_process()
    if shell is not None:
        for kind, magics in shell.magics_manager.magics.items():
            yield f"IPython {kind} magics ", magics
        for name, formatter in shell.display_formatter.formatters.items():
            yield f"IPython formatter {name} ", formatter.type_printers


def _used_modules(cell: Cell) -> Iterator[tuple[str, ModuleType]]:
    for value in list(cell.namespace.values()):
        if isinstance(value, ModuleType):
            if sys.modules.get(value.__name__) is value:
                yield value.__name__, value
        elif isinstance(value, (FunctionType, type)) and value.__module__ != "__main__":
            module = sys.modules.get(value.__module__ or "")
            if module is not None and cell.owns(vars(module)):
                yield module.__name__, module


def _main_classes() -> Iterator[tuple[str, type]]:
    for name in _CLASSES:
        module, _, attribute = name.rpartition(".")
        found = getattr(sys.modules.get(module), attribute, None)
        if isinstance(found, type):
            yield name, found


def _used_classes(cell: Cell) -> Iterator[tuple[str, type]]:
    for value in list(cell.namespace.values()):
        if isinstance(value, type) and value.__module__ not in ("__main__", "builtins"):
            yield f"{value.__module__}.{value.__qualname__}", value


def _is_own(cell: Cell, thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    space = getattr(target, "__globals__", {})
    own = type(thread).__module__ == "__main__" or (bool(space) and cell.owns(space))
    pool = space.get("__name__") == "concurrent.futures.thread"
    return thread.is_alive() and (own or pool)
