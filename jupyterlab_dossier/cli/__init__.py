"""`jupyter dossier`: notebooks as workflows from the command line, one module a command.

Exit status: 0 done; 1 a cell, target, worker or the store failed; 2 wrong usage or input;
3 the notebook changed meanwhile and was not written; 130 interrupted.
"""

from __future__ import annotations

from .main import main

__all__ = ["main"]
