"""Which cell needs what from which: a static analysis that would rather order than be wrong.

`analyse(cells)` gives the graph; only the standard library is used, so that any interpreter can run
it (`python -I <this folder>` serves JSON lines, `client.AnalysisClient` talks to that).
"""

from .analysis import Analyser, analyse
from .model import Cell, CellReport, Edge, Graph, SetupStatement
from .stale import Analysed, Stale, stale

__all__ = [
    "Analysed",
    "Analyser",
    "Cell",
    "CellReport",
    "Edge",
    "Graph",
    "SetupStatement",
    "Stale",
    "analyse",
    "stale",
]
