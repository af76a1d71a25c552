"""A line between workers and server that can be cut: a TCP relay."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from urllib.parse import urlsplit


class Line:
    """Relays connections to a port; `cut` ends them and lets none through, `mend` does again.

    After `limit` bytes nothing moves, though all connections stay.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._limit: float = math.inf
        self._open = asyncio.Event()
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.sent = 0
        """Bytes that went through, both ways."""
        self.moved = asyncio.Event()

    def cut(self) -> None:
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True
        self.limit(math.inf)

    def limit(self, sent: float) -> None:
        self._limit = sent
        self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, back}
        with contextlib.suppress(OSError):
            await asyncio.gather(self._relay(reader, back), self._relay(there, writer))
        self._writers -= {writer, back}
        writer.transport.abort()
        back.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 18):
            writer.write(data)
            await writer.drain()
            self.sent += len(data)
            self.moved.set()
            while self.sent >= self._limit:
                self._open.clear()
                await self._open.wait()
        writer.transport.abort()

    async def until(self, sent: int) -> None:
        """Returns once so many bytes went through."""
        while self.sent < sent:
            self.moved.clear()
            await self.moved.wait()


@contextlib.asynccontextmanager
async def line(url: str) -> AsyncIterator[tuple[Line, str]]:
    """A line to the server at `url`, and the address to dial instead."""
    parts = urlsplit(url)
    assert parts.port
    made = Line(parts.port)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield made, f"{parts.scheme}://127.0.0.1:{port}{parts.path}"
    finally:
        made.cut()
        server.close()
