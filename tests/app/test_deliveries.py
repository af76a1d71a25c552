"""What a page that opens a notebook finds of its runs."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Any

import pytest


@pytest.fixture
def run(api: Any, notebook: Any) -> Any:
    """Runs cells as a workflow, to the end; returns the run."""

    async def workflow(path: str, *cells: Any, ends: bool = True, **dossier: Any) -> str:
        content = notebook(*cells, **dossier)
        status, answer = await api(
            "POST", "runs", {"kind": "workflow", "path": path, "content": content}
        )
        assert status == 201, answer
        for _ in range(600 if ends else 0):
            if (await api("GET", f"runs/{answer['run']}"))[1]["state"] != "running":
                break
            await asyncio.sleep(0.1)
        return str(answer["run"])

    return workflow


@pytest.fixture
def found(api: Any) -> Any:
    async def ask(path: str, **more: str) -> Any:
        status, answer = await api("GET", "notebook", params={"path": path, **more})
        assert status == 200, answer
        return answer

    return ask


async def test_outputs_stand_as_the_cell_showed_them(api: Any, run: Any, found: Any) -> None:
    said = "from IPython.display import display, clear_output\n"
    first = await run(
        "a.ipynb",
        said + "print(1)\nprint(2)\nh = display('here', display_id='d')\nprint(3)",
        "h.update('changed')\nclear_output(wait=True)",
        "1 / 0",
        "print('never')",
    )
    _, shown = await api("GET", f"runs/{first}/outputs")
    assert shown["seq"] == (await api("GET", f"runs/{first}"))[1]["seq"]
    cells = shown["cells"]
    assert [o.get("text") for o in cells["c0"]["outputs"]] == ["1\n2\n", None, "3\n"]
    assert cells["c0"]["outputs"][1]["data"]["text/plain"] == "'changed'"
    # One by itself has what others changed in it, too.
    _, one = await api("GET", f"runs/{first}/outputs", params={"cell": "c0"})
    assert one == {"seq": shown["seq"], "cells": {"c0": cells["c0"]}}
    status, answer = await api("GET", f"runs/{first}/outputs", params={"cell": "c9"})
    assert status == 404 and "no cell 'c9'" in answer["message"]
    assert cells["c0"]["displays"] == [{"id": "d", "index": 1}]
    assert cells["c0"]["execution_count"] == 1
    assert cells["c1"]["outputs"] == []
    assert cells["c1"]["clears_next"]
    assert cells["c2"]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert cells["c3"]["outputs"] == []

    answer = await found("a.ipynb")
    assert (answer["copy"], answer["runs"]) == (False, [])
    tasks = {task["cell"]: task for task in answer["tasks"]}
    assert [tasks[f"c{n}"]["state"] for n in range(4)] == ["done", "done", "failed", "skipped"]
    assert tasks["c2"]["source"] == "1 / 0"
    assert {task["run"] for task in answer["tasks"]} == {first}
    # A later run has the last word on the cells that it has.
    second = await run("a.ipynb", "x = 1")
    tasks = {task["cell"]: task for task in (await found("a.ipynb"))["tasks"]}
    assert (tasks["c0"]["run"], tasks["c1"]["run"]) == (second, first)


async def test_what_was_cleared_or_saved_is_known(api: Any, run: Any, found: Any) -> None:
    name = await run("a.ipynb", "print(1)", "print(2)")
    _, shown = await api("GET", f"runs/{name}/outputs")
    place = f"runs/{name}/delivered"
    cleared = {"cells": ["c0"], "seq": shown["seq"], "how": "cleared"}
    assert (await api("POST", place, cleared))[0] == 204
    assert (await api("POST", place, {**cleared, "seq": 1}))[0] == 204  # a late word of another tab
    assert (await api("POST", place, {"cells": ["c1"], "seq": shown["seq"], "how": "saved"}))[
        0
    ] == 204
    tasks = {task["cell"]: task for task in (await found("a.ipynb"))["tasks"]}
    assert (tasks["c0"]["cleared"], tasks["c0"]["saved"]) == (shown["seq"], False)
    assert (tasks["c1"]["cleared"], tasks["c1"]["saved"]) == (0, True)
    cells = (await api("GET", f"runs/{name}/outputs"))[1]["cells"]
    assert (cells["c0"]["outputs"], cells["c0"]["execution_count"]) == ([], None)
    assert cells["c1"]["outputs"][0]["text"] == "2\n"


async def test_what_comes_after_clearing_is_shown(
    api: Any, run: Any, found: Any, jp_root_dir: Any
) -> None:
    waits = (
        "import time, pathlib\nprint('before', flush=True)\n"
        "while not pathlib.Path('go').exists():\n    time.sleep(0.02)\nprint('after')"
    )
    name = await run("a.ipynb", waits, ends=False)
    for _ in range(600):
        _, shown = await api("GET", f"runs/{name}/outputs")
        if shown["cells"].get("c0", {}).get("outputs"):
            break
        await asyncio.sleep(0.05)
    assert (await found("a.ipynb"))["runs"] == [{"run": name, "kind": "workflow"}]
    asked = {"cells": ["c0"], "seq": shown["seq"], "how": "cleared"}
    assert (await api("POST", f"runs/{name}/delivered", asked))[0] == 204
    (jp_root_dir / "go").touch()
    for _ in range(600):
        if not (await found("a.ipynb"))["runs"]:
            break
        await asyncio.sleep(0.05)
    cell = (await api("GET", f"runs/{name}/outputs"))[1]["cells"]["c0"]
    assert [o["text"] for o in cell["outputs"]] == ["after\n"]
    assert cell["execution_count"] == 1


async def test_a_renamed_notebook_keeps_its_runs_and_a_copy_parts(
    run: Any, found: Any, notebook: Any, jp_root_dir: Any
) -> None:
    original = jp_root_dir / "a.ipynb"
    original.write_text(json.dumps(notebook("print(1)", id="n1")))
    name = await run("a.ipynb", "print(1)", id="n1")
    shutil.copy(original, jp_root_dir / "b.ipynb")
    copy = await found("b.ipynb", id="n1")
    assert copy == {"copy": True, "tasks": [], "runs": []}
    assert [t["run"] for t in (await found("a.ipynb", id="n1"))["tasks"]] == [name]
    # Though the copy ran under the same id, the first that had it keeps it.
    await run("b.ipynb", "print(2)", id="n1")
    assert not (await found("a.ipynb", id="n1"))["copy"]
    (jp_root_dir / "b.ipynb").unlink()
    original.rename(jp_root_dir / "c.ipynb")
    renamed = await found("c.ipynb", id="n1")
    assert not renamed["copy"]
    assert [t["cell"] for t in renamed["tasks"]] == ["c0"]
    # Another notebook in its old place has nothing of it.
    assert (await found("a.ipynb", id="n2"))["tasks"] == []


async def test_bad_input(api: Any, run: Any) -> None:
    assert (await api("GET", "notebook"))[1]["field"] == "path"
    assert (await api("GET", "notebook", params={"path": "../a.ipynb"}))[1]["field"] == "path"
    assert (await api("GET", "runs/none/outputs"))[0] == 404
    name = await run("a.ipynb", "print(1)")
    place = f"runs/{name}/delivered"
    for change, field in (
        ({"cells": ["c0", "c9"]}, "cells"),
        ({"seq": 999}, "seq"),
        ({"how": "x"}, "how"),
    ):
        body = {"cells": ["c0"], "seq": 1, "how": "saved", **change}
        status, answer = await api("POST", place, body)
        assert (status, answer["field"]) == (400, field)
