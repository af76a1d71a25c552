"""IPython's history: `_`, `__`, `___`, `_7`, `Out`, `In`, `_i`, `%history`.

What a cell shows is kept in its kernel, by number; no variable version holds it. A notebook that
looks back runs in one worker kernel from its first cell on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .facts import Facts

_NAMES = frozenset(("_", "__", "___", "Out", "In", "_oh", "_ih", "_dh", "_i", "_ii", "_iii"))


def is_name(name: str) -> bool:
    if name in _NAMES:
        return True
    if name[0] != "_":
        return False
    return name[1:].isdigit() or (name[:2] == "_i" and name[2:].isdigit())


def spread(facts: Sequence[Facts]) -> list[Facts]:
    """The facts of all cells, where one may need an earlier cell's kernel to go on for it."""
    found = list(facts)
    for number, late in enumerate(facts):
        for cell, reason in late.needs_kernel_of.items():
            if cell < number and found[cell].sticky is None:
                found[cell] = dataclasses.replace(found[cell], sticky=reason)
    return found
