"""Objects of which each process has its own one: they travel by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

# module -> attribute paths. Only modules that are imported are looked at.
_ATTRIBUTES = {
    "sys": ("stdout", "stderr", "stdin", "__stdout__", "__stderr__", "__stdin__"),
    "os": ("environ", "environb"),
    "random": ("_inst",),
    "math": ("nan",),
    "dataclasses": (
        "MISSING", "KW_ONLY", "_HAS_DEFAULT_FACTORY", "_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR",
    ),
    "numpy": ("nan",),
    "numpy.random.mtrand": ("_rand",),
    "pandas": ("DataFrame._metadata", "Series._metadata"),  # part of each frame's state
    "matplotlib": ("rcParams", "rcParamsDefault", "colormaps", "color_sequences"),
}  # fmt: skip

GLOBALS = "globals"
SHELL = "shell"


def current(namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, object) of all singletons in this process."""
    yield GLOBALS, namespace
    shell = shell_of_process()
    if shell is not None:
        yield SHELL, shell
    for module_name, attributes in _ATTRIBUTES.items():
        module = sys.modules.get(module_name)
        for attribute in attributes if module is not None else ():
            obj = _attribute(module, attribute)
            if obj is not None:
                yield f"{module_name}:{attribute}", obj


def find(name: str, namespace: dict[str, Any]) -> Any:
    """The object of this process that has the name."""
    if name == GLOBALS:
        return namespace
    if name == SHELL:
        shell = shell_of_process()
        if shell is None:
            raise LookupError("there is no IPython shell in this kernel")
        return shell
    module_name, _, attribute = name.partition(":")
    if attribute not in _ATTRIBUTES.get(module_name, ()):
        raise LookupError(f"{name!r} is not known here")
    __import__(module_name)
    return _attribute(sys.modules[module_name], attribute)


def _attribute(obj: Any, path: str) -> Any:
    for part in path.split("."):
        obj = getattr(obj, part, None)
    return obj


def shell_of_process() -> Any:
    """The IPython shell of this process, if there is one."""
    core = sys.modules.get("IPython.core.interactiveshell")
    if core is None or not core.InteractiveShell.initialized():
        return None
    return core.InteractiveShell.instance()
