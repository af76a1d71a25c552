"""Cells that verify does not execute unasked: they reach beyond the notebook's folder."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..model import Json
from ..planning.plan import Plan, Step

_SUBMITS = re.compile(
    r"\b(sbatch|srun|salloc|qsub|bsub|flux|kubectl|helm|docker|curl|wget|ssh|scp|rsync|git push)\b"
)


def left_out(plan: Plan, effects: Mapping[str, list[Json]]) -> dict[str, str]:
    """Cells that are left out, with the reason: those that reach outside, and who needs them.

    `effects` is what each cell was seen to do, by its attempts.
    """
    found: dict[str, str] = {}
    for cell in plan.order:
        step = plan.steps[cell]
        why = reaches_outside(step, effects.get(cell) or [{}])
        if why is not None:
            found[cell] = why
        elif found.keys() & step.ordered:
            found[cell] = "it needs a cell that is not executed again"
    return found


def reaches_outside(step: Step, effects: list[Json]) -> str | None:
    """Why a cell is taken to reach outside; None where it does not."""
    for seen in effects:
        # An attempt that was cut off, or ran in a complete worker kernel, was not watched.
        watched = isinstance(seen.get("files"), dict)
        why = _seen(step, seen) if watched else _by_analysis(step)
        if why is not None:
            return why
    return None


def _seen(step: Step, effects: Json) -> str | None:
    written = [path for path in effects["files"].get("written") or () if path.startswith("/")]
    submits = _SUBMITS.search(step.cell.source) if effects.get("spawned") else None
    if effects.get("network"):
        return f"it reaches {', '.join(map(str, effects['network']))}"
    if submits:
        return f"it starts {submits[0]}"
    if written:
        return f"it writes {', '.join(written)}, outside of its folder"
    return None


def _by_analysis(step: Step) -> str | None:
    """For what nobody watched; writing into the folder, which is a copy, does not count."""
    acts = [words for words in step.spec.get("outside") or () if not words.startswith("writes ")]
    written = [name for name in step.spec.get("writes") or () if name.startswith("<file /")]
    if acts:
        return f"it may reach outside ({', '.join(acts)})"
    if written:
        files = ", ".join(name[len("<file ") : -1] for name in written)
        return f"it may write {files}, outside of its folder"
    if step.barrier:
        return f"what it did was not seen, and cannot be known ({step.barrier})"
    return None
