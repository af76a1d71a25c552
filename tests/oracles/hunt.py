"""Finds for each mutant of the analyser what notices it, and writes it down.

`python -m tests.oracles.hunt [--all] [words…]`: mutants without a record (all with `--all`), or
those whose names have all the words.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jupyterlab_dossier.dataflow import Graph
from tests.dataflow.cases import CASES
from tests.dataflow.test_cases import test_rule

from . import corpus
from .corpus import CorpusCell
from .kernels import Kernels
from .mutants import RECORD, Mutant, killers, mutants
from .orders import Ran, check, graph_of, in_order, preload_of

CASE = "case:"


def is_noticed_by(
    mutant: Mutant, cells: Sequence[CorpusCell], kernels: Kernels, expected: Ran | None = None
) -> bool:
    """Does an order that the mutated graph allows give other outputs?"""
    with mutant.change():
        graph = graph_of(cells)
    return bool(check(cells, kernels, count=3, seed=0, graph=graph, expected=expected).faults)


def fails(mutant: Mutant, title: str) -> bool:
    """Does a case of the table of rules fail?"""
    sources, expected = next((c[1], c[2]) for c in CASES if c[0] == title)
    with mutant.change():
        try:
            test_rule(sources, expected)
        except AssertionError:
            return True
    return False


class Hunt:
    def __init__(self, kernels: Kernels) -> None:
        self.kernels = kernels
        self.notebooks = {name: corpus.load("small", name) for name in corpus.names("small")}
        self.graphs: dict[str, Graph] = {name: graph_of(c) for name, c in self.notebooks.items()}
        self.expected: dict[str, Ran] = {}

    def killer(self, mutant: Mutant) -> str | None:
        for name in self.candidates(mutant):
            cells = self.notebooks[name]
            if name not in self.expected:
                self.expected[name] = in_order(cells, self.kernels, preload_of(cells))
            if is_noticed_by(mutant, cells, self.kernels, self.expected[name]):
                return name
        return next((f"{CASE}{c[0]}" for c in CASES if fails(mutant, c[0])), None)

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
    known = {mutant.name for mutant in mutants()}
    record = {name: killer for name, killer in record.items() if name in known}
    with tempfile.TemporaryDirectory() as folder:
        kernels = Kernels(Path(folder))
        hunt = Hunt(kernels)
        for mutant in mutants():
            if mutant.equivalent or not all(word in mutant.name for word in words):
                continue
            if mutant.name in record and not words and not every:
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
