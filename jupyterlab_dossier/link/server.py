"""The websocket that workers dial, mounted by the server extension or on a loopback port."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dossier_worker.wire import MAX_MESSAGE, Message, WireError, seen_of, tune, unpack
from jupyterlab_dossier.runs.workers.workerlink import NotOurs, WorkerEvents
from jupyterlab_dossier.store import Store

from .peer import MALFORMED, REFUSED, STOPPING, Allow, Connection, Peer

log = logging.getLogger(__name__)

PATH = "dossier/link"
MAX_HELLO = 256 << 10
# Connections whose workers have not proved themselves.
MAX_STRANGERS = 256
_REASON_BYTES = 120
_PINGS = 4


def _everything(worker: str, blob: str) -> bool:
    return True


class LinkServer:
    """Where workers connect. Belongs to the event loop it is first used on.

    `allow(worker, blob)` says which blobs a worker may read. `keepalive`: a worker that was not
    heard of for about so many seconds is disconnected. `hello_within`: it must say who it is.
    Of connections that have not said it, `strangers` may be there at once: for one more the oldest
    goes. A worker says it at once, so that those who hold the door open do not keep it out.
    """

    def __init__(
        self,
        store: Store,
        events: WorkerEvents,
        *,
        allow: Allow = _everything,
        keepalive: float = 16.0,
        hello_within: float = 10.0,
        max_message: int = MAX_MESSAGE,
        strangers: int = MAX_STRANGERS,
    ) -> None:
        self.store = store
        self.events = events
        self.keepalive = keepalive
        self.hello_within = hello_within
        self.max_message = max_message
        self.strangers = strangers
        self._allow = allow
        self._strangers: dict[IOStream, Callable[[], None]] = {}
        """How to end each, the oldest first."""
        self._peers: dict[str, Peer] = {}
        self._handlers: set[LinkHandler] = set()
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="dossier-link")
        self._http: list[HTTPServer] = []
        self._closed = False

    def handlers(self, base_url: str = "/") -> list[tuple[str, type[WebSocketHandler], Any]]:
        """Rules for a tornado application whose URLs begin with `base_url`."""
        return [(_under(base_url), LinkHandler, {"link": self})]

    async def listen_loopback(self, port: int = 0, base_url: str = "/") -> str:
        """Listen on this machine only, and return the address for workers."""
        server = _Door(self, self.handlers(base_url))
        sockets = bind_sockets(port, "127.0.0.1")
        server.add_sockets(sockets)
        self._http.append(server)
        return f"ws://127.0.0.1:{sockets[0].getsockname()[1]}{_under(base_url)}"

    async def listen_outside(self, addresses: Sequence[str], port: int, tls: ssl.SSLContext) -> int:
        """Listen on addresses that other machines reach, and return the port.

        The port that was asked for may be another process's by now: then any.
        """
        server = _Door(self, self.handlers(), tls)
        try:
            sockets = _bound(addresses, port)
        except OSError:
            if not port:
                raise
            sockets = _bound(addresses, 0)
        server.add_sockets(sockets)
        self._http.append(server)
        return int(sockets[0].getsockname()[1])

    def connection(self, worker: str) -> Connection | None:
        """The worker's connection, if it is connected now."""
        peer = self._peers.get(worker)
        return None if peer is None else peer.live

    async def forget(self, worker: str, why: str = "this worker is not wanted any more") -> None:
        """The worker will not come back: drop what waits for it, end fetches from it."""
        peer = self._peers.pop(worker, None)
        if peer is not None:
            await peer.close(1000, why)

    async def close(self) -> None:
        """Stop listening and let go of all workers; they look for the next server."""
        self._closed = True
        for http in self._http:
            http.stop()
        peers, self._peers = list(self._peers.values()), {}
        await asyncio.gather(*(peer.close(STOPPING, "the server is stopping") for peer in peers))
        for handler in list(self._handlers):
            handler.end(STOPPING, "the server is stopping")
        self._strangers.clear()
        for http in self._http:
            await http.close_all_connections()
        self._executor.shutdown(wait=False)

    def peer(self, worker: str) -> Peer:
        peer = self._peers.get(worker)
        if peer is None:
            peer = Peer(worker, self.store, self.events, self._allow, self._executor)
            self._peers[worker] = peer
        return peer

    def opened(self, handler: LinkHandler) -> None:
        self._handlers.add(handler)
        if self._closed:
            handler.end(STOPPING, "the server is stopping")

    def dropped(self, handler: LinkHandler) -> None:
        self._handlers.discard(handler)

    def stranger(self, stream: IOStream, end: Callable[[], None]) -> None:
        """Somebody is at the door (still: then with another way to send them off)."""
        if stream not in self._strangers and len(self._strangers) >= self.strangers:
            for each in [each for each in self._strangers if each.closed()]:
                del self._strangers[each]
            while len(self._strangers) >= self.strangers:
                oldest = next(iter(self._strangers))
                self._strangers.pop(oldest)()
        self._strangers[stream] = end

    def known(self, stream: IOStream) -> None:
        """They have proved themselves, or are gone."""
        self._strangers.pop(stream, None)


