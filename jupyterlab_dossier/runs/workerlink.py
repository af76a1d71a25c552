"""What the engine asks of the server end of the worker link, and is told by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .model import Json


@dataclass(frozen=True)
class Welcome:
    """A worker was who it said it is; `credential` is new where it came with its secret."""

    credential: str | None = None


class Connection(Protocol):
    """One worker's websocket."""

    worker: str
    hello: Json

    def send(self, message: Json, buffers: Sequence[bytes] = ()) -> None:
        """Numbers and sends a message; it is kept until the worker acknowledges it."""
        ...

    async def fetch(self, blob: str, size: int) -> None:
        """Pulls a blob from the worker into the store; nothing happens where it is there."""
        ...

    def close(self) -> Any: ...


class WorkerEvents(Protocol):
    """What the link tells: implemented by `pool.Pool`."""

    async def authenticate(
        self, worker: str, secret: str | None, credential: str | None
    ) -> Welcome | None: ...

    async def connected(self, worker: Connection, hello: Json) -> None: ...

    async def received(
        self, worker: str, epoch: str, batch: Sequence[tuple[int, Json, list[bytes]]]
    ) -> None: ...

    async def disconnected(self, worker: str) -> None: ...

    def seen(self, worker: str) -> tuple[str, int]: ...
