"""The text of a cell that shows only a part of it: kept whole, in blobs, while the cell runs."""

from __future__ import annotations

from collections.abc import Callable

from .blobs import BlobFolder

PART = 4 << 20

Tell = Callable[[int, str, int], None]


class Whole:
    """Text as it is printed; once it is `needed`, in blobs that are told of one by one."""

    def __init__(self, blobs: BlobFolder, limit: int, tell: Tell) -> None:
        """`tell` hears of each part: its position, the blob and its size."""
        self._blobs = blobs
        self._limit = limit
        self._tell = tell
        self._buffer = bytearray()
        self._position = 0
        self._needed = False
        self.kept = 0
        self.full: str | None = None
        """Why not all of it is kept."""

    def add(self, text: str) -> None:
        if self.full is not None:
            return
        data = text.encode("utf-8", "replace")
        if self.kept + len(data) > self._limit:
            data = data[: self._limit - self.kept]
            self.full = "it is larger than what is kept of one cell"
        self._buffer += data
        self.kept += len(data)
        if self._needed:
            while len(self._buffer) >= PART:
                self._write()

    def need(self) -> None:
        """Not all of the text is shown: from now on it goes to blobs."""
        self._needed = True

    def seal(self) -> None:
        """Make parts of all that is there."""
        while self._needed and self._buffer:
            self._write()

    def _write(self) -> None:
        data = bytes(self._buffer[:PART])
        del self._buffer[:PART]
        try:
            blob = self._blobs.write(data)
        except OSError as error:
            self.full = f"it cannot be written: {error.strerror}"
            self.kept -= len(data) + len(self._buffer)
            self._buffer.clear()
            return
        self._tell(self._position, blob, len(data))
        self._position += 1

    def reset(self) -> None:
        """The cell was emptied: what it printed before does not count any more."""
        self._buffer.clear()
        self._position = self.kept = 0
        self._needed = False
        self.full = None
