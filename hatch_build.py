"""Build hook: puts the worker, one zip file that any Python can run, into the wheel."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WorkerZipapp(BuildHookInterface[Any]):
    """Writes `jupyterlab_dossier/_worker.pyz`, outside the source tree.

    An editable install gets none: there the server builds the worker from its source, so that an
    edit is not hidden by an old zip file.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from dossier_worker.build import build
        finally:
            sys.path.remove(self.root)
        self._folder = tempfile.mkdtemp()
        target = Path(self._folder) / "_worker.pyz"
        build(target)
        build_data["force_include"][str(target)] = "jupyterlab_dossier/_worker.pyz"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self._folder, ignore_errors=True)
