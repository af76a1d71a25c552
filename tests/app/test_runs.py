"""Runs through the API on real workers, and values between them and the user's kernel."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anyio
import pytest

from jupyterlab_dossier.app.announce import SCHEMA


@pytest.fixture
def start(api: Any, notebook: Any) -> Any:
    async def workflow(*cells: Any, **more: Any) -> str:
        body = {"kind": "workflow", "path": "a.ipynb", "content": notebook(*cells), **more}
        status, answer = await api("POST", "runs", body)
        assert status == 201, answer
        return str(answer["run"])

    return workflow


def shown(events: list[dict[str, Any]], cell: str) -> str:
    """The stream text of a cell."""
    bodies = [e["body"] for e in events if e["cell"] == cell and e["kind"] == "output"]
    return "".join(b["content"]["text"] for b in bodies if b["msg_type"] == "stream")


async def test_a_workflow(api: Any, events: Any, start: Any, jp_root_dir: Any) -> None:
    run = await start("x = 6", "print(x * 7)", "import os\nprint(os.getcwd())")
    found = await events(run)
    assert shown(found, "c1") == "42\n"
    assert shown(found, "c2") == f"{jp_root_dir}\n"
    assert [e["seq"] for e in found] == list(range(1, len(found) + 1))
    assert found[-1]["cell"] is None
    assert found[-1]["body"]["state"] == "done"
    # What a client has already is not sent again.
    assert await events(run, after=found[3]["seq"]) == found[4:]

    _, record = await api("GET", f"runs/{run}")
    assert record["state"] == "done"
    assert record["path"] == "a.ipynb"
    assert record["seq"] == found[-1]["seq"]
    assert [task["state"] for task in record["tasks"]] == ["done"] * 3
    _, listed = await api("GET", "runs", params={"path": "a.ipynb"})
    assert [r["run"] for r in listed["runs"]] == [run]
    _, listed = await api("GET", "runs", params={"path": "b.ipynb"})
    assert listed == {"runs": [], "more": False}


async def test_states_are_told_as_jupyter_events(
    jp_serverapp: Any, api: Any, events: Any, start: Any
) -> None:
    told: list[dict[str, Any]] = []
    ended = asyncio.Event()

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        told.append(data)
        if data["state"] != "running":
            ended.set()

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA, listener=listen)
    run = await start("print('secret output')", "1 / 0")
    await events(run)
    await asyncio.wait_for(ended.wait(), 30)
    assert told[-1]["state"] == "failed"
    assert told[-1]["path"] == "a.ipynb"
    states: dict[str, str] = {}
    for data in told:
        states.update(data["tasks"])
    assert states == {"c0": "done", "c1": "failed"}
    assert [d["seq"] for d in told] == sorted(d["seq"] for d in told)
    assert "secret" not in json.dumps(told)
    assert "jupyterlab_dossier" in jp_serverapp.web_app.settings["last_activity_times"]


async def test_a_run_counts_as_activity(
    jp_serverapp: Any, api: Any, events: Any, start: Any
) -> None:
    app = jp_serverapp.extension_manager.extension_apps["jupyterlab_dossier"]
    run = await start("import time\ntime.sleep(60)")
    (extension,) = app
    assert extension.current_activity()
    assert (await api("POST", f"runs/{run}/cancel"))[0] == 204
    assert (await events(run))[-1]["body"]["state"] == "cancelled"
    with anyio.fail_after(30):  # who follows the run hears of its end, soon
        while extension.current_activity():
            await asyncio.sleep(0.05)


async def test_interrupt(api: Any, events: Any, printed: Any, start: Any) -> None:
    run = await start("import time\nprint('began', flush=True)\ntime.sleep(60)")
    await printed(run, "c0")
    assert (await api("POST", f"runs/{run}/interrupt", {"cell": "c0"}))[0] == 204
    found = await events(run)
    errors = [e["body"] for e in found if e["body"].get("msg_type") == "error"]
    assert [e["content"]["ename"] for e in errors] == ["KeyboardInterrupt"]
    status, answer = await api("POST", f"runs/{run}/interrupt", {"cell": "c0"})
    assert status == 400
    assert "not running" in answer["message"]


async def test_a_graph(api: Any, notebook: Any) -> None:
    _, graph = await api("POST", "graph", {"content": notebook("x = 1", "x + 1")})
    assert [(e["from"], e["to"], e["kind"]) for e in graph["edges"]] == [("c0", "c1", "value")]


async def test_changes(api: Any) -> None:
    cells = [{"id": "a", "source": "x = 1"}, {"id": "b", "source": "x + 1"}]
    _, begun = await api("POST", "changes", {"path": "a.ipynb", "cells": cells})
    assert [cell["id"] for cell in begun["cells"]] == ["a", "b"] and begun["stale"] == []
    edit = {"path": "a.ipynb", "token": begun["token"], "cells": [{"id": "a", "source": "x = 2"}]}
    _, found = await api("POST", "changes", edit)
    assert found["stale"] == [
        {"id": "a", "why": "its code changed", "left": False},
        {"id": "b", "why": "`x` comes from code cell 1, which changed", "left": False},
    ]
    assert [edge["why"] for edge in found["edges"]["added"]] == [
        "cell 0 sets `x`: `x = 2`; cell 1 uses it"
    ]
    _, late = await api("POST", "changes", edit)
    assert late == {"token": None}
    ran = {**edit, "token": found["token"], "cells": [], "ran": edit["cells"]}
    _, after = await api("POST", "changes", ran)
    assert [(mark["id"], mark["left"]) for mark in after["stale"]] == [("b", True)]
    again = {"path": "a.ipynb", "cells": [*edit["cells"], cells[1]]}
    left = [{"id": mark["id"], "why": mark["why"]} for mark in after["stale"]]
    _, begun = await api("POST", "changes", {**again, "stale": left})
    _, found = await api(
        "POST", "changes", {"path": "a.ipynb", "token": begun["token"], "cells": []}
    )
    assert found["stale"] == after["stale"]


async def test_only_some_cells_and_what_they_need(api: Any, events: Any, notebook: Any) -> None:
    content = notebook("x = 1", "print('no')", "print(x)")
    asked = {"kind": "workflow", "path": "a.ipynb", "content": content, "only": ["c2"]}
    assert (await api("POST", "preflight", asked))[1] == {"problems": []}
    status, answer = await api("POST", "runs", asked)
    assert status == 201
    await events(answer["run"])
    _, record = await api("GET", f"runs/{answer['run']}")
    assert [(task["id"], task["state"]) for task in record["tasks"]] == [
        ("c0", "done"),
        ("c2", "done"),
    ]


async def test_targets(api: Any) -> None:
    _, answer = await api("GET", "targets")
    assert {"kernel", "local"} <= {target["name"] for target in answer["targets"]}


REMOTE = {"version": 1, "target": "local"}


async def test_values_go_from_kernel_to_worker_and_back(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any
) -> None:
    sources = (
        "class P:\n    def __init__(self, n): self.n = n\np = P(20)\nshared = [p]",
        ("p.n += 1\nq = P(p.n * 2)\nprint(q.n, shared[0] is p)", REMOTE),
        "print(q.n, p.n, isinstance(q, P), shared[0] is p)",
    )
    content = notebook(*sources)
    await kernel.run(sources[0])
    status, answer = await one_by_one("run", content, "c1")
    assert status == 201, answer
    found = await events(answer["run"])
    assert shown(found, "c1") == "42 True\n", found
    assert found[-1]["body"]["state"] == "done"
    status, prepared = await one_by_one("prepare", content, "c2")
    assert status == 200, prepared
    assert {"p", "q"} <= set(prepared["loaded"])
    assert await kernel.run(sources[2]) == "42 21 True True\n"
    # Nothing is left to load, so the next cell costs nothing.
    assert (await one_by_one("prepare", content, "c2"))[1] == {
        "loaded": [], "bytes": 0, "gone": [], "stopped": False
    }  # fmt: skip


async def test_the_kernel_keeps_its_counts_and_names(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any
) -> None:
    content = notebook("a = 1", ("b = a + 1", REMOTE), "b")
    await kernel.run("a = 1\nbefore = set(globals()) | {'before'}")
    count = kernel.count
    _, answer = await one_by_one("run", content, "c1")
    found = await events(answer["run"])
    done = [e["body"] for e in found if e["kind"] == "done"]
    assert done == [{"status": "ok", "execution_count": count + 1}]
    await one_by_one("prepare", content, "c2")
    code = "print(sorted(n for n in set(globals()) - before if n[0] != '_'), b)"
    assert await kernel.run(code) == "['b'] 2\n"
    # The cell elsewhere took one, and asking took none.
    assert kernel.count == count + 2


async def test_a_restart_forgets_what_was_made_elsewhere(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any, jp_serverapp: Any
) -> None:
    content = notebook(("b = 1", REMOTE), "b")
    _, answer = await one_by_one("run", content, "c0")
    assert (await events(answer["run"]))[-1]["body"]["state"] == "done"
    await jp_serverapp.kernel_manager.restart_kernel(kernel.id)
    _, prepared = await one_by_one("prepare", content, "c1")
    assert (prepared["loaded"], prepared["bytes"]) == ([], 0)
    assert await kernel.run("print('b' in globals())") == "False\n"


async def test_a_cell_of_the_kernel_is_not_taken(
    kernel: Any, one_by_one: Any, notebook: Any
) -> None:
    status, answer = await one_by_one("run", notebook("1"), "c0")
    assert status == 400
    assert "kernel" in answer["message"]
    status, answer = await one_by_one("run", notebook("1"), "other")
    assert (status, answer["field"]) == (400, "cell")


async def test_input(
    kernel: Any, one_by_one: Any, notebook: Any, api: Any, jp_ws_fetch: Any
) -> None:
    _, answer = await one_by_one("run", notebook(("print(input('name? '))", REMOTE)), "c0")
    run = answer["run"]
    socket = await jp_ws_fetch("dossier", "api", "runs", run, "events")
    found = []
    while (message := await asyncio.wait_for(socket.read_message(), 60)) is not None:
        batch = json.loads(message)
        found += batch
        if any(event["body"].get("msg_type") == "input_request" for event in batch):
            asked = {"cell": "c0", "value": "Ada"}
            assert (await api("POST", f"runs/{run}/input", asked))[0] == 204
    assert shown(found, "c0") == "Ada\n"


async def test_the_bridge_leaves_no_trace(kernel: Any, tmp_path: Any) -> None:
    from dossier_worker.build import build
    from jupyterlab_dossier.app.kernels import KernelBridge, KernelFault

    archive = build(tmp_path / "worker.pyz")
    bridge = KernelBridge(kernel._manager, archive, tmp_path / "store")
    await kernel.run("a = 1; _hidden = 2\n_hidden")
    found = await bridge.look()
    assert found.names == {"a", "_hidden"}
    assert found.results == (found.count - 1,)
    await bridge.took(found.count + 4, "1 + 1", [], {})
    assert (await bridge.look()).count == found.count + 5
    with pytest.raises(KernelFault, match="x"):
        progress = tmp_path / "progress"
        progress.touch()
        await bridge.load({"x": "missing"}, {}, progress)
    assert await kernel.run("print(sorted(n for n in globals() if n[0] != '_'))") == (
        "['In', 'Out', 'a', 'exit', 'get_ipython', 'open', 'quit']\n"
    )


async def _made(file: Any) -> None:
    while not file.exists():
        await asyncio.sleep(0.05)


async def test_the_bridge_notices_the_end_of_a_kernel(kernel: Any, tmp_path: Any) -> None:
    from jupyterlab_dossier.app.kernels import KernelBridge, KernelFault

    bridge = KernelBridge(kernel._manager, tmp_path, tmp_path)
    began = tmp_path / "began"
    code = f"import time; open({str(began)!r}, 'w').close(); time.sleep(60)"
    sleeping = asyncio.create_task(kernel.run(code))
    await asyncio.wait_for(_made(began), 60)
    asking = asyncio.create_task(bridge.look())
    await asyncio.sleep(0)  # it asks, and waits for the answer
    await kernel._manager.restart_kernel(now=True)
    with pytest.raises(KernelFault, match="restarted"):
        await asyncio.wait_for(asking, 20)
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)


# An interrupt that comes before the kernel has begun with what it was asked: it answers nothing.
_SWALLOWS = """
def swallow(*_):
    handlers["execute_request"] = handler
    raise KeyboardInterrupt

