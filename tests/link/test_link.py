"""The server end of the link, over real websockets."""

from __future__ import annotations

import asyncio
import pickle
import random
import shutil
from collections.abc import Sequence
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from dossier_worker.blobs import CHUNK, PIECE, name_of
from dossier_worker.wire import BlobMissing, Frame, LinkClosed, WireError, pack
from jupyterlab_dossier.link.server import LinkHandler
from jupyterlab_dossier.store import StoreFull


def content(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def numbers(messages: list[dict[str, Any]]) -> list[int]:
    return [message["n"] for message in messages]


async def test_secret_then_credential(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url, kernels=[], python="3.11")
    assert worker.welcome["credential"] == "credential-of-w"
    assert worker.welcome["seen"] == {"epoch": worker.outbox.epoch, "seq": 0}
    await bench.engine.until(lambda: bench.engine.connection)
    assert bench.engine.connection.hello["python"] == "3.11"
    assert bench.link.connection("w") is bench.engine.connection
    await worker.drop()
    await bench.engine.until(lambda: "disconnected" in bench.engine.log)
    assert bench.link.connection("w") is None
    await worker.connect(bench.url)
    assert worker.welcome is not None and "credential" not in worker.welcome
    thief = bench.worker()
    await thief.connect(bench.url)
    assert thief.closed == (4401, "the secret is wrong, was used before or is no longer valid")
    assert bench.link.connection("w") is not None


@pytest.mark.parametrize(
    "proof", [{"secret": "wrong"}, {"credential": "wrong"}, {}, {"secret": "secret-of-v"}]
)
async def test_who_does_not_prove_itself_stays_out(bench: Any, proof: dict[str, str]) -> None:
    worker = bench.worker()
    worker.proof = proof
    await worker.connect(bench.url)
    assert worker.closed[0] == 4401
    assert bench.engine.log == [] and bench.link.connection("w") is None


class Exploding:
    def __reduce__(self) -> Any:
        return pytest.fail, ("somebody unpickled this",)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"nonsense",
        pickle.dumps(Exploding()),
        pack(0, {"type": "hello"}),
        pack(1, {"type": "hello", "worker": "w", "epoch": "e", "seen": {"epoch": "", "seq": 0}}),
        pack(0, {"type": "hello", "worker": "w", "epoch": "e", "seen": None}),
        pack(0, {"type": "hello", "worker": 5, "epoch": "e", "seen": {"epoch": "", "seq": 0}}),
        pack(0, {"type": "hello", "worker": "w", "epoch": "", "seen": {"epoch": "", "seq": 0}}),
        pack(0, {"type": "hello", "worker": "w", "epoch": "\x1b", "seen": {"epoch": "", "seq": 0}}),
        pack(
            0,
            {
                "type": "hello",
                "worker": "w",
                "epoch": "e",
                "seen": {"epoch": "", "seq": 0},
                "secret": ["secret-of-w"],
            },
        ),
        pack(0, {"type": "blob_read"}),
        pack(0, {"type": "hello"}) * 2,
        "text",
    ],
)
async def test_a_malformed_hello_is_told_so(bench: Any, first: bytes | str) -> None:
    socket = await websocket_connect(bench.url)
    await socket.write_message(first, binary=isinstance(first, bytes))
    assert await socket.read_message() is None
    assert socket.close_code == 4400 and socket.close_reason
    assert bench.engine.log == []


async def test_before_the_hello_only_little_is_read(bench: Any) -> None:
    socket = await websocket_connect(bench.url)
    await socket.write_message(bytes(1 << 20), binary=True)
    assert await socket.read_message() is None
    assert socket.close_code == 1009


async def test_who_says_nothing_is_dropped(bench: Any) -> None:
    await bench.serve(hello_within=0.05)
    socket = await websocket_connect(bench.url)
    assert await socket.read_message() is None
    assert socket.close_code == 4401 and socket.close_reason == "no hello came in time"


