"""Which cells must run again: those that began before something they depend on had ended."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from .plan import Plan, Step

# The version that a cell would be given of a name now; None where there is none.
Current = Callable[[str, str], "str | None"]


@dataclass(frozen=True)
class Span:
    """When a cell's newest attempt began and ended (seconds since the epoch; None: it runs)."""

    began: float
    ended: float | None
    given: Mapping[str, str | None]
    """Names whose values it was given, with the version where it is known."""


def outdated(
    plan: Plan, spans: Mapping[str, Span], current: Current, in_order: Container[str] = ()
) -> dict[str, str]:
    """Cells whose result may be wrong, with the reason in words, in notebook order.

    That happens to cells that were started early on values which then did change, and where the
    plan has learned of a dependency only after they had begun. A value stands as long as it is of
    the very version that `current(name, cell)` tells: objects are shared by version, so that
    another one with the same content would not do. `in_order`: cells that ran in one worker kernel
    after all cells before them: what nobody gave them stood there.
    """
    found: dict[str, str] = {}
    for cell in plan.order:
        span = spans.get(cell)
        if span is None:
            continue
        step = plan.steps[cell]
        why = _waited_too_little(plan, step, span, spans, found, current)
        if why is None and cell not in in_order:
            missing = [n for n in step.inputs if n not in span.given and current(n, cell)]
            why = f"it uses `{missing[0]}`, which it was not given" if missing else None
        if why is not None:
            found[cell] = why
    return found


def _waited_too_little(
    plan: Plan, step: Step, span: Span, spans: Mapping[str, Span], found: Mapping[str, str],
    current: Current,
) -> str | None:  # fmt: skip
    for other in sorted(step.ordered, key=lambda cell: plan.steps[cell].cell.index):
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
        if span.began >= before.ended:
            continue
        if names is None:
            return f"it began before cell {number} ended"
        for name in sorted(names):
            now = current(name, step.cell.id)
            if now is None or now != span.given.get(name):
                return f"`{name}` changed before it, in cell {number} or earlier"
    return None
