"""The options of cells, checked by what their target takes before anything is sent."""

from __future__ import annotations

from ...targets import Catalogue
from ..model import BadInput, Cell

FIELD = "metadata.dossier.options"


def check(cell: Cell, target: str, catalogue: Catalogue) -> None:
    """Raises `BadInput` that names the cell and the option its target does not take."""
    found = wrong(cell, target, catalogue)
    if found is not None:
        field, words = found
        raise BadInput(f"cell {cell.index} ({cell.id}): {words}", field)


def wrong(cell: Cell, target: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """The first option that its target does not take, and why, in words."""
    if not cell.options:
        return None
    from jsonschema import Draft202012Validator  # a large import, for cells with options only

    from .schemas import fault

    schema = catalogue.options(catalogue.targets[target]) or {}
    known = sorted(schema.get("properties", {}))
    taken = f"it takes {', '.join(known)}" if known else "it takes none"
    for name in cell.options:
        if name not in known:
            words = f"is no option of target {target!r}: {taken}"
            break
    else:
        found = fault(Draft202012Validator(schema), cell.options)
        if found is None:
            return None
        name, words = found[0] or "", found[1]
    first = name.partition(".")[0]
    if first in cell.inherited and cell.inherited[first] == cell.options[first]:
        field = f"{FIELD}.{target}.{name}"
        return field, f"the notebook's {field} {words}"
    field = f"{FIELD}.{name}" if name else FIELD
    return field, f"{field} {words}"
