"""Which cells must run again: those that began before something they depend on had ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .plan import Plan, Step


@dataclass(frozen=True)
class Span:
    """When a cell's newest attempt began and ended (seconds since the epoch; None: it runs)."""

    began: float
    ended: float | None
    given: frozenset[str]
    """Names whose values it was given."""
    unchanged: frozenset[str] = frozenset()
    """Names that it might have changed and did not."""


def outdated(
    plan: Plan, spans: Mapping[str, Span], exists: Callable[[str, str], bool]
) -> dict[str, str]:
    """Cells whose result may be wrong, with the reason in words, in notebook order.

    That happens to cells that were started early on values which then did change, and where the
    plan has learned of a dependency only after they had begun. `exists(name, cell)` says whether
    the cell's input of that name has a version.
    """
    found: dict[str, str] = {}
    for cell in plan.order:
        span = spans.get(cell)
        if span is None:
            continue
        step = plan.steps[cell]
        why = _waited_too_little(plan, step, span, spans, found)
        if why is None:
            missing = [n for n in step.inputs if n not in span.given and exists(n, cell)]
            why = f"it uses `{missing[0]}`, which it was not given" if missing else None
        if why is not None:
            found[cell] = why
    return found


def _waited_too_little(
    plan: Plan, step: Step, span: Span, spans: Mapping[str, Span], found: Mapping[str, str]
) -> str | None:
    for other in sorted(step.ordered, key=plan.order.index):
        number = plan.steps[other].cell.index
        if other in found:
            return f"cell {number} runs again"
        before = spans.get(other)
        names = step.doubtful.get(other)
        if before is None:
            continue  # it does not run in this workflow, or has not begun: then judged later
        if before.ended is None:
            if names is None:
                return f"it depends on cell {number}, which has not ended"
            continue
        if span.began >= before.ended or (names is not None and names <= before.unchanged):
            continue
        shown = ", ".join(f"`{n}`" for n in sorted(names)) if names else None
        return f"cell {number} changed {shown}" if shown else f"it began before cell {number} ended"
    return None
