"""Which cells must run again: those that began before something they depend on had ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .plan import Plan, Step

# Of a name and a cell.
Exists = Callable[[str, str], bool]


@dataclass(frozen=True)
class Span:
    """When a cell's newest attempt began and ended (seconds since the epoch; None: it runs)."""

    began: float
    ended: float | None
    given: Mapping[str, str | None]
    """Names whose values it was given, with the version where it is known."""


def outdated(
    plan: Plan, spans: Mapping[str, Span], exists: Exists, stands: Exists
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
        why = _waited_too_little(plan, step, span, spans, found, stands)
        if why is None:
            missing = [n for n in step.inputs if n not in span.given and exists(n, cell)]
            why = f"it uses `{missing[0]}`, which it was not given" if missing else None
        if why is not None:
            found[cell] = why
    return found


def _waited_too_little(
    plan: Plan, step: Step, span: Span, spans: Mapping[str, Span], found: Mapping[str, str],
    stands: Exists,
) -> str | None:  # fmt: skip
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
        if span.began >= before.ended:
            continue
        if names is None:
            return f"it began before cell {number} ended"
        if changed := [name for name in sorted(names) if not stands(name, step.cell.id)]:
            return f"`{changed[0]}` changed before it, in cell {number} or earlier"
    return None
