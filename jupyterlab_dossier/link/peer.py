"""What the server keeps of a worker over all its connections, and one of these connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any

import anyio

from dossier_worker.blobs import Buffer
from dossier_worker.wire import (
    BLOB_REPLIES,
    BLOB_REQUESTS,
    IN_FLIGHT,
    MAX_MESSAGE,
    BlobPuller,
    Frame,
    Inbox,
    LinkClosed,
    Message,
    Outbox,
    Sender,
    WireError,
    blob_missing,
    serve_blob,
    unpack,
)
from jupyterlab_dossier.runs.workers.workerlink import WorkerEvents
from jupyterlab_dossier.store import Store

log = logging.getLogger(__name__)

# Close codes of this protocol; the reason goes with them in words.
MALFORMED = 4400
REFUSED = 4401
REPLACED = 4409
FAILED = 1011
STOPPING = 1001

# What may wait for the engine: a well-behaved worker stops at IN_FLIGHT by itself.
_MAX_WAITING = 2 * IN_FLIGHT + MAX_MESSAGE

_MAX_SERVED = 1000  # blobs of which is known how much the worker was given

_GONE, _NO_MORE = "gone", "no more"
_GRACE = 5.0
_LAST_WORDS = 2.0

Allow = Callable[[str, str], bool]


class Peer:
    """A worker as the server knows it, connected or not."""

    def __init__(
        self, worker: str, store: Store, events: WorkerEvents, allow: Allow, executor: Executor
    ) -> None:
        self.worker = worker
        self.live: Connection | None = None
        self._store = store
        self._events = events
        self._allow = allow
        self._executor = executor
        self._outbox = Outbox()
        self._inbox = Inbox(*events.seen(worker))
        self._puller = BlobPuller(store.blobs, executor)
        self._served: dict[str, int] = {}
        self._waiting: deque[tuple[Connection, str, list[Frame]]] = deque()
        self._waiting_bytes = 0
        self._arrived = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._presence: asyncio.Queue[Connection | str] = asyncio.Queue()
        self._closed = False
        self._tasks = [
            asyncio.ensure_future(self._announce()),
            asyncio.ensure_future(self._deliver()),
        ]

    def connect(
        self,
        hello: Message,
        seen: tuple[str, int],
        credential: str | None,
        write: Callable[[bytes], Awaitable[None]],
        close: Callable[[int, str], None],
    ) -> Connection:
        """A worker that proved itself takes this connection, and any older one ends."""
        if self._closed:
            raise LinkClosed("the server is stopping")
        if self.live is not None:
            self.live.end(REPLACED, "replaced by a newer connection of the same worker")
        epoch = hello["epoch"]
        durable_epoch, durable = self._events.seen(self.worker)
        if self._inbox.epoch not in ("", epoch):
            # Another process: what was meant for the old one is not for it. The engine sees
            # from the hello what it has to send again.
            self._outbox.close()
            self._outbox = Outbox()
            self._inbox = Inbox(durable_epoch, durable)
        self._inbox.peer(epoch)
        self._outbox.acknowledge(*seen)
        after = seen[1] if seen[0] == self._outbox.epoch else 0
        sender = Sender(self._outbox, write, self._serve, after=after)
        connection = Connection(self, hello, sender, close)
        welcome: Message = {
            "type": "welcome",
            "epoch": self._outbox.epoch,
            # Only what is durable: the worker forgets it.
            "seen": {"epoch": epoch, "seq": durable if durable_epoch == epoch else 0},
        }
        if credential is not None:
            welcome["credential"] = credential
        sender.control(welcome)
        self.live = connection
        connection.start()
        self._puller.connected(sender.control)
        self._presence.put_nowait(connection)
        return connection

    def take(self, connection: Connection, data: bytes) -> None:
        """One websocket message. WireError: the worker breaks the protocol."""
        frames: list[Frame] = []
        for frame in unpack(data):
            if frame.seq:
                if self._inbox.accept(frame.seq):
                    frames.append(frame)
                continue
            kind = frame.message["type"]
            if kind == "ack":
                connection.sender.acknowledged(frame.message)
                self._acknowledged.set()
            elif kind in BLOB_REPLIES:
                self._puller.feed(frame)
            elif kind in BLOB_REQUESTS:
                connection.sender.request(frame.message)
            else:
                raise WireError(f"an unnumbered message of type {kind[:40]!r}")
        if frames:
            self._waiting.append((connection, self._inbox.epoch, frames))
            self._waiting_bytes += len(data)
            if self._waiting_bytes > _MAX_WAITING:
                raise WireError("more was sent than may be before it is acknowledged")
            self._arrived.set()

    def lost(self, connection: Connection) -> None:
        if self.live is connection:
            self.live = None
            self._puller.disconnected()
            self._acknowledged.set()
        self._presence.put_nowait(_GONE)

    def send(self, message: Message, buffers: Sequence[Buffer]) -> None:
        if self._closed:
            raise LinkClosed(f"worker {self.worker} is gone")
        self._outbox.add(message, buffers)
        if self.live is not None:
            self.live.sender.poke()

    async def fetch(self, blob: str, size: int | None) -> None:
        with self._store.in_words(size):
            await self._puller.pull(blob, size)

    def fetched(self, blob: str) -> int:
        return self._puller.arrived(blob)

    def served(self, blob: str) -> int:
        return self._served.get(blob, 0)

    async def close(self, code: int, why: str) -> None:
        """Forget the worker: what it does not take now is dropped, fetches from it fail."""
        self._closed = True
        # Often the last word was "shutdown", a moment ago.
        with anyio.move_on_after(_LAST_WORDS):
            await self._acknowledged_all()
        if self.live is not None:
            self.live.end(code, why)
        self._puller.close(why)
        self._presence.put_nowait(_NO_MORE)
        self._arrived.set()
        # What the engine is told right now it is told to the end. (It may be what called us.)
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        _, late = await asyncio.wait(tasks, timeout=_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._outbox.close()

    async def _acknowledged_all(self) -> None:
        while self.live is not None and len(self._outbox):
            self._acknowledged.clear()
            await self._acknowledged.wait()

    async def _announce(self) -> None:
        while (presence := await self._presence.get()) is not _NO_MORE:
            try:
                if isinstance(presence, Connection):
                    await self._events.connected(presence, presence.hello)
                    presence.accepted = True
                else:
                    await self._events.disconnected(self.worker)
            except Exception:
                log.exception("worker %s: the engine failed on its connection", self.worker)
                if isinstance(presence, Connection):
                    presence.end(FAILED, "the server failed on this connection")
            finally:
                if isinstance(presence, Connection):
                    presence.announced.set()

    async def _deliver(self) -> None:
        while not self._closed:
            while self._waiting and not self._closed:
                connection, epoch, frames = self._waiting.popleft()
                # What queued up meanwhile goes along: one commit for all.
                while self._waiting and self._waiting[0][:2] == (connection, epoch):
                    frames += self._waiting.popleft()[2]
                if not self._waiting:
                    self._waiting_bytes = 0
                await connection.announced.wait()
                if not connection.accepted:
                    self._start_over()
                    continue
                try:
                    await self._events.received(self.worker, epoch, frames)
                except Exception:
                    log.exception("worker %s: the engine failed on its messages", self.worker)
                    self._start_over()
                    continue
                if self.live is not None:
                    ack = {"type": "ack", "epoch": epoch, "seq": frames[-1].seq}
                    self.live.sender.control(ack)
            if not self._closed:
                self._arrived.clear()
                await self._arrived.wait()

    def _start_over(self) -> None:
        """Drop what is not durable; the worker sends it again on its next connection."""
        self._waiting.clear()
        self._waiting_bytes = 0
        epoch = self._inbox.epoch
        self._inbox = Inbox(*self._events.seen(self.worker))
        self._inbox.peer(epoch)
        if self.live is not None:
            self.live.end(FAILED, "the server could not keep these messages; send them again")

    async def _serve(self, message: Message) -> tuple[Message, list[bytes]]:
        blob = message.get("blob")
        if isinstance(blob, str) and not self._allow(self.worker, blob):
            return blob_missing(blob, "this worker may not read it"), []
        loop = asyncio.get_running_loop()
        reply = await loop.run_in_executor(self._executor, serve_blob, message, self._store.blobs)
        if isinstance(blob, str) and reply[1]:
            self._served[blob] = self._served.pop(blob, 0) + sum(map(len, reply[1]))
            while len(self._served) > _MAX_SERVED:
                del self._served[next(iter(self._served))]
        return reply


class Connection:
    """One websocket of a worker, as the engine sees it."""

    def __init__(
        self, peer: Peer, hello: Message, sender: Sender, close: Callable[[int, str], None]
    ) -> None:
        self.worker = peer.worker
        self.hello = hello
        self.sender = sender
        self.announced = asyncio.Event()
        self.accepted = False
        self._peer = peer
        self._close = close
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    def send(self, message: Message, buffers: Sequence[Buffer] = ()) -> None:
        """Send a numbered message: now, or when the worker is back. Never waits.

        WireError: too large, or not JSON. LinkClosed: the worker was forgotten.
        """
        self._peer.send(message, buffers)

    async def fetch(self, blob: str, size: int | None = None) -> None:
        """Wait until the blob is in the store; goes on over cuts of the link.

        Raises BlobMissing, BlobMismatch, StoreFull, or LinkClosed if the worker is forgotten.
        """
        await self._peer.fetch(blob, size)

    def fetched(self, blob: str) -> int:
        """How many bytes of a blob that is being fetched have come."""
        return self._peer.fetched(blob)

    def served(self, blob: str) -> int:
        """How many bytes of a blob the worker was given."""
        return self._peer.served(blob)

    def close(self, why: str = "closed by the server", code: int = 1000) -> None:
        """Close this connection; the worker may come again."""
        self.end(code, why)

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    def take(self, data: bytes) -> None:
        if not self._ended:
            self._peer.take(self, data)

    def end(self, code: int, why: str) -> None:
        """The connection is over, whoever found out first."""
        if self._ended:
            return
        self._ended = True
        self._peer.lost(self)
        if self._task is not None and self._task is not _current():
            self._task.cancel()
        with contextlib.suppress(Exception):
            self._close(code, why)

    async def _run(self) -> None:
        try:
            await self.sender.run()
        except WireError as error:
            self.end(MALFORMED, str(error))
        except Exception as error:
            # Most often: the websocket broke while something was written.
            self.end(FAILED, f"{type(error).__name__}: {error}")


def _current() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
