"""What became of each cell when its run was executed again, and the likely cause."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..history import compare
from ..model import Json, Workflow
from ..planning import plan as planning
from .pairs import Finding
from .side import Side

_TEXT = 500

State = Literal["identical", "differs", "follows", "unknown", "not verified"]


@dataclass
class Verdict:
    """What became of one cell."""

    id: str
    index: int
    state: State = "identical"
    """`follows`: it differs only since an earlier cell does. `unknown`: nothing was seen to differ,
    but not all could be compared that can be moved."""
    how: list[str] = field(default_factory=list)
    cause: str | None = None
    uncompared: list[str] = field(default_factory=list)
    """Values that could not be compared, and why."""

    @property
    def differs(self) -> bool:
        return self.state in ("differs", "follows")


@dataclass(frozen=True)
class Judged:
    """What the cells of two runs are judged by."""

    workflow: Workflow
    plan: planning.Plan
    was: Side
    now: Side
    findings: Mapping[str, list[Finding]]
    """What is to be said of values, by cell."""
    barred: Mapping[str, str | None]
    """What speaks against taking a result again, by cell: it is what makes it differ."""
    left_out: Mapping[str, str]
    renamed: tuple[str, str]
    """A folder's name in `now`, and what stands for it."""

    def verdicts(self) -> list[Verdict]:
        """One for each cell of the recorded run, in order."""
        found: dict[str, Verdict] = {}
        for cell in self.workflow.cells:
            if cell.id in self.was.tasks and not planning.is_blank(cell):
                verdict = found[cell.id] = Verdict(cell.id, cell.index)
                if cell.id in self.left_out:
                    verdict.state = "not verified"
                    verdict.cause = self.left_out[cell.id][:_TEXT]
                else:
                    self._judge(verdict, found)
        return list(found.values())

    def _judge(self, verdict: Verdict, before: Mapping[str, Verdict]) -> None:
        said = self.findings.get(verdict.id, [])
        verdict.how = [words[:_TEXT] for words in self._differences(verdict.id, said)]
        verdict.uncompared = [str(f)[:_TEXT] for f in said if f.kind != "differs"]
        if not verdict.how:
            if any(finding.kind == "unknown" for finding in said):
                verdict.state = "unknown"
            return
        ordered = self.plan.steps[verdict.id].ordered
        if any(before[cell].differs for cell in ordered if cell in before):
            verdict.state = "follows"
        else:
            verdict.state = "differs"
            verdict.cause = self._cause(verdict.id, said)

    def _differences(self, cell: str, said: Sequence[Finding]) -> list[str]:
        found = []
        was, became = self.was.tasks[cell], self.now.tasks.get(cell, "skipped")
        if kind(was) != kind(became):
            found.append(f"{became} instead of {was}")
        shown = _renamed(self.now.outputs.get(cell, []), self.renamed)
        found += compare.differences(shown, self.was.outputs.get(cell, []))
        return found + [str(f) for f in said if f.kind == "differs"]

    def _cause(self, cell: str, said: Sequence[Finding]) -> str:
        """The likely cause, from what the cell was seen to do and what its text says."""
        if barred := self.barred.get(cell):
            return barred[:_TEXT]
        seen = [e for side in (self.was, self.now) for e in side.effects.get(cell, ())]
        drawn = sorted({str(name).strip("<>") for e in seen for name in e.get("drawn") or ()})
        if drawn:
            return f"it draws from {', '.join(drawn)}, which nobody has seeded"
        values = [finding for finding in said if finding.kind == "differs"]
        if values and all(finding.small for finding in values):
            return "sums of floats are rounded in another order"
        if any((effects.get("files") or {}).get("read") for effects in seen):
            return "it reads files"
        return "nothing was seen that explains it"


def kind(state: str) -> str:
    """A result is one, wherever it was made."""
    return "done" if state in ("done", "reused") else state


def cause_of_conditions(verdict: Verdict) -> str:
    """The likely cause of what differs under another hash seed and thread count only."""
    if verdict.how and all(map(_rounded, verdict.how)):
        return "thread count: sums of floats are rounded in another order"
    return "hash seed: the order of a set or of hashes"


def _rounded(words: str) -> bool:
    """Whether only floats differ, and only a little."""
    return "elements" in words or bool(re.search(r"\d\.\d{3,}", words))


def _renamed(outputs: list[Json], names: tuple[str, str]) -> list[Json]:
    text = json.dumps(outputs)
    was, now = (json.dumps(name)[1:-1] for name in names)
    found: list[Json] = json.loads(text.replace(was, now)) if was in text else outputs
    return found
