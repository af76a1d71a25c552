"""Which edits an oracle judges: of a seeded sample of notebooks, or of all in full runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import corpus, edits
from .results import FULL, FULL_SEED, SEED, Record, code

Json = dict[str, Any]
Notebook = tuple[corpus.Kind, str]

# Edits of each notebook of a sample.
FEW = 3


def cells_of(kind: corpus.Kind, name: str) -> edits.Cells:
    """A notebook of the corpus, as it is edited."""
    loaded = corpus.load(kind, name)
    return [edits.Cell(f"c{n}", c.source, tuple(sorted(c.tags))) for n, c in enumerate(loaded)]


class Selection:
    """The notebooks to look at, and what is known of their edits: `entries`, by name."""

    def __init__(
        self, oracle: str, judged: Sequence[str], each: dict[corpus.Kind, int],
        sample: Iterable[Notebook],
    ) -> None:  # fmt: skip
        """`judged` is the code that the verdicts are about; `each` tells, in the order in which a
        full run takes them, how many edits of each notebook it judges."""
        key = {"seed": FULL_SEED, "code": code(*judged)}
        self._record = Record(oracle, key) if FULL else None
        self._each = each
        self.entries: dict[str, Json | None] = self._record.entries if self._record else {}
        self.seed = FULL_SEED if FULL else SEED
        every = [(kind, name) for kind in each for name in corpus.names(kind)]
        self.notebooks: list[Notebook] = every if FULL else list(sample)
        print(f"DOSSIER_SEED={self.seed}")

    def edits_of(self, notebook: Notebook) -> list[str]:
        """The names of a notebook's edits, in order."""
        kind, name = notebook
        count = self._each[kind] if FULL else FEW
        return [f"{kind}/{name} {number}" for number in range(count)]

    def save(self, summary: Json | None = None) -> None:
        """Keeps what is known, in full runs."""
        if self._record is not None:
            self._record.save(summary)
