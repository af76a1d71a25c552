"""A value that takes seconds to load into the kernel: how far it is, and no more of it."""

from __future__ import annotations

import asyncio
from typing import Any

REMOTE = {"version": 1, "target": "local"}

# Many objects: what takes long is to make them again.
LARGE = "large = [(i, str(i), i * 1.5) for i in range(2_000_000)]\nsmall = 7"


async def under_way(api: Any, kernel: Any, cell: str) -> dict[str, Any]:
    """Waits until some of what a cell needs is loaded."""
    for _ in range(600):
        _, told = await api("GET", "kernel/prepare", params={"kernel": kernel.id, "cell": cell})
        if told["done"] > 5_000_000:
            return dict(told)
        await asyncio.sleep(0.02)
    raise AssertionError(told)


async def test_a_large_value_is_loaded_with_progress_and_can_be_stopped(
    api: Any, kernel: Any, one_by_one: Any, notebook: Any, events: Any, jp_serverapp: Any
) -> None:
    content = notebook((LARGE, REMOTE), "print(len(large), small)")
    _, ran = await one_by_one("run", content, "c0")
    assert (await events(ran["run"]))[-1]["body"]["state"] == "done"
    await kernel.run("large = small = 'mine'")

    async def interrupt() -> None:
        await jp_serverapp.kernel_manager.get_kernel(kernel.id).interrupt_kernel()

    async def stop() -> None:
        place = {"kernel": kernel.id, "cell": "c1"}
        assert (await api("DELETE", "kernel/prepare", params=place))[0] == 204

    loop = asyncio.get_running_loop()
    for way in (stop, interrupt):
        preparing = asyncio.ensure_future(one_by_one("prepare", content, "c1"))
        told = await under_way(api, kernel, "c1")
        assert sorted(told["names"]) == ["large", "small"]
        assert 5_000_000 < told["done"] < told["bytes"]
        await way()
        asked = loop.time()
        status, answer = await preparing
        assert loop.time() - asked < 2
        assert (status, answer["stopped"], answer["loaded"]) == (200, True, [])
        # Neither of the two names is loaded, and both still are to be.
        assert await kernel.run("print(large, small)") == "mine mine\n"
        assert await kernel.run("import gc; print(len(gc.get_objects()) < 2_000_000)") == "True\n"

    _, answer = await one_by_one("prepare", content, "c1")
    assert (sorted(answer["loaded"]), answer["stopped"]) == (["large", "small"], False)
    assert answer["bytes"] > 50_000_000
    assert await kernel.run("print(len(large), large[5], small)") == "2000000 (5, '5', 7.5) 7\n"
    _, told = await api("GET", "kernel/prepare", params={"kernel": kernel.id, "cell": "c1"})
    assert told == {"names": [], "bytes": 0, "done": 0}
    _, again = await one_by_one("prepare", content, "c1")
    assert again["loaded"] == []


async def keep_busy(kernel: Any, seconds: int) -> None:
    """Leaves the kernel with something to do."""
    client = kernel._manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        asked = client.execute(f"import time; time.sleep({seconds})")
        while True:
            message = await client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") == asked:
                return
    finally:
        client.stop_channels()


async def test_stopped_before_it_began(
    api: Any, kernel: Any, one_by_one: Any, notebook: Any, events: Any
) -> None:
    """The kernel is busy: what waits for it is not loaded when its turn comes."""
    content = notebook(("value = 1", REMOTE), "value")
    _, ran = await one_by_one("run", content, "c0")
    await events(ran["run"])
    await keep_busy(kernel, 3)
    preparing = asyncio.ensure_future(one_by_one("prepare", content, "c1"))
    place = {"kernel": kernel.id, "cell": "c1"}
    while not (await api("GET", "kernel/prepare", params=place))[1]["names"]:
        await asyncio.sleep(0.02)
    assert (await api("DELETE", "kernel/prepare", params=place))[0] == 204
    assert (await preparing)[1]["stopped"]
    assert await kernel.run("print('value' in globals())") == "False\n"
    assert (await one_by_one("prepare", content, "c1"))[1]["loaded"] == ["value"]
