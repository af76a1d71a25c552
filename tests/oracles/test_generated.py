"""(c) Generated notebooks give what Restart & Run All gives, in any order their graph allows.

Many in a model of workers in this process, some in worker kernels with their real values, where
they also use arrays, tables and the state of the process. Full runs go on where they were cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.dataflow import oracle as model

from . import generated
from .kernels import Kernels
from .orders import Result, check, graph_of, preload_of
from .results import FULL, FULL_SEED, SEED, Record, code

CODE = ("jupyterlab_dossier/dataflow", "tests/oracles/generated.py", "tests/dataflow/oracle.py")
SIZE = {"model": 100 if FULL else 60, "kernels": 25 if FULL else 8}  # notebooks of a batch
ALL_BATCHES = {"model": 50, "kernels": 20}
BATCHES = ALL_BATCHES if FULL else {"model": 2, "kernels": 1}
ORDERS = {"model": 3, "kernels": 2}


def recorded() -> Record:
    """What full runs have done so far."""
    return Record("generated", {"seed": FULL_SEED, "code": code(*CODE)})


def explore(
    part: str, batch: int, drafts: st.SearchStrategy[Any], one: Callable[[Any, int], Result]
) -> None:
    """A batch of notebooks; where one gives other outputs, the smallest such is shown."""
    start = FULL_SEED if FULL else SEED
    print(f"DOSSIER_SEED={start}")
    name = f"{part} {batch}"
    if FULL and recorded().entries.get(name, {}).get("difference") == "":
        return
    number = start * 1000 + batch
    found: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=SIZE[part],
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(drafts)
    def explored(draft: Any) -> None:
        found.update(one(draft, number).statistics())
        found["notebooks"] += 1

    difference = ""
    try:
        explored()
    except AssertionError as error:
        difference = str(error)
        raise
    finally:
        if FULL:
            record = recorded()  # with what the other part has done meanwhile
            record.entries[name] = {**found, "difference": difference}
            record.save(summary(record.entries))
    # Sound by ordering everything would be no use.
    assert found["forced"] < 0.9 * found["pairs"]
    assert found["inverted"]


def summary(entries: dict[str, Any]) -> dict[str, Any]:
    """Words and numbers for the report."""
    found: dict[str, Any] = {}
    for part, where in (("model", "in a model of workers"), ("kernels", "in worker kernels")):
        batches = [e for name, e in entries.items() if name.startswith(part)]
        total = {key: sum(b.get(key, 0) for b in batches) for key in ("notebooks", *_COUNTED)}
        found[f"notebooks {where}"] = total["notebooks"]
        found[f"… batches of them, {where}"] = f"{len(batches)} of {ALL_BATCHES[part]}"
        found[f"… orders tried of each (at most), {where}"] = ORDERS[part]
        found[f"… with other outputs, {where}"] = sum(bool(b["difference"]) for b in batches)
        for key, words in _COUNTED.items():
            found[f"… {words}, {where}"] = total[key]
    return found


_COUNTED = {
    "cells": "cells",
    "barriers": "barriers",
    "pairs": "pairs of cells",
    "forced": "forced pairs",
    "inverted": "pairs really run out of order",
}


@pytest.mark.timeout(0 if FULL else 120)
@pytest.mark.parametrize("batch", range(BATCHES["model"]))
def test_in_a_model(batch: int) -> None:
    def one(draft: list[str], number: int) -> Result:
        cells = generated.in_model(draft)
        graph = model.check(cells, count=ORDERS["model"], seed=number)
        result = Result(graph)
        for order in model.orders(graph, ORDERS["model"], number):
            result.note(order)
        return result

    explore("model", batch, generated.drafts(generated.IN_MODEL), one)


@pytest.mark.timeout(0 if FULL else 300)
@pytest.mark.parametrize("batch", range(BATCHES["kernels"]))
def test_in_worker_kernels(batch: int, kernels: Kernels) -> None:
    start = [generated.START]
    preload = preload_of(start, graph_of(start))

    def one(draft: list[str], number: int) -> Result:
        cells, expected = generated.runnable(draft, kernels, preload)
        result = check(
            cells,
            kernels,
            count=ORDERS["kernels"],
            seed=number,
            expected=expected,
            warm=True,
        )
        shown = "\n".join(f"# %% {n} {' '.join(c.tags)}\n{c.source}" for n, c in enumerate(cells))
        assert not result.faults, "\n".join([*result.faults, shown])
        return result

    explore("kernels", batch, generated.drafts(generated.IN_KERNELS), one)
