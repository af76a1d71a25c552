"""What the engine asks of the server end of the worker link, and is told by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dossier_worker.wire import Frame

from ..model import Json


class NotOurs(Exception):
    """A worker of another engine, which may be back soon: it is to go on looking for that one."""


@dataclass(frozen=True)
class Welcome:
    """A worker was who it said it is.

    `credential` is new where it came with its secret: it stores the credential in its place.
    """

    credential: str | None = None


class Connection(Protocol):
    """A worker's websocket; `send` and `fetch` go on over reconnects."""

    worker: str
    hello: Json

    def send(self, message: Json, buffers: Sequence[bytes] = ()) -> None:
        """Numbers and sends a message, never waits; it is kept until it is acknowledged."""
        ...

    async def fetch(self, blob: str, size: int | None = None) -> None:
        """Pulls a blob from the worker into the store; nothing happens where it is there."""
        ...

    def fetched(self, blob: str) -> int:
        """How many bytes of a blob that is being fetched have come."""
        ...

    def served(self, blob: str) -> int:
        """How many bytes of a blob the worker was given."""
        ...


class WorkerEvents(Protocol):
    """Implemented by `pool.Pool`; called on the event loop of the server."""

    async def authenticate(
        self, worker: str, secret: str | None, credential: str | None
    ) -> Welcome | None:
        """Who the worker is, by one of both; None refuses it. Raises `NotOurs`.

        A worker stores its new credential before it sends anything numbered, so the first
        `received`, or a later hello with the credential, is the exchange that ends the secret.
        """
        ...

    async def connected(self, worker: Connection, hello: Json) -> None:
        """A worker is there (again). Messages of this connection follow when this returns."""
        ...

    async def received(self, worker: str, epoch: str, batch: Sequence[Frame]) -> None:
        """Messages, in order, none twice. When this returns they are durable and acknowledged.

        If it raises, they are not: the connection is closed, and the worker sends them again.
        """
        ...

    async def disconnected(self, worker: str) -> None:
        """The connection is gone. May come while a `received` of it is still going on."""
        ...

    def seen(self, worker: str) -> tuple[str, int]:
        """The worker's epoch and the number of its last durable message; ("", 0) if none."""
        ...
