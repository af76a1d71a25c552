"""(d) Each rule of the analysis, switched off, is noticed: `killers.json` says by which notebook.

After a change of rules, tables or notebooks: `python -m tests.oracles.hunt`.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from . import corpus
from .hunt import CASE, Hunt, fails, is_noticed_by
from .kernels import Kernels
from .mutants import Mutant, killers, mutants

FULL = bool(os.environ.get("DOSSIER_FULL"))
SEED = int(os.environ.get("DOSSIER_SEED", "0"))
KILLERS = killers()
MUTANTS = [m for m in mutants() if m.equivalent is None]
# Without a record: only a full run looks for what notices them, and fails where there is nothing.
KNOWN = [m for m in MUTANTS if m.name in KILLERS]
SAMPLE = KNOWN if FULL else random.Random(SEED).sample(KNOWN, min(60, len(KNOWN)))
RESULT = Path(__file__).parents[2] / "build" / "oracles" / "mutants.json"


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name) for m in SAMPLE])
def test_it_is_noticed(mutant: Mutant, kernels: Kernels) -> None:
    killer = KILLERS[mutant.name]
    if killer.startswith(CASE):
        assert fails(mutant, killer.removeprefix(CASE))
    else:
        assert is_noticed_by(mutant, corpus.load("small", killer), kernels)


@pytest.mark.skipif(not FULL, reason="looks through all notebooks")
@pytest.mark.timeout(0)
def test_none_survives(kernels: Kernels) -> None:
    hunt = Hunt(kernels)
    found = {m.name: KILLERS.get(m.name) or hunt.killer(m) for m in MUTANTS}
    equivalent = {m.name: m.equivalent for m in mutants() if m.equivalent}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"killers": found, "equivalent": equivalent}, indent=1))
    assert not [name for name, killer in found.items() if killer is None]
