"""What a worker's own disk keeps of blobs for later cells: no more than a limit.

A blob that is not here any more is fetched again by the cell that needs it, so any may go that is
not in use. A worker that shares the server's store keeps nothing of its own.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Set

from .blobs import BlobFolder


class Room:
    def __init__(self, blobs: BlobFolder, limit: int) -> None:
        self._blobs = blobs
        self._limit = limit

    def excess(self, used: Set[str], beside: int) -> int:
        """Bytes that should go: of blobs that are not used, and of other things `beside` them.

        They may take as much as the limit says, and never more than half of what would be free.
        """
        total = beside + sum(size for _, size, _ in self._unused(used))
        free = shutil.disk_usage(self._blobs.folder).free
        return total - min(self._limit, (total + free) // 2)

    def free(self, excess: int, used: Set[str], since: float) -> int:
        """Remove blobs, oldest first; none that is used or that was asked for since a time.

        What is left of the excess.
        """
        for _, _, blob in sorted(self._unused(used)):
            if excess <= 0:
                break
            excess -= self._blobs.remove_unused(blob, since)
        return excess

    def _unused(self, used: Set[str]) -> list[tuple[float, int, str]]:
        found = []
        for blob in self._blobs.names():
            if blob not in used:
                with contextlib.suppress(FileNotFoundError):
                    about = self._blobs.path(blob).stat()
                    found.append((about.st_mtime, about.st_size, blob))
        return found