async def test_nobody_who_is_not_known_writes_lines_of_the_log(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for name in ("w\nall is well", "w\x1b[2J", "w\u2028x"):
        worker = bench.worker(name=name, secret="wrong")
        await worker.connect(bench.url)
        assert worker.closed == (4400, "a hello without a proper worker")
    assert "all is well" not in caplog.text
    assert all(record.getMessage().isprintable() for record in caplog.records)


async def test_the_door_cannot_be_held_shut(bench: Any) -> None:
    await bench.serve(strangers=3)
    silent = [await websocket_connect(bench.url) for _ in range(8)]
    worker = bench.worker()
    await worker.connect(bench.url)
    assert worker.welcome is not None
    for socket in silent[:6]:
        assert await socket.read_message() is None
        assert socket.close_reason == "too many connections did not say who they are"
    # Who has proved itself is none of them, however many come after.
    silent += [await websocket_connect(bench.url) for _ in range(5)]
    assert await silent[6].read_message() is None
    await bench.engine.until(lambda: bench.link.connection("w") is not None)
    assert worker.closed is None
    for socket in silent:
        socket.close()


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def lines(bench: Any, count: int) -> list[Line]:
    """Connections that do not even ask for a websocket."""
    host, port = bench.url.removeprefix("ws://").partition("/")[0].split(":")
    return [await asyncio.open_connection(host, int(port)) for _ in range(count)]


async def ends(line: Line) -> bool:
    found = await asyncio.wait_for(line[0].read(), 20) == b""
    line[1].close()
    return found


async def test_who_does_not_even_ask_is_one_of_those_at_the_door(bench: Any) -> None:
    await bench.serve(strangers=2)
    first, second, third, last = await lines(bench, 4)
    worker = bench.worker()
    await worker.connect(bench.url)
    assert worker.welcome is not None
    assert await ends(first) and await ends(second) and await ends(third)
    assert not last[0].at_eof() and worker.closed is None
    last[1].close()


async def test_nor_may_they_stay(bench: Any) -> None:
    await bench.serve(hello_within=0.05)
    (line,) = await lines(bench, 1)
    assert await ends(line)


async def test_a_page_in_a_browser_cannot_dial(bench: Any) -> None:
    request = HTTPRequest(bench.url, headers={"Origin": "https://elsewhere.example"})
    with pytest.raises(Exception, match="403"):
        await websocket_connect(request)
    response = await AsyncHTTPClient().fetch(bench.url.replace("ws:", "http:"), raise_error=False)
    assert response.code == 400


@pytest.mark.parametrize(
    "later",
    [
        b"nonsense",
        pack(7, {"type": "message"}) + pack(9, {"type": "message"}),
        pack(0, {"type": "message"}),
        pack(0, {"type": "ack", "epoch": 1, "seq": "x"}),
        pack(0, {"type": "blob_read", "blob": "../../x", "offset": 0, "length": 1}),
        pack(0, {"type": "blob_read", "blob": "0" * 64, "offset": 0, "length": 1 << 40}),
        "text",
    ],
)
async def test_a_worker_that_breaks_the_protocol_is_closed(bench: Any, later: bytes | str) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    await worker.socket.write_message(later, binary=isinstance(later, bytes))
    await worker.until(lambda: worker.closed)
    assert worker.closed[0] == 4400 and worker.closed[1]


async def test_a_round_trip_does_not_wait_for_delayed_acknowledgements(bench: Any) -> None:
    async def answer(batch: Sequence[Frame]) -> None:
        bench.engine.connection.send({"type": "execute"})

    bench.engine.before = answer
    worker = bench.worker()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    start = asyncio.get_running_loop().time()
    for n in range(100):
        worker.send(type="done", n=n)
        await worker.until(lambda n=n: len(worker.received) > n)
    # About 0.3 ms each; without TCP_NODELAY at both ends it is 44.
    assert asyncio.get_running_loop().time() - start < 2


async def test_messages_both_ways_in_order(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    for n in range(500):
        worker.send(type="message", n=n)
        bench.engine.connection.send({"type": "comm", "n": n}, [b"x"])
    await bench.engine.until(lambda: len(bench.engine.durable) == 500)
    await worker.until(lambda: len(worker.received) == 500)
    assert numbers(bench.engine.durable) == numbers(worker.received) == list(range(500))
    # What was sent in one turn of the loop came as one message.
    assert len(bench.engine.batches) < 20
    await worker.until(lambda: len(worker.outbox) == 0)


async def test_what_can_never_be_sent_is_told_at_once(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    with pytest.raises(WireError):
        bench.engine.connection.send({"type": "execute", "code": b"bytes"})
    bench.engine.connection.send({"type": "execute", "n": 1})
    await worker.until(lambda: worker.received)
    assert numbers(worker.received) == [1]


async def test_replay_over_cuts_in_the_middle_of_messages(bench: Any) -> None:
    cable = await bench.cable()
    worker = bench.worker()
    random_ = random.Random(5)
    await worker.connect(cable.url)
    await bench.engine.until(lambda: bench.engine.connection)
    sent = 0
    for round_ in range(8):
        setattr(cable, "cut_up" if round_ % 2 else "cut_down", random_.randrange(1, 20_000))
        for _ in range(100):
            worker.send(type="message", n=sent, text="x" * random_.randrange(1000))
            bench.engine.connection.send({"type": "comm", "n": sent, "text": "y" * 300})
            sent += 1
        await worker.until(lambda: worker.closed)
        await worker.connect(cable.url)
    await bench.engine.until(lambda: len(bench.engine.durable) >= sent)
    await worker.until(lambda: len(worker.received) >= sent)
    assert numbers(bench.engine.durable) == numbers(worker.received) == list(range(sent))


async def test_a_restarted_server_gets_what_is_not_durable(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    for n in range(50):
        worker.send(type="message", n=n)
    await bench.engine.until(lambda: len(bench.engine.durable) == 50)
    stuck = asyncio.Event()

    async def die(batch: Sequence[Frame]) -> None:
        stuck.set()
        raise RuntimeError("the ledger is gone")

    bench.engine.before = die
    for n in range(50, 100):
        worker.send(type="message", n=n)
    await stuck.wait()
    await worker.until(lambda: worker.closed)
    assert worker.closed[0] == 1011
    bench.engine.before = None
    await bench.serve()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: len(bench.engine.durable) == 100)
    assert numbers(bench.engine.durable) == list(range(100))
    # The new server numbers its own messages from one.
    bench.engine.connection.send({"type": "comm", "n": 7})
    await worker.until(lambda: worker.received)
    assert numbers(worker.received) == [7]


async def test_messages_wait_for_a_worker_that_is_away(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    await worker.drop()
    await bench.engine.until(lambda: "disconnected" in bench.engine.log)
    bench.engine.connection.send({"type": "interrupt", "n": 1})
    await worker.connect(bench.url)
    await worker.until(lambda: worker.received)
    assert numbers(worker.received) == [1]


async def test_another_process_does_not_get_what_was_for_the_old_one(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    worker.send(type="message", n=0)
    await bench.engine.until(lambda: bench.engine.durable)
    await worker.drop()
    bench.engine.connection.send({"type": "execute", "n": 1})
    reborn = bench.worker()
    reborn.proof = worker.proof
    await reborn.connect(bench.url)
    reborn.send(type="message", n=1)
    await bench.engine.until(lambda: len(bench.engine.durable) == 2)
    bench.engine.connection.send({"type": "execute", "n": 2})
    await reborn.until(lambda: reborn.received)
    assert numbers(reborn.received) == [2]


async def test_a_newer_connection_replaces_the_older(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    old = worker.socket
    await worker.connect(bench.url)
    await worker.until(lambda: old.close_code)
    assert old.close_code == 4409
    await bench.engine.until(lambda: len(bench.engine.log) == 3)
    assert bench.engine.log == ["connected", "disconnected", "connected"]
    bench.engine.connection.send({"type": "comm", "n": 1})
    await worker.until(lambda: worker.received)


async def test_a_dead_peer_is_noticed(bench: Any) -> None:
    await bench.serve(keepalive=0.4)
    cable = await bench.cable()
    worker = bench.worker()
    await worker.connect(cable.url)
    await bench.engine.until(lambda: bench.engine.connection)
    cable.hold()
    await bench.engine.until(lambda: "disconnected" in bench.engine.log, within=5)
    assert bench.link.connection("w") is None


async def test_a_quiet_peer_stays(bench: Any) -> None:
    await bench.serve(keepalive=0.2)
    worker = bench.worker()
    await worker.connect(bench.url)
    with pytest.raises(asyncio.TimeoutError):
        await bench.engine.until(lambda: "disconnected" in bench.engine.log, within=1)


async def test_fetch_goes_on_over_cuts(bench: Any) -> None:
    cable = await bench.cable()
    worker = bench.worker()
    size = 5 * CHUNK + 9
    blob = worker.blobs.write(content(size))
    await worker.connect(cable.url)
    await bench.engine.until(lambda: bench.engine.connection)
    fetching = asyncio.create_task(bench.engine.connection.fetch(blob, size))
    for megabytes in (3, 7):
        cable.cut_up = megabytes << 20
        await worker.until(lambda: worker.closed)
        await worker.connect(cable.url)
    await fetching
    assert bench.store.verify(blob)


async def test_messages_wait_for_the_values_they_name(bench: Any) -> None:
    """The engine fetches inside `received`; the link is cut meanwhile; nothing hangs."""
    cable = await bench.cable()
    worker = bench.worker()
    size = 2 * CHUNK
    blob = worker.blobs.write(content(size))

    async def fetch(batch: Sequence[Frame]) -> None:
        await bench.engine.connection.fetch(blob, size)

    bench.engine.before = fetch
    await worker.connect(cable.url)
    await bench.engine.until(lambda: bench.engine.connection)
    cable.cut_up = 3 << 20
    worker.send(type="done", n=0)
    await worker.until(lambda: worker.closed)
    await bench.engine.until(lambda: "disconnected" in bench.engine.log)
    await worker.connect(cable.url)
    await bench.engine.until(lambda: bench.engine.durable)
    assert bench.store.verify(blob)
    await worker.until(lambda: len(worker.outbox) == 0)
    assert numbers(bench.engine.durable) == [0]


async def test_fetches_that_fail(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    connection = bench.engine.connection
    with pytest.raises(BlobMissing):
        await connection.fetch("0" * 64, 10)

    def full(*args: object) -> int:
        raise OSError(28, "No space left on device")

    blob = worker.blobs.write(content(2 * CHUNK))
    monkeypatch.setattr("dossier_worker.blobs.os.pwrite", full)
    with pytest.raises(StoreFull, match="disk of the store is full"):
        await connection.fetch(blob, 2 * CHUNK)
    monkeypatch.undo()
    await worker.drop()
    fetching = asyncio.create_task(connection.fetch(blob, 2 * CHUNK))
    await asyncio.sleep(0)
    await bench.link.forget("w", "its lease ended")
    with pytest.raises(LinkClosed, match="its lease ended"):
        await fetching
    with pytest.raises(LinkClosed):
        connection.send({"type": "comm"})


async def test_who_announces_a_blob_takes_no_disk_by_that(bench: Any) -> None:
    """A worker describes gigabytes, sends none of them, and is gone."""
    digests = [bytes([index % 256]) * 32 for index in range(1024)]
    size = 1024 * CHUNK
    blob = name_of(size, digests)
    info = {"blob": blob, "size": size, "chunks": [digest.hex() for digest in digests]}
    worker = bench.worker()
    worker.describes[blob] = info
    before = bench.store.size()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    fetching = asyncio.create_task(bench.engine.connection.fetch(blob, size))
    await worker.until(lambda: any(m["type"] == "blob_read" for m in worker.asked))
    assert bench.store.size() - before < PIECE
    await bench.link.forget("w", "it is gone")
    with pytest.raises(LinkClosed):
        await fetching
    assert bench.store.size() - before < PIECE


async def test_more_than_the_disk_has_is_refused_at_once(bench: Any) -> None:
    size = (shutil.disk_usage(bench.folder).free // CHUNK + 64) * CHUNK
    digests = [bytes(32)] * (size // CHUNK)
    blob = name_of(size, digests)
    worker = bench.worker()
    worker.describes[blob] = {
        "blob": blob, "size": size, "chunks": [digest.hex() for digest in digests]
    }  # fmt: skip
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    with pytest.raises(StoreFull, match="disk of the store is full"):
        await bench.engine.connection.fetch(blob, size)
    assert not any(m["type"] == "blob_read" for m in worker.asked)


async def test_a_worker_reads_only_what_it_may(bench: Any) -> None:
    yes, no = (bench.store.write(content(100, seed)) for seed in (1, 2))
    await bench.serve(allow=lambda worker, blob: (worker, blob) == ("w", yes))
    worker = bench.worker()
    await worker.connect(bench.url)
    await worker.puller.pull(yes, 100)
    with pytest.raises(BlobMissing, match="may not read"):
        await worker.puller.pull(no, 100)
    with pytest.raises(BlobMissing, match="may not read"):
        await worker.puller.pull(no)
    assert worker.blobs.has(yes) and not worker.blobs.has(no)


async def test_a_worker_that_floods_is_closed(bench: Any) -> None:
    never = asyncio.Event()

    async def wait(batch: Sequence[Frame]) -> None:
        await never.wait()

    await bench.serve(max_message=100 << 20)
    bench.engine.before = wait
    worker = bench.worker()
    await worker.connect(bench.url)
    seq = 0
    while worker.closed is None and seq < 300:
        seq += 1
        try:
            await worker.socket.write_message(
                pack(seq, {"type": "message"}, [bytes(PIECE)]), binary=True
            )
        except Exception:
            break
    await worker.until(lambda: worker.closed)
    assert seq < 300
    never.set()


async def test_under_the_base_url_of_a_server(bench: Any) -> None:
    url = await bench.link.listen_loopback(base_url="/user/me/")
    assert url.endswith("/user/me/dossier/link")
    worker = bench.worker()
    await worker.connect(url)
    assert worker.welcome


async def test_a_stopped_server_says_so_after_its_last_words(bench: Any) -> None:
    worker = bench.worker()
    await worker.connect(bench.url)
    await bench.engine.until(lambda: bench.engine.connection)
    bench.engine.connection.send({"type": "shutdown"})
    await bench.link.close()
    await worker.until(lambda: worker.closed)
    assert worker.received == [{"type": "shutdown"}]
    assert worker.closed == (1001, "the server is stopping")
    assert bench.engine.log == ["connected", "disconnected"]


async def test_a_message_passes_a_transfer_on_a_slow_line(bench: Any) -> None:
    cable = await bench.cable()
    worker = bench.worker()
    size = 16 * PIECE
    blob = bench.store.write(content(size))
    await worker.connect(cable.url)
    await bench.engine.until(lambda: bench.engine.connection)
    cable.rate = 6e6
    pulling = asyncio.create_task(worker.puller.pull(blob, size))
    loop = asyncio.get_running_loop()
    for n in range(3):
        await worker.until(lambda n=n: len(worker.replies) > 2 * n + 1)
        start = loop.time()
        bench.engine.connection.send({"type": "interrupt", "n": n})
        await worker.until(lambda n=n: len(worker.received) > n)
        assert loop.time() - start < 2
        assert not pulling.done()
    cable.rate = None
    await pulling
    assert worker.blobs.verify(blob)


def test_it_can_be_mounted_in_jupyter_server() -> None:
    web = pytest.importorskip("jupyter_server.serverapp")
    missing = web.ServerWebApplication._check_handler_auth(None, "x", LinkHandler)
    assert missing == []
