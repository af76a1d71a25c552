"""One folder of blobs, and words for what can go wrong with it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from dossier_worker.blobs import BlobFolder, Buffer

from .private import private_folder

# Left behind by processes that were killed; a transfer may be taken up again within this time.
_ABANDONED = 7 * 24 * 3600.0


class StoreFull(OSError):
    """The disk (or quota) of the store has no room; the message says so to a user."""


class Store:
    """The blobs of one ledger. They are on the disk for good before `write` returns."""

    def __init__(self, folder: str | os.PathLike[str], *, durable: bool = True) -> None:
        self.folder = Path(folder)
        with self.in_words():
            private_folder(self.folder)
            self.blobs = BlobFolder(self.folder, durable=durable)
        self.blobs.sweep(time.time() - _ABANDONED)

    def write(self, data: Buffer) -> str:
        """Store the bytes and return their name. Raises StoreFull."""
        with self.in_words(memoryview(data).nbytes):
            return self.blobs.write(data)

    def has(self, blob: str, size: int | None = None) -> bool:
        return self.blobs.has(blob, size)

    def verify(self, blob: str) -> bool:
        """Read the blob again and say whether it still is what its name says."""
        return self.blobs.verify(blob)

    def remove(self, blob: str) -> bool:
        """Remove a blob; False if there was none."""
        return self.blobs.remove(blob)

    def unused(self, blob: str, since: float) -> int:
        """The bytes of a blob that nobody wrote or asked for since a time; 0 for others."""
        with contextlib.suppress(OSError):
            found = self.blobs.path(blob).stat()
            return found.st_size if found.st_mtime < since else 0
        return 0

    def size(self) -> int:
        """Bytes of all blobs together, with those that are on their way or never came whole."""
        total = self.blobs.unfinished()
        for first in os.scandir(self.folder):
            if len(first.name) == 2 and first.is_dir():
                for entry in os.scandir(first.path):
                    with contextlib.suppress(FileNotFoundError):
                        total += entry.stat().st_size
        return total

    def check_room(self, needed: int) -> None:
        """Raises StoreFull where so many bytes more would leave no tenth of what is free."""
        if needed and needed > shutil.disk_usage(self.folder).free * 9 // 10:
            raise StoreFull(errno.ENOSPC, self._full(needed))

    @contextlib.contextmanager
    def in_words(self, needed: int | None = None) -> Iterator[None]:
        """Turn a full disk or quota into StoreFull."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or isinstance(error, StoreFull):
                raise
            raise StoreFull(error.errno, self._full(needed)) from error

    def _full(self, needed: int | None) -> str:
        wanted = "" if needed is None else f" {bytes_text(needed)} are needed,"
        free = ""
        with contextlib.suppress(OSError):
            free = f" {bytes_text(shutil.disk_usage(self.folder).free)} are free."
        return (
            f"The disk of the store is full ({self.folder}):{wanted}{free}"
            " Free some space, or remove old runs with `jupyter dossier clean`."
        )


def bytes_text(count: float) -> str:
    """A size as a reader wants it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
