"""The targets there are: `kernel` and `local` always, the others from settings files.

Settings are TOML files `dossier/targets.d/*.toml` in Jupyter's config path, one table a target:

    [bignode]
    kind = "local"
    slots = 8
    costly = true

    [older]
    kind = "local"
    python = "/opt/older/bin/python"
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path

from .provider import Provider, Target, Usable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

log = logging.getLogger(__name__)

# Seconds for which a target that does not answer is asked before what is to run there is refused,
# and between two questions.
PATIENCE, PAUSE = 30.0, 1.0

_SETTINGS: dict[str, type] = {
    "slots": int,
    "workers": int,
    "shared": bool,
    "shares_folder": bool,
    "idle": float,
    "grace": float,
    "costly": bool,
    "python": str,
    "start_limit": float,
    # Where workers on other machines dial in (`link.outside`).
    "link": str,
    "listen": str,
    "ca": str,
    # Files of the notebook's folder that travel with one cell, and their bytes.
    "files_count": int,
    "files_size": int,
    # Bytes of all values that one cell leaves to later ones.
    "values_size": int,
    # Bytes that a worker without the store keeps on its disk for later cells.
    "keeps": int,
    # Bytes of one cell: of text that is shown, of displays, and of text that is kept.
    "output_text": int,
    "output_rich": int,
    "output_whole": int,
}


class Catalogue:
    """Names to targets, kinds to providers."""

    def __init__(
        self, targets: dict[str, Target] | None = None, providers: dict[str, Provider] | None = None
    ) -> None:
        self.providers = providers if providers is not None else _installed()
        self.unread: list[str] = []
        """Settings files that cannot be read, and why: the others count all the same."""
        if targets is None:
            targets, self.unread = read_settings(jupyter_config_path())
        self.targets = {
            "kernel": Target("kernel", "kernel"),
            "local": Target("local", "local"),
            **targets,
        }

    def provider(self, target: Target) -> Provider | None:
        """The provider of a target's kind; cells of `kernel` run on local workers in a workflow."""
        return self.providers.get("local" if target.kind == "kernel" else target.kind)

    def options(self, target: Target) -> dict[str, Any] | None:
        """JSON schema of the options a cell may give; the notebook's own kernel takes none."""
        provider = self.providers.get(target.kind)
        return provider.options(target) if provider else None

    def worker_options(self, target: Target, asked: dict[str, Any]) -> dict[str, Any]:
        """Those of a cell's options that its worker is started with."""
        provider = self.provider(target)
        return provider.worker_options(target, asked) if provider and asked else {}

    def variables(self, target: Target, asked: dict[str, Any]) -> dict[str, str | None]:
        """Environment variables that a cell gives its worker, or its target does (the options `env`
        and, without a value that is known here, `secrets`)."""
        given = {**(target.settings.get("options") or {}), **self.worker_options(target, asked)}
        return {
            **{name: str(value) for name, value in (given.get("env") or {}).items()},
            **{item["variable"]: None for item in given.get("secrets") or ()},
        }

    async def close(self) -> None:
        """The engine ends."""
        for provider in self.providers.values():
            await provider.close()

    async def patient_check(self, name: str) -> Usable:
        """Whether a target can be used; one that does not answer is asked again for a while."""
        until = time.monotonic() + PATIENCE
        usable = await self.check(name)
        while usable.again and time.monotonic() < until:
            await asyncio.sleep(PAUSE)
            usable = await self.check(name)
        return usable

    def wrong(self, name: str) -> str | None:
        """Why a target can never be used as the settings are; nobody is asked for it."""
        target = self.targets.get(name)
        if target is None:
            known = ", ".join(sorted(self.targets))
            unread = "".join(f"; {words}" for words in self.unread)
            return f"there is no target {name!r} (known: {known}){unread}"
        if target.fault is not None:
            return target.fault
        provider = self.provider(target)
        if provider is None:
            return f"no provider for targets of kind {target.kind!r} is installed"
        return _unknown(target, provider)

    async def check(self, name: str) -> Usable:
        """Whether a target can be used now."""
        if (words := self.wrong(name)) is not None:
            return Usable(False, words)
        target = self.targets[name]
        provider = self.provider(target)
        assert provider is not None
        try:
            return await provider.check(target)
        except Exception as error:  # of a plugin: the other targets are there all the same
            log.exception("target %s cannot be checked", name)
            return Usable(False, f"it cannot be checked: {type(error).__name__}: {error}")

    async def describe(self) -> list[dict[str, Any]]:
        """Every target for `jupyter dossier targets` and the browser.

        They are asked at once: one that does not answer delays the list by its own time limit.
        """
        checks = await asyncio.gather(*(self.check(name) for name in self.targets))
        return [
            {
                "name": target.name,
                "kind": target.kind,
                "usable": usable.usable,
                "why": usable.why,
                "costly": target.costly,
                "options": self.options(target),
            }
            for target, usable in zip(self.targets.values(), checks, strict=True)
        ]


def _installed() -> dict[str, Provider]:
    found: dict[str, Provider] = {}
    for entry in entry_points(group="jupyterlab_dossier.providers"):
        provider: Provider = entry.load()()
        found[provider.kind] = provider
    if "local" not in found:
        from .local import LocalProvider

        found["local"] = LocalProvider()
    return found


def _unknown(target: Target, provider: Provider) -> str | None:
    """Words for a setting that nobody reads: a mistyped `costly` would never ask."""
    known = {*_SETTINGS, *provider.settings}
    for name in target.settings:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            return f"its setting {name!r} is none of kind {target.kind!r}{hint}"
    return None


def read_settings(folders: list[str]) -> tuple[dict[str, Target], list[str]]:
    """Targets of all settings files, and words for each file that cannot be read.

    Of equal names the first folder's wins, as in Jupyter.
    """
    found: dict[str, Target] = {}
    unread = []
    for folder in folders:
        for path in sorted(Path(folder, "dossier", "targets.d").glob("*.toml")):
            try:
                tables = tomllib.loads(path.read_text("utf-8"))
            except (OSError, ValueError) as error:
                unread.append(f"the settings file {path} cannot be read: {error}")
                log.warning("%s", unread[-1])
                continue
            for name, table in tables.items():
                found.setdefault(name, _target(path, name, table))
    return found, unread


def _target(path: Path, name: str, table: Any) -> Target:
    """A table's target; one that is wrong is kept as a target that says so and is not used."""
    if not isinstance(table, dict) or not isinstance(table.get("kind"), str):
        words = f'{path}: target {name!r} needs a kind, for example kind = "local"'
        return Target(name, "", fault=words)
    settings = {key: value for key, value in table.items() if key != "kind"}
    wrong = {key: told for key in settings if (told := _wrong(key, settings[key])) is not None}
    return Target(
        name, table["kind"], {key: settings[key] for key in settings if key not in wrong},
        next((f"{path}: {name}.{key} {words}" for key, words in wrong.items()), None),
    )  # fmt: skip


def _wrong(key: str, value: Any) -> str | None:
    """What a setting must be and is not."""
    kind = _SETTINGS.get(key)
    if kind is None:
        return None
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        return f"must be of type {kind.__name__}"
    if isinstance(value, int) and kind is int and value < 1:
        return "must be at least 1"
    return None
