"""Which cells only import and set up the process: a drawing may fold them."""

from __future__ import annotations

import pytest

from jupyterlab_dossier.dataflow import Cell, analyse

CASES = [
    ("import numpy as np\nfrom os import path", True),
    ("import pandas as pd\npd.set_option('display.width', 100)", True),
    ("%matplotlib inline", True),
    ("import os\nx = 1", False),
    ("x = 1", False),
    ("import os\nprint(os.getcwd())", False),
    ("# nothing yet", False),
    ("", False),
    ("import os\n)", False),
]


@pytest.mark.parametrize(("source", "prepares"), CASES)
def test_prepares(source: str, prepares: bool) -> None:
    (report,) = analyse([Cell("a", source)]).cells
    assert report.prepares is prepares
