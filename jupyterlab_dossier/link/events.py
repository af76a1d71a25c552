"""What the link asks of the engine and tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from dossier_worker.wire import Frame, Message

if TYPE_CHECKING:
    from .peer import Connection


class Welcome(Protocol):
    """The answer to a worker that proved itself."""

    @property
    def credential(self) -> str | None:
        """New where it came with its secret; the worker stores it in place of the secret."""
        ...


class WorkerEvents(Protocol):
    """Implemented by the engine; called on the event loop of the server."""

    async def authenticate(
        self, worker: str, secret: str | None, credential: str | None
    ) -> Welcome | None:
        """Who the worker is, by one of both; None refuses it.

        A worker stores its new credential before it sends anything numbered, so the first
        `received`, or a later hello with the credential, is the exchange that ends the secret.
        """
        ...

    async def connected(self, worker: Connection, hello: Message) -> None:
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
