"""A run in detail: its graph, its cells, their logs, another run beside it, and once more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def start(api: Any, notebook: Any, events: Any) -> Any:
    async def workflow(*cells: Any) -> str:
        body = {"kind": "workflow", "path": "a.ipynb", "content": notebook(*cells), "fresh": True}
        status, answer = await api("POST", "runs", body)
        assert status == 201, answer
        await events(answer["run"])
        return str(answer["run"])

    return workflow


async def test_the_graph_as_it_was(api: Any, start: Any) -> None:
    run = await start("data = bytes(100_000)", "print(len(data))")
    status, graph = await api("GET", f"runs/{run}/graph")
    assert status == 200
    assert [c["source"] for c in graph["cells"]] == ["data = bytes(100_000)", "print(len(data))"]
    assert [c["target"] for c in graph["cells"]] == ["local", "local"]
    (edge,) = graph["edges"]
    assert (edge["from"], edge["to"], edge["kind"]) == ("c0", "c1", "value")
    assert edge["names"] == ["data"]
    assert edge["bytes"] >= 100_000
    assert (await api("GET", "runs/20260101-000000-0000000000/graph"))[0] == 404


async def test_a_cell(api: Any, start: Any) -> None:
    run = await start("a = [1]", "b = a + [2]\n1 / 0")
    status, cell = await api("GET", f"runs/{run}/cells/c1")
    assert status == 200
    assert cell["state"] == "failed"
    assert [(v["name"], v["type"], v["from"]) for v in cell["inputs"]] == [("a", "list", "c0")]
    (attempt,) = cell["attempts"]
    assert attempt["why"] == "ZeroDivisionError: division by zero"
    assert attempt["host"] and attempt["pid"].isdecimal()
    assert cell["conditions"]["user"]
    assert (await api("GET", f"runs/{run}/cells/c7"))[0] == 404


async def test_a_log_in_pages(api: Any, start: Any) -> None:
    code = "import sys, time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(.2)"
    run = await start(code + "\nprint('wrong', file=sys.stderr)\n1 / 0")
    found: list[dict[str, Any]] = []
    after, more = 0, True
    while more:
        status, page = await api("GET", f"runs/{run}/cells/c0/log", params=_page(after))
        assert status == 200
        assert len(page["entries"]) <= 2
        found += page["entries"]
        after, more = page["next"], page["more"]
    assert page["ended"]
    assert "".join(e["text"] for e in found if e["source"] == "stdout") == "0\n1\n2\n"
    assert "".join(e["text"] for e in found if e["source"] == "stderr") == "wrong\n"
    assert any("ZeroDivisionError" in e["text"] for e in found if e["source"] == "error")
    assert [e["seq"] for e in found] == sorted({e["seq"] for e in found})
    _, worker = await api("GET", f"runs/{run}/cells/c0/log/worker")
    assert "connected to" in worker["text"]
    wrong = {"params": {"after": "-1"}}
    status, answer = await api("GET", f"runs/{run}/cells/c0/log", **wrong)
    assert (status, answer["field"]) == (400, "after")
    status, _ = await api("GET", f"runs/{run}/cells/c0/log", params={"attempt": "none"})
    assert status == 404


def _page(after: int) -> dict[str, str]:
    return {"after": str(after), "limit": "2"}


async def test_two_runs_beside_each_other(api: Any, start: Any) -> None:
    left = await start("n = 1", "print(n)", "print('same')")
    right = await start("n = 2", "print(n)", "print('same')", "'new'")
    status, found = await api("GET", "compare", params={"left": left, "right": right})
    assert status == 200
    cells = {cell["id"]: cell for cell in found["cells"]}
    assert cells["c0"]["code"] == ["@@ -1 +1 @@", "-n = 1", "+n = 2"]
    assert cells["c1"]["code"] == []
    assert cells["c1"]["inputs"] == [{"name": "n", "same": False}]
    assert len(cells["c1"]["outputs"]) == 1
    assert cells["c2"]["outputs"] == cells["c2"]["code"] == []
    assert cells["c3"]["left"] is None and cells["c3"]["right"]["state"] == "done"
    assert found["environment"] == []
    status, answer = await api("GET", "compare", params={"left": left})
    assert (status, answer["field"]) == (400, "right")


async def test_once_more_as_it_was(api: Any, start: Any, events: Any) -> None:
    first = await start("print('as it was')")
    status, answer = await api("POST", "runs", {"kind": "again", "run": first})
    assert status == 201
    found = await events(answer["run"])
    assert found[-1]["body"]["state"] == "done"
    assert any("as it was" in str(e["body"]) for e in found)
    status, _ = await api("POST", "runs", {"kind": "again", "run": "20260101-000000-0000000000"})
    assert status == 404


async def test_verifying(api: Any, start: Any) -> None:
    run = await start("import time\nnow = time.time()", "print('same')")
    assert (await api("GET", f"runs/{run}/verify"))[1]["state"] == "none"
    assert (await api("POST", f"runs/{run}/verify", {}))[0] == 204
    for _ in range(600):
        _, found = await api("GET", f"runs/{run}/verify")
        if found["state"] != "running":
            break
        await asyncio.sleep(0.1)
    assert found["state"] == "differs"
    states = [cell["state"] for cell in found["result"]["cells"]]
    assert states == ["differs", "identical"]
    status, _ = await api("POST", "runs/20260101-000000-0000000000/verify", {})
    assert status == 404


async def test_how_far_a_run_is(api: Any, notebook: Any, events: Any, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = f"import os\nwhile not os.path.exists({str(gate)!r}):\n    pass"
    content = notebook("x = 1", waits)
    body = {"kind": "workflow", "path": "far.ipynb", "content": content, "fresh": True}
    _, started = await api("POST", "runs", body)

    async def listed() -> Any:
        _, answer = await api("GET", "runs")
        return next(run for run in answer["runs"] if run["run"] == started["run"])

    async def halfway() -> None:
        while (await listed())["progress"] != {"ended": 1, "total": 2}:
            await asyncio.sleep(0.05)

    await asyncio.wait_for(halfway(), 60)
    gate.touch()
    await events(started["run"])
    assert (await listed())["progress"] is None
    _, record = await api("GET", f"runs/{started['run']}")
    assert record["own"] is True


async def test_runs_in_pages(api: Any, start: Any, jp_serverapp: Any, jp_root_dir: Path) -> None:
    """Each run is told once, also beyond the newest 200 and of one notebook alone."""
    newest = await start("a = 1")
    engine = await jp_serverapp.web_app.settings["jupyterlab_dossier_service"].engine()
    path = str(jp_root_dir.resolve() / "old.ipynb")
    names = [f"old-{at}" for at in range(300)]
    await engine.ledger.database.write(
        lambda db: db.executemany(
            "INSERT INTO runs (run, kind, path, state, created, ended, conditions)"
            " VALUES (?, 'workflow', ?, 'done', ?, ?, '{}')",
            [(name, path, 1e9 + at, 1e9 + at + 1) for at, name in enumerate(names)],
        )
    )
    names.reverse()

    async def page(**params: str) -> tuple[list[str], bool]:
        status, answer = await api("GET", "runs", params=params)
        assert status == 200
        return [run["run"] for run in answer["runs"]], answer["more"]

    first, more = await page()
    assert (first, more) == ([newest, *names[:199]], True)
    assert await page(before=first[-1]) == (names[199:], False)
    assert await page(limit="1000") == ([newest, *names], False)
    assert await page(limit="1") == ([newest], True)
    assert await page(path="old.ipynb", limit="2") == (names[:2], True)
    assert await page(path="old.ipynb", before=names[1], limit="298") == (names[2:], False)
    assert await page(before=names[-1]) == ([], False)
    for limit in ("0", "1001", "-1", "x", "1.5", "", "9" * 5000):
        status, answer = await api("GET", "runs", params={"limit": limit})
        assert (status, answer["field"]) == (400, "limit"), limit
        assert answer["message"] == "limit must be a number from 1 to 1000"
    status, answer = await api("GET", "runs", params={"before": "none"})
    assert (status, answer["field"]) == (404, "before")
    assert "there is no run 'none'" in answer["message"]
