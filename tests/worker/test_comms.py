"""Widgets of a worker kernel: both ways, with buffers; what Output widgets take."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from peer import Peer, Server

STOCK = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


@pytest.fixture(params=[None, STOCK], ids=["own", "stock"])
def worker(request: pytest.FixtureRequest, server: Server, zipapp: Path) -> Peer:
    return server.worker(zipapp, argv=request.param)


def comms(worker: Peer, kind: str) -> list[Any]:
    return [f for f in worker.frames if f.message.get("msg_type") == kind]


def opened_all(worker: Peer, model: str) -> list[str]:
    found = [f.message["content"] for f in comms(worker, "comm_open")]
    return [c["comm_id"] for c in found if c["data"]["state"]["_model_name"] == model]


def opened(worker: Peer, model: str) -> str:
    """The comm of the last widget of a kind."""
    return opened_all(worker, model)[-1]


def tell(worker: Peer, comm: str, data: Any, request: str, *buffers: bytes) -> None:
    message = {"type": "comm", "kernel": "k", "msg_type": "comm_msg", "msg_id": request}
    worker.send({**message, "content": {"comm_id": comm, "data": data}}, buffers)


def outputs(worker: Peer, comm: str) -> list[Any]:
    """What an Output widget has been told to show, last."""
    states = [
        f.message["content"]["data"].get("state", {})
        for f in comms(worker, "comm_msg")
        if f.message["content"]["comm_id"] == comm
    ]
    return next((s["outputs"] for s in reversed(states) if "outputs" in s), [])


async def idle(worker: Peer, request: str) -> None:
    await worker.until(
        lambda: any(f.message["msg_type"] == "status" for f in worker.messages(request))
    )


async def test_buffers_go_both_ways(worker: Peer) -> None:
    code = (
        "import ipywidgets as w\nimage = w.Image(value=b'one\\x00', format='png')\n"
        "image.observe(lambda change: print('changed'), 'value')"
    )
    assert (await worker.run(code, live=True)).done["status"] == "ok"
    image = opened(worker, "ImageModel")
    frame = next(f for f in comms(worker, "comm_open") if f.message["content"]["comm_id"] == image)
    assert frame.message["content"]["data"]["buffer_paths"] == [["value"]]
    assert frame.buffers == [b"one\x00"]
    data = {"method": "update", "state": {}, "buffer_paths": [["value"]]}
    tell(worker, image, data, "r1", b"two\xff")
    await idle(worker, "r1")
    # What a callback says answers the page's message.
    said = [f.message for f in worker.messages("r1") if f.message["msg_type"] == "stream"]
    assert [m["content"]["text"] for m in said] == ["changed\n"]
    assert (await worker.run("bytes(image.value)", live=True)).plain == repr(b"two\xff")
    await worker.run("image.close()", live=True)
    closed = [f.message["content"]["comm_id"] for f in comms(worker, "comm_close")]
    assert image in closed


async def test_an_output_widget_takes_what_a_cell_says(worker: Peer) -> None:
    code = """
import ipywidgets as w
from IPython.display import clear_output, display
out, inner = w.Output(), w.Output()
print("before")
with out:
    print("one")
    print("two")
    display({"text/plain": "shown"}, raw=True)
    with inner:
        print("deep")
    1 / 0
print("after")
"""
    result = await worker.run(code, live=True)
    # As in Jupyter, an error in it is shown there and goes no further.
    assert result.text() == "before\nafter\n"
    first, inner = opened_all(worker, "OutputModel")
    await worker.until(lambda: len(outputs(worker, first)) == 3 and outputs(worker, inner))
    stream, shown, error = outputs(worker, first)
    assert stream == {"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}
    assert shown["data"] == {"text/plain": "shown"}
    assert error["ename"] == "ZeroDivisionError"
    assert outputs(worker, inner)[0]["text"] == "deep\n"
    await worker.run("with out:\n    clear_output(wait=True)\n    print('three')", live=True)
    await worker.until(lambda: len(outputs(worker, first)) == 1)
    assert outputs(worker, first)[0]["text"] == "three\n"
    # It is the widget's own state, so that a page that comes later has it.
    assert (await worker.run("out.outputs[0]['text']", live=True)).plain == "'three\\n'"


async def test_a_callback_fills_an_output_widget(worker: Peer) -> None:
    code = "import ipywidgets as w\nw.interact(lambda x: print('x is', x), x=(0, 10)); None"
    await worker.run(code, live=True)
    slider, out = opened(worker, "IntSliderModel"), opened(worker, "OutputModel")
    await worker.until(lambda: outputs(worker, out))
    assert outputs(worker, out)[0]["text"] == "x is 5\n"
    tell(worker, slider, {"method": "update", "state": {"value": 9}, "buffer_paths": []}, "r1")
    await idle(worker, "r1")
    await worker.until(lambda: outputs(worker, out)[0]["text"] == "x is 9\n")


async def test_where_nobody_can_look_outputs_stay_the_cells(worker: Peer) -> None:
    result = await worker.run("import ipywidgets as w\nwith w.Output():\n    print('kept')")
    assert result.text() == "kept\n"


async def test_a_callback_that_fails_says_so_and_the_next_works(worker: Peer) -> None:
    code = """
import ipywidgets as w
button = w.Button()
@button.on_click
def pressed(_):
    1 / 0
"""
    await worker.run(code, live=True)
    button = opened(worker, "ButtonModel")
    for request in ("r1", "r2"):
        tell(worker, button, {"method": "custom", "content": {"event": "click"}}, request)
        await idle(worker, request)
        errors = [f.message for f in worker.messages(request) if f.message["msg_type"] == "error"]
        assert [e["content"]["ename"] for e in errors] == ["ZeroDivisionError"]
    assert (await worker.run("40 + 2")).plain == "42"


async def test_a_widget_cannot_be_shipped(worker: Peer) -> None:
    code = "import ipywidgets as w\nslider = w.IntSlider()\nheld = {'in': [slider]}"
    result = await worker.run(code, exports=None)
    exports = {e["name"]: e for e in result.done["exports"]}
    assert "a widget" in exports["slider"]["unshippable"]
    assert "a widget" in exports["held"]["unshippable"], json.dumps(exports["held"])
