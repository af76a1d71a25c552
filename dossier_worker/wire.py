"""What server and worker say to each other, and how none of it is lost.

One websocket message holds one or more frames. A frame is

    u32 length | u64 seq | u32 json length | u16 n | u64 * n buffer lengths | json | buffers

in network byte order; `length` counts what follows it. Numbered frames are kept by their sender
until the other side acknowledged them, and are sent again after a cut. Frames with number 0
(hello, welcome, ack, everything about blobs) are not: whoever still needs them asks again.

Nothing here knows a websocket: both ends use it, each over its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import struct
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple, ParamSpec, TypeGuard, TypeVar

from .blobs import (
    CHUNK,
    DIGEST_SIZE,
    PIECE,
    BlobFolder,
    BlobMismatch,
    Buffer,
    Partial,
    chunk_count,
    flat,
    is_name,
)

MAX_FRAME = 64 << 20
MAX_BUFFERS = 4096
BATCH = 1 << 20
MAX_MESSAGE = MAX_FRAME + (4 << 20)
IN_FLIGHT = 8 << 20
SPOOL_FROM = 16 << 20
_SPOOL = os.O_CREAT | os.O_RDWR | os.O_TRUNC
WINDOW = 4
ACTIVE_PULLS = 4
MAX_REQUESTS = 64
MAX_DAMAGED = 2
BLOB_REQUESTS = frozenset({"blob_stat", "blob_read"})
BLOB_REPLIES = frozenset({"blob_info", "blob_piece", "blob_missing"})

Message = dict[str, Any]
T = TypeVar("T")
P = ParamSpec("P")

_HEAD = struct.Struct("!IQIH")
_AFTER_LENGTH = _HEAD.size - 4


class WireError(ValueError):
    """A frame or message that breaks the protocol, in words."""


class BlobMissing(LookupError):
    """The other side has no such blob, or may not give it to us."""


class LinkClosed(ConnectionError):
    """The other side is gone and will not come back."""


class Frame(NamedTuple):
    seq: int
    message: Message
    buffers: list[bytes]


def new_epoch() -> str:
    """Names one life of a sender: sequence numbers start again with each."""
    return secrets.token_hex(8)


def pack(
    seq: int, message: Message, buffers: Sequence[Buffer] = (), *, limit: int = MAX_FRAME
) -> bytes:
    """One frame. WireError says why a message cannot be sent."""
    try:
        # ASCII only: outputs may hold lone surrogates, which UTF-8 has no form for.
        body = json.dumps(message, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(f"a message that JSON cannot hold: {error}") from None
    views = [flat(buffer) for buffer in buffers]
    if len(views) > MAX_BUFFERS:
        raise WireError(f"{len(views)} buffers in one message; at most {MAX_BUFFERS} can be sent")
    sizes = [view.nbytes for view in views]
    length = _AFTER_LENGTH + 8 * len(sizes) + len(body) + sum(sizes)
    if length > limit:
        raise WireError(f"a message of {length} bytes; at most {limit} can be sent")
    head = _HEAD.pack(length, seq, len(body), len(sizes))
    return b"".join([head, struct.pack(f"!{len(sizes)}Q", *sizes), body, *views])


def unpack(data: Buffer, *, limit: int = MAX_FRAME) -> list[Frame]:
    """The frames of one websocket message. Whatever the bytes are, the worst is a WireError."""
    view = flat(data)
    frames: list[Frame] = []
    at = 0
    while at < view.nbytes:
        if view.nbytes - at < _HEAD.size:
            raise WireError("a frame is cut short")
        length, seq, body_size, count = _HEAD.unpack_from(view, at)
        end = at + 4 + length
        if length > limit:
            raise WireError(f"a frame of {length} bytes; at most {limit} are taken")
        if count > MAX_BUFFERS:
            raise WireError(f"a frame with {count} buffers; at most {MAX_BUFFERS} are taken")
        if end > view.nbytes:
            raise WireError("a frame is cut short")
        at += _HEAD.size
        if length < _AFTER_LENGTH + 8 * count:
            raise WireError("a frame shorter than its own head")
        sizes = struct.unpack_from(f"!{count}Q", view, at)
        at += 8 * count
        if at + body_size + sum(sizes) != end:
            raise WireError("the lengths in a frame do not add up")
        message = _message(view[at : at + body_size])
        at += body_size
        buffers = []
        for size in sizes:
            buffers.append(bytes(view[at : at + size]))
            at += size
        frames.append(Frame(seq, message, buffers))
    return frames


def _message(body: memoryview) -> Message:
    try:
        message = json.loads(str(body, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"a message that is not JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise WireError("a message without a type")
    return message


class Outbox:
    """Numbers messages and keeps them until the other side acknowledged them.

    Above `memory` bytes the newest go to a file (`spool`, else a nameless temporary one) and stay
    there until they are sent. Belongs to one event loop or thread.
    """

    def __init__(self, spool: Path | None = None, *, memory: int = SPOOL_FROM) -> None:
        self.epoch = new_epoch()
        self.last = 0
        self._memory = memory
        self._held = 0
        self._kept: dict[int, bytes | tuple[int, int]] = {}
        self._oldest = 1
        self._spool = spool
        self._file: IO[bytes] | None = None
        self._end = 0
        self._spilled = 0

    @property
    def acknowledged(self) -> int:
        """The number of the last message that the other side acknowledged."""
        return self._oldest - 1

    def __len__(self) -> int:
        """How many messages are not acknowledged."""
        return len(self._kept)

    @property
    def in_memory(self) -> int:
        """Bytes held in memory; what is spilled to the file does not count."""
        return self._held

    def add(self, message: Message, buffers: Sequence[Buffer] = ()) -> int:
        """Keep a message for sending and return its number. WireError: it can never be sent."""
        frame = pack(self.last + 1, message, buffers)
        self.last += 1
        if self._held + len(frame) > self._memory and self._spill(frame):
            return self.last
        self._kept[self.last] = frame
        self._held += len(frame)
        return self.last

    def acknowledge(self, epoch: str, seq: int) -> None:
        """Forget everything up to `seq`; an acknowledgement for another epoch is ignored."""
        if epoch != self.epoch:
            return
        while self._oldest <= min(seq, self.last):
            entry = self._kept.pop(self._oldest)
            self._oldest += 1
            if isinstance(entry, bytes):
                self._held -= len(entry)
            else:
                self._spilled -= 1
        if self._file is not None and not self._spilled and self._end:
            self._file.seek(0)
            self._file.truncate()
            self._end = 0

    def replay(self, after: int) -> Iterable[bytes]:
        """The frames that are not acknowledged and come after number `after`, in order."""
        seq = max(after + 1, self._oldest)
        while seq <= self.last:
            entry = self._kept.get(seq)
            if entry is not None:  # acknowledged meanwhile
                yield entry if isinstance(entry, bytes) else self._read(*entry)
            seq += 1

    def batch(self, after: int, size: int = BATCH) -> tuple[int, list[bytes]]:
        """Frames after number `after`, about `size` bytes of them, and the last one's number."""
        frames: list[bytes] = []
        after = max(after, self._oldest - 1)
        total = 0
        for frame in self.replay(after):
            if frames and total + len(frame) > size:
                break
            frames.append(frame)
            total += len(frame)
        return after + len(frames), frames

    def close(self) -> None:
        """Drop everything, the file too."""
        self._kept.clear()
        self._held = self._spilled = 0
        self._oldest = self.last + 1
        if self._file is not None:
            self._file.close()
            self._file = None
            if self._spool is not None:
                self._spool.unlink(missing_ok=True)

    def _spill(self, frame: bytes) -> bool:
        try:
            if self._file is None:
                self._file = (
                    tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
                    if self._spool is None
                    else os.fdopen(os.open(self._spool, _SPOOL, 0o600), "w+b", buffering=0)
                )
            self._file.seek(self._end)
            written = 0
            while written < len(frame):
                written += self._file.write(memoryview(frame)[written:])
        except OSError:
            return False  # a full disk: better in memory than lost
        self._kept[self.last] = (self._end, len(frame))
        self._end += len(frame)
        self._spilled += 1
        return True

    def _read(self, offset: int, length: int) -> bytes:
        assert self._file is not None
        self._file.seek(offset)
        frame = bytearray()
        while len(frame) < length and (part := self._file.read(length - len(frame))):
            frame += part
        return bytes(frame)


