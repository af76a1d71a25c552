"""The unpickler of one variable version."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any

from . import singletons
from .cloud import cloudpickle, is_cloudpickle
from .progress import CountedBytes, Told
from .registry import Held

_found: dict[tuple[str, str], Any] = {}


class ValueUnpickler(pickle.Unpickler):
    def __init__(
        self,
        data: Any,
        buffers: Iterable[Any],
        deps: list[Held],
        namespace: dict[str, Any],
        told: Told | None = None,
    ) -> None:
        file = CountedBytes(data, told) if told else io.BytesIO(data)
        super().__init__(file, buffers=buffers)
        self._deps = deps
        self._namespace = namespace

    def persistent_load(self, pid: Any) -> Any:
        if isinstance(pid, str):
            return singletons.find(pid, self._namespace)
        position, index = pid
        held = self._deps[position]
        try:
            return held.get(index)
        except KeyError:
            name = held.manifest.get("name")
            raise LookupError(f"part {index} of `{name}`, which it shares, is not there") from None

    def find_class(self, module: str, name: str) -> Any:
        if is_cloudpickle(module):
            found = cloudpickle
            for part in name.split("."):
                found = getattr(found, part)
            return found
        found = super().find_class(module, name)
        itself = (getattr(found, "__module__", None), getattr(found, "__qualname__", None))
        if itself == (module, name):
            _found[itself] = found
            return found
        # A cell may have put something else in its place: what it was when first needed.
        return _found.setdefault((module, name), found)

    def numbered(self) -> Iterable[tuple[int, Any]]:
        """(number, object) of all that was loaded."""
        memo: dict[int, Any] = self.memo.copy()
        return memo.items()
