"""Where the oracles' full runs leave their results, so that they can be taken up and reported."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "oracles"
FULL = bool(os.environ.get("DOSSIER_FULL"))
# The same every time, so that a failure is of the change under test; DOSSIER_SEED tries others.
SEED = FULL_SEED = int(os.environ.get("DOSSIER_SEED") or 1)
LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "ipython", "ipykernel")


def code(*places: str) -> str:
    """Names the code under test: results of other code are not taken up."""
    digest = hashlib.sha256()
    for place in places:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:24]


def conditions() -> Json:
    """When and with which versions."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    now = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    return {"date": now, "python": platform.python_version(), "versions": versions}


class Record:
    """Entries by name, written after each, so that a run that was cut goes on where it was.

    `key` says what they depend on: with another key they are made anew. `summary` is for the
    report: words and numbers.
    """

    def __init__(self, part: str, key: Json) -> None:
        self.path = BUILD / f"{part}.json"
        self.data: Json = {**conditions(), **key, "entries": {}}
        try:
            before = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if all(before.get(k) == v for k, v in key.items()):
            self.data["entries"] = before["entries"]

    @property
    def entries(self) -> Json:
        entries: Json = self.data["entries"]
        return entries

    def save(self, summary: Json | None = None) -> None:
        if summary is not None:
            self.data["summary"] = summary
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = self.path.with_suffix(".new")
        whole.write_text(json.dumps(self.data, indent=1), encoding="utf-8")
        whole.replace(self.path)
