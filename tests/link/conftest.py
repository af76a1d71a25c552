"""A server end with a small engine behind it, a small worker, and a wire that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from dossier_worker.blobs import BlobFolder
from dossier_worker.wire import (
    BLOB_REPLIES,
    BLOB_REQUESTS,
    MAX_MESSAGE,
    BlobPuller,
    Frame,
    Inbox,
    Message,
    Outbox,
    Sender,
    pack,
    seen_of,
    serve_blob,
    tune,
    unpack,
)
from jupyterlab_dossier.link import Connection, LinkServer
from jupyterlab_dossier.store import Store


@dataclass(frozen=True)
class Accepted:
    credential: str | None


class Changes:
    """Waits for a condition without polling: whoever changes something says so."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def changed(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, condition: Callable[[], Any], within: float = 20) -> None:
        async def wait() -> None:
            while not condition():
                await self._event.wait()

        await asyncio.wait_for(wait(), within)


class Engine(Changes):
    """What is durable outlives a LinkServer, as the ledger does."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets = {"w": "secret-of-w", "v": "secret-of-v"}
        self.credentials: dict[str, str] = {}
        self.log: list[str] = []
        self.durable: list[Message] = []
        self.batches: list[int] = []
        self.last = ("", 0)
        self.connection: Connection | None = None
        self.before: Callable[[Sequence[Frame]], Awaitable[None]] | None = None

    async def authenticate(
        self, worker: str, secret: str | None, credential: str | None
    ) -> Accepted | None:
        if credential is not None:
            if self.credentials.get(worker) != credential:
                return None
            self.secrets.pop(worker, None)
            return Accepted(None)
        if secret is None or self.secrets.get(worker) != secret:
            return None
        return Accepted(self.credentials.setdefault(worker, f"credential-of-{worker}"))

    async def connected(self, worker: Connection, hello: Message) -> None:
        assert "secret" not in hello and "credential" not in hello
        self.connection = worker
        self.log.append("connected")
        self.changed()

    async def received(self, worker: str, epoch: str, batch: Sequence[Frame]) -> None:
        if self.before is not None:
            await self.before(batch)
        self.durable += [frame.message for frame in batch]
        self.batches.append(len(batch))
        self.last = (epoch, batch[-1].seq)
        self.changed()

    async def disconnected(self, worker: str) -> None:
        self.log.append("disconnected")
        self.changed()

    def seen(self, worker: str) -> tuple[str, int]:
        return self.last


class Worker(Changes):
    """One worker process's end of the link, over as many connections as a test makes."""

    def __init__(self, folder: Path, name: str = "w", secret: str = "secret-of-w") -> None:
        super().__init__()
        self.name = name
        self.proof = {"secret": secret}
        self.blobs = BlobFolder(folder)
        self.outbox = Outbox()
        self.inbox = Inbox()
        self.puller = BlobPuller(self.blobs)
        self.received: list[Message] = []
        self.replies: list[Message] = []
        self.asked: list[Message] = []
        self.describes: dict[str, Message] = {}
        """Blobs that it does not have, and what it says of them."""
        self.socket: WebSocketClientConnection | None = None
        self.closed: tuple[int | None, str | None] | None = None
        self.welcome: Message | None = None
        self.sender: Sender | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self, url: str, **more: Any) -> None:
        """Dial and say hello; returns when welcomed or turned away."""
        self.closed = self.welcome = None
        self.socket = await websocket_connect(url, max_message_size=MAX_MESSAGE)
        tune(self.socket.protocol.stream.socket)
        hello = {
            "type": "hello",
            "worker": self.name,
            "epoch": self.outbox.epoch,
            "seen": self.inbox.seen,
            **self.proof,
            **more,
        }
        await self.socket.write_message(pack(0, hello), binary=True)
        self._tasks.append(asyncio.create_task(self._read(self.socket)))
        await self.until(lambda: self.welcome or self.closed)

    def send(self, **message: Any) -> None:
        self.outbox.add(message)
        if self.sender is not None:
            self.sender.poke()

    async def _read(self, socket: WebSocketClientConnection) -> None:
        while (data := await socket.read_message()) is not None:
            assert isinstance(data, bytes)
            for frame in unpack(data):
                self._take(frame, socket)
            self.changed()
        if self.socket is socket:
            self.closed = (socket.close_code, socket.close_reason)
            self.sender = None
            self.puller.disconnected()
        self.changed()

    def _take(self, frame: Frame, socket: WebSocketClientConnection) -> None:
        message = frame.message
        kind = message["type"]
        if kind == "welcome":
            self.welcome = message
            if "credential" in message:
                self.proof = {"credential": message["credential"]}
            self.inbox.peer(message["epoch"])
            epoch, seq = seen_of(message["seen"])
            self.outbox.acknowledge(epoch, seq)

            async def write(data: bytes) -> None:
                await socket.write_message(data, binary=True)

            self.sender = Sender(self.outbox, write, self._serve, after=seq)
            self._tasks.append(asyncio.create_task(self._send(self.sender)))
            self.puller.connected(self.sender.control)
            return
        assert self.sender is not None
        if frame.seq:
            if self.inbox.accept(frame.seq):
                self.received.append(message)
            self.sender.control(self.inbox.ack())
        elif kind == "ack":
            self.sender.acknowledged(message)
        elif kind in BLOB_REQUESTS:
            self.sender.request(message)
        elif kind in BLOB_REPLIES:
            self.replies.append(message)
            self.puller.feed(frame)

    async def _send(self, sender: Sender) -> None:
        with contextlib.suppress(Exception):
            await sender.run()

    async def _serve(self, message: Message) -> tuple[Message, list[bytes]]:
        self.asked.append(message)
        self.changed()
        if (info := self.describes.get(str(message.get("blob")))) is not None:
            if message["type"] == "blob_stat":
                return {"type": "blob_info", **info}, []
            await asyncio.Event().wait()
        return await asyncio.to_thread(serve_blob, message, self.blobs)

    async def drop(self) -> None:
        """The process dies, or its machine: no goodbye."""
        if self.socket is not None and self.socket.protocol is not None:
            self.socket.protocol.stream.close()
        await self.until(lambda: self.closed)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.socket is not None:
            self.socket.close()


