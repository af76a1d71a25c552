"""Framing between the worker and a worker kernel: one stream socket, JSON plus raw buffers.

A frame is `u32 rest | u32 json length | u16 buffers | u64 length of each | json | buffers`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

_HEAD = struct.Struct(">IIH")
_MAX = 2**32 - 1

Buffer = bytes | bytearray | memoryview


def pack(message: dict[str, Any] | bytes, buffers: Sequence[Buffer] = ()) -> bytes:
    """One frame; `message` may be JSON text already encoded."""
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    sizes = [view.nbytes for view in views]
    rest = _HEAD.size - 4 + 8 * len(sizes) + len(text) + sum(sizes)
    if rest > _MAX:
        raise ValueError(f"a message of {rest} bytes is too large to send")
    head = _HEAD.pack(rest, len(text), len(sizes))
    return b"".join([head, struct.pack(f">{len(sizes)}Q", *sizes), text, *views])


class Splitter:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], list[bytes]]]:
        self._data += data
        messages = []
        start = 0
        while len(self._data) - start >= _HEAD.size:
            rest, length, count = _HEAD.unpack_from(self._data, start)
            end = start + 4 + rest
            if len(self._data) < end:
                break
            at = start + _HEAD.size
            sizes = struct.unpack_from(f">{count}Q", self._data, at)
            at += 8 * count
            message: dict[str, Any] = json.loads(self._data[at : at + length])
            at += length
            buffers = []
            for size in sizes:
                buffers.append(bytes(self._data[at : at + size]))
                at += size
            messages.append((message, buffers))
            start = end
        if start:
            del self._data[:start]
        return messages
