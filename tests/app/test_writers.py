"""Which of several pages writes a run's outputs into the document that they share."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyterlab_dossier.app.writers import Writers


def test_the_first_writes_and_the_next_follows() -> None:
    writers, told = Writers(), []

    def join(client: str, place: tuple[str, str] = ("run", "document")) -> Any:
        return writers.join(place, client, lambda writes: told.append((client, writes)))

    leave_a, leave_b, _ = join("a"), join("b"), join("c")
    join("d", ("run", "other"))
    assert told == [("a", True), ("b", False), ("c", False), ("d", True)]
    told.clear()
    leave_b()
    assert told == []
    again = join("a")  # its connection broke, and the server has not noticed yet
    leave_a()
    assert told == [("a", True)]
    again()
    assert told == [("a", True), ("c", True)]


async def test_pages_of_a_document_are_told(api: Any, notebook: Any, jp_ws_fetch: Any) -> None:
    content = notebook("import time\ntime.sleep(60)")
    body = {"kind": "workflow", "path": "a.ipynb", "content": content}
    run = (await api("POST", "runs", body))[1]["run"]

    async def watch(client: str) -> Any:
        place = {"document": "d", "client": client}
        return await jp_ws_fetch("dossier", "api", "runs", run, "events", params=place)

    async def told(socket: Any) -> bool:
        while True:
            for event in json.loads(await asyncio.wait_for(socket.read_message(), 30)):
                if event["kind"] == "writer":
                    return bool(event["body"]["writer"])

    first, second = await watch("a"), await watch("b")
    assert (await told(first), await told(second)) == (True, False)
    first.close()
    assert await told(second)
    await api("POST", f"runs/{run}/cancel")
