"""Preflight says nothing of the names and files of notebooks that run."""

from __future__ import annotations

import pytest

from jupyterlab_dossier.dataflow import Cell as Analysed
from jupyterlab_dossier.dataflow import analyse
from jupyterlab_dossier.runs.model import Cell
from jupyterlab_dossier.runs.planning import plan
from jupyterlab_dossier.runs.preflight import rules, survey
from jupyterlab_dossier.targets import Target

from . import corpus

KINDS: tuple[corpus.Kind, ...] = ("small", "long")


@pytest.mark.parametrize("kind", KINDS)
def test_no_false_alarms(kind: corpus.Kind) -> None:
    local = Target("local", "local")
    told = []
    for name in corpus.names(kind):
        cells = [
            Cell(f"c{index}", index, cell.source, tags=cell.tags)
            for index, cell in enumerate(corpus.load(kind, name))
        ]
        graph = analyse(
            [Analysed(c.id, c.source, None, "raises-exception" in c.tags) for c in cells]
        )
        made = plan.make(cells, graph.to_json())
        steps = list(made.steps.values())
        told += [(name, str(problem)) for problem in survey.undefined_names(made, made.steps)]
        for step in steps:
            paths = rules.paths(step, rules.moves_folder(steps))
            before = steps[: step.cell.index]
            told += [
                (name, str(p)) for p in rules.files(step, paths, [], rules.Before(before), local)
            ]
    assert told == []
