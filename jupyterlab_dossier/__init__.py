"""Dossier for JupyterLab: every cell of a notebook on the machine it needs.

Importing this package loads nothing but the standard library, so that the command line and the
analysis helper start fast; the server extension is imported when Jupyter asks for it.
"""

from __future__ import annotations

from typing import Any

try:
    from ._version import __version__ as __version__
except ImportError:  # a source tree that was never installed
    __version__ = "0.0.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyterlab-dossier"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .app import DossierApp

    return [{"module": "jupyterlab_dossier.app", "app": DossierApp}]
