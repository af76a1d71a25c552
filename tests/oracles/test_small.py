"""Small notebooks, one theme each, in orders that their graphs allow."""

from __future__ import annotations

import os
import random

import pytest

from . import corpus
from .kernels import Kernels
from .orders import check, graph_of, in_order, preload_of

FULL = bool(os.environ.get("DOSSIER_FULL"))
SEED = int(os.environ.get("DOSSIER_SEED", "0"))
NAMES = corpus.names("small")
SAMPLE = NAMES if FULL else sorted(random.Random(SEED).sample(NAMES, 15))


def test_there_are_enough() -> None:
    themes = ("alias", "view", "frame", "late", "class", "process", "random")
    assert len(NAMES) >= 75
    assert sum(name.startswith(themes) for name in NAMES) >= 60


@pytest.mark.parametrize("name", SAMPLE)
def test_any_order(name: str, kernels: Kernels) -> None:
    cells = corpus.load("small", name)
    graph = graph_of(cells)
    expected = in_order(cells, kernels, preload_of(cells, graph))
    for cell in expected.failed:
        assert "raises-exception" in cells[int(cell[1:])].tags, expected.failed[cell]
    result = check(
        cells, kernels, count=10 if FULL else 2, seed=SEED, graph=graph, expected=expected
    )
    assert not result.faults
