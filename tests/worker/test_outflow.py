"""What a cell shows on its way: what stands in the end is as if every message had been sent."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from dossier_worker.blobs import BlobFolder
from dossier_worker.bounds import Limits
from dossier_worker.outflow import Outflow
from jupyterlab_dossier.runs.history.outputs import Outputs
from jupyterlab_dossier.runs.ledger.excess import Excess

Message = dict[str, Any]


def message(kind: str, **content: Any) -> Message:
    return {
        "type": "message",
        "attempt": "a",
        "msg_type": kind,
        "content": content,
        "metadata": {},
    }


def stream(text: str, name: str = "stdout") -> Message:
    return message("stream", name=name, text=text)


def display(text: str, name: str | None = None, kind: str = "display_data") -> Message:
    transient = {"display_id": name} if name else {}
    return message(kind, data={"text/plain": text}, metadata={}, transient=transient)


class Flow:
    """An outflow and what it sent."""

    def __init__(self, folder: Path, **limits: int) -> None:
        self.sent: list[Message] = []
        self.blobs = BlobFolder(folder)
        self.outflow = Outflow("a", Limits(**limits), self.blobs, lambda m, _: self.sent.append(m))

    def take(self, *messages: Message) -> None:
        for one in messages:
            self.outflow.take(one, ())

    def of(self, kind: str) -> list[Message]:
        return [m for m in self.sent if m["type"] == kind]

    @property
    def whole(self) -> str:
        """As the server puts the parts together."""
        parts: dict[int, str] = {}
        for part in self.of("whole"):
            if part["position"] == 0:
                parts.clear()
            parts[part["position"]] = self.blobs.path(part["blob"]).read_text()
        return "".join(parts[n] for n in sorted(parts))


def standing(messages: list[Message], before: list[Message]) -> Any:
    """Outputs of the cell, and of another one that has displays of the same ids."""
    outputs = Outputs.of([("other", m) for m in before])
    for one in messages:
        outputs.add("cell", one["msg_type"], one["content"])
    return outputs.cells["other"], outputs.cells["cell"]


@pytest.mark.parametrize("seed", range(20))
async def test_what_stands_is_as_without_gathering(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    flow = Flow(tmp_path)
    before = [display("other", name) for name in "xy"]
    given = []
    for number in range(400):
        kind, name = chance.randrange(7), chance.choice("xyz")
        one = [
            stream(f"{number}\n"),
            stream(f"{number}\n", "stderr"),
            display(f"d{number}"),
            display(f"d{number}", name),
            display(f"u{number}", name, "update_display_data"),
            message("clear_output", wait=chance.random() < 0.7),
            message("error", ename="E", evalue=str(number), traceback=[]),
        ][kind]
        given.append(one)
        flow.take(one)
        if chance.random() < 0.05:
            flow.outflow.flush()
    flow.outflow.finish()
    assert standing(flow.sent, before) == standing(given, before)
    assert len(flow.sent) < len(given)


async def test_text_comes_at_once_whatever_room_displays_have(tmp_path: Path) -> None:
    flow = Flow(tmp_path, rich=Limits().total)
    flow.take(stream("a"))
    flow.outflow.flush()
    flow.take(stream("b"))
    deadline = asyncio.get_running_loop().time() + 5
    while len(flow.sent) < 2 and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.01)
    assert [m["content"]["text"] for m in flow.sent] == ["a", "b"]


async def test_of_many_updates_the_last_of_a_moment_is_sent(tmp_path: Path) -> None:
    flow = Flow(tmp_path)
    flow.take(display("0", "x"))
    for number in range(20_000):
        flow.take(display(str(number), "x", "update_display_data"))
    assert flow.sent == []
    await asyncio.sleep(0.2)  # longer than the moment for which they are gathered
    assert [m["content"]["data"]["text/plain"] for m in flow.sent] == ["0", "19999"]
    flow.take(stream("a"), message("input_request", prompt="?"))
    assert [m["msg_type"] for m in flow.sent[2:]] == ["stream", "input_request"]


async def test_long_text_is_shown_in_part_and_kept_whole(tmp_path: Path) -> None:
    flow = Flow(tmp_path, text=1000)
    lines = [f"line {number}\n" for number in range(20_000)]
    flow.take(*(stream(line) for line in lines))
    flow.outflow.finish()
    text = "".join(lines)
    assert "".join(m["content"]["text"] for m in flow.of("message")) == text[:1000]
    last = flow.of("more")[-1]
    assert text.endswith(last["tail"])
    assert 1000 + last["characters"] + len(last["tail"]) == len(text)
    assert flow.whole == text
    assert (last["kept"], last["full"]) == (len(text), None)


async def test_a_cleared_cell_begins_again(tmp_path: Path) -> None:
    flow = Flow(tmp_path, text=1000)
    flow.take(stream("x" * 2000))
    flow.outflow.flush()
    assert flow.of("more")[0]["new"]
    flow.take(message("clear_output", wait=True), stream("y" * 1500))
    flow.outflow.finish()
    assert [m["new"] for m in flow.of("more")] == [True, True, False]
    assert flow.of("message")[-1]["content"]["text"] == "y" * 1000
    assert flow.whole == "y" * 1500


async def test_displays_beyond_the_limit_are_left_out_and_told(tmp_path: Path) -> None:
    flow = Flow(tmp_path, rich=1000)
    flow.take(*(display(str(number) * 300) for number in range(5)))
    flow.outflow.finish()
    assert len(flow.of("message")) == 3
    assert flow.of("more")[-1]["displays"] == 2
    assert flow.whole == "".join(f"{str(number) * 300}\n" for number in range(5))


async def test_more_than_is_kept_is_said(tmp_path: Path) -> None:
    flow = Flow(tmp_path, text=10, whole=5000)
    flow.take(stream("z" * 8000))
    flow.outflow.finish()
    assert flow.whole == "z" * 5000
    assert "larger" in flow.of("more")[-1]["full"]


async def test_an_animation_of_hours_does_not_fill_the_ledger(tmp_path: Path) -> None:
    flow = Flow(tmp_path, total=20 << 20, rich=1 << 20)
    for number in range(2000):
        flow.take(display(f"{number}" + "f" * 100_000, "x", "update_display_data"))
        if number % 20 == 0:
            await asyncio.sleep(0.06)
    flow.outflow.finish()
    sent = flow.of("message")
    assert sent[-1]["content"]["data"]["text/plain"].startswith("1999f")
    assert sum(len(m["content"]["data"]["text/plain"]) for m in sent) < 20 << 20


def test_the_server_cuts_off_a_worker_that_knows_no_limits() -> None:
    excess = Excess("run", "cell", "a", Limits(text=1000, rich=1000, whole=10_000, total=100_000))
    bodies = [excess.output(stream("x" * 100)) for _ in range(1000)]
    kept = [body for body in bodies if body is not None]
    assert len(kept) == 21
    assert "left out" in kept[-1]["content"]["text"]
    updates = [excess.output(display("u" * 500, "d", "update_display_data")) for _ in range(1000)]
    assert 0 < len([u for u in updates if u is not None]) < 300
    blob = "0" * 64
    parts = [excess.part({"position": n, "blob": blob, "size": 0}) for n in range(1000)]
    assert len([part for part in parts if part is not None]) < 10


@pytest.mark.parametrize(
    "evil",
    [
        {"msg_type": 5, "content": {}},
        {"msg_type": "stream", "content": "text"},
        {"msg_type": "stream", "content": {"name": "stdout"}},
        {"msg_type": "display_data", "content": {"data": []}},
        {"msg_type": "stream", "content": {"name": "stdout", "text": "a"}, "metadata": 1},
        {},
    ],
)
def test_what_is_no_message_is_dropped(evil: Message) -> None:
    assert Excess("run", "cell", "a", Limits()).output(evil) is None


def test_the_note_is_plain_sense_without_us() -> None:
    told = {"new": True, "characters": 198_900_000, "displays": 2, "tail": "end\n", "kept": 5}
    body = Excess("run1", "c0", "a", Limits()).note({**told, "full": None})
    assert body is not None and body["msg_type"] == "display_data"
    plain = body["content"]["data"]["text/plain"]
    assert plain.startswith("… 198.9 MB more and 2 displays more")
    assert "jupyter dossier logs run1 c0" in plain and plain.endswith("end\n")
