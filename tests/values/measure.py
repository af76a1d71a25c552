"""What values cost: python tests/values/measure.py. Prints; nothing is asserted."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from dossier_worker.blobs import BlobFolder
from dossier_worker.values import Values


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return (time.perf_counter() - start) * 1000, result


def once(source: Values, target: Values, value: Any) -> list[float]:
    exported, made = timed(lambda: source.export(["x"], str))
    loaded, _ = timed(lambda: target.load({"x": "x"}, {"x": made[0]}))
    dumped, data = timed(lambda: pickle.dumps(value, 5))
    undumped, _ = timed(lambda: pickle.loads(data))
    return [exported, loaded, dumped, undumped]


def trip(name: str, make: Callable[[int], Any]) -> None:
    """Export, and load in another namespace, a value that is new each time."""
    rounds = []
    for turn in range(4):
        with tempfile.TemporaryDirectory() as folder:
            value = make(turn)
            source, target = (Values(s, BlobFolder(folder)) for s in ({"x": value}, {}))
            rounds.append(once(source, target, value))
    exported, loaded, dumped, undumped = (min(times) for times in zip(*rounds, strict=True))
    print(
        f"{name:28} export {exported:7.1f} ms  load {loaded:7.1f} ms"
        f"   pickle {dumped:7.1f} + {undumped:6.1f} ms"
    )


def main() -> None:
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    trip("100 MB of float64", lambda turn: np.full(12_500_000, float(turn)))
    trip("list of 1e6 floats", lambda turn: [turn + i * 0.5 for i in range(1_000_000)])
    trip(
        "1e5 dicts of 3 items",
        lambda turn: [{"a": i, "b": [turn], "c": "x"} for i in range(100_000)],
    )
    trip(
        "object array of 1e6 strings",
        lambda turn: np.array([f"s{i}" for i in range(1_000_000)], object),
    )
    trip("an int", lambda turn: turn)


if __name__ == "__main__":
    main()
