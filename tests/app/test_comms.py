"""Widgets of worker kernels over the API: who is let in, what goes through, what is kept."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from jupyterlab_dossier.runs.workers.comms import (
    BEHIND,
    BEYOND,
    MOST,
    ROOM,
    WIDGET_PLACE,
    Comms,
)

PROTOCOL = "v1.kernel.websocket.jupyter.org"


class Page:
    """The other end of a worker kernel's channels."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def send(self, kind: str, content: Any, *buffers: bytes) -> str:
        request = uuid.uuid4().hex
        header = {"msg_id": request, "msg_type": kind, "session": "page", "username": ""}
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        data = serialize_msg_to_ws_v1([*parts, *buffers], "shell")
        await self.socket.write_message(data, binary=True)
        return request

    async def read(self) -> tuple[str, Any, Any, list[bytes]] | None:
        data = await asyncio.wait_for(self.socket.read_message(), 30)
        if data is None:
            return None
        _, parts = deserialize_msg_from_ws_v1(data)
        header, parent, _, content = (json.loads(part) for part in parts[:4])
        return header["msg_type"], parent.get("msg_id"), content, parts[4:]

    async def until_idle(self, request: str) -> list[tuple[str, Any, Any, list[bytes]]]:
        """What answers a request, up to the word that it was dealt with."""
        found = []
        while (message := await self.read()) is not None:
            if message[1] == request:
                found.append(message)
                if message[0] == "status":
                    return found
        raise AssertionError("closed")

    async def states(self) -> tuple[Any, list[bytes]]:
        """The widgets as they stand, asked for as ipywidgets' manager does."""
        control = uuid.uuid4().hex
        opening = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        await self.until_idle(await self.send("comm_open", opening))
        asked = {"comm_id": control, "data": {"method": "request_states"}}
        answer = await self.until_idle(await self.send("comm_msg", asked))
        return answer[0][2]["data"], answer[0][3]


@pytest.fixture
def page(jp_http_port: int, jp_base_url: str, jp_auth_header: Any) -> Any:
    async def connect(kernel: str, **headers: str) -> Page:
        url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}dossier/api/kernels/{kernel}/channels"
        request = HTTPRequest(url, headers={**jp_auth_header, **headers})
        return Page(await websocket_connect(request, subprotocols=[PROTOCOL]))

    return connect


async def run_cell(api: Any, jp_fetch: Any, content: Any, kernel: str, cell: str) -> list[Any]:
    """Runs a cell and returns what the ledger has of its outputs."""
    body = {"kind": "cell", "path": "a.ipynb", "content": content, "kernel": kernel, "cell": cell}
    status, answer = await api("POST", "runs", body)
    assert status == 201, answer
    for _ in range(600):
        _, run = await api("GET", f"runs/{answer['run']}")
        if run["state"] != "running":
            assert run["state"] == "done", run
            _, outputs = await api("GET", f"runs/{answer['run']}/outputs")
            return list(outputs["cells"][cell]["outputs"])
        await asyncio.sleep(0.1)
    raise AssertionError("the run does not end")


async def test_widgets_through_the_api(api: Any, jp_fetch: Any, notebook: Any, page: Any) -> None:
    local = {"version": 1, "target": "local"}
    content = notebook(
        (
            "import ipywidgets as w\nimage = w.Image(value=b'one', format='png')\n"
            "image.observe(lambda change: print('changed'), 'value')\nimage",
            local,
        ),
        ("print(bytes(image.value), image.width)", local),
    )
    user = json.loads((await jp_fetch("api", "kernels", method="POST", body="{}")).body)["id"]
    shown = await run_cell(api, jp_fetch, content, user, "c0")
    kernel = shown[0]["data"][WIDGET_PLACE]["kernel"]
    model = shown[0]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
    status, answer = await api("GET", f"kernels/{kernel}")
    assert (status, answer["name"], answer["execution_state"]) == (200, "local", "idle")

    one, two = await page(kernel), await page(kernel)
    info = await one.until_idle(await one.send("kernel_info_request", {}))
    assert info[0][2]["protocol_version"] == "5.3"
    found, buffers = await one.states()
    assert found["states"][model]["model_name"] == "ImageModel"
    assert (found["buffer_paths"], buffers) == ([[model, "value"]], [b"one"])

    data = {"method": "update", "state": {"width": "7px"}, "buffer_paths": [["value"]]}
    request = await one.send("comm_msg", {"comm_id": model, "data": data}, b"two\xff")
    answers = await one.until_idle(request)
    assert [a[2]["text"] for a in answers if a[0] == "stream"] == ["changed\n"]
    # The other page hears it too, and one that comes later finds it.
    echo = next(m for m in await two.until_idle(request) if m[0] == "comm_msg")
    assert (echo[2]["comm_id"], echo[3]) == (model, [b"two\xff"])
    late = await page(kernel)
    found, buffers = await late.states()
    assert (found["states"][model]["state"]["width"], buffers) == ("7px", [b"two\xff"])
    shown = await run_cell(api, jp_fetch, content, user, "c1")
    assert shown[0]["text"] == "b'two\\xff' 7px\n"

    # Code is not run this way, and what cannot be read ends the page's link only.
    await late.send("execute_request", {"code": "1 / 0"})
    await late.socket.write_message(b"\xff" * 40, binary=True)
    while (message := await late.read()) is not None:
        assert message[0] != "error"
    assert late.socket.close_code == 4400

    await jp_fetch("api", "kernels", user, method="DELETE")
    last = None
    while (message := await one.read()) is not None:
        last = message
    assert last is not None and last[2] == {"execution_state": "dead"}
    _, answer = await api("GET", f"kernels/{kernel}")
    assert answer["execution_state"] == "dead"


