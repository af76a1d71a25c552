"""What a failed cell was given is opened in the user's kernel."""

from __future__ import annotations

from typing import Any

REMOTE = {"version": 1, "target": "local"}


async def test_the_inputs_of_a_failed_cell(
    api: Any, kernel: Any, one_by_one: Any, notebook: Any, events: Any
) -> None:
    content = notebook(
        "rows = [3, 1]\ndef tail(found):\n    return found[-1]",
        ("import threading\nlock = threading.Lock()\nother = {'a': rows}", REMOTE),
        ("with lock:\n    tail(rows) / len(other[rows[0] - 3])", REMOTE),
        ("1", REMOTE),
    )
    await kernel.run(content["cells"][0]["source"])
    _, made = await one_by_one("run", content, "c1")
    assert (await events(made["run"]))[-1]["body"]["state"] == "done"
    _, failed = await one_by_one("run", content, "c2")
    assert (await events(failed["run"]))[-1]["body"]["state"] == "failed"
    body = {"kernel": kernel.id, "path": "a.ipynb", "run": failed["run"], "cell": "c2"}

    status, answer = await api("POST", "kernel/inputs", body)
    assert status == 200
    assert (answer["differing"], answer["loaded"]) == ([], ["other", "rows", "tail"])
    assert [(one["name"], "lock" in one["why"]) for one in answer["refused"]] == [("lock", True)]
    assert answer["bytes"] > 0
    assert await kernel.run("print(rows, other, other['a'] is rows, tail(rows))") == (
        "[3, 1] {'a': [3, 1]} True 1\n"
    )

    # Nothing is overwritten unasked; `other` had shared an object with what `rows` was.
    await kernel.run("rows = 'mine'")
    _, answer = await api("POST", "kernel/inputs", body)
    assert (answer["differing"], answer["loaded"]) == (["other", "rows"], [])
    assert await kernel.run("print(rows)") == "mine\n"
    _, answer = await api("POST", "kernel/inputs", {**body, "replace": False})
    assert (answer["differing"], answer["loaded"]) == ([], ["tail"])
    assert await kernel.run("print(rows)") == "mine\n"
    _, answer = await api("POST", "kernel/inputs", {**body, "replace": True})
    assert answer["loaded"] == ["other", "rows", "tail"]
    assert await kernel.run("print(rows, other['a'] is rows)") == "[3, 1] True\n"

    status, answer = await api("POST", "kernel/inputs", {**body, "cell": "c3"})
    assert status == 400 and "did not begin" in answer["message"]
    assert (await api("POST", "kernel/inputs", {**body, "run": "none"}))[0] == 404


async def test_another_server_and_another_kernel(
    api: Any, kernel: Any, one_by_one: Any, notebook: Any, events: Any, jp_serverapp: Any
) -> None:
    """The ledger has what is needed: neither the kernel nor the session that gave it is."""
    content = notebook(
        "import array\nseed = array.array('d', range(50_000))", ("seed[-1] / 0", REMOTE)
    )
    await kernel.run(content["cells"][0]["source"])
    _, failed = await one_by_one("run", content, "c1")
    assert (await events(failed["run"]))[-1]["body"]["state"] == "failed"
    service = jp_serverapp.web_app.settings["jupyterlab_dossier_service"]
    await service.stop()
    service._stopped = False  # as a new server has it, over the same ledger
    await jp_serverapp.kernel_manager.restart_kernel(kernel.id)
    body = {"kernel": kernel.id, "path": "a.ipynb", "run": failed["run"], "cell": "c1"}
    _, answer = await api("POST", "kernel/inputs", body)
    assert (answer["loaded"], answer["refused"]) == (["seed"], [])
    assert await kernel.run("print(len(seed), seed[-1])") == "50000 49999.0\n"
