"""Which version of a name a task is given: the bookkeeping of manifests in a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from .model import Json


class Versions:
    """Every variable version that the tasks of a run left, by the cell that left it."""

    def __init__(self) -> None:
        self._by_cell: dict[str, dict[str, Json | None]] = {}
        self.manifests: dict[str, Json] = {}
        self.makers: dict[str, str] = {}
        """The cell that left a version."""
        self._contents: dict[str, str] = {}

    def add(self, cell: str, manifests: Iterable[Json], deleted: Iterable[str] = ()) -> None:
        """Records what a task left; deleted names are gone for those after it."""
        left: dict[str, Json | None] = dict.fromkeys(deleted)
        for manifest in manifests:
            left[manifest["name"]] = manifest
            self.manifests[manifest["version"]] = manifest
            self.makers[manifest["version"]] = cell
        self._by_cell[cell] = left

    def drop(self, cell: str) -> None:
        """Forgets what a task left: it runs again."""
        self._by_cell.pop(cell, None)

    def find(
        self, name: str, producer: str, inputs: Mapping[str, Mapping[str, str]]
    ) -> Json | None:
        """The manifest of a name as `producer` left it.

        A cell that might have written a name but did not leaves it as it was given it, so the
        search goes on with the producer's own input.
        """
        cell: str | None = producer
        while cell is not None:
            left = self._by_cell.get(cell, {})
            if name in left:
                return left[name]
            cell = inputs.get(cell, {}).get(name)
        return None

    def content(self, version: str) -> str | None:
        """What a version and all it refers to consist of, as a hash; None for what has no bytes.

        Computed here: what a worker says of it is untrusted.
        """
        return content(version, self.manifests, self._contents)

    def closure(self, versions: Iterable[str]) -> dict[str, Json]:
        """Manifests of these versions and of all that they refer to."""
        found: dict[str, Json] = {}
        todo = list(versions)
        while todo:
            version = todo.pop()
            manifest = self.manifests.get(version)
            if manifest is not None and version not in found:
                found[version] = manifest
                todo += manifest.get("deps") or []
        return found


def content(
    version: str, manifests: Mapping[str, Json], known: dict[str, str] | None = None
) -> str | None:
    """The hash of a version's blobs and of those it refers to, in order."""
    known = {} if known is None else known
    todo, waiting = [version], set[str]()
    while todo:
        current = todo[-1]
        manifest = manifests.get(current)
        if manifest is None or manifest.get("unshippable"):
            return None
        deps = manifest.get("deps") or []
        missing = [dep for dep in deps if dep not in known]
        if missing:
            if current in waiting:
                return None  # in a circle: a worker's lie
            waiting.add(current)
            todo += missing
            continue
        parts = [manifest["pickle"]["blob"], *(b["blob"] for b in manifest.get("buffers") or [])]
        digest = hashlib.sha256("\0".join([*parts, "", *(known[d] for d in deps)]).encode())
        known[current] = digest.hexdigest()
        todo.pop()
    return known[version]


def blobs(manifest: Json) -> list[tuple[str, int]]:
    """(blob, size) of everything a manifest names."""
    if manifest.get("unshippable"):
        return []
    return [(b["blob"], b["size"]) for b in (manifest["pickle"], *manifest.get("buffers", []))]
