"""The text form of the oracles' notebooks."""

from __future__ import annotations

import time

import pytest

from jupyterlab_dossier.dataflow import Cell, analyse

from .corpus import CorpusCell, load, parse


def test_cells_titles_and_tags() -> None:
    text = (
        "# about it\n\n# %% first words\nx = 1\n\ny = [x]\n# %%\n\n%%time\n  # %% no divider\n"
        "# %% it fails [raises-exception] [other]\n1 / 0\n# %% [raises-exception]\n"
    )
    assert parse(text) == [
        CorpusCell("x = 1\n\ny = [x]", frozenset(), "first words"),
        CorpusCell("%%time\n  # %% no divider"),
        CorpusCell("1 / 0", frozenset({"raises-exception", "other"}), "it fails"),
        CorpusCell("", frozenset({"raises-exception"})),
    ]


@pytest.mark.parametrize("name", ["coroutine_kitchen", "river_graph"])
def test_following_calls_has_an_end(name: str) -> None:
    """Objects that reach each other and functions made the walk of calls grow without bound."""
    began = time.process_time()
    analyse([Cell(f"c{index}", cell.source) for index, cell in enumerate(load("long", name))])
    assert time.process_time() - began < 15
