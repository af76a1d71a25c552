"""What the interpreters of the user's kernels and of targets have installed, asked for once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dossier_worker import environment

from ..model import Json

if TYPE_CHECKING:
    from ...targets import Catalogue, Target
    from .pool import Pool
    from .worker import Recipe, Worker


@dataclass
class Environment:
    """An interpreter, as far as it was asked; what it says of itself is untrusted input."""

    python: str
    prefix: str
    modules: dict[str, Json | None] = field(default_factory=dict)
    """None for a top-level module that is not there, else {"distribution", "version", "own",
    "needs"} (`dossier_worker.environment.describe`)."""

    @staticmethod
    def of(described: Any) -> Environment | None:
        if not isinstance(described, dict) or not isinstance(described.get("modules"), dict):
            return None
        modules: dict[str, Json | None] = {}
        for name, found in described["modules"].items():
            modules[str(name)[:200]] = _module(found) if isinstance(found, Mapping) else None
        return Environment(
            str(described.get("python", ""))[:50], str(described.get("prefix", ""))[:500], modules
        )


@dataclass
class _Known:
    environment: Environment
    stamps: dict[str, int]
    """When each folder of its path was changed last: an installation changes one."""


class Environments:
    """Asks interpreters of this machine in a helper process, all others through their workers."""

    def __init__(self, catalogue: Catalogue, pool: Pool) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._here: dict[str, _Known] = {}
        self._there: dict[str, Environment] = {}

    async def here(self, python: str, modules: Collection[str]) -> Environment | None:
        """What an interpreter of this machine has; None where it cannot say."""
        known = self._here.get(python)
        if known is not None and await asyncio.to_thread(_changed, known.stamps):
            known = None
        # What was not there may have come meanwhile.
        asked = [m for m in modules if known is None or known.environment.modules.get(m) is None]
        if known is not None and not asked:
            return known.environment
        found = None
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            described = await asyncio.to_thread(environment.ask, python, asked)
            found = Environment.of(described)
            stamps = await asyncio.to_thread(_stamps, described.get("path") or [])
        if found is None:
            return None
        if known is not None:
            found.modules = {**known.environment.modules, **found.modules}
        self._here[python] = _Known(found, stamps)
        return found

    async def there(
        self, target: Target, recipe: Recipe, modules: Collection[str], worker: Worker | None = None
    ) -> Environment | None:
        """What a target's workers have; None where that is not known before one has started."""
        provider = self._catalogue.provider(target)
        python = recipe.argv[0] if recipe.argv else recipe.python
        own = provider.interpreter(target, python) if provider is not None else None
        if own is not None:
            return await self.here(own, modules)
        known = self._there.get(recipe.key)
        asked = [m for m in modules if known is None or known.modules.get(m) is None]
        worker = worker or self._pool.roster.warm(target, recipe)
        if not asked or worker is None:
            return known if not asked else None
        found = Environment.of(await self._pool.environment(worker, asked))
        if found is not None:
            if known is not None:
                found.modules = {**known.modules, **found.modules}
            self._there[recipe.key] = found
        return found

    def forget(self, recipe: Recipe) -> None:
        """A cell has installed something on the target."""
        self._there.pop(recipe.key, None)


def _stamps(path: list[str]) -> dict[str, int]:
    found = {}
    for folder in path:
        with contextlib.suppress(OSError, ValueError):
            found[folder] = os.stat(folder).st_mtime_ns
    return found


def _changed(stamps: dict[str, int]) -> bool:
    return _stamps(list(stamps)) != stamps


def _module(found: Mapping[str, Any]) -> Json:
    needs = found.get("needs")
    pairs = list(needs.items())[:500] if isinstance(needs, Mapping) else ()
    return {
        "distribution": _text(found.get("distribution")),
        "version": _text(found.get("version")),
        "own": str(found["own"])[:4096] if found.get("own") else None,
        "needs": {str(name)[:200]: _text(version) for name, version in pairs},
    }


def _text(value: Any) -> str | None:
    return str(value)[:200] if value is not None else None
