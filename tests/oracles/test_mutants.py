"""(d) Each rule of the analysis, switched off, is noticed: `killers.json` says by what.

After a change of rules, tables or notebooks: `python -m tests.oracles.hunt --all`.
"""

from __future__ import annotations

import random

import pytest

from .hunt import CASE, MODEL, Hunt, notices
from .kernels import Kernels
from .mutants import Mutant, killers, mutants
from .results import FULL, FULL_SEED, SEED, Record, code

KILLERS = killers()
MUTANTS = [m for m in mutants() if m.equivalent is None]
QUICK = [m for m in MUTANTS if KILLERS.get(m.name, "").startswith((CASE, MODEL))]
SLOW = [m for m in MUTANTS if m.name in KILLERS and m not in QUICK]
CHOOSE = random.Random(SEED)
SAMPLE = CHOOSE.sample(QUICK, min(20, len(QUICK))) + CHOOSE.sample(SLOW, min(5, len(SLOW)))


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name) for m in SAMPLE])
def test_it_is_noticed(mutant: Mutant, kernels: Kernels) -> None:
    print(f"DOSSIER_SEED={SEED}")
    assert notices(KILLERS[mutant.name], mutant, kernels)


def test_each_is_noticed_or_equivalent() -> None:
    assert {m.name for m in MUTANTS} == KILLERS.keys()


@pytest.mark.skipif(not FULL, reason="switches off every rule")
@pytest.mark.timeout(0)
def test_none_survives(kernels: Kernels) -> None:
    key = {
        "seed": FULL_SEED,
        "code": code("jupyterlab_dossier/dataflow", "tests/oracles/mutants.py"),
    }
    record = Record("mutants", key)
    hunt: Hunt | None = None
    for mutant in MUTANTS:
        if record.entries.get(mutant.name) is not None:
            continue
        found: str | None = KILLERS.get(mutant.name)
        if found is None or not notices(found, mutant, kernels):
            hunt = hunt or Hunt(kernels)
            found = hunt.killer(mutant)
        record.entries[mutant.name] = found
        record.save()
    found_by = list(record.entries.values())
    survive = [name for name, killer in record.entries.items() if killer is None]
    equivalent = {m.name: m.equivalent for m in mutants() if m.equivalent}
    record.save(
        {
            "mutants": len(mutants()),
            "noticed by other outputs in worker kernels": sum(
                k is not None and not k.startswith((CASE, MODEL)) for k in found_by
            ),
            "noticed by other outputs in a model of workers": sum(
                k is not None and k.startswith(MODEL) for k in found_by
            ),
            "noticed by a case that says what must be found": sum(
                k is not None and k.startswith(CASE) for k in found_by
            ),
            "equivalent": len(equivalent),
            "surviving": len(survive),
            **{f"equivalent: {name}": why for name, why in equivalent.items()},
        }
    )
    assert not survive
