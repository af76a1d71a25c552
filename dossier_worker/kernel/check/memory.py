"""Arrays: is their memory what it was?

Large memory has a blob, which says what it was, at no cost before the cell. Where the blob's file
is mapped copy-on-write, the pages that were written to are private now: only they are compared.
Small memory is copied before the cell.
"""

from __future__ import annotations

import mmap
import os
import sys
import weakref
from bisect import bisect_right
from typing import Any

from ...values import arrays
from ...values.registry import Held
from .cell import Clock

# Seconds that a byte costs to copy, and to compare with a file.
_COPY = 0.3e-9
_READ = 0.8e-9
_STEP = 4 << 20
# Pages that are looked at together: 64 MiB.
_PAGES = 16384


class Memory:
    """Where the large buffers of a version are."""

    def __init__(self, held: Held) -> None:
        self._spans = sorted(held.memory, key=lambda span: span.address)
        self._starts = [span.address for span in self._spans]

    def find(self, low: int, high: int) -> Any:
        """The buffer that these bytes are part of, if they are."""
        at = bisect_right(self._starts, low) - 1
        if at >= 0 and high <= self._spans[at].address + self._spans[at].size:
            return self._spans[at]
        return None


class ArrayLook:
    def __init__(self, array: Any, memory: Memory, clock: Clock) -> None:
        self._ref = weakref.ref(array)
        self._shape = _shape(array)
        self._low, self._high = low, high = arrays.extents(array)
        self._copy: bytes | None = None
        self._span = memory.find(low, high)
        if self._span is None and (high - low) * _COPY <= max(clock.left(), 0):
            self._copy = array.tobytes()

    def same(self, clock: Clock) -> bool | None:
        array = self._ref()
        if array is None:
            return True  # gone: who had it has something else now
        if _shape(array) != self._shape:
            return False
        if self._copy is not None:
            return bool(array.tobytes() == self._copy)
        if self._span is None:
            return None
        return self._as_in_blob(arrays.memory(array), clock)

    def before(self) -> Any:
        """The array as it was; None if that is not known."""
        numpy = sys.modules["numpy"]
        address, shape, strides, dtype, _ = self._shape
        if self._copy is not None:
            return numpy.ndarray(shape, dtype, self._copy)
        if self._span is None:
            return None
        try:
            with open(self._span.path, "rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return None
        return numpy.ndarray(shape, dtype, data, address - self._span.address, strides)

    def _as_in_blob(self, now: Any, clock: Clock) -> bool | None:
        ranges = [(self._low, self._high)]
        if self._span.mapped:
            written = written_to(self._low, self._high, clock)
            if written == []:
                return True
            ranges = ranges if written is None else written
        try:
            file = os.open(self._span.path, os.O_RDONLY)
        except OSError:
            return None
        try:
            for first, last in ranges:
                for start in range(first, last, _STEP):
                    end = min(start + _STEP, last)
                    if clock.left() < (end - start) * _READ:
                        return None
                    was = os.pread(file, end - start, start - self._span.address)
                    if now[start - self._low : end - self._low].tobytes() != was:
                        return False
        finally:
            os.close(file)
        return True


def written_to(low: int, high: int, clock: Clock) -> list[tuple[int, int]] | None:
    """Which parts of a private mapping are on pages of our own; None where that cannot be seen."""
    numpy = sys.modules["numpy"]
    size = mmap.PAGESIZE
    first, last = low // size, -(-high // size)
    found: list[tuple[int, int]] = []
    try:
        with open("/proc/self/pagemap", "rb", buffering=0) as file:
            file.seek(first * 8)
            while first < last:
                if clock.left() <= 0:
                    return None
                part = file.read(8 * min(last - first, _PAGES))
                entries = numpy.frombuffer(part, "u8")
                if not len(entries):
                    return None
                if entries.any():  # else none of them was even read
                    own = _own_pages(numpy, entries)
                    found += [(first + int(a), first + int(b)) for a, b in own]
                first += len(entries)
    except OSError:
        return None
    return [(max(a * size, low), min(b * size, high)) for a, b in found]


def _own_pages(numpy: Any, entries: Any) -> Any:
    """(first, last + 1) of each row of pages that are ours: anonymous, or swapped out."""
    bits = (entries >> numpy.uint64(61)).astype("u1")  # present, swapped, of a file
    own = (bits >= 4) & (bits & 1 == 0) | (bits & 2 != 0)
    edges = numpy.flatnonzero(numpy.diff(own.view("i1"), prepend=0, append=0))
    return edges.reshape(-1, 2)


def _shape(array: Any) -> tuple[Any, ...]:
    address = array.__array_interface__["data"][0]
    return address, array.shape, array.strides, array.dtype, arrays.is_writeable(array)
