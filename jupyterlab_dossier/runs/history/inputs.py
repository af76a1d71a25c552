"""What a cell's last attempt was given, so that it can be looked at elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import BadInput, Json
from ..values import Versions, blobs

if TYPE_CHECKING:
    from ...store import Store
    from ..ledger.ledger import Ledger


@dataclass(frozen=True)
class Given:
    """The inputs of an attempt."""

    values: dict[str, Json]
    """The manifest of each one that can be loaded, by name."""
    manifests: dict[str, Json]
    """These, and all that they refer to, by version."""
    refused: list[Json]
    """Name and reason of each other one."""


async def given(ledger: Ledger, store: Store, run: str, cell: str) -> Given:
    """Reads what is kept. Raises `BadInput` where the cell was given nothing."""
    inputs = await ledger.tasks.given(run, cell)
    if inputs is None:
        raise BadInput(f"cell {cell} did not begin in run {run}: it was given nothing", "cell")
    versions = Versions()
    versions.manifests = await ledger.versions.manifests(inputs.values())

    def sort() -> tuple[dict[str, Json], list[Json]]:
        values, refused = {}, []
        for name, version in inputs.items():
            if why := _missing(store, versions, version):
                refused.append({"name": name, "why": why})
            else:
                values[name] = versions.manifests[version]
        return values, refused

    values, refused = await asyncio.to_thread(sort)
    return Given(values, versions.manifests, refused)


def _missing(store: Store, versions: Versions, version: str) -> str | None:
    """Why a version cannot be loaded, in words."""
    closure = versions.closure([version])
    if version not in closure:
        return "the ledger has it no more"
    for manifest in closure.values():
        if reason := manifest.get("unshippable"):
            return f"{manifest['type']}: {reason}"
        if not all(store.has(blob, size) for blob, size in blobs(manifest)):
            return "its data is no longer in the store"
    return None
