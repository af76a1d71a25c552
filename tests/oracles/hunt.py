"""Finds for each mutant of the analyser what notices it, and writes it down.

`python -m tests.oracles.hunt [--all] [words…]`: mutants without a record (with `--all` those too
whose record no longer holds), or those whose names have all the words.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jupyterlab_dossier.dataflow import Cell, Graph, analyse
from tests.dataflow import oracle as model
from tests.dataflow.constructs import CONSTRUCTS
from tests.dataflow.notebooks import NOTEBOOKS
from tests.dataflow.test_cases import ALL_CASES, test_rule

from . import corpus
from .corpus import CorpusCell
from .kernels import Kernels
from .mutants import RECORD, Mutant, killers, mutants
from .orders import Ran, check, graph_of, in_order, preload_of

CASE = "case:"
MODEL = "model:"
FEW = 6  # notebooks tried in worker kernels before cheaper ways

_CASES = {title: (sources, expected) for title, sources, expected in ALL_CASES}
_MODELS = {**NOTEBOOKS, **CONSTRUCTS}


def is_noticed_by(
    mutant: Mutant, cells: Sequence[CorpusCell], kernels: Kernels, expected: Ran | None = None
) -> bool:
    """Does an order that the mutated graph allows give other outputs?"""
    with mutant.change():
        graph = graph_of(cells)
    return bool(check(cells, kernels, count=3, seed=0, graph=graph, expected=expected).faults)


def fails(mutant: Mutant, title: str) -> bool:
    """Does a case of the table of rules fail?"""
    with mutant.change():
        try:
            test_rule(*_CASES[title])
        except AssertionError:
            return True
    return False


def differs(mutant: Mutant, name: str) -> bool:
    """Does a notebook of the model of workers print something else?"""
    sources = _MODELS[name]
    cells = [Cell(f"c{n}", source) for n, source in enumerate(sources)]
    with mutant.change():
        graph = analyse(cells)
    if graph.to_json() == analyse(cells).to_json():
        return False
    with mutant.change():
        try:
            model.check(sources, count=8, seed=1)
        except AssertionError:
            return True
    return False


def notices(killer: str, mutant: Mutant, kernels: Kernels) -> bool:
    """Is a mutant noticed by what the record says?"""
    if killer.startswith(CASE):
        return killer.removeprefix(CASE) in _CASES and fails(mutant, killer.removeprefix(CASE))
    if killer.startswith(MODEL):
        return killer.removeprefix(MODEL) in _MODELS and differs(mutant, killer.removeprefix(MODEL))
    if killer not in corpus.names("small"):
        return False
    return is_noticed_by(mutant, corpus.load("small", killer), kernels)


class Hunt:
    def __init__(self, kernels: Kernels) -> None:
        self.kernels = kernels
        self.notebooks = {name: corpus.load("small", name) for name in corpus.names("small")}
        self.graphs: dict[str, Graph] = {name: graph_of(c) for name, c in self.notebooks.items()}
        self.expected: dict[str, Ran] = {}

    def killer(self, mutant: Mutant) -> str | None:
        candidates = self.candidates(mutant)
        return (
            next((n for n in candidates[:FEW] if self.tried(mutant, n)), None)
            or next((MODEL + name for name in _MODELS if differs(mutant, name)), None)
            or next((CASE + title for title in _CASES if fails(mutant, title)), None)
            or next((n for n in candidates[FEW:] if self.tried(mutant, n)), None)
        )

    def tried(self, mutant: Mutant, name: str) -> bool:
        cells = self.notebooks[name]
        if name not in self.expected:
            self.expected[name] = in_order(cells, self.kernels, preload_of(cells))
        return is_noticed_by(mutant, cells, self.kernels, self.expected[name])

    def candidates(self, mutant: Mutant) -> list[str]:
        """Notebooks with another graph, those with most edges less first."""
        found = []
        with mutant.change():
            for name, cells in self.notebooks.items():
                graph = graph_of(cells)
                if graph.to_json() != self.graphs[name].to_json():
                    found.append((len(graph.edges) - len(self.graphs[name].edges), name))
        return [name for _, name in sorted(found)]


def main(words: list[str]) -> None:
    record = killers() if RECORD.exists() else {}
    every = "--all" in words
    words = [word for word in words if word != "--all"]
    names = {mutant.name for mutant in mutants()}
    record = {name: killer for name, killer in record.items() if name in names}
    with tempfile.TemporaryDirectory() as folder:
        kernels = Kernels(Path(folder))
        hunt = Hunt(kernels)
        for mutant in mutants():
            if mutant.equivalent or not all(word in mutant.name for word in words):
                continue
            known = record.get(mutant.name)
            if known is not None and not words and not every:
                continue
            if known is not None and notices(known, mutant, kernels):
                continue
            found = hunt.killer(mutant)
            print(f"{mutant.name}: {found or 'SURVIVES'}", flush=True)
            record.pop(mutant.name, None)
            if found is not None:
                record[mutant.name] = found
            RECORD.write_text(json.dumps(dict(sorted(record.items())), indent=1) + "\n")
        kernels.close()


if __name__ == "__main__":
    main(sys.argv[1:])