handlers = get_ipython().kernel.shell_handlers
handler = handlers["execute_request"]
handlers["execute_request"] = swallow
"""


async def test_an_interrupt_takes_nothing_that_the_kernel_is_told(
    kernel: Any, tmp_path: Any
) -> None:
    from dossier_worker.build import build
    from jupyterlab_dossier.app.kernels import KernelBridge
    from jupyterlab_dossier.runs.engine.loading import Stopped

    bridge = KernelBridge(kernel._manager, build(tmp_path / "worker.pyz"), tmp_path / "store")
    await kernel.run(_SWALLOWS)
    count = (await asyncio.wait_for(bridge.look(), 60)).count
    await kernel.run(_SWALLOWS)
    await asyncio.wait_for(bridge.took(count + 4, "1 + 1", [], {}), 60)
    assert (await bridge.look()).count == count + 5
    # What is exported or loaded for a cell is not wanted any more.
    await kernel.run(_SWALLOWS)
    with pytest.raises(Stopped):
        await asyncio.wait_for(bridge.export(["count"], "v/"), 60)


# As if what comes next had waited behind a cell that failed.
_ABORTS = """
def abort(*args):
    del server._send_abort_reply
    server._aborting = False
    server._send_abort_reply(*args)

server = get_ipython().kernel
server._send_abort_reply = abort
server._aborting = True
"""


async def test_what_a_kernel_aborts_behind_a_failing_cell_is_asked_again(
    kernel: Any, tmp_path: Any
) -> None:
    from dossier_worker.build import build
    from jupyterlab_dossier.app.kernels import KernelBridge

    bridge = KernelBridge(kernel._manager, build(tmp_path / "worker.pyz"), tmp_path / "store")
    await kernel.run(_ABORTS)
    assert "abort" in (await asyncio.wait_for(bridge.look(), 60)).names
    # Behind one that takes its time: the kernel was asked meanwhile whether it still answers.
    began = tmp_path / "began"
    slow = f"import time; open({str(began)!r}, 'w').close(); time.sleep(4)\n{_ABORTS}"
    failing = asyncio.create_task(kernel.run(slow))
    await asyncio.wait_for(_made(began), 60)
    found = await asyncio.wait_for(bridge.environment([], ["abort"]), 60)
    assert "abort" in json.dumps(found)
    await failing


async def test_a_kernel_is_asked_by_several_at_once(kernel: Any, tmp_path: Any) -> None:
    """While it runs a cell, so that all of them wait."""
    from dossier_worker.build import build
    from jupyterlab_dossier.app.kernels import KernelBridge

    bridge = KernelBridge(kernel._manager, build(tmp_path / "worker.pyz"), tmp_path / "store")
    began = tmp_path / "began"
    names = [f"name{n}" for n in range(4)]
    code = (
        f"import time; open({str(began)!r}, 'w').close(); time.sleep(2.5)\n{' = '.join(names)} = 1"
    )
    sleeping = asyncio.create_task(kernel.run(code))
    await asyncio.wait_for(_made(began), 60)
    looking = [asyncio.wait_for(bridge.environment([], [name]), 60) for name in names]
    for found in await asyncio.gather(*looking):
        assert {*names} <= {*found["names"]}
    await sleeping


async def test_names_around_a_failing_cell(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any
) -> None:
    content = notebook(("z = 5\n1 / 0", REMOTE), "1 / 0; z = 6", "print(z)")
    _, answer = await one_by_one("run", content, "c0")
    assert (await events(answer["run"]))[-1]["body"]["state"] == "failed"
    # It may fail before it binds the name again, so it gets what there is.
    assert (await one_by_one("prepare", content, "c1"))[1]["loaded"] == ["z"]
    assert await kernel.run("print(z)") == "5\n"


async def test_what_is_deleted_elsewhere_is_gone(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any
) -> None:
    content = notebook("x = 1", ("del x", REMOTE))
    await kernel.run("x = 1")
    _, answer = await one_by_one("run", content, "c1")
    assert (await events(answer["run"]))[-1]["body"]["state"] == "done"
    assert await kernel.run("print('x' in globals())") == "False\n"


async def test_a_queued_cell_is_cancelled_alone(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any, api: Any
) -> None:
    content = notebook(("print('one')\nn = input()", REMOTE), ("m = 2", REMOTE))
    _, first = await one_by_one("run", content, "c0")
    _, second = await one_by_one("run", content, "c1")
    assert (await api("POST", f"runs/{second['run']}/cancel", {}))[0] == 204
    while True:  # until the cell asks
        await api("POST", f"runs/{first['run']}/input", {"cell": "c0", "value": "x"})
        state = (await api("GET", f"runs/{first['run']}"))[1]["state"]
        if state != "running":
            break
    assert state == "done"
    found = await events(second["run"])
    assert found[-1]["body"]["state"] == "cancelled"


async def test_only_what_was_executed_is_set_up(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any
) -> None:
    content = notebook(
        "import os",
        "os.environ['DONE'] = '1'",
        "os.environ['NOT_DONE'] = '1'",
        ("print(os.environ.get('DONE'), os.environ.get('NOT_DONE'))", REMOTE),
    )
    for cell in content["cells"][:2]:
        await kernel.run(cell["source"])
    # The count is from another day: this kernel has not executed it.
    content["cells"][2]["execution_count"] = 3
    _, answer = await one_by_one("run", content, "c3")
    assert shown(await events(answer["run"]), "c3") == "1 None\n"


async def test_what_a_cell_elsewhere_did_unforeseen(
    kernel: Any, one_by_one: Any, notebook: Any, events: Any, jp_root_dir: Any
) -> None:
    (jp_root_dir / "reach.py").write_text(
        "import sys\ndef reach():\n"
        "    vars(sys.modules['__main__'])['items'].append(2)\n"
        "    vars(sys.modules['__main__'])['made'] = 5\n"
    )
    call = "import reach\nlen(items)\ngetattr(reach, 're' + 'ach')()"
    content = notebook("items = [1]", (call, REMOTE), "print(items, made)")
    await kernel.run("items = [1]")
    _, answer = await one_by_one("run", content, "c1")
    found = await events(answer["run"])
    told = [e["body"].get("why") or "" for e in found if e["cell"] == "c1"]
    assert any("not foreseen by the analysis" in why and "`made`" in why for why in told), found
    await one_by_one("prepare", content, "c2")
    assert await kernel.run("print(items, made)") == "[1, 2] 5\n"


async def test_a_cell_runs_elsewhere_once(
    api: Any, kernel: Any, notebook: Any, events: Any
) -> None:
    body = {"kind": "cell", "path": "a.ipynb", "kernel": kernel.id, "cell": "c0"}
    asked = {**body, "content": notebook("b = 1\nprint(b)")}
    status, answer = await api("POST", "runs", asked)
    assert (status, answer["field"]) == (400, "cell")
    status, answer = await api("POST", "runs", {**asked, "target": "local"})
    assert status == 201, answer
    assert shown(await events(answer["run"]), "c0") == "1\n"
    # Options are those of the target that they were given for.
    own = {"version": 1, "target": "other", "options": {"cores": 4}}
    asked = {**body, "content": notebook(("print(2)", own)), "target": "local"}
    status, answer = await api("POST", "runs", asked)
    assert status == 201, answer
    assert shown(await events(answer["run"]), "c0") == "2\n"


async def test_the_notebook_gives_options_to_a_target(
    api: Any, kernel: Any, notebook: Any, events: Any
) -> None:
    big = "len(bytearray(300 << 20))"
    own = {"version": 1, "target": "local", "options": {"memory": 1000}}
    options = {"local": {"memory": 100}}
    content = notebook((big, own), (big, REMOTE), big, options=options)
    for cell, once, failed in (("c0", None, False), ("c1", None, True), ("c2", "local", True)):
        body = {"kind": "cell", "path": "a.ipynb", "kernel": kernel.id, "cell": cell}
        asked = {**body, "content": content, **({"target": once} if once else {})}
        status, answer = await api("POST", "runs", asked)
        assert status == 201, answer
        assert ("MemoryError" in str(await events(answer["run"]))) == failed, cell

    wrong = notebook((big, own), (big, REMOTE), options={"local": {"memory": 1}})
    body = {"kind": "workflow", "path": "a.ipynb", "content": wrong}
    status, answer = await api("POST", "runs", body)
    assert (status, answer["field"]) == (400, "metadata.dossier.options.local.memory")
    assert "cell 1 (c1): the notebook's" in answer["message"]
