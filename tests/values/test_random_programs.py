"""Random programs over shared objects: in one namespace, and scattered over several.

Namespaces stand for kernels here; that they need not be in one process, the other tests show.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dossier_worker.blobs import BlobFolder
from dossier_worker.values import Values

NAMES = [f"v{i}" for i in range(7)]
SEEDS = range(60)


def reach(value: Any, found: dict[int, Any]) -> None:
    """All mutable objects that can be reached from a value, a view's base included."""
    if isinstance(value, (list, dict, np.ndarray)) and id(value) not in found:
        found[id(value)] = value
        if isinstance(value, np.ndarray):
            if value.base is not None:
                reach(value.base, found)
        else:
            for child in value if isinstance(value, list) else value.values():
                reach(child, found)


def shape(space: dict[str, Any]) -> Any:
    """A form that is equal for two namespaces of equal values with equal sharing."""
    numbers: dict[int, int] = {}

    def form(value: Any) -> Any:
        if not isinstance(value, (list, dict, np.ndarray)):
            return value
        if id(value) in numbers:
            return ("again", numbers[id(value)])
        numbers[id(value)] = len(numbers)
        if isinstance(value, np.ndarray):
            return ("array", value.tolist(), value.strides)
        items = enumerate(value) if isinstance(value, list) else sorted(value.items())
        return (type(value).__name__, [(k, form(v)) for k, v in items])

    names = sorted(n for n in space if n in NAMES)
    arrays: dict[int, np.ndarray[Any, Any]] = {}
    for name in names:
        found: dict[int, Any] = {}
        reach(space[name], found)
        arrays |= {k: v for k, v in found.items() if isinstance(v, np.ndarray)}
    listed = [form(space[name]) for name in names]
    seen = [a for k in numbers if (a := arrays.get(k)) is not None]
    overlaps = [[np.shares_memory(a, b) for b in seen] for a in seen]
    return names, listed, overlaps


def step(space: dict[str, Any], draw: random.Random) -> tuple[set[str], set[int]]:
    """Change the namespace; what was bound, and ids of the objects that were changed."""
    alive = sorted(n for n in space if n in NAMES)
    target = draw.choice(NAMES)
    pick = (lambda: space[draw.choice(alive)]) if alive else (lambda: draw.randrange(9))
    kind = draw.randrange(7)
    if kind == 0 or not alive:
        space[target] = draw.choice([[], {}, [1, [2]], np.arange(6.0), np.arange(20_000.0)])
    elif kind == 1:
        space[target] = [pick() for _ in range(draw.randrange(1, 4))]
    elif kind == 2:
        space[target] = {"a": pick(), "b": draw.randrange(9)}
    elif kind == 3:
        value = pick()
        space[target] = value[1:] if isinstance(value, (list, np.ndarray)) else value
    elif kind == 4:
        value = pick()
        if isinstance(value, list) and value:
            space[target] = draw.choice(value)
        elif isinstance(value, dict) and value:
            space[target] = value.get("a", value)
        else:
            space[target] = value
    else:
        found: dict[int, Any] = {}
        reach(pick(), found)
        objects = list(found.values())
        if not objects:
            return set(), set()
        value = draw.choice(objects)
        if isinstance(value, list):
            value.append(pick() if kind == 5 else draw.randrange(9))
        elif isinstance(value, dict):
            value["a"] = pick() if kind == 5 else draw.randrange(9)
        elif value.size:
            value[0] = draw.randrange(100)
        base = value.base if isinstance(value, np.ndarray) and value.base is not None else value
        return set(), {id(value), id(base)}
    return {target}, set()


def alias_class(
    space: dict[str, Any], changed: set[int], versions: dict[str, str], manifests: dict[str, Any]
) -> set[str]:
    """Names that reach a changed object, and what an analysis cannot tell from them: names that
    were made from the same older value."""

    def origins(version: str) -> set[str]:
        return {version}.union(*(origins(dep) for dep in manifests[version]["deps"]))

    mutated = set()
    for name in versions:
        found: dict[int, Any] = {}
        reach(space.get(name), found)
        if changed.intersection(found):
            mutated.add(name)
    common = {name: origins(version) for name, version in versions.items()}
    while True:
        more = {n for n in common for m in mutated if not common[n].isdisjoint(common[m])} - mutated
        if not more:
            return mutated
        mutated |= more


@pytest.mark.parametrize("seed", SEEDS)
def test_like_in_one_namespace(seed: int, tmp_path: Path) -> None:
    blobs = BlobFolder(tmp_path)
    spaces: list[dict[str, Any]] = [{} for _ in range(3)]
    kernels = [Values(space, blobs) for space in spaces]
    reference: dict[str, Any] = {}
    versions: dict[str, str] = {}
    manifests: dict[str, Any] = {}
    draw = random.Random(seed)
    for turn in range(14):
        where = draw.randrange(3)
        kernels[where].load(versions, manifests)
        state = draw.getstate()
        step(reference, draw)
        draw.setstate(state)
        bound, changed = step(spaces[where], draw)
        mutated = alias_class(spaces[where], changed, versions, manifests)
        out = sorted(bound | mutated, key=lambda _: draw.random())
        for manifest in kernels[where].export(out, lambda n, t=turn: f"{t}/{n}", mutated):  # type: ignore[misc]
            assert "unshippable" not in manifest, manifest
            manifests[manifest["version"]] = manifest
            versions[manifest["name"]] = manifest["version"]
        assert shape(spaces[where]) == shape(reference)
    for space in ({}, *spaces):
        Values(space, blobs).load(versions, manifests)
        assert shape(space) == shape(reference)
