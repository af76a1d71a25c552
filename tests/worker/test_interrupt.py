"""An interrupted cell: as in a kernel, and where a kernel does not hear, all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from jupyter_client.manager import start_new_kernel
from peer import Peer, Server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.alone]

SOON = 1.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(module_server: Server, zipapp: Any) -> AsyncIterator[Peer]:
    yield module_server.worker(zipapp)


@pytest.fixture(scope="module")
def stock() -> Iterator[tuple[Any, Any]]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


AS_A_KERNEL = {
    "sleep": "import time\nready()\ntime.sleep(60)",
    "loop": "ready()\nwhile True: pass",
    "a thread that is joined": (
        "import threading\nstop = threading.Event()\n"
        "thread = threading.Thread(target=stop.wait, daemon=True)\nthread.start()\n"
        "ready()\nthread.join()"
    ),
    "joblib in processes": (
        "import time, joblib\nwith joblib.Parallel(2) as parallel:\n"
        "    parallel(joblib.delayed(abs)(i) for i in range(2))\n"
        "    ready()\n    parallel(joblib.delayed(time.sleep)(60) for _ in range(2))"
    ),
    "joblib in threads": (
        "import time, joblib\nready()\n"
        "joblib.Parallel(2, prefer='threads')(joblib.delayed(time.sleep)(5) for _ in range(2))"
    ),
    "a program": "import subprocess\nready()\nsubprocess.run(['sleep', '60'])",
    "a handler of its own": (
        "ready()\ntry:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')"
    ),
}
READY = "def ready(): print('ready', flush=True)\n"


def _in_stock(stock: tuple[Any, Any], code: str) -> str | None:
    """The name of the error that a stock kernel ends with."""
    manager, client = stock
    asked = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "stream" and "ready" in message["content"]["text"]:
            break
    time.sleep(0.3)
    manager.interrupt_kernel()
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"]["msg_id"] == asked:
            return reply["content"].get("ename")


@pytest.mark.parametrize("name", AS_A_KERNEL)
async def test_as_a_kernel(worker: Peer, stock: tuple[Any, Any], name: str) -> None:
    code = READY + AS_A_KERNEL[name]
    attempt = worker.execute(code)
    await worker.shows(attempt, "ready")
    await asyncio.sleep(0.3)
    worker.interrupt(attempt)
    result = await worker.result(attempt, timeout=30)
    expected = await asyncio.to_thread(_in_stock, stock, code)
    assert result.ename == expected
    assert (await worker.run("print('alive')")).text() == "alive\n"


WAITING = {
    "sleep": "await asyncio.sleep(60)",
    "a future that nobody resolves": "await asyncio.get_running_loop().create_future()",
    "gather": "await asyncio.gather(*(asyncio.sleep(60) for _ in range(3)))",
    "a task": "await asyncio.create_task(asyncio.sleep(60))",
    "a shield": "await asyncio.shield(asyncio.sleep(60))",
    "an event in a coroutine": "async def f(): await asyncio.Event().wait()\nawait f()",
    "async for": (
        "async def ticks():\n    while True:\n        await asyncio.sleep(0.01)\n        yield 1\n"
        "async for _ in ticks(): pass"
    ),
    "async with": "async with asyncio.timeout(60): await asyncio.Queue().get()",
    "steps without a wait": "while True: await asyncio.sleep(0)",
    "one that will not be cancelled": (
        "async def stubborn():\n    while True:\n        try:\n"
        "            await asyncio.sleep(60)\n        except asyncio.CancelledError: pass\n"
        "await asyncio.create_task(stubborn())"
    ),
    "busy between waits": "await asyncio.sleep(0)\nwhile True: pass",
    "a busy task": "async def busy():\n    while True: pass\nawait asyncio.create_task(busy())",
    "a busy callback": (
        "def busy():\n    while True: pass\n"
        "asyncio.get_running_loop().call_soon(busy)\nawait asyncio.sleep(60)"
    ),
    "a thread": "import time\nawait asyncio.to_thread(time.sleep, 3)",
}


@pytest.mark.parametrize("name", WAITING)
async def test_while_it_waits(worker: Peer, name: str) -> None:
    if "asyncio.timeout" in WAITING[name] and not hasattr(asyncio, "timeout"):
        pytest.skip("this Python has no asyncio.timeout")
    attempt = worker.execute(f"import asyncio\n{READY}ready()\n{WAITING[name]}")
    await worker.shows(attempt, "ready")
    await asyncio.sleep(0.2)
    began = time.perf_counter()
    worker.interrupt(attempt)
    result = await worker.result(attempt, timeout=30)
    took = time.perf_counter() - began
    assert result.ename == "KeyboardInterrupt"
    assert result.of("error")[0]["ename"] == "KeyboardInterrupt"
    assert took < SOON
    after = await worker.run("await asyncio.sleep(0.01)\nprint('alive')")
    assert after.text() == "alive\n"


async def test_it_can_be_caught_where_it_waits(worker: Peer) -> None:
    code = (
        "import asyncio\ntry:\n    print('ready', flush=True)\n    await asyncio.sleep(60)\n"
        "except KeyboardInterrupt:\n    await asyncio.sleep(0.01)\n    print('caught')\n'on'"
    )
    attempt = worker.execute(code)
    await worker.shows(attempt, "ready")
    await asyncio.sleep(0.2)
    worker.interrupt(attempt)
    result = await worker.result(attempt)
    assert result.done["status"] == "ok"
    assert (result.text(), result.plain) == ("ready\ncaught\n", "'on'")


CANCELLING = """
import asyncio
async def late():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.05)
        print("cleaned up")
try:
    await asyncio.wait_for(late(), 0.05)
except asyncio.TimeoutError:
    print("timed out")
me = asyncio.current_task()
asyncio.get_running_loop().call_soon(me.cancel)
try:
    await asyncio.sleep(60)
except asyncio.CancelledError as error:
    print("cancelled")
try:
    await me
except RuntimeError as error:
    print(error)
print(await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2)))
"""


async def test_what_is_not_interrupted_goes_on_as_before(worker: Peer) -> None:
    lines = (await worker.run(CANCELLING)).text().splitlines()
    assert lines[:3] == ["cleaned up", "timed out", "cancelled"]
    assert "cannot await on itself" in lines[3]
    assert lines[4:] == ["[1, 2]"]


async def test_a_message_of_a_widget_does_not_make_it_deaf(worker: Peer) -> None:
    attempt = worker.execute("import asyncio\nprint('ready', flush=True)\nawait asyncio.sleep(60)")
    await worker.shows(attempt, "ready")
    content = {"comm_id": "none", "data": {}}
    worker.send({"type": "comm", "kernel": "k", "msg_type": "comm_msg", "content": content})
    await asyncio.sleep(0.3)
    worker.interrupt(attempt)
    assert (await worker.result(attempt, timeout=10)).ename == "KeyboardInterrupt"
