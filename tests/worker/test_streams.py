"""The streams of a worker kernel."""

from __future__ import annotations

import socket
import threading
from typing import Any

from dossier_worker.kernel.captured import Captured
from dossier_worker.kernel.frames import Splitter
from dossier_worker.kernel.link import Interrupts, Link
from dossier_worker.kernel.streams import Channel, Flusher, PublishHere, WorkerStream


def test_a_flush_waits_for_what_another_thread_is_sending() -> None:
    ours, theirs = socket.socketpair()
    link = Link(Interrupts())
    link.attach(ours)
    channel = PublishHere(Channel("iopub"))
    captured = Captured(lambda comm, outputs: None)
    stream = WorkerStream(None, channel, "stdout", link, Flusher(), captured)
    # More than the socket takes: whoever sends it waits for the reader.
    stream._text.append(("a", "x" * (4 << 20)))
    sender = threading.Thread(target=stream.send_pending)
    sender.start()
    head = theirs.recv(1)
    order: list[str] = []

    def end_of_cell() -> None:
        stream.send_pending()
        order.append("done")

    ending = threading.Thread(target=end_of_cell)
    ending.start()
    ending.join(0.2)
    assert order == []
    splitter = Splitter()
    found: list[Any] = splitter.feed(head)
    while sum(len(message["content"]["text"]) for message, _ in found) < 4 << 20:
        found += splitter.feed(theirs.recv(1 << 20))
    sender.join(10)
    ending.join(10)
    assert order == ["done"]
    ours.close()
    theirs.close()
