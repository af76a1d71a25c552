"""Values of a kernel that is not ours: strings of JSON in and out, for an execute request.

from dossier_worker.values import remote
remote.load_json(folder, '{"inputs": {"x": "v1"}, "manifests": {"v1": …}, "progress": "/…"}')
remote.export_json(folder, '{"names": ["y"], "versions": "k1/", "mutated": ["*"]}')
"""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any

from .errors import LoadError, Stopped
from .progress import Progress
from .values import Values

_values: Values | None = None
_counter = itertools.count(1)


def values(folder: str) -> Values:
    """The one Values of this process, over the variables of `__main__`."""
    global _values
    if _values is None:
        from ..blobs import BlobFolder

        _values = Values(vars(sys.modules["__main__"]), BlobFolder(folder))
    return _values


def load_json(folder: str, request: str) -> str:
    """{"inputs", "manifests", "progress"?: file}
    -> {"loaded": [names], "bytes"}, {"stopped": true} or {"error": {name, type, reason}}
    """
    asked = json.loads(request)
    inputs: dict[str, str] = asked["inputs"]
    manifests: dict[str, Any] = asked["manifests"]
    try:
        if file := asked.get("progress"):
            progress = Progress(file)
            with progress.interruptible():
                progress.add(0)
                values(folder).load(inputs, manifests, progress.add)
        else:
            values(folder).load(inputs, manifests)
    except Stopped:
        return json.dumps({"stopped": True})
    except LoadError as error:
        found = {"name": error.name, "type": error.type, "reason": error.reason}
        return json.dumps({"error": found})
    size = sum(manifests.get(version, {}).get("size", 0) for version in inputs.values())
    return json.dumps({"loaded": sorted(inputs), "bytes": size})


def export_json(folder: str, request: str) -> str:
    """{"names", "versions": prefix, "mutated"?: names or ["*"]} -> {"manifests", "missing"}

    Names that are not bound are answered in "missing". Without "mutated", everything that was
    loaded or exported before may have changed.
    """
    asked = json.loads(request)
    held = values(folder)
    space = vars(sys.modules["__main__"])
    names = [n for n in asked["names"] if n in space or n.startswith("<")]
    prefix: str = asked["versions"]
    manifests = held.export(
        names, lambda name: f"{prefix}{next(_counter)}/{name}", asked.get("mutated", ["*"])
    )
    missing = [name for name in asked["names"] if name not in names]
    return json.dumps({"manifests": manifests, "missing": missing})


def environment_json(folder: str, request: str) -> str:
    """{"modules", "names"} -> what is installed (`environment.describe`), and what is bound

    "names" are all that the process has, "of" the modules that those asked for come from.
    """
    from .. import environment

    asked = json.loads(request)
    space = vars(sys.modules["__main__"])
    of = environment.modules_of(space, asked["names"])
    described = environment.describe({*asked["modules"], *of.values()})
    return json.dumps({**described, "of": of, "names": list(space)})