class Inbox:
    """Which numbered messages of a peer were received: drops those that come a second time."""

    def __init__(self, epoch: str = "", seq: int = 0) -> None:
        self.epoch = epoch
        self.seq = seq

    def peer(self, epoch: str) -> None:
        """The peer said hello: another epoch is another life of it, numbered from anew."""
        if epoch != self.epoch:
            self.epoch = epoch
            self.seq = 0

    def accept(self, seq: int) -> bool:
        """Whether the message of this number is new. WireError if one before it is missing."""
        if seq <= self.seq:
            return False
        # The first one seen of an epoch may have any number: those before it were
        # acknowledged by a life of ours that we know nothing of.
        if self.seq and seq != self.seq + 1:
            raise WireError(f"message {seq} came after message {self.seq}")
        self.seq = seq
        return True

    @property
    def seen(self) -> Message:
        """As it stands in hello and welcome."""
        return {"epoch": self.epoch, "seq": self.seq}

    def ack(self) -> Message:
        return {"type": "ack", "epoch": self.epoch, "seq": self.seq}


def seen_of(message: Message) -> tuple[str, int]:
    """Epoch and number of an `ack`, or of the `seen` in hello and welcome."""
    epoch, seq = message.get("epoch"), message.get("seq")
    if not isinstance(epoch, str) or not isinstance(seq, int) or seq < 0:
        raise WireError("an acknowledgement without epoch and number")
    return epoch, seq


