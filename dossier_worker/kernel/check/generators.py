"""The global generators of random numbers: drawn from or seeded?"""

from __future__ import annotations

import ctypes
import random
import sys
from typing import Any

from ...values.values import NUMPY_RANDOM, RANDOM
from .cell import Cell, Effects


class Generators:
    def __init__(self) -> None:
        self._before: dict[str, Any] = {}

    def begin(self, cell: Cell) -> None:
        self._before = _states()

    def report(self, cell: Cell, effects: Effects) -> None:
        before, self._before = self._before, {}
        for name, state in _states().items():
            # One that was loaded meanwhile is drawn from if it has moved since it was made.
            if before[name] != state if name in before else _moved(state):
                effects["drawn"].add(name)
                if name in before and name not in cell.exports:
                    effects["random"].add(name)


def _moved(state: Any) -> bool:
    """Whether numpy's generator is elsewhere than where its seeding left it."""
    words, _, has_gauss, _ = state
    return bool(has_gauss) or not isinstance(words, tuple) or words[1] != _FRESH


def _raw(generator: random.Random) -> tuple[bytes, Any]:
    """The generator's memory: 625 numbers would be 625 objects, twice for each cell."""
    data = ctypes.string_at(id(generator) + _HEAD, _SIZE)
    return data, getattr(generator, "gauss_next", None)


def _readable() -> bool:
    """Whether that memory says what it should: tried out."""
    probe = random.Random(1)
    try:
        state, before = probe.getstate(), _raw(probe)
        probe.random()
        after = _raw(probe)
        probe.setstate(state)
        return before != after and _raw(probe) == before
    except Exception:
        return False


_FRESH = 623  # where numpy's seeding from entropy leaves it
_HEAD = object.__basicsize__
_SIZE = 625 * 4  # a position and 624 words
_RAW = _readable()


def _states() -> dict[str, Any]:
    inst = getattr(random, "_inst", None)
    raw = _RAW and isinstance(inst, random.Random)
    states: dict[str, Any] = {RANDOM: _raw(inst) if raw else random.getstate()}  # type: ignore[arg-type]
    module = sys.modules.get("numpy.random")
    if module is not None:
        state = module.get_state(legacy=False)
        key = state["state"].get("key")
        # Another bit generator than numpy's own has no key of 624 words.
        words = None if key is None else (key.tobytes(), state["state"]["pos"])
        rest = (state["bit_generator"], state["has_gauss"], state["gauss"])
        states[NUMPY_RANDOM] = (words or repr(state["state"]), *rest)
    return states
