"""Frames, outbox and inbox, and transfers of blobs, without any websocket."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier_worker.blobs import CHUNK, PIECE, BlobFolder, BlobMismatch
from dossier_worker.wire import (
    IN_FLIGHT,
    MAX_REQUESTS,
    WINDOW,
    BlobMissing,
    BlobPuller,
    Frame,
    Inbox,
    LinkClosed,
    Message,
    Outbox,
    Sender,
    WireError,
    pack,
    serve_blob,
    unpack,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
messages = st.builds(
    lambda rest, kind: {**rest, "type": kind},
    st.dictionaries(st.text(max_size=8), json_values, max_size=4),
    st.text(max_size=20),
)
frames = st.builds(
    Frame,
    st.integers(0, 2**64 - 1),
    messages,
    st.lists(st.binary(max_size=200), max_size=4),
)


@given(st.lists(frames, max_size=5))
def test_what_is_packed_is_unpacked(some: list[Frame]) -> None:
    assert unpack(b"".join(pack(*frame) for frame in some)) == some


@given(st.lists(frames, min_size=1, max_size=3), st.data())
def test_damage_is_a_wire_error_or_another_frame(some: list[Frame], data: st.DataObject) -> None:
    raw = bytearray(b"".join(pack(*frame) for frame in some))
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = raw[: data.draw(st.integers(0, len(raw)))]
    with contextlib.suppress(WireError):
        unpack(bytes(cut))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_wire_error_or_frames(raw: bytes) -> None:
    with contextlib.suppress(WireError):
        assert isinstance(unpack(raw), list)


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"type": 1}', b"\xff", b"", b"nothing", b'{"type":' + b"[" * 100_000],
    ids=["list", "no type", "wrong type", "not utf-8", "empty", "not json", "deep"],
)
def test_bodies_that_are_no_message(body: bytes) -> None:
    with pytest.raises(WireError):
        unpack(struct.pack("!IQIH", 14 + len(body), 1, len(body), 0) + body)


def test_limits_hold_both_ways() -> None:
    message = {"type": "x"}
    raw = pack(1, message, [bytes(1000)])
    with pytest.raises(WireError, match="at most 500"):
        unpack(raw, limit=500)
    with pytest.raises(WireError, match="at most 500"):
        pack(1, message, [bytes(1000)], limit=500)
    with pytest.raises(WireError, match="buffers"):
        pack(1, message, [b""] * 5000)
    with pytest.raises(WireError, match="JSON"):
        pack(1, {"type": "x", "value": object()})
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(WireError, match="JSON"):
        pack(1, {"type": "x", "value": loop})


def test_lone_surrogates_of_outputs_pass() -> None:
    assert unpack(pack(1, {"type": "stream", "text": "\udc80"}))[0].message["text"] == "\udc80"


# One side sends numbered messages over a link that is cut at any place, with acknowledgements
# that come late or never; the other side must see each once and in order.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3000)),
        st.tuples(st.just("send"), st.integers(1, 4)),
        st.tuples(st.just("ack"), st.just(0)),
        st.tuples(st.just("cut"), st.just(0)),
        st.tuples(st.just("receiver restarts"), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps, st.sampled_from([0, 2000, 1 << 20]))
def test_nothing_lost_nothing_twice_in_order(plan: list[tuple[str, int]], memory: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder) / "spool", memory=memory)
        inbox = Inbox()
        durable: list[int] = []
        received: list[int] = []
        count = sent = 0

        def deliver(number: int) -> None:
            nonlocal sent
            sent, batch = outbox.batch(sent, size=number * 1000)
            for raw in batch:
                for frame in unpack(raw):
                    if inbox.accept(frame.seq):
                        received.append(frame.message["n"])
                        assert frame.buffers[0] == bytes([frame.message["n"] % 256]) * len(
                            frame.buffers[0]
                        )

        def reconnect() -> None:
            nonlocal sent
            inbox.peer(outbox.epoch)
            sent = inbox.seq

        reconnect()
        for what, number in plan:
            if what == "add":
                outbox.add({"type": "x", "n": count}, [bytes([count % 256]) * number])
                count += 1
            elif what == "send":
                deliver(number)
            elif what == "ack":
                durable = list(received)
                outbox.acknowledge(inbox.epoch, inbox.seq)
            elif what == "cut":
                reconnect()
            else:
                # What was not made durable, and so not acknowledged, is forgotten.
                received = list(durable)
                inbox = Inbox(outbox.epoch, len(durable))
                reconnect()
            assert outbox.in_memory <= memory
        reconnect()
        while len(received) < count:
            deliver(4)
        assert received == list(range(count))
        outbox.acknowledge(inbox.epoch, inbox.seq)
        assert len(outbox) == 0 and outbox.in_memory == 0
        spool = Path(folder) / "spool"
        assert not spool.exists() or spool.stat().st_size == 0
        outbox.close()
        assert not spool.exists()


def test_acknowledgements_of_another_epoch_count_for_nothing() -> None:
    outbox = Outbox()
    outbox.add({"type": "x"})
    outbox.acknowledge("another", 1)
    assert len(outbox) == 1
    outbox.acknowledge(outbox.epoch, 99)
    assert len(outbox) == 0 and outbox.add({"type": "x"}) == 2
    assert len(list(outbox.replay(0))) == 1


def test_a_gap_is_noticed() -> None:
    inbox = Inbox("e", 3)
    assert inbox.accept(4) and not inbox.accept(4)
    with pytest.raises(WireError, match="message 6 came after message 4"):
        inbox.accept(6)
    inbox.peer("another")
    assert inbox.accept(1)


def test_a_spool_that_cannot_be_written_stays_in_memory(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "nowhere" / "spool", memory=10)
    outbox.add({"type": "x"}, [bytes(100)])
    assert [frame.seq for raw in outbox.replay(0) for frame in unpack(raw)] == [1]


class Pipe:
    """A link from a BlobPuller to a folder, answered one by one, that can be cut."""

    def __init__(self, source: BlobFolder) -> None:
        self.source = source
        self.asked: list[Message] = []
        self.waiting: list[Message] = []
        self.most = 0
        self.changed = asyncio.Event()

    def send(self, message: Message) -> None:
        self.asked.append(message)
        self.waiting.append(message)
        self.most = max(self.most, len(self.waiting))
        self.changed.set()

    async def next(self) -> Frame:
        while not self.waiting:
            self.changed.clear()
            await self.changed.wait()
        return Frame(0, *serve_blob(self.waiting.pop(0), self.source))

    async def answer(
        self, puller: BlobPuller, change: Callable[[Frame], Frame] | None = None
    ) -> None:
        while True:
            frame = await self.next()
            puller.feed(change(frame) if change else frame)


@pytest.fixture
def source(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "source")


@pytest.fixture
def target(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "target")


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


async def test_pull_keeps_to_its_window_and_shares_transfers(
    source: BlobFolder, target: BlobFolder
) -> None:
    size = 3 * CHUNK + 17
    blob = source.write(content(size))
    pipe, puller = Pipe(source), BlobPuller(target)
    puller.connected(pipe.send)
    answering = asyncio.create_task(pipe.answer(puller))
    await asyncio.gather(*(puller.pull(blob, size) for _ in range(3)))
    assert target.verify(blob)
    assert pipe.most <= WINDOW
    assert len(pipe.asked) == 1 + 13
    await puller.pull(blob)
    assert len(pipe.asked) == 1 + 13
    answering.cancel()


@pytest.mark.parametrize("size", [0, 5, CHUNK])
async def test_small_ones_need_no_description(
    source: BlobFolder, target: BlobFolder, size: int
) -> None:
    blob = source.write(content(size))
    pipe, puller = Pipe(source), BlobPuller(target)
    puller.connected(pipe.send)
    answering = asyncio.create_task(pipe.answer(puller))
    await puller.pull(blob, size)
    assert target.verify(blob)
    assert "blob_stat" not in [message["type"] for message in pipe.asked]
    answering.cancel()


async def test_after_a_cut_only_missing_pieces_are_asked_for(
    source: BlobFolder, target: BlobFolder
) -> None:
    size = 3 * CHUNK
    blob = source.write(content(size))
    puller = BlobPuller(target)
    pulling = asyncio.create_task(puller.pull(blob, size))
    got: list[int] = []
    for pieces in (0, 5, 3, 12):
        pipe = Pipe(source)
        puller.connected(pipe.send)
        while len(got) < 12 and pieces:
            frame = await pipe.next()
            puller.feed(frame)
            if frame.message["type"] == "blob_piece":
                got.append(frame.message["offset"])
                pieces -= 1
        puller.disconnected()
    await pulling
    assert target.verify(blob)
    assert sorted(got) == list(range(0, size, PIECE))


async def test_a_cancelled_pull_is_taken_up_by_another_puller(
    source: BlobFolder, target: BlobFolder
) -> None:
    size = 3 * CHUNK
    blob = source.write(content(size))
    pipe, puller = Pipe(source), BlobPuller(target)
    puller.connected(pipe.send)
    pulling = asyncio.create_task(puller.pull(blob, size))
    for _ in range(1 + 9):
        puller.feed(await pipe.next())
    while len(pipe.asked) < 1 + 12:  # asked for the last one: the first five at least are written
        pipe.changed.clear()
        await pipe.changed.wait()
    pulling.cancel()
    await asyncio.gather(pulling, return_exceptions=True)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
    again, puller = Pipe(source), BlobPuller(target)
    puller.connected(again.send)
    answering = asyncio.create_task(again.answer(puller))
    await puller.pull(blob, size)
    assert target.verify(blob)
    assert len(again.asked) < 1 + 12
    answering.cancel()


async def test_damage_on_the_way(source: BlobFolder, target: BlobFolder) -> None:
    size = 2 * CHUNK
    blob = source.write(content(size))
    times = 1

    def damage(frame: Frame) -> Frame:
        nonlocal times
        if frame.message.get("offset") == PIECE and times:
            times -= 1
            return frame._replace(buffers=[bytes(PIECE)])
        return frame

    pipe, puller = Pipe(source), BlobPuller(target)
    puller.connected(pipe.send)
    answering = asyncio.create_task(pipe.answer(puller, damage))
    await puller.pull(blob, size)
    assert target.verify(blob)
    assert len(pipe.asked) == 1 + 8 + 4
    target.remove(blob)
    times = 100
    with pytest.raises(BlobMismatch, match="damaged"):
        await puller.pull(blob, size)
    answering.cancel()


async def test_what_cannot_be_had(source: BlobFolder, target: BlobFolder) -> None:
    pipe, puller = Pipe(source), BlobPuller(target)
    puller.connected(pipe.send)
    answering = asyncio.create_task(pipe.answer(puller))
    with pytest.raises(BlobMissing, match="there is no such blob"):
        await puller.pull("0" * 64)
    with pytest.raises(BlobMissing):
        await puller.pull("0" * 64, 10)
    with pytest.raises(BlobMismatch, match="not the name"):
        await puller.pull("../../etc/passwd")
    size = 2 * CHUNK
    blob = source.write(content(size))
    with pytest.raises(BlobMismatch, match="should have"):
        await puller.pull(blob, size + 1)
    source.path(blob).write_bytes(bytes(size))
    fresh = BlobFolder(source.folder)
    pipe.source = fresh
    with pytest.raises(BlobMissing, match="damaged"):
        await puller.pull(blob, size)
    answering.cancel()
    pulling = asyncio.create_task(puller.pull("1" * 64))
    await asyncio.sleep(0)
    puller.close("gone for good")
    with pytest.raises(LinkClosed, match="gone for good"):
        await pulling
    with pytest.raises(LinkClosed):
        await puller.pull("2" * 64)


async def test_replies_that_nobody_asked_for_are_dropped(
    source: BlobFolder, target: BlobFolder
) -> None:
    size = 2 * CHUNK
    blob = source.write(content(size))
    pipe, puller = Pipe(source), BlobPuller(target)
    puller.connected(pipe.send)
    pulling = asyncio.create_task(puller.pull(blob, size))
    await pipe.changed.wait()
    for message, buffers in [
        ({"type": "blob_piece", "blob": blob, "offset": 0}, [bytes(PIECE)]),
        ({"type": "blob_piece", "blob": blob, "offset": "0"}, [bytes(PIECE)]),
        ({"type": "blob_piece", "blob": blob, "offset": 0}, []),
        ({"type": "blob_piece", "blob": None, "offset": 0}, [b""]),
        ({"type": "blob_missing", "blob": "3" * 64}, []),
        ({"type": "blob_info", "blob": []}, []),
    ]:
        puller.feed(Frame(0, message, buffers))
    answering = asyncio.create_task(pipe.answer(puller))
    await pulling
    assert target.verify(blob)
    answering.cancel()


@pytest.mark.parametrize(
    "wrong",
    [
        {"blob": "../x"},
        {"blob": 5},
        {"offset": -1},
        {"offset": True},
        {"offset": 1.5},
        {"length": PIECE + 1},
        {"length": None},
    ],
)
def test_requests_that_make_no_sense(source: BlobFolder, wrong: Message) -> None:
    blob = source.write(b"x")
    with pytest.raises(WireError):
        serve_blob({"type": "blob_read", "blob": blob, "offset": 0, "length": 1, **wrong}, source)


class Written:
    """The socket of a Sender: each write stands until it is let through."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.batches: list[int] = []
        self.go = asyncio.Semaphore(0)
        self.idle = asyncio.Event()

    async def write(self, data: bytes) -> None:
        some = unpack(data)
        self.frames += some
        self.batches.append(len(some))
        self.idle.set()
        await self.go.acquire()


