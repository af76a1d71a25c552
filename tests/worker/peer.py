"""The other end of the link for these tests: a small real server, and worker processes."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from dossier_worker.blobs import BlobFolder
from dossier_worker.wire import (
    BLOB_REQUESTS,
    MAX_MESSAGE,
    Frame,
    Inbox,
    Message,
    Outbox,
    pack,
    serve_blob,
    unpack,
)

TIMEOUT = 30


@dataclass
class Result:
    """What one task gave."""

    done: Message
    messages: list[Message]
    buffers: list[list[bytes]]

    def text(self, name: str | None = None) -> str:
        return "".join(
            m["content"]["text"]
            for m in self.messages
            if m["msg_type"] == "stream" and name in (None, m["content"]["name"])
        )

    @property
    def types(self) -> list[str]:
        return [m["msg_type"] for m in self.messages]

    def of(self, kind: str) -> list[Message]:
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    @property
    def mimes(self) -> list[str]:
        shown = ("display_data", "execute_result", "update_display_data")
        return [
            mime for m in self.messages if m["msg_type"] in shown for mime in m["content"]["data"]
        ]

    @property
    def ename(self) -> str | None:
        return (self.done.get("error") or {}).get("ename")

    @property
    def plain(self) -> str | None:
        results = self.of("execute_result")
        return results[0]["data"]["text/plain"] if results else None


class Handler(WebSocketHandler):
    peer: Peer | None = None

    def check_origin(self, origin: str) -> bool:
        return True

    def open(self) -> None:
        self.set_nodelay(True)

    def on_message(self, data: bytes) -> None:
        server: Server = self.application.settings["server"]
        frames = unpack(data)
        if self.peer is None:
            server.hello(self, frames.pop(0).message)
        if self.peer is not None:
            self.peer.received(self, frames)

    def on_close(self) -> None:
        if self.peer is not None and self.peer.handler is self:
            self.peer.handler = None
            self.peer.changed()


@dataclass
class Peer:
    """One worker as the server knows it, over all its connections."""

    secret: str | None
    folder: Path
    blobs: BlobFolder
    credential: str | None = None
    outbox: Outbox = field(default_factory=Outbox)
    inbox: Inbox = field(default_factory=Inbox)
    handler: Handler | None = None
    frames: list[Frame] = field(default_factory=list)
    of_attempt: dict[str | None, list[Frame]] = field(default_factory=dict)
    ends: dict[str | None, Message] = field(default_factory=dict)
    waiting: dict[str | None, asyncio.Future[None]] = field(default_factory=dict)
    kernels: set[str] = field(default_factory=set)
    last: Message = field(default_factory=dict)
    replies: list[Frame] = field(default_factory=list)
    hellos: list[Message] = field(default_factory=list)
    hook: Callable[[Message, list[bytes]], None] | None = None
    process: subprocess.Popen[bytes] | None = None
    numbers: Any = field(default_factory=itertools.count)
    counts: Any = field(default_factory=lambda: itertools.count(1))
    _change: asyncio.Event = field(default_factory=asyncio.Event)

    def changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def until(self, condition: Callable[[], Any], timeout: float = TIMEOUT) -> Any:
        """Wait for something that a message or a connection brings."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not (value := condition()):
            left = deadline - asyncio.get_running_loop().time()
            await asyncio.wait_for(self._change.wait(), left)
        return value

    def received(self, handler: Handler, frames: list[Frame]) -> None:
        numbered = False
        for frame in frames:
            message = frame.message
            if frame.seq:
                numbered = True
                if self.inbox.accept(frame.seq):
                    self.frames.append(frame)
                    attempt = message.get("attempt")
                    self.of_attempt.setdefault(attempt, []).append(frame)
                    if message["type"] in ("done", "kernel_died"):
                        self.ends.setdefault(attempt, message)
                        waiting = self.waiting.pop(attempt, None)
                        if waiting is not None and not waiting.done():
                            waiting.set_result(None)
                    if self.hook is not None:
                        self.hook(message, frame.buffers)
            elif message["type"] == "ack":
                self.outbox.acknowledge(message["epoch"], message["seq"])
            elif message["type"] in BLOB_REQUESTS:
                reply, buffers = serve_blob(message, self.blobs)
                handler.write_message(pack(0, reply, buffers), binary=True)
            else:
                self.replies.append(frame)
        if numbered and handler.ws_connection is not None:
            handler.write_message(pack(0, self.inbox.ack()), binary=True)
        self.changed()

    def send(self, message: Message, buffers: tuple[bytes, ...] = ()) -> None:
        seq = self.outbox.add(message, buffers)
        if self.handler is not None:
            self.handler.write_message(pack(seq, message, buffers), binary=True)

    def ask(self, message: Message) -> None:
        assert self.handler is not None
        self.handler.write_message(pack(0, message), binary=True)

    def cut(self) -> None:
        """Break the connection without a word."""
        assert self.handler is not None
        assert self.handler.ws_connection is not None
        self.handler.ws_connection.stream.socket.shutdown(2)

    def execute(self, code: str, kernel: str = "k", **options: Any) -> str:
        """Send a task; the kernel is made by its first one."""
        attempt = f"a{next(self.numbers)}"
        task = {
            "type": "execute",
            "attempt": attempt,
            "kernel": kernel,
            "new": kernel not in self.kernels,
            "code": code,
            "cell": f"cell-{attempt}",
            "execution_count": None,
            "store_history": True,
            "allow_stdin": True,
            "inputs": {},
            "manifests": {},
            "setup": [],
            "exports": [],
            "mutated": [],
            "deletes": [],
            "versions": f"{attempt}/",
            "reset": False,
            "keep": True,
            "filename_cwd": str(self.folder),
            "env": {},
            # Tests of the limits give their own.
            "limits": {"text": 16 << 20, "rich": 128 << 20},
            **options,
        }
        self.kernels.add(kernel)
        self.last = task
        self.send(task)
        return attempt

    def messages(self, attempt: str) -> list[Frame]:
        return self.of_attempt.get(attempt, [])

    async def result(self, attempt: str, timeout: float = TIMEOUT) -> Result:
        if attempt not in self.ends:
            waiting = self.waiting[attempt] = asyncio.get_running_loop().create_future()
            await asyncio.wait_for(waiting, timeout)
        done = self.ends[attempt]
        frames = [f for f in self.messages(attempt) if f.message["type"] == "message"]
        return Result(done, [f.message for f in frames], [f.buffers for f in frames])

    async def run(self, code: str, timeout: float = TIMEOUT, **options: Any) -> Result:
        return await self.result(self.execute(code, **options), timeout)

    async def shows(self, attempt: str, text: str) -> None:
        """Wait until the task has printed something."""
        await self.until(lambda: text in _printed(self.messages(attempt)))

    def interrupt(self, attempt: str, kernel: str = "k") -> None:
        self.send({"type": "interrupt", "attempt": attempt, "kernel": kernel})


