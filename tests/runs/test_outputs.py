"""Messages to outputs, and when two lists of outputs are equal."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from jupyterlab_dossier.runs.history.compare import differences
from jupyterlab_dossier.runs.history.outputs import Outputs


def stream(text: str, name: str = "stdout") -> tuple[str, dict[str, Any]]:
    return "stream", {"name": name, "text": text}


def display(text: str, id: str | None = None, update: bool = False) -> tuple[str, dict[str, Any]]:
    content: dict[str, Any] = {"data": {"text/plain": text}, "metadata": {}}
    if id:
        content["transient"] = {"display_id": id}
    return ("update_display_data" if update else "display_data"), content


def built(*messages: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return Outputs.of(("c", {"msg_type": t, "content": c}) for t, c in messages).cells["c"]


def test_texts_of_one_stream_join() -> None:
    assert built(stream("a"), stream("b"), stream("!", "stderr"), stream("c")) == [
        {"output_type": "stream", "name": "stdout", "text": "ab"},
        {"output_type": "stream", "name": "stderr", "text": "!"},
        {"output_type": "stream", "name": "stdout", "text": "c"},
    ]


def test_clear_output_at_once_and_at_the_next_output() -> None:
    assert built(stream("a"), ("clear_output", {"wait": False})) == []
    kept = built(stream("a"), ("clear_output", {"wait": True}))
    assert [o["text"] for o in kept] == ["a"]
    replaced = built(stream("a"), ("clear_output", {"wait": True}), stream("b"))
    assert [o["text"] for o in replaced] == ["b"]


def test_an_update_changes_displays_of_every_cell() -> None:
    outputs = Outputs()
    for cell, (kind, content) in [
        ("one", display("first", "x")),
        ("two", display("second", "x")),
        ("three", display("third", "x", update=True)),
    ]:
        outputs.add(cell, kind, content)
    shown = {cell: outputs.cells[cell][0]["data"]["text/plain"] for cell in ("one", "two")}
    assert shown == {"one": "third", "two": "third"}
    assert outputs.cells["three"] == []


def text_output(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("<object at 0x7f12ab34cd56>", "<object at 0x7f00ab34cd00>", True),
        ("/tmp/ipykernel_12/34567.py:1: W", "/tmp/ipykernel_98/123.py:1: W", True),
        ("CPU times: 3.2 ms", "CPU times: 5 s", True),
        ("Wall time: 1.2 µs", "Wall time: 99 ns", True),
        ("0.913", "0.914", False),
        ("a", "b", False),
        ("took 3 s", "took 4 s", False),
        ("", "x", False),
    ],
)
def test_what_is_replaced_before_texts_are_compared(a: str, b: str, equal: bool) -> None:
    assert (differences(text_output(a), text_output(b)) == []) is equal


def picture(colour: str, compress: int) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), colour).save(buffer, "PNG", compress_level=compress)
    return base64.b64encode(buffer.getvalue()).decode()


def test_pictures_are_compared_by_pixels() -> None:
    def shown(data: str) -> list[dict[str, Any]]:
        return [{"output_type": "display_data", "data": {"image/png": data}, "metadata": {}}]

    assert picture("red", 0) != picture("red", 9)
    assert differences(shown(picture("red", 0)), shown(picture("red", 9))) == []
    assert differences(shown(picture("red", 0)), shown(picture("blue", 0)))


def test_another_order_or_kind_of_outputs_differs() -> None:
    a = [
        *text_output("x"),
        {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}},
    ]
    assert differences(a, list(reversed(a)))
    assert differences(a, a[:1])