class _Door(HTTPServer):
    """A listener of our own, where those are counted too that do not even ask for a websocket."""

    def initialize(self, link: LinkServer, rules: Any, tls: ssl.SSLContext | None = None) -> None:  # type: ignore[override]
        self._link = link
        # The time limit is that of a request's head, a TLS handshake before it included.
        super().initialize(
            Application(rules), ssl_options=tls, idle_connection_timeout=link.hello_within
        )

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self._link.stranger(stream, stream.close)
        super().handle_stream(stream, address)


class LinkHandler(WebSocketHandler):
    """One websocket. The worker speaks first, and until it has proved itself only once."""

    def initialize(self, link: LinkServer) -> None:
        self._link = link
        self._connection: Connection | None = None
        self._greeted = False
        self._unanswered = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stream: IOStream | None = None

    @property
    def max_message_size(self) -> int:
        return MAX_HELLO

    @property
    def ping_interval(self) -> float | None:
        return None  # see _beat: any sign of life counts, not pongs alone

    def open(self, *args: str, **kwargs: str) -> None:
        stream = self.ws_connection.stream if self.ws_connection is not None else None
        if isinstance(stream, IOStream):
            tune(stream.socket)
            self._stream = stream
            self._link.stranger(
                stream, lambda: self.end(STOPPING, "too many connections did not say who they are")
            )
        self._timer = asyncio.get_running_loop().call_later(
            self._link.hello_within, self.end, REFUSED, "no hello came in time"
        )
        self._link.opened(self)

    async def on_message(self, message: str | bytes) -> None:
        self._unanswered = 0
        try:
            if isinstance(message, str):
                raise WireError("a text message; the link speaks in binary ones")
            if self._connection is not None:
                self._connection.take(message)
            elif not self._greeted:
                self._greeted = True
                await self._greet(message)
        except WireError as error:
            self.end(MALFORMED, str(error))

    def on_pong(self, data: bytes) -> None:
        self._unanswered = 0

    def on_ping(self, data: bytes) -> None:
        self._unanswered = 0

    def on_close(self) -> None:
        self.end(self.close_code or 1006, "")

    def end(self, code: int, why: str) -> None:
        """Close, with the reason in words; harmless when closed already."""
        connection, self._connection = self._connection, None
        self._greeted = True
        self._stop_timer()
        self._link.dropped(self)
        self._is_known()
        if connection is not None:
            connection.end(code, why)
        if self.ws_connection is not None:
            self.close(code, why.encode()[:_REASON_BYTES].decode(errors="ignore"))

    async def _greet(self, data: bytes) -> None:
        frames = unpack(data)
        if len(frames) != 1 or frames[0].seq or frames[0].message["type"] != "hello":
            raise WireError("the first message has to be hello, alone and unnumbered")
        hello = dict(frames[0].message)
        worker, _ = _text(hello, "worker"), _text(hello, "epoch")
        seen = hello.get("seen")
        if not isinstance(seen, dict):
            raise WireError("a hello that does not tell what was seen")
        seen_of(seen)
        # The engine gets the hello without them, so that they end up in no log.
        secret, credential = hello.pop("secret", None), hello.pop("credential", None)
        if not isinstance(secret, str | None) or not isinstance(credential, str | None):
            raise WireError("a secret or credential that is not text")
        try:
            welcome = await self._link.events.authenticate(worker, secret, credential)
        except NotOurs as error:
            self.end(STOPPING, str(error))
            return
        if welcome is None:
            what = "secret" if secret is not None else "credential"
            log.warning("a worker that says it is %s was refused", worker)
            self.end(REFUSED, f"the {what} is wrong, was used before or is no longer valid")
            return
        if self.ws_connection is None or self.ws_connection.is_closing():
            return
        self._stop_timer()
        self._is_known()
        self.ws_connection.params.max_message_size = self._link.max_message  # type: ignore[attr-defined]
        self._connection = self._link.peer(worker).connect(
            hello, seen_of(seen), welcome.credential, self._write, self.end
        )
        self._beat()

    async def _write(self, data: bytes) -> None:
        await self.write_message(data, binary=True)

    def _beat(self) -> None:
        """Ping; end the connection if several in a row brought no sign of life."""
        if self._unanswered >= _PINGS:
            self.end(1001, f"nothing was heard for {self._link.keepalive:.0f} s")
            return
        self._unanswered += 1
        try:
            self.ping()
        except WebSocketClosedError:
            return  # `on_close` comes
        self._timer = asyncio.get_running_loop().call_later(
            self._link.keepalive / _PINGS, self._beat
        )

    def _is_known(self) -> None:
        if self._stream is not None:
            self._link.known(self._stream)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


# Jupyter server looks for this mark: this route authenticates by itself, in the hello.
setattr(LinkHandler.get, "__allow_unauthenticated", True)


def _bound(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """Sockets of one port; 0 chooses it. The addresses are numbers: no name is looked up here."""
    sockets: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for address in addresses:
            try:
                sockets += bind_sockets(port, address)
            except OSError as error:
                # A name may stand for more than this machine has: ::1 where there is no IPv6.
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                absent = error
            if sockets:
                port = sockets[0].getsockname()[1]
        if not sockets:
            raise absent or OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets


def _under(base_url: str) -> str:
    return f"/{base_url.strip('/')}/{PATH}".replace("//", "/")


def _text(message: Message, key: str) -> str:
    value = message.get(key)
    # Printable: it stands in logs, and who sends it is not known yet.
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise WireError(f"a hello without a proper {key}")
    return value
