"""A cell that no interrupt reaches: its worker kernel is ended on request."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anyio

REMOTE = {"version": 1, "target": "local"}

DEAF = """
import hashlib
print("began", flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
"""
# The signal is felt below Python, which does not come to look at it.
FEELS = """
import signal, socket, threading
felt, feels = socket.socketpair()
feels.setblocking(False)
signal.set_wakeup_fd(feels.fileno())
def tell():
    felt.recv(1)
    open({path!r}, "w").close()
threading.Thread(target=tell, daemon=True).start()
"""
SLOW = "import time\nprint('began', flush=True)\ntime.sleep(60)"


async def test_kill(
    api: Any, kernel: Any, one_by_one: Any, notebook: Any, events: Any, printed: Any, tmp_path: Path
) -> None:
    felt = tmp_path / "felt"
    content = notebook(
        ("import threading\nlock = threading.Lock()\nkept = [1, 2]", REMOTE),
        (FEELS.format(path=str(felt)) + DEAF, REMOTE),
        ("kept, 'lock' in globals()", REMOTE),
        ("lock", REMOTE),
    )
    _, made = await one_by_one("run", content, "c0")
    await events(made["run"])
    _, deaf = await one_by_one("run", content, "c1")
    run = deaf["run"]
    await printed(run, "c1")
    assert (await api("POST", f"runs/{run}/interrupt", {"cell": "c1"}))[0] == 204
    with anyio.fail_after(60):
        while not felt.exists():
            await asyncio.sleep(0.02)
    assert (await api("GET", f"runs/{run}"))[1]["state"] == "running"
    status, answer = await api("POST", f"runs/{run}/kill", {"cell": "c0"})
    assert status == 400 and "not running" in answer["message"]
    assert (await api("POST", f"runs/{run}/kill", {"cell": "c1"}))[0] == 204
    last = (await asyncio.wait_for(events(run), 60))[-1]
    assert last["body"]["state"] == "failed"
    task = (await api("GET", f"runs/{run}"))[1]["tasks"][0]
    why = task["why"]
    assert why.startswith("killed")
    # It has taken its count, as a cell that fails in a kernel has.
    assert task["execution_count"] == 2
    assert await kernel.run("print(In[2].splitlines()[-1][:7])") == "hashlib\n"
    assert "`lock` (_thread.lock) lived only there and is gone" in why
    # The next cell gets a new worker kernel, with what could be kept.
    _, after = await one_by_one("run", content, "c2")
    found = await events(after["run"])
    results = [e["body"] for e in found if e["body"].get("msg_type") == "execute_result"]
    assert results[0]["content"]["data"]["text/plain"] == "([1, 2], False)"
    _, missing = await one_by_one("run", content, "c3")
    found = await events(missing["run"])
    assert [e["body"]["content"]["ename"] for e in found if e["body"].get("msg_type") == "error"]


async def test_a_cell_that_waits_is_taken_back(
    api: Any, kernel: Any, one_by_one: Any, notebook: Any, events: Any, printed: Any
) -> None:
    content = notebook((SLOW, REMOTE), ("m = 2", REMOTE))
    _, first = await one_by_one("run", content, "c0")
    _, second = await one_by_one("run", content, "c1")
    assert (await api("POST", f"runs/{second['run']}/interrupt", {"cell": "c1"}))[0] == 204
    await printed(first["run"], "c0")
    assert (await api("POST", f"runs/{first['run']}/interrupt", {"cell": "c0"}))[0] == 204
    assert (await events(first["run"]))[-1]["body"]["state"] == "failed"
    assert (await events(second["run"]))[-1]["body"]["state"] == "cancelled"


async def test_kill_in_a_workflow(api: Any, notebook: Any, events: Any, printed: Any) -> None:
    body = {"kind": "workflow", "path": "a.ipynb", "content": notebook(DEAF, "print('other')")}
    _, answer = await api("POST", "runs", body)
    run = answer["run"]
    await printed(run, "c0")
    assert (await api("POST", f"runs/{run}/kill", {"cell": "c0"}))[0] == 204
    await events(run)
    tasks = (await api("GET", f"runs/{run}"))[1]["tasks"]
    assert tasks[0]["state"] == "failed"
    assert tasks[0]["why"].startswith("killed")
