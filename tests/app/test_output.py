"""The whole output of a cell that shows only a part of it."""

from __future__ import annotations

import asyncio
from typing import Any

from dossier_worker.bounds import Limits

PRINTS = "for number in range(300_000):\n    print('line', number)"
WHOLE = "".join(f"line {number}\n" for number in range(300_000))


async def test_the_whole_output_is_a_file(
    api: Any, notebook: Any, events: Any, jp_fetch: Any
) -> None:
    body = {"kind": "workflow", "path": "a.ipynb", "content": notebook(PRINTS, "'<script>'")}
    _, answer = await api("POST", "runs", body)
    run = answer["run"]
    found = await events(run)
    outputs = [e["body"] for e in found if e["cell"] == "c0" and e["kind"] == "output"]
    shown = "".join(o["content"]["text"] for o in outputs if o["msg_type"] == "stream")
    assert shown == WHOLE[: Limits().text]
    last = outputs[-1]["content"]["data"]
    assert "more" in last["text/plain"] and last["text/plain"].endswith("line 299999\n")
    response = await jp_fetch("dossier", "api", "runs", run, "cells", "c0", "output")
    assert response.body.decode() == WHOLE
    headers = response.headers
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    short = await jp_fetch("dossier", "api", "runs", run, "cells", "c1", "output")
    assert short.body == b"'<script>'\n"
    assert (await api("GET", f"runs/{run}/cells/nobody/output"))[0] == 404
    assert (await api("GET", "runs/none/cells/c0/output"))[0] == 404


async def test_it_can_be_read_while_the_cell_runs(
    api: Any, notebook: Any, events: Any, jp_fetch: Any
) -> None:
    prints = "import time\nfor n in range(12):\n    print('x' * 1_000_000)\n"
    source = prints + "while True:\n    time.sleep(0.1)"
    body = {"kind": "workflow", "path": "a.ipynb", "content": notebook(source)}
    _, answer = await api("POST", "runs", body)
    run = answer["run"]
    size = 0
    while size < 8 << 20:
        await asyncio.sleep(0.1)
        response = await jp_fetch("dossier", "api", "runs", run, "cells", "c0", "output")
        size = len(response.body)
    await api("POST", f"runs/{run}/cancel")
    assert (await events(run))[-1]["body"]["state"] == "cancelled"
