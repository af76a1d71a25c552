"""Faults: what is killed and cut here are real processes and real connections."""

from __future__ import annotations

import sys
from pathlib import Path

# The engine of tests/runs is the one that faults are done to.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "runs")]