def _printed(frames: list[Frame]) -> str:
    return "".join(
        f.message["content"]["text"] for f in frames if f.message.get("msg_type") == "stream"
    )


class Server:
    """Accepts workers; may be stopped and started again on another port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.peers: dict[str, Peer] = {}
        self.port = 0
        self._http: HTTPServer | None = None
        self.start()

    def start(self) -> None:
        app = Application(
            [("/dossier/link", Handler)], websocket_max_message_size=MAX_MESSAGE, server=self
        )
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._http = HTTPServer(app)
        self._http.add_sockets(sockets)

    async def stop(self) -> None:
        assert self._http is not None
        self._http.stop()
        for peer in self.peers.values():
            if peer.handler is not None:
                peer.handler.close()
        await self._http.close_all_connections()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/dossier/link"

    def hello(self, handler: Handler, message: Message) -> None:
        peer = self.peers.get(message.get("worker", ""))
        if peer is None:
            handler.close(4401, "no such worker")
            return
        proved = message.get("credential") == peer.credential is not None or (
            peer.secret is not None and message.get("secret") == peer.secret
        )
        if not proved:
            handler.close(4401, "wrong or used secret")
            return
        welcome: Message = {"type": "welcome", "epoch": peer.outbox.epoch}
        if message.get("secret"):
            peer.secret, peer.credential = None, secrets.token_hex(8)
            welcome["credential"] = peer.credential
        peer.inbox.peer(message["epoch"])
        peer.hellos.append(message)
        handler.write_message(pack(0, {**welcome, "seen": peer.inbox.seen}), binary=True)
        seen = message["seen"]
        after = seen["seq"] if seen["epoch"] == peer.outbox.epoch else 0
        for frame in peer.outbox.replay(after):
            handler.write_message(frame, binary=True)
        handler.peer = peer
        peer.handler = handler
        peer.changed()

    def worker(
        self,
        zipapp: Path,
        python: str = sys.executable,
        env: dict[str, str] | None = None,
        **config: Any,
    ) -> Peer:
        """Start a worker process."""
        name = f"w{len(self.peers)}"
        folder = self.folder / name
        folder.mkdir()
        secret = secrets.token_hex(8)
        blobs = BlobFolder(self.folder / "store")
        peer = self.peers[name] = Peer(secret, folder, blobs)
        values = {
            "worker": name,
            "url": self.url,
            "secret": secret,
            "folder": str(folder),
            "blobs": str(blobs.folder),
            "slots": 2,
            "argv": None,
            "preload": [],
            "env": {},
            "grace": 60,
            "ca": None,
            "oom_score_adj": None,
            **config,
        }
        path = folder / "config.json"
        path.write_text(json.dumps(values))
        path.chmod(0o600)
        with (folder / "stderr").open("wb") as err:
            peer.process = subprocess.Popen(
                [python, str(zipapp), str(path)],
                stdin=subprocess.DEVNULL,
                stdout=err,
                stderr=err,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        return peer

    async def close(self) -> None:
        for peer in self.peers.values():
            process = peer.process
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for peer in self.peers.values():
            if peer.process is not None:
                await asyncio.get_running_loop().run_in_executor(None, _wait, peer.process)
        await self.stop()


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
