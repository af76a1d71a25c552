"""A notebook for the tests of the check at run time: cells, and what they are said to have done."""

from __future__ import annotations

from typing import Any

from peer import Peer, Result

CHECK = {"budget": 1.0}


class Book:
    """A notebook's cells, each in a worker kernel of its own, with all values so far as inputs."""

    def __init__(self, worker: Peer) -> None:
        self.worker = worker
        self.inputs: dict[str, str] = {}
        self.manifests: dict[str, Any] = {}

    def copy(self) -> Book:
        other = Book(self.worker)
        other.inputs, other.manifests = dict(self.inputs), dict(self.manifests)
        return other

    async def run(self, code: str, **options: Any) -> Result:
        given: dict[str, Any] = {
            "kernel": f"check{next(self.worker.counts)}",
            "inputs": self.inputs,
            "manifests": self.manifests,
            "check": CHECK,
        }
        result = await self.worker.run(code, **{**given, **options})
        assert result.done["status"] == "ok", result.done.get("error")
        for manifest in result.done["exports"]:
            self.manifests[manifest["version"]] = manifest
            if "unshippable" not in manifest:
                self.inputs[manifest["name"]] = manifest["version"]
        return result

    async def effects(self, code: str, **options: Any) -> dict[str, Any]:
        """What the cell is said to have done, without what it did not do."""
        found = (await self.run(code, **options)).done["effects"]
        assert found.pop("seconds") >= 0
        files = {kind: paths for kind, paths in found.pop("files").items() if paths}
        return {word: said for word, said in {**found, **files}.items() if said}
