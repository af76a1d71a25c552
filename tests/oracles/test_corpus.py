"""The text form of the oracles' notebooks."""

from __future__ import annotations

from .corpus import CorpusCell, parse


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
