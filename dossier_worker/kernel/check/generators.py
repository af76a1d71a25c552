"""The global generators of random numbers: drawn from or seeded?"""

from __future__ import annotations

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
            if name in before and before[name] != state and name not in cell.exports:
                effects["random"].add(name)


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {RANDOM: random.getstate()}
    module = sys.modules.get("numpy.random")
    if module is not None:
        state = module.get_state(legacy=False)
        key = state["state"].get("key")
        # Another bit generator than numpy's own has no key of 624 words.
        words = None if key is None else (key.tobytes(), state["state"]["pos"])
        rest = (state["bit_generator"], state["has_gauss"], state["gauss"])
        states[NUMPY_RANDOM] = (words or repr(state["state"]), *rest)
    return states