class Cable:
    """A TCP connection in between: it can be cut after so many bytes, or held, or be slow."""

    def __init__(self) -> None:
        self.url = ""
        self.cut_up: int | None = None
        self.cut_down: int | None = None
        self.rate: float | None = None
        self._target = ("", 0)
        self._held = asyncio.Event()
        self._held.set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def lay(self, url: str) -> None:
        host, _, rest = url.removeprefix("ws://").partition(":")
        port, _, path = rest.partition("/")
        self._target = (host, int(port))
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 16)
        own = self._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{own}/{path}"

    def hold(self) -> None:
        """Bytes go in and nothing comes out: a cable pulled, with nobody told."""
        self._held.clear()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up = await asyncio.open_connection(*self._target, limit=1 << 16)
        self._writers += [writer, up[1]]
        for source, sink, name in ((reader, up[1], "cut_up"), (up[0], writer, "cut_down")):
            task = asyncio.create_task(self._pump(source, sink, name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._held.wait()
                left = getattr(self, name)
                if left is not None:
                    if left <= len(data):
                        writer.write(data[:left])
                        await writer.drain()
                        setattr(self, name, None)
                        self.cut()
                        return
                    setattr(self, name, left - len(data))
                writer.write(data)
                await writer.drain()
                if self.rate is not None:
                    await asyncio.sleep(len(data) / self.rate)
            writer.close()

    async def remove(self) -> None:
        self.cut()
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()


class Bench:
    """Everything a test needs, put away after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = Engine()
        self.store = Store(folder / "store", durable=False)
        self.link: LinkServer | None = None
        self.url = ""
        self._workers: list[Worker] = []
        self._cables: list[Cable] = []

    async def serve(self, **options: Any) -> None:
        """Start the server, or another one in place of it (on another port)."""
        if self.link is not None:
            await self.link.close()
        self.link = LinkServer(self.store, self.engine, **options)
        self.url = await self.link.listen_loopback()

    def worker(self, **options: Any) -> Worker:
        folder = self.folder / f"worker-{options.get('name', 'w')}"
        self._workers.append(Worker(folder, **options))
        return self._workers[-1]

    async def cable(self) -> Cable:
        cable = Cable()
        await cable.lay(self.url)
        self._cables.append(cable)
        return cable

    async def clear(self) -> None:
        for worker in self._workers:
            await worker.stop()
        for cable in self._cables:
            await cable.remove()
        if self.link is not None:
            await self.link.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    await bench.serve()
    yield bench
    await bench.clear()
