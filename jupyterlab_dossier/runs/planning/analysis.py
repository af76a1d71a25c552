"""The dataflow helper process, with what users' settings say of libraries."""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import jupyter_config_path

from jupyterlab_dossier.dataflow.client import AnalysisClient


def library_folders() -> list[Path]:
    """Where users' library data stands, the most personal last: its lines win."""
    return [Path(p) / "dossier" / "library.d" for p in reversed(jupyter_config_path())]


def client(python: str) -> AnalysisClient:
    """A helper process of this interpreter, started when it is first asked."""
    return AnalysisClient(python, library=library_folders())
