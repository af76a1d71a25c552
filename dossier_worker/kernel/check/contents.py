"""The content of values that were not predicted to change: is it what it was?

Objects are compared shallowly, one by one: all objects of a version are known by the registry.
"""

from __future__ import annotations

from ...values.registry import Held
from . import looks
from .cell import Cell, Effects
from .memory import Memory

# Seconds that an object costs at least, before and after.
_OBJECT = 1e-6
SAME, CHANGED, UNKNOWN = range(3)


class Contents:
    def __init__(self) -> None:
        self._names: dict[str, Held] = {}
        self._looks: dict[int, list[looks.Look] | None] = {}
        self._held: dict[int, Held] = {}

    def begin(self, cell: Cell) -> None:
        self._forget()
        versions = cell.values.versions()
        # What the cell was given is the likeliest to be changed by it.
        order = sorted(versions, key=lambda n: (n not in cell.inputs, _weight(versions[n]), n))
        self._names = {name: versions[name] for name in order}
        for held in self._names.values():
            for each in _closure(held):
                if each.serial not in self._held:
                    self._held[each.serial] = each
                    self._looks[each.serial] = _look(cell, each)

    def report(self, cell: Cell, effects: Effects) -> None:
        verdicts: dict[int, int] = {}
        for serial, found in self._looks.items():
            verdicts[serial] = _compare(cell, found)
        here = cell.values.versions()
        for name, held in self._names.items():
            if name in cell.bound or here.get(name) is not held:
                continue
            verdict = _worst([verdicts[each.serial] for each in _closure(held)])
            if name in cell.mutated:
                if verdict == SAME:
                    effects["unchanged"].add(name)
            elif verdict == CHANGED:
                effects["changed"].add(name)
            elif verdict == UNKNOWN:
                effects["unchecked"].add(name)
        # What cannot be shipped has no version and no record of its objects.
        unseen = cell.inputs.keys() & cell.namespace.keys() - self._names.keys()
        effects["unchecked"] |= unseen - cell.mutated - cell.bound
        self._forget()

    def _forget(self) -> None:
        self._names, self._looks, self._held = {}, {}, {}


def _weight(held: Held) -> int:
    return len(held.objects) + int(held.manifest.get("size") or 0) // 100


def _closure(held: Held) -> list[Held]:
    """The version and all that it shares objects with."""
    found = {held.serial: held}
    todo = [held]
    while todo:
        for dep in todo.pop().deps:
            if dep.serial not in found:
                found[dep.serial] = dep
                todo.append(dep)
    return list(found.values())


def _look(cell: Cell, held: Held) -> list[looks.Look] | None:
    """How the objects of a version look now; None: not within the budget."""
    if len(held.objects) * _OBJECT > cell.clock.left():
        return None  # others may fit
    memory = Memory(held)
    found: list[looks.Look] = []
    root = held.root()
    objects = list(held.objects.values())
    if root is not None and (held.root_index is None or held.root_index not in held.objects):
        objects.append(root)
    for number, obj in enumerate(objects):
        if not number % 64 and cell.clock.left() <= 0:
            return None
        look = looks.take(obj, memory, cell.clock)
        if look is not None:
            found.append(look)
    return found


def _compare(cell: Cell, found: list[looks.Look] | None) -> int:
    if found is None:
        return UNKNOWN
    verdict = SAME
    for number, look in enumerate(found):
        if not number % 64 and cell.clock.left() <= 0:
            return UNKNOWN
        same = look.same(cell.clock)
        if same is False:
            return CHANGED
        if same is None:
            verdict = UNKNOWN
    return verdict


def _worst(verdicts: list[int]) -> int:
    return CHANGED if CHANGED in verdicts else max(verdicts)