async def test_frames_of_one_turn_leave_together_and_blobs_wait(source: BlobFolder) -> None:
    blob = source.write(content(8 * PIECE))

    async def serve(message: Message) -> tuple[Message, list[bytes]]:
        return serve_blob(message, source)

    outbox, socket = Outbox(), Written()
    sender = Sender(outbox, socket.write, serve, after=0)
    for n in range(8):
        read = {"type": "blob_read", "blob": blob, "offset": n * PIECE, "length": PIECE}
        sender.request(read)
    running = asyncio.create_task(sender.run())
    await socket.idle.wait()
    assert socket.batches == [1]
    for n in range(3):
        outbox.add({"type": "interrupt", "n": n})
        sender.poke()
    sender.control({"type": "ack"})
    while len(socket.frames) < 12:
        socket.go.release()
        socket.idle.clear()
        await socket.idle.wait()
    kinds = [frame.message["type"] for frame in socket.frames]
    # One piece was on its way; then what is urgent, in one message; then the rest.
    assert kinds == ["blob_piece", "ack", *["interrupt"] * 3, *["blob_piece"] * 7]
    assert socket.batches[:2] == [1, 4]
    running.cancel()


async def test_unacknowledged_messages_are_bounded(source: BlobFolder) -> None:
    async def serve(message: Message) -> tuple[Message, list[bytes]]:
        return serve_blob(message, source)

    outbox, socket = Outbox(), Written()
    sender = Sender(outbox, socket.write, serve, after=0)
    for _ in range(40):
        outbox.add({"type": "stream"}, [bytes(PIECE)])
        socket.go.release()
    running = asyncio.create_task(sender.run())
    for _ in range(200):
        await asyncio.sleep(0)
    assert IN_FLIGHT // PIECE - 1 <= len(socket.frames) <= IN_FLIGHT // PIECE + 1
    while len(socket.frames) < 40:
        socket.idle.clear()
        sender.acknowledged({"epoch": outbox.epoch, "seq": socket.frames[-1].seq})
        await socket.idle.wait()
    assert [frame.seq for frame in socket.frames] == list(range(1, 41))
    running.cancel()


async def test_too_many_requests_are_refused() -> None:
    async def serve(message: Message) -> tuple[Message, list[bytes]]:
        raise AssertionError

    async def write(data: bytes) -> None:
        raise AssertionError

    sender = Sender(Outbox(), write, serve, after=0)
    for _ in range(MAX_REQUESTS):
        sender.request({"type": "blob_stat"})
    with pytest.raises(WireError, match="requests"):
        sender.request({"type": "blob_stat"})


async def test_a_broken_connection_ends_the_sender() -> None:
    async def serve(message: Message) -> tuple[Message, list[bytes]]:
        raise AssertionError

    async def write(data: bytes) -> None:
        raise ConnectionResetError

    outbox = Outbox()
    outbox.add({"type": "x"})
    with pytest.raises(ConnectionResetError):
        await Sender(outbox, write, serve, after=0).run()
