"""Which engine owns a run: a locked file says that its process lives, whatever killed it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from ...store import private_folder
from ..model import new_id


class Owner:
    """This engine's own lock, held until the process ends."""

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        self.name = new_id()
        self._folder = folder
        self._path = folder / f"{self.name}.lock"
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def lives(self, name: str | None) -> bool:
        """Whether the engine of this name still runs (this one included)."""
        if name == self.name:
            return True
        if name is None:
            return False
        try:
            descriptor = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            # Shared, so that two who ask at once do not take each other for the owner.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def release(self) -> None:
        """Says that this engine is no more."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._descriptor)
