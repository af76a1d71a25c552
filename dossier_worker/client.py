"""The worker's end of the link: dials out, proves who it is, and loses nothing over cuts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPError, HTTPRequest
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketError,
    websocket_connect,
)

from .blobs import BlobFolder, Buffer
from .wire import (
    BLOB_REPLIES,
    BLOB_REQUESTS,
    MAX_MESSAGE,
    BlobPuller,
    Frame,
    Inbox,
    Message,
    Outbox,
    Sender,
    WireError,
    pack,
    seen_of,
    serve_blob,
    unpack,
)

log = logging.getLogger("dossier.worker")

FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0
CONNECT_TIMEOUT = 20.0
# A silent link is given up after two of these, so that it is dialled again.
KEEPALIVE = 10.0
REFUSED = 4401
# Acknowledgements and news of a state wait this long for company.
SOON = 0.004


class NotAccepted(Exception):
    """The server refuses this worker: no use to dial again."""


class Config:
    """The worker's config.json. The server's address may change in it while we run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = self._read()

    def reload(self) -> None:
        """Take a changed file over; one that is just being written counts next time."""
        with contextlib.suppress(OSError, ValueError):
            self.values = self._read()

    def _read(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.path.read_text())
        kept = values.get("credential_file")
        if kept:
            with contextlib.suppress(FileNotFoundError):
                values["credential"] = Path(kept).read_text()
        return values

    def keep_credential(self, credential: str) -> None:
        """The secret has done its work: the credential takes its place, atomically.

        Where the configuration is not ours to change, the credential stands beside it.
        """
        self.reload()
        self.values.pop("secret", None)
        self.values["credential"] = credential
        beside = self.values.get("credential_file")
        path = Path(beside) if beside else self.path
        fd, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
        try:
            with os.fdopen(fd, "w") as file:
                file.write(credential if beside else json.dumps(self.values))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


