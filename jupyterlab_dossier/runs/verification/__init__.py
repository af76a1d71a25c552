"""Verify: a run is executed once more, with nothing reused, and every cell that differs is named.

It happens in a copy of the notebook's folder, in new worker kernels: once under the recorded
conditions, which decides, and once with another hash seed and other thread counts, which tells
what hangs on them. Values are compared in a process of the notebook's interpreter.
"""

from .verdicts import Verdict
from .verifier import Progress, Verified, Verifier

__all__ = ["Progress", "Verdict", "Verified", "Verifier"]
