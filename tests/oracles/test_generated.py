"""(c) Generated notebooks give what Restart & Run All gives, in any order their graph allows."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from . import generated
from .kernels import Kernels
from .orders import check, in_order

PRELOAD = ("numpy", "numpy", "pandas")
FULL = bool(os.environ.get("DOSSIER_FULL"))
SEED = int(os.environ.get("DOSSIER_SEED", "0"))
BATCH = 50
BATCHES = 100 if FULL else 2
RESULT = Path(__file__).parents[2] / "build" / "oracles" / "generated.json"


def done() -> dict[str, Counter[str]]:
    """Batches that an earlier run has finished."""
    if not (FULL and RESULT.exists()):
        return {}
    return {
        name: Counter(found) for name, found in json.loads(RESULT.read_text())["batches"].items()
    }


def keep(batches: dict[str, Counter[str]]) -> None:
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    total: Counter[str] = sum(batches.values(), Counter())
    RESULT.write_text(json.dumps({"total": total, "batches": batches}, indent=1))


@pytest.mark.timeout(0 if FULL else 300)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_generated(batch: int, kernels: Kernels) -> None:
    print(f"DOSSIER_SEED={SEED}")
    number = SEED * 100_000 + batch
    batches = done()
    if str(number) in batches:
        return
    found: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(generated.drafts())
    def explore(draft: list[str]) -> None:
        cells = generated.runnable(draft, kernels, PRELOAD)
        expected = in_order(cells, kernels, PRELOAD)
        result = check(cells, kernels, count=2, seed=number, expected=expected, warm=True)
        shown = "\n".join(f"# %% {n} {' '.join(c.tags)}\n{c.source}" for n, c in enumerate(cells))
        assert not result.faults, "\n".join([*result.faults, shown])
        found.update(result.statistics())
        found["notebooks"] += 1

    explore()
    # Sound by ordering everything would be no use.
    assert found["forced"] < 0.9 * found["pairs"]
    if FULL:
        keep({**done(), str(number): found})