class Client:
    """Keeps a websocket to the server and sends what `emit` is given, in order, exactly once."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        blobs: BlobFolder,
        hello: Callable[[], Message],
        receive: Callable[[Frame], None],
    ) -> None:
        self._config = config
        self._hello = hello
        self._receive = receive
        self._blobs = blobs
        self._threads = ThreadPoolExecutor(2, "dossier-blobs")
        self._outbox = Outbox(folder / "spool")
        self._inbox = Inbox()
        self._sender: Sender | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._owes_ack = False
        self.puller = BlobPuller(blobs, self._threads)
        self.cut_since: float | None = time.monotonic()

    def emit(self, message: Message, buffers: Sequence[Buffer] = (), *, soon: bool = False) -> None:
        """Send a numbered message. WireError: it cannot be sent, ever.

        `soon`: it may wait for the next one, so that a short task is told of in one piece.
        """
        self._outbox.add(message, buffers)
        if soon:
            self._leave_soon()
        else:
            self._leave()

    def _leave(self) -> None:
        """Send what waits, an acknowledgement with it, in one websocket message."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sender is None:
            return
        if self._owes_ack:
            self._owes_ack = False
            self._sender.control(self._inbox.ack())
        self._sender.poke()

    def _leave_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SOON, self._leave)

    @property
    def unacknowledged(self) -> int:
        return len(self._outbox)

    async def run(self) -> None:
        """Dial until cancelled. Raises NotAccepted when the server refuses us."""
        wait = FIRST_WAIT
        while True:
            try:
                connection = await self._dial()
            except (OSError, HTTPError, WebSocketError, asyncio.TimeoutError, ValueError) as error:
                url = self._config.values["url"]
                log.info("no connection to the server at %s: %s", url, error)
            else:
                if await self._serve(connection):
                    wait = FIRST_WAIT
                if self.cut_since is None:
                    self.cut_since = time.monotonic()
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.puller.close("the worker ends")
        self._outbox.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _dial(self) -> WebSocketClientConnection:
        self._config.reload()
        url = str(self._config.values["url"])
        if url.startswith("http"):
            url = "ws" + url[len("http") :]
        request = HTTPRequest(
            url,
            connect_timeout=CONNECT_TIMEOUT,
            request_timeout=CONNECT_TIMEOUT,
            ca_certs=self._config.values.get("ca"),
        )
        connection = await websocket_connect(
            request,
            ping_interval=KEEPALIVE,
            ping_timeout=KEEPALIVE,
            max_message_size=MAX_MESSAGE,
        )
        if connection.protocol is not None:
            # A short message right after another would wait 40 ms for a TCP acknowledgement.
            connection.protocol.set_nodelay(True)
        return connection

    async def _serve(self, connection: WebSocketClientConnection) -> bool:
        """Until the connection breaks; whether the server welcomed us before."""
        sending: asyncio.Task[None] | None = None
        welcomed = False
        try:
            await self._write(connection, pack(0, self._introduction()))
            frames = unpack(await self._read(connection, CONNECT_TIMEOUT))
            sender = self._sender = self._welcome(frames[0].message)
            welcomed = True
            self.cut_since = None
            sending = asyncio.ensure_future(self._send(sender, connection))
            self.puller.connected(sender.control)
            self._take(frames[1:], sender)
            while True:
                self._take(unpack(await self._read(connection)), sender)
        except (WireError, IndexError) as error:
            log.error("the server broke the protocol: %s", error)
        except (WebSocketClosedError, ConnectionError, asyncio.TimeoutError) as error:
            log.info("the connection broke: %s", error or type(error).__name__)
        finally:
            self._sender = None
            self.puller.disconnected()
            connection.close()
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        return welcomed

    def _introduction(self) -> Message:
        values = self._config.values
        proof = "credential" if values.get("credential") else "secret"
        return {
            "type": "hello",
            "worker": values["worker"],
            proof: values.get(proof),
            "epoch": self._outbox.epoch,
            "seen": self._inbox.seen,
            **self._hello(),
        }

    def _welcome(self, message: Message) -> Sender:
        if message["type"] != "welcome" or not isinstance(message.get("epoch"), str):
            raise WireError("no welcome after hello")
        if message.get("credential"):
            self._config.keep_credential(str(message["credential"]))
        self._inbox.peer(message["epoch"])
        epoch, seq = seen_of(message.get("seen") or {"epoch": "", "seq": 0})
        self._outbox.acknowledge(epoch, seq)
        log.info("connected to %s", self._config.values["url"])
        after = seq if epoch == self._outbox.epoch else 0
        return Sender(self._outbox, self._write_to, self._serve_blob, after=after)

    async def _send(self, sender: Sender, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        try:
            await sender.run()
        except (WebSocketClosedError, ConnectionError):
            pass
        except Exception:
            log.exception("sending failed")
        finally:
            connection.close()  # ends the reading too

    async def _write_to(self, data: bytes) -> None:
        await self._write(self._connection, data)

    async def _write(self, connection: WebSocketClientConnection, data: bytes) -> None:
        await connection.write_message(data, binary=True)

    async def _serve_blob(self, message: Message) -> tuple[Message, list[bytes]]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, serve_blob, message, self._blobs)

    async def _read(
        self, connection: WebSocketClientConnection, timeout: float | None = None
    ) -> bytes:
        data = await asyncio.wait_for(connection.read_message(), timeout)
        if data is None:
            if connection.close_code == REFUSED:
                raise NotAccepted(connection.close_reason or "the server refused this worker")
            raise ConnectionError("closed by the server")
        if isinstance(data, str):
            raise WireError("a text message")
        return data

    def _take(self, frames: list[Frame], sender: Sender) -> None:
        numbered = False
        for frame in frames:
            kind = frame.message["type"]
            if frame.seq:
                numbered = True
                if self._inbox.accept(frame.seq):
                    self._receive(frame)
            elif kind == "ack":
                sender.acknowledged(frame.message)
            elif kind in BLOB_REQUESTS:
                sender.request(frame.message)
            elif kind in BLOB_REPLIES:
                self.puller.feed(frame)
        if numbered:
            self._owes_ack = True
            self._leave_soon()
