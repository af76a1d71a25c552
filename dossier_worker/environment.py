"""What an interpreter has installed, found out without importing any of it.

Sent to another interpreter as it stands, with the modules as its argument: `ask`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

LIMIT = 20.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep


def describe(modules: Iterable[str]) -> dict[str, Any]:
    """{"python", "prefix", "path", "modules": {name: null or {"distribution", "version", "own",
    "needs"}}}

    null is for top-level modules that are not there; modules that belong to no distribution (the
    standard library's, the user's own) have no version. `own` is where the user's own code lies:
    outside of where packages are installed. `needs` are the versions of all that the distribution
    requires, as far as they are there.
    """
    importlib.invalidate_caches()
    return {
        "python": platform.python_version(),
        "prefix": sys.prefix,
        "path": [entry for entry in sys.path if entry],
        "modules": {name: _module(name) for name in modules},
    }


def ask(python: str, modules: Iterable[str]) -> dict[str, Any]:
    """`describe` of another interpreter; it blocks for about 0.1 s."""
    source = inspect.getsource(sys.modules[__name__])
    answer = subprocess.run(
        [python, "-c", source, json.dumps(sorted(modules))],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT,
        check=True,
    )
    described: dict[str, Any] = json.loads(answer.stdout)
    return described


def _module(name: str) -> dict[str, Any] | None:
    if name in sys.builtin_module_names or name in sys.stdlib_module_names:
        return {"distribution": None, "version": None}
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is None and name not in sys.modules:
        return None
    own = _own(spec)
    distribution = name
    try:
        version = importlib.metadata.version(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        # `sklearn` is of scikit-learn: looked for only where the names differ, for it is slow.
        owners = importlib.metadata.packages_distributions().get(name)
        if not owners:
            return {"distribution": None, "version": None, "own": own}
        distribution = owners[0]
        version = importlib.metadata.version(distribution)
    return {
        "distribution": distribution,
        "version": version,
        "own": own,
        "needs": _required(distribution),
    }


def _own(spec: Any) -> str | None:
    """The file or folder of a module that no installer put among the packages."""
    places = list(getattr(spec, "submodule_search_locations", None) or ())
    place = places[0] if places else getattr(spec, "origin", None)
    if not isinstance(place, str) or not os.path.exists(place):
        return None
    installed = {"site-packages", "dist-packages"} & set(place.split(os.sep))
    return None if installed or place.startswith(_STANDARD) else place


def _required(distribution: str) -> dict[str, str]:
    """Names and versions of all that a distribution needs, whatever the extra."""
    found: dict[str, str] = {}
    todo = [distribution]
    while todo:
        try:
            known = importlib.metadata.distribution(todo.pop())
        except (importlib.metadata.PackageNotFoundError, ValueError):
            continue
        for line in known.requires or ():
            match = _NAME.match(line)
            name = match[0] if match and "extra ==" not in line else ""
            if name and name not in found:
                try:
                    found[name] = importlib.metadata.version(name)
                except (importlib.metadata.PackageNotFoundError, ValueError):
                    continue
                todo.append(name)
    return found


def modules_of(space: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The top-level module that each variable, or its class, comes from."""
    found = {}
    for name in names:
        if name in space:
            value = space[name]
            owner = value if isinstance(value, type(sys)) else type(value)
            module = getattr(owner, "__module__", None) if isinstance(owner, type) else None
            module = module or getattr(owner, "__name__", None)
            if isinstance(module, str):
                found[name] = module.partition(".")[0]
    return found


if __name__ == "__main__":
    del sys.path[0]  # where this runs, or lies, is nobody's package
    print(json.dumps(describe(json.loads(sys.argv[1]))))
