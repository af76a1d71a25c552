"""The graph forces every ordered pair that a traced run needed, and not many more."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest

from . import precision
from .results import BUILD, FULL, SEED, Record, code
from .shells import Shells

GOAL = 1.25  # forced pairs to traced ones, over all notebooks
SAMPLE = 4
TRACER = code("tests/oracles/trace.py", "tests/oracles/objects.py", "tests/oracles/shells.py")
CODE = [TRACER, code("jupyterlab_dossier/dataflow", "tests/oracles/precision.py")]


def _traced(shells: Shells, cells: list[tuple[str, frozenset[str]]]) -> list[dict[str, Any]]:
    """A traced run; kept, for it depends on the notebook and the tracer only."""
    key = hashlib.sha256(repr([TRACER, *(s for s, _ in cells)]).encode()).hexdigest()
    kept = BUILD / "traces" / f"{key[:24]}.json"
    if kept.exists():
        found: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    found = shells.run([(source, sorted(tags)) for source, tags in cells])
    for cell in found:
        cell["outputs"] = [o for o in cell["outputs"] if o["output_type"] == "error"]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found), encoding="utf-8")
    return found


@pytest.mark.timeout(3600)
def test_traced_pairs_are_forced_and_few_others(tracing: Shells) -> None:
    print(f"DOSSIER_SEED={SEED}")
    names = precision.names()
    if not FULL:
        names = sorted(random.Random(SEED).sample(names, min(SAMPLE, len(names))))
    record = Record("precision", {"goal": GOAL, "code": CODE}) if FULL else None
    found = []
    for name in names:
        cells = precision.load(name)
        trace = _traced(tracing, cells)
        for number, cell in enumerate(trace):
            assert cell["ok"] or "raises-exception" in cells[number][1], (name, number, cell)
        assert len(trace) == len(cells), name
        found.append(precision.measure(name, cells, trace))
        if record is not None:
            record.entries[name] = found[-1].to_json()
            record.save()
    for one in found:
        print(f"{one.name}: {one.forced} forced, {one.traced} traced, {one.ratio:.2f}")
    print(precision.summary(found))
    assert not {one.name: one.unsound for one in found if one.unsound}
    if FULL:
        assert sum(p.forced for p in found) <= GOAL * sum(p.traced for p in found)


def test_what_the_tracer_sees(tracing: Shells) -> None:
    """Names through functions, shared objects, files, generators; what is only rebound is free."""
    cells = [
        "import random\nrandom.seed(1)\na = [1]\nb = a\nn = 1\ndef f():\n    return n",
        "b.append(2)",
        "print(a)",
        "n = 2",
        "print(f())",
        "a = 5\nopen('x.txt', 'w').write('x')",
        "print(open('x.txt').read(), random.random())",
        "print(b, random.random())",
    ]
    trace = tracing.run([(source, []) for source in cells])
    needs = [{int(i): names for i, names in cell["needs"].items()} for cell in trace]
    assert needs == [
        {},
        {0: ["b"]},
        {0: ["a"], 1: ["a"]},
        {},
        {0: ["f"], 3: ["n"]},
        {},
        {0: ["<random>", "random"], 5: ["<file x.txt>"]},
        {0: ["b", "random"], 1: ["b"], 6: ["<random>"]},
    ]