async def test_a_cell_is_told_that_its_widgets_have_too_much_state(
    api: Any, jp_fetch: Any, notebook: Any
) -> None:
    local = {"version": 1, "target": "local"}
    content = notebook(
        (
            "from comm import create_comm\n"
            "some = {'state': {'v': 'x' * 1_000_000}}\n"
            "kept = [create_comm(target_name='jupyter.widget', data=some) for _ in range(80)]\n"
            "len(kept)",
            local,
        ),
        ("more = create_comm(data={'state': {'v': 'x' * 1_000_000}})", local),
    )
    user = json.loads((await jp_fetch("api", "kernels", method="POST", body="{}")).body)["id"]
    shown = await run_cell(api, jp_fetch, content, user, "c0")
    told = [output["text"] for output in shown if output["output_type"] == "stream"]
    assert told == [BEYOND["content"]["text"]]
    assert await run_cell(api, jp_fetch, content, user, "c1") == []  # once
    await jp_fetch("api", "kernels", user, method="DELETE")


async def test_a_kernel_that_is_not_there(api: Any, page: Any) -> None:
    status, answer = await api("GET", "kernels/0123456789ab")
    assert (status, answer["execution_state"]) == (200, "dead")
    nobody = await page("0123456789ab")
    assert (await nobody.read())[2] == {"execution_state": "dead"}
    assert await nobody.read() is None


async def test_a_slow_page_gets_the_newest_values_only() -> None:
    comms = Comms()
    slow = comms.listen()

    def update(comm: str, **state: Any) -> None:
        data = {"method": "update", "state": state, "buffer_paths": []}
        comms.said(
            {"msg_type": "comm_msg", "content": {"comm_id": comm, "data": data}, "attempt": "a"}, []
        )

    for number in range(20_000):
        update("bar", value=number)
        update("text", value=f"at {number}")
    update("bar", style="done")
    values = [(m.content["comm_id"], m.content["data"]["state"]) for m in await rest(slow, 2)]
    assert values == [
        ("text", {"value": "at 19999"}),
        ("bar", {"value": 19_999, "style": "done"}),
    ]
    # What cannot be joined is bounded: the page is cut off and comes again.
    custom = {"comm_id": "bar", "data": {"method": "custom", "content": {}}}
    for _ in range(BEHIND + 1):
        comms.said({"msg_type": "comm_msg", "content": custom}, [])
    assert await slow.next() is None
    assert slow.ended


async def rest(feed: Any, count: int) -> list[Any]:
    return [await asyncio.wait_for(feed.next(), 60) for _ in range(count)]


def test_what_a_worker_says_is_not_trusted() -> None:
    comms = Comms()
    for content in (
        None,
        [],
        {},
        {"comm_id": 7, "data": "no"},
        {"comm_id": "x", "target_name": None, "data": {"state": "no"}},
        {"comm_id": "x", "data": {"method": "update", "state": {}, "buffer_paths": [[]]}},
        {"comm_id": "x", "data": {"method": "update", "state": {}, "buffer_paths": [["a"]]}},
    ):
        for kind in ("comm_open", "comm_msg", "comm_close", "status", "stream"):
            comms.said({"msg_type": kind, "content": content, "metadata": 3}, [])
    assert json.dumps(comms.states()[0])


def opening(comms: Comms, name: str, value: Any, kind: str = "comm_open") -> None:
    data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
    content = {"comm_id": name, "target_name": "jupyter.widget", "data": data}
    comms.said({"msg_type": kind, "content": content}, [])


def test_state_is_bounded_whatever_it_is_made_of() -> None:
    megabyte = "x" * (1 << 20)
    comms = Comms()
    for number in range(300):
        opening(comms, f"c{number}", megabyte)
    assert comms.beyond and 50 < len(comms.open) < 64
    assert len(json.dumps(comms.states()[0])) < ROOM
    # What is closed, or becomes smaller, makes room.
    for number in range(30):
        comms.said({"msg_type": "comm_close", "content": {"comm_id": f"c{number}"}}, [])
    for number in range(30, 50):
        opening(comms, f"c{number}", 0, "comm_msg")
    left = len(comms.open)
    for number in range(40):
        opening(comms, f"d{number}", megabyte)
    assert len(comms.open) == left + 40
    # Many small things take more than their text.
    many = Comms()
    for number in range(30):
        opening(many, f"c{number}", [{}] * (1 << 18))
    assert many.beyond and len(many.open) < 5
    # One that only grows is not kept any more, and leaves nothing behind.
    grows = Comms()
    opening(grows, "c", "small")
    opening(grows, "c", "x" * (ROOM + 1), "comm_msg")
    assert grows.beyond and not grows.open
    opening(grows, "d", "x" * (ROOM // 2))
    assert list(grows.open) == ["d"]


def test_the_number_of_widgets_is_bounded() -> None:
    comms = Comms()
    for number in range(MOST + 10):
        opening(comms, f"c{number}", 0)
    assert len(comms.open) == MOST and comms.beyond


async def test_a_page_is_not_behind_by_more_than_it_may() -> None:
    megabyte = "x" * (1 << 20)
    comms = Comms()
    slow, gone = comms.listen(), comms.listen()
    for number in range(200):
        opening(comms, "c", f"{number}{megabyte}", "comm_msg")
    assert slow.ended is None  # each takes the place of the one before
    assert (await rest(slow, 1))[0].content["data"]["state"]["value"].startswith("199x")
    for _ in range(70):
        comms.said({"msg_type": "comm_msg", "content": {"comm_id": "c", "data": megabyte}}, [])
    assert gone.ended == slow.ended == "this page is too far behind"
