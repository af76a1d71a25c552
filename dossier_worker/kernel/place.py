"""The namespace of a worker kernel: what a task finds in it and what the task did to it.

Used inside the own worker kernel and, through `remote`, inside a stock one.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..blobs import BlobFolder
from ..values import LoadError, Values
from ..values.definitions import number_cells
from ..values.equal import Comparison
from .check import Check

# Names that IPython itself binds; a task's work is what else is in the namespace.
_IPYTHONS = re.compile(r"In|Out|get_ipython|exit|quit|_+|_i+|_i?\d+|_[iod]h|_exit_code|__\w+__")


class Refused(Exception):
    """The cell cannot start here; the words name what is missing."""


@lru_cache(maxsize=10_000)  # a kernel that ran n cells has 2 n such names
def is_ipythons(name: str) -> bool:
    return _IPYTHONS.fullmatch(name) is not None


class Snapshot:
    """What each name was bound to, without keeping large values alive where Python allows it."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._weak: dict[str, weakref.ref[Any]] = {}
        self._kept: dict[str, Any] = {}
        for name, value in namespace.items():
            if is_ipythons(name):
                continue
            try:
                self._weak[name] = weakref.ref(value)
            except TypeError:  # int, str, list, dict: kept, lest the address be used again
                self._kept[name] = value

    def bound(self, namespace: Mapping[str, Any]) -> list[str]:
        """Names newly bound or rebound since."""
        return [
            name
            for name, value in namespace.items()
            if not is_ipythons(name) and not self._had(name, value)
        ]

    def deleted(self, namespace: Mapping[str, Any]) -> list[str]:
        had = (*self._weak, *self._kept)
        return [name for name in had if name not in namespace]

    def _had(self, name: str, value: Any) -> bool:
        if name in self._weak:
            return self._weak[name]() is value
        return name in self._kept and self._kept[name] is value


class Place:
    """One worker kernel's namespace and the versions of variables it holds."""

    def __init__(self, namespace: dict[str, Any], blobs: str) -> None:
        self.namespace = namespace
        self.values = Values(namespace, BlobFolder(blobs))
        self._before = Snapshot({})
        self._check = Check(namespace, self.values)

    def enter(self, task: Mapping[str, Any]) -> None:
        """Environment, working folder and names, before anything is loaded."""
        os.environ.update(task.get("env") or {})
        folder = task.get("filename_cwd")
        if folder and (task.get("new") or task.get("reset")):
            try:
                os.chdir(folder)
            except OSError as error:
                raise Refused(f"the notebook's folder cannot be entered: {error}") from None
        inputs = task.get("inputs") or {}
        gone = [n for n in task.get("deletes") or () if n in self.namespace and n not in inputs]
        if gone:
            self.values.forget(gone)
            for name in gone:
                self.namespace.pop(name, None)

    def load(self, inputs: Mapping[str, str], manifests: Mapping[str, Any]) -> None:
        if not inputs:
            return
        try:
            self.values.load(inputs, manifests)
        except LoadError as error:
            raise Refused(str(error)) from error

    def warm(self) -> None:
        """Look once at what each cell's check looks at, before there is a cell."""
        self._check.begin({"check": {}})
        self._check.report(())

    def start(self, task: Mapping[str, Any]) -> None:
        """The cell begins: remember what the names are bound to."""
        number_cells(task.get("numbers") or {})
        self._before = Snapshot(self.namespace)
        self._check.begin(task)

    def collect(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Export what the cell made: `exports` and `effects` of the done message.

        Where its task asks, also the blobs that it `holds` now.
        """
        bound = self._before.bound(self.namespace)
        deleted = self._before.deleted(self.namespace)
        self._before = Snapshot({})
        seen = self._check.report(bound)
        mutated = list(task.get("mutated") or ())
        wanted = task.get("exports")
        if wanted is None:
            wanted = [*bound, *(name for name in mutated if name not in bound)]
        unasked = sorted(set(bound).difference(wanted))
        if seen is not None:
            # What was not foreseen goes along, so that nobody has to run the cell again for it.
            wanted = [*wanted, *unasked, *seen["changed"], *seen["random"]]
            mutated += seen["changed"]
            kept = self.values.keep(seen["unchanged"], changed=set(mutated) - {*seen["unchanged"]})
            wanted = [name for name in wanted if name not in kept]
            mutated = [name for name in mutated if name not in kept]
            seen["unchanged"] = sorted(kept)
        if task.get("result") in self.namespace.get("_oh", ()):
            wanted = [*wanted, f"_{task['result']}"]
        names = [n for n in dict.fromkeys(wanted) if n in self.namespace or n.startswith("<")]
        exports = self._export(names, task.get("versions") or "", mutated)
        return {
            **({"holds": self.values.blobs()} if task.get("holds") else {}),
            "exports": exports,
            "effects": {**(seen or {}), "bound": unasked, "deleted": sorted(deleted)},
        }

    def compare(self, task: Mapping[str, Any]) -> bool:
        """Whether the first half of the inputs (`a x`) are what the second (`b x`) are."""
        self.load(task["inputs"], task.get("manifests") or {})
        comparison = Comparison()
        return all(
            comparison.equal(self.namespace[f"a {name}"], self.namespace[f"b {name}"])
            for name in task["compare"]
        )

    def _export(self, names: list[str], prefix: str, mutated: list[str]) -> list[Any]:
        if not names:
            return []
        return list(self.values.export(names, lambda name: prefix + name, mutated))