def tune(connection: socket.socket) -> None:
    """Set a link's socket so that little waits unsent in the system, ahead of an interrupt."""
    for option, value in (("TCP_NODELAY", 1), ("TCP_NOTSENT_LOWAT", 256 << 10)):
        with contextlib.suppress(AttributeError, OSError):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


Serve = Callable[[Message], Awaitable[tuple[Message, list[bytes]]]]


class Sender:
    """The way out of one connection: `run` writes until the connection breaks.

    First come unnumbered messages, then numbered ones, then one blob reply at a time; the next is
    not sent before the one before has left. So a transfer never stands in front of an interrupt,
    and a peer that does not read makes nothing grow here but the spool. Of numbered messages,
    only about IN_FLIGHT bytes are sent before they are acknowledged: that bounds the peer.
    """

    def __init__(
        self, outbox: Outbox, write: Callable[[bytes], Awaitable[None]], serve: Serve, *, after: int
    ) -> None:
        """`after`: what the peer has seen of `outbox`; all that follows is sent (again)."""
        self._outbox = outbox
        self._write = write
        self._serve = serve
        self._sent = after
        self._control: deque[bytes] = deque()
        self._requests: deque[Message] = deque()
        self._reply: bytes | None = None
        self._owed = False
        self._flight: deque[tuple[int, int]] = deque()
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._requested = asyncio.Event()
        self._replied = asyncio.Event()
        self._wake.set()

    def poke(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def acknowledged(self, message: Message) -> None:
        """The peer sent an `ack`: it makes room in the outbox and on the way."""
        self._outbox.acknowledge(*seen_of(message))
        self._wake.set()

    def control(self, message: Message) -> None:
        """Send an unnumbered message."""
        self._control.append(pack(0, message))
        self._wake.set()

    def request(self, message: Message) -> None:
        """The peer asks for a blob or a piece of one."""
        if len(self._requests) >= MAX_REQUESTS:
            raise WireError(f"more than {MAX_REQUESTS} blob requests at once")
        self._requests.append(message)
        self._requested.set()

    async def run(self) -> None:
        """Write until `write` fails (its error is raised) or this is cancelled."""
        tasks = {
            asyncio.ensure_future(self._write_all()),
            asyncio.ensure_future(self._serve_all()),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _write_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._next():
                await self._write(batch)

    def _next(self) -> bytes:
        frames = list(self._control)
        self._control.clear()
        numbered: list[bytes] = []
        while self._flight and self._flight[0][0] <= self._outbox.acknowledged:
            self._in_flight -= self._flight.popleft()[1]
        if not self._owed and self._in_flight < IN_FLIGHT:
            self._sent, numbered = self._outbox.batch(self._sent)
            if numbered:
                size = sum(map(len, numbered))
                self._flight.append((self._sent, size))
                self._in_flight += size
        # Messages go first, but a stream of them does not starve a transfer: they alternate.
        self._owed = bool(numbered) and self._reply is not None
        frames += numbered
        if not numbered and self._reply is not None:
            frames.append(self._reply)
            self._reply = None
            self._replied.set()
        return frames[0] if len(frames) == 1 else b"".join(frames)

    async def _serve_all(self) -> None:
        while True:
            while self._requests:
                reply, buffers = await self._serve(self._requests.popleft())
                self._replied.clear()
                self._reply = pack(0, reply, buffers)
                self._wake.set()
                await self._replied.wait()
            self._requested.clear()
            await self._requested.wait()


def serve_blob(message: Message, folder: BlobFolder) -> tuple[Message, list[bytes]]:
    """The reply to blob_stat or blob_read. Reads from disk: call it in a thread."""
    kind, blob = message["type"], message.get("blob")
    if not is_name(blob):
        raise WireError("a blob request without the name of a blob")
    assert isinstance(blob, str)
    try:
        if kind == "blob_stat":
            digests = [digest.hex() for digest in folder.chunks(blob)]
            info = {"type": "blob_info", "blob": blob, "size": folder.size(blob), "chunks": digests}
            return info, []
        offset, length = message.get("offset"), message.get("length")
        if not _is_count(offset) or not _is_count(length) or length > PIECE:
            raise WireError("a blob request without a proper offset and length")
        piece = folder.read_piece(blob, offset, length)
    except (OSError, BlobMismatch) as error:
        return blob_missing(blob, "" if isinstance(error, FileNotFoundError) else str(error)), []
    return {"type": "blob_piece", "blob": blob, "offset": offset}, [piece]


def blob_missing(blob: str, why: str = "") -> Message:
    return {"type": "blob_missing", "blob": blob, "why": why or "there is no such blob"}


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 1 << 62


class _Transfer:
    """One blob on its way to us."""

    def __init__(self, blob: str, size: int | None) -> None:
        self.blob = blob
        self.size = size
        self.total = 0
        self.arrived_bytes = 0
        self.wants_info = False
        self.asked: dict[int, int] = {}
        self.arrived: asyncio.Queue[Frame | Exception] = asyncio.Queue()
        self.waiters = 0
        self.task: asyncio.Task[None] | None = None

    def requests(self) -> list[Message]:
        """All that was asked and is not answered."""
        if self.wants_info:
            return [{"type": "blob_stat", "blob": self.blob}]
        return [self.read(offset, length) for offset, length in self.asked.items()]

    def read(self, offset: int, length: int) -> Message:
        return {"type": "blob_read", "blob": self.blob, "offset": offset, "length": length}

    def takes(self, frame: Frame) -> bool:
        """Whether this answers something that was asked: nothing else is ever kept."""
        message = frame.message
        kind = message["type"]
        if kind == "blob_missing":
            return self.wants_info or bool(self.asked)
        if kind == "blob_info":
            wanted, self.wants_info = self.wants_info, False
            return wanted
        offset = message.get("offset")
        if type(offset) is not int or len(frame.buffers) != 1:
            return False
        if self.asked.get(offset) != len(frame.buffers[0]):
            return False
        del self.asked[offset]
        return True


class BlobPuller:
    """Fetches blobs from the other side of a link, over as many connections as it takes.

    Feed it `blob_info`, `blob_piece` and `blob_missing`; tell it when the link is up and down.
    After a cut only the pieces that did not arrive are asked for again. Hashing and writing
    happen in `executor`; a piece counts as arrived when it is written.
    """

    def __init__(self, folder: BlobFolder, executor: Executor | None = None) -> None:
        self._folder = folder
        self._executor = executor
        self._send: Callable[[Message], None] | None = None
        self._transfers: dict[str, _Transfer] = {}
        self._turn = asyncio.Semaphore(ACTIVE_PULLS)
        self._closed: str | None = None

    async def pull(self, blob: str, size: int | None = None) -> None:
        """Wait until the blob is in the folder. Pulls of one blob at a time share the transfer.

        Raises BlobMissing, BlobMismatch, LinkClosed or OSError (a full disk).
        """
        if not is_name(blob):
            raise BlobMismatch(f"not the name of a blob: {str(blob)[:80]!r}")
        if self._folder.has(blob, size):
            return
        if self._closed is not None:
            raise LinkClosed(self._closed)
        transfer = self._transfers.get(blob)
        if transfer is None:
            transfer = self._transfers[blob] = _Transfer(blob, size)
            transfer.task = asyncio.ensure_future(self._run(transfer))
        task = transfer.task
        assert task is not None
        transfer.waiters += 1
        try:
            await asyncio.shield(task)
        finally:
            transfer.waiters -= 1
            if not transfer.waiters and not task.done():
                self._forget(transfer)
                task.cancel()

    def arrived(self, blob: str) -> int:
        """How many bytes of a blob that is being pulled have arrived."""
        transfer = self._transfers.get(blob)
        return transfer.arrived_bytes if transfer is not None else 0

    def connected(self, send: Callable[[Message], None]) -> None:
        """The link is up: ask (again) for everything that is missing."""
        self._send = send
        for transfer in self._transfers.values():
            for request in transfer.requests():
                send(request)

    def disconnected(self) -> None:
        self._send = None

    def feed(self, frame: Frame) -> None:
        """A reply to one of our requests; what was not asked for is dropped."""
        blob = frame.message.get("blob")
        transfer = self._transfers.get(blob) if isinstance(blob, str) else None
        if transfer is not None and transfer.takes(frame):
            transfer.arrived.put_nowait(frame)

    def close(self, why: str) -> None:
        """The other side will not come back: every pull under way raises LinkClosed."""
        self._closed = why
        self._send = None
        for transfer in self._transfers.values():
            transfer.arrived.put_nowait(LinkClosed(why))

    def _forget(self, transfer: _Transfer) -> None:
        if self._transfers.get(transfer.blob) is transfer:
            del self._transfers[transfer.blob]

    def _ask(self, request: Message) -> None:
        # While the link is down nothing is sent; `connected` makes up for it.
        if self._send is not None:
            self._send(request)

    async def _run(self, transfer: _Transfer) -> None:
        try:
            async with self._turn:
                if self._closed is not None:
                    raise LinkClosed(self._closed)
                size, chunks = transfer.size, None
                if size is None or size > CHUNK:
                    size, chunks = await self._info(transfer)
                transfer.total = size
                arriving = await self._in_thread(self._folder.begin, transfer.blob, size, chunks)
                try:
                    await self._pieces(transfer, arriving)
                    await self._in_thread(arriving.finish)
                except OSError as error:
                    # A cut keeps what came; a disk that is full gets its space back.
                    if not isinstance(error, ConnectionError):
                        arriving.discard()
                    raise
                finally:
                    arriving.close()
        finally:
            self._forget(transfer)

    async def _info(self, transfer: _Transfer) -> tuple[int, list[bytes]]:
        transfer.wants_info = True
        self._ask({"type": "blob_stat", "blob": transfer.blob})
        message = (await self._answer(transfer)).message
        size, chunks = message.get("size"), message.get("chunks")
        if not _is_count(size) or not isinstance(chunks, list) or len(chunks) != chunk_count(size):
            raise BlobMismatch(f"blob {transfer.blob[:12]} was described in a malformed way")
        if transfer.size is not None and size != transfer.size:
            raise BlobMismatch(
                f"blob {transfer.blob[:12]} should have {transfer.size} bytes, not {size}"
            )
        try:
            digests = [bytes.fromhex(digest) for digest in chunks]
        except (TypeError, ValueError):
            raise BlobMismatch(f"malformed digests for blob {transfer.blob[:12]}") from None
        if any(len(digest) != DIGEST_SIZE for digest in digests):
            raise BlobMismatch(f"malformed digests for blob {transfer.blob[:12]}")
        return size, digests

    async def _pieces(self, transfer: _Transfer, arriving: Partial) -> None:
        damaged = 0
        while missing := deque(arriving.missing()):
            transfer.arrived_bytes = transfer.total - sum(length for _, length in missing)
            while missing or transfer.asked or not transfer.arrived.empty():
                while missing and len(transfer.asked) + transfer.arrived.qsize() < WINDOW:
                    offset, length = missing.popleft()
                    transfer.asked[offset] = length
                    self._ask(transfer.read(offset, length))
                frame = await self._answer(transfer)
                try:
                    await self._in_thread(arriving.add, frame.message["offset"], frame.buffers[0])
                    transfer.arrived_bytes += len(frame.buffers[0])
                except BlobMismatch:
                    damaged += 1
                    if damaged > MAX_DAMAGED:
                        raise

    async def _answer(self, transfer: _Transfer) -> Frame:
        answer = await transfer.arrived.get()
        if isinstance(answer, Exception):
            raise answer
        if answer.message["type"] == "blob_missing":
            why = answer.message.get("why")
            raise BlobMissing(f"blob {transfer.blob[:12]} did not come: {why}")
        return answer

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Also when cancelled, return only after the thread is done: it uses open files."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, partial(work, *args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                result = await future
                if isinstance(result, Partial):
                    result.close()
            raise
