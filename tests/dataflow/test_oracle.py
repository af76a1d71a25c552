"""Soundness without labels: whatever order the graph allows, cells print the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from . import generated, oracle
from .constructs import CONSTRUCTS
from .notebooks import NOTEBOOKS


@pytest.fixture(autouse=True)
def no_config_is_left() -> Iterator[None]:
    yield
    oracle.sys.modules.pop(oracle.CONFIG, None)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_any_allowed_order(name: str) -> None:
    for text in oracle.in_order(NOTEBOOKS[name]):
        assert not re.search(r"^\w*Error", text, re.M), text
    oracle.check(NOTEBOOKS[name], count=6, seed=1)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_any_allowed_order_of_constructs(name: str) -> None:
    for text in oracle.in_order(CONSTRUCTS[name]):
        assert not re.search(r"^\w*Error", text, re.M), text
    oracle.check(CONSTRUCTS[name], count=8, seed=1)


def test_generated_notebooks() -> None:
    forced = pairs = 0
    for seed in range(400):
        cells = generated.notebook(seed)
        graph = oracle.check(cells, count=3, seed=seed)
        forced += len({(e.source, e.to) for e in graph.edges})
        pairs += len(cells) * (len(cells) - 1) // 2
    # Sound by ordering everything would be no use.
    assert forced < 0.5 * pairs


def test_the_oracle_sees_a_missing_edge() -> None:
    """Without the rule for aliases the check must fail."""
    from jupyterlab_dossier.dataflow import Cell, analyse

    sources = ["a = [1]", "b = a", "b.append(2)", "print(a)"]
    graph = analyse([Cell(f"c{n}", s) for n, s in enumerate(sources)])
    graph.cells[3].inputs = {"a": "c0"}
    workers = oracle.Workers(sources, graph)
    assert [workers.run(n) for n in range(4)] != oracle.in_order(sources)
