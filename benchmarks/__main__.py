"""Runs all cases, or those named, and writes docs/benchmarks.md."""

from __future__ import annotations

import asyncio
import sys

from . import analysis
from .cases import CASES
from .report import measure

PACKAGES = ("ipykernel", "ipython", "tornado", "distributed", "parsl", "numpy")

if __name__ == "__main__":  # dask's workers import this module again
    asyncio.run(measure("measured", (*CASES, *analysis.CASES), sys.argv[1:], PACKAGES))
