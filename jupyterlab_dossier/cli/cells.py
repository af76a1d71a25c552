"""CELL on the command line: a cell's id, else its index among the code cells."""

from __future__ import annotations

from collections.abc import Sequence


def find(name: str, ids: Sequence[str]) -> str:
    """The id of the cell that is meant; `ids` are those of the code cells in order."""
    if name in ids:
        return name
    if name.isascii() and name.isdigit() and int(name) < len(ids):
        return ids[int(name)]
    from jupyterlab_dossier.runs import BadInput

    raise BadInput(f"there is no code cell {name!r}: give its id, or its index from 0", "cell")
