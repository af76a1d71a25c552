"""Cells one by one: what a kernel's history and names are when some cells ran elsewhere."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
REMOTE = {"version": 1, "target": "local"}


@pytest.fixture
def play(kernel: Any, one_by_one: Any, notebook: Any, events: Any) -> Any:
    """Runs all cells of a notebook in order; what each printed or showed as its result."""

    async def run(content: Any) -> list[str]:
        found = []
        for cell in content["cells"]:
            if cell["metadata"]:
                status, answer = await one_by_one("run", content, cell["id"])
                assert status == 201, answer
                heard = await events(answer["run"])
                bodies = [e["body"] for e in heard if e["kind"] == "output"]
                found.append("".join(_text(body) for body in bodies))
                done = [e["body"] for e in heard if e["kind"] == "done"]
                kernel.count = done[0]["execution_count"]
            else:
                status, answer = await one_by_one("prepare", content, cell["id"])
                assert status == 200, answer
                found.append(await kernel.run(cell["source"]))
        return found

    return run


def _text(body: dict[str, Any]) -> str:
    content = body["content"]
    if body["msg_type"] == "stream":
        return str(content["text"])
    if body["msg_type"] == "execute_result":
        return str(content["data"]["text/plain"])
    return f"{content.get('ename')}: {content.get('evalue')}" if "ename" in content else ""


async def test_history_over_kernels(play: Any, notebook: Any) -> None:
    """Every second cell ran elsewhere; each sees what it would see in one kernel."""
    content = notebook(
        "10",
        ("20", REMOTE),
        "print(_, __, Out[2], _2, In[2], _i)",
        ("30;", REMOTE),
        ("_, __, Out[1], In[1], In[4], _i", REMOTE),
        "'x'",
        "print(_, __[:3], ___, sorted(Out), In[4], In[5][:5])",
        ("sorted(Out), _[:1], __[0]", REMOTE),
    )
    found = await play(content)
    assert found[2] == "20 10 20 20 20 20\n"
    assert found[4] == "(20, 10, 10, '10', '30;', '30;')"
    assert found[6] == "x (20, 10, 10) 20 [1, 2, 5, 6] 30; _, __\n"
    assert found[7] == "([1, 2, 5, 6], 'x', 20)"


async def test_random_numbers_go_on(play: Any, notebook: Any, kernel: Any) -> None:
    """Draws here and elsewhere are those of one kernel; also of a cell that is a barrier."""
    # IPython draws the tip of its banner from `random` whenever a client asks who it is.
    await kernel.run("get_ipython().enable_tip = False")
    draw, array = "print(random.random())", "print(numpy.random.rand())"
    cells = ["import random, numpy\nrandom.seed(7)\nnumpy.random.seed(7)"]
    cells += [draw, array, f"exec({draw!r})", f"exec({array!r})"] * 2
    found = await play(
        notebook(*(cell if n % 3 != 1 else (cell, REMOTE) for n, cell in enumerate(cells)))
    )
    numbers, arrays = random.Random(7), numpy.random.RandomState(7)
    expected = [numbers.random() if "random.random" in c else arrays.rand() for c in cells[1:]]
    assert [float(text) for text in found[1:]] == expected


async def test_a_result_is_the_object_that_a_name_has(play: Any, notebook: Any) -> None:
    content = notebook(
        ("items = [1]\nitems", REMOTE),
        "items.append(2)\nprint(Out[1] is items, _)",
    )
    assert (await play(content))[1] == "True [1, 2]\n"


async def test_a_result_that_cannot_be_moved(
    play: Any, notebook: Any, one_by_one: Any, kernel: Any
) -> None:
    content = notebook(
        ("(i for i in range(3))", REMOTE), ("next(_)", REMOTE), "print(_2, sorted(Out))", "_1"
    )
    found = await play({**content, "cells": content["cells"][:3]})
    assert found[1:] == ["0", "0 [2]\n"]
    status, answer = await one_by_one("prepare", content, "c3")
    assert status == 400
    assert "`_1` (generator) lives in a worker kernel" in answer["message"]


async def test_a_failed_cell_stands_in_the_history(play: Any, notebook: Any) -> None:
    found = await play(notebook(("1 / 0", REMOTE), "print(In[1], len(In))"))
    assert found == ["ZeroDivisionError: division by zero", "1 / 0 3\n"]


async def ask(kernel: Any, kind: str, code: str) -> dict[str, Any]:
    """What a frontend asks while the user types."""
    client = kernel._manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        asked = getattr(client, kind)(code, len(code))
        while True:
            message = await client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == asked:
                content: dict[str, Any] = message["content"]
                return content
    finally:
        client.stop_channels()


async def test_set_up_has_its_names_though_the_cell_needs_none_of_them(
    play: Any, notebook: Any
) -> None:
    content = notebook(
        "import numpy as np\ndigits = 2",
        "np.set_printoptions(precision=digits)",
        ("print(1)", REMOTE),
        ("import numpy\nprint(numpy.array([1 / 3]))", REMOTE),
    )
    assert (await play(content))[2:] == ["1\n", "[0.33]\n"]


async def test_modules_are_imported_before_set_up_that_comes_after_them(
    play: Any, notebook: Any, kernel: Any, jp_root_dir: Any
) -> None:
    (jp_root_dir / "conf.py").write_text("import os\nMODE = os.environ.get('MODE', 'dev')\n")
    (jp_root_dir / "data").mkdir()
    await kernel.run(f"import os\nos.chdir({str(jp_root_dir)!r})")
    content = notebook(
        "import os, conf",
        "os.environ['MODE'] = 'prod'",
        "os.chdir('data')",
        ("print(conf.MODE, os.path.basename(os.getcwd()))", REMOTE),
    )
    assert (await play(content))[3] == "dev data\n"


async def test_cells_of_the_example_run_elsewhere_one_by_one(play: Any, notebook: Any) -> None:
    example = json.loads((EXAMPLES / "digits.ipynb").read_text())
    sources = ["".join(c["source"]) for c in example["cells"] if c["cell_type"] == "code"]
    found = await play(notebook(*sources[:2], *((source, REMOTE) for source in sources[2:4])))
    assert found[2] == "1257 pictures to learn from, 540 to be tested with\n"
    assert "Error" not in found[3]


async def test_names_are_known_before_they_are_loaded(
    play: Any, notebook: Any, kernel: Any
) -> None:
    content = notebook(
        "import array, collections",
        (
            "class Point:\n    def norm(self): return 1\n"
            "numbers = array.array('d', bytes(80_000))\npoint = Point()\n"
            "import threading\nlock_here = threading.Lock()",
            REMOTE,
        ),
    )
    await play(content)
    completed = await ask(kernel, "complete", "num")
    assert completed["matches"] == ["numbers"]
    types = completed["metadata"]["_jupyter_types_experimental"]
    assert types[0]["type"] == "array.array"
    assert "numbers.append" in (await ask(kernel, "complete", "numbers.app"))["matches"]
    told = await ask(kernel, "inspect", "numbers")
    text = told["data"]["text/plain"]
    assert "array.array" in text and "80" in text and "kB" in text
    assert "code cell 2" in text and "when a cell needs it" in text
    assert "local" in (await ask(kernel, "inspect", "lock_here"))["data"]["text/plain"]
    # Asking has loaded nothing, and what the kernel has itself is told as ever.
    assert await kernel.run("print('numbers' in globals())") == "False\n"
    assert "defaultdict" in (await ask(kernel, "inspect", "collections"))["data"]["text/plain"]
    # Once somebody binds the name here, the kernel's own is told.
    await kernel.run("numbers = 'mine'")
    assert "mine" in (await ask(kernel, "inspect", "numbers"))["data"]["text/plain"]


async def test_loaded_names_are_pending_no_more(play: Any, notebook: Any, kernel: Any) -> None:
    content = notebook(("value = [1, 2, 3]", REMOTE), "print(value)")
    assert (await play(content))[1] == "[1, 2, 3]\n"
    assert "needs it" not in (await ask(kernel, "inspect", "value"))["data"]["text/plain"]


async def test_after_a_restart_it_is_said_who_made_a_name(
    play: Any, notebook: Any, kernel: Any, one_by_one: Any, jp_serverapp: Any, api: Any
) -> None:
    content = notebook("1", ("value = 5", REMOTE), "print(value)", ("value + 1", REMOTE))
    await play({**content, "cells": content["cells"][:2]})
    await jp_serverapp.kernel_manager.restart_kernel(kernel.id)
    words = "`value` was made by code cell 2 before the kernel was restarted"
    status, prepared = await one_by_one("prepare", content, "c2")
    assert (status, prepared["gone"]) == (200, [words])
    # It is told before the cell is sent, and nothing of it is recorded.
    before = (await api("GET", "runs"))[1]["runs"]
    status, answer = await one_by_one("run", content, "c3")
    assert status == 400
    assert "`value` is not defined" in answer["message"] and words in answer["message"]
    assert (await api("GET", "runs"))[1]["runs"] == before


async def test_observations_of_a_workflow_are_kept(
    play: Any, notebook: Any, jp_serverapp: Any, jp_root_dir: Any
) -> None:
    from jupyterlab_dossier.runs.engine.interactive import source_key
    from jupyterlab_dossier.runs.planning.observations import source_key as observed_key

    (jp_root_dir / "reach.py").write_text(
        "import sys\ndef reach():\n    vars(sys.modules['__main__'])['made'] = 5\n"
    )
    call = "import reach\ngetattr(reach, 're' + 'ach')()"
    content = notebook((call, REMOTE))
    service = jp_serverapp.web_app.settings["jupyterlab_dossier_service"]
    engine = await service.engine()
    path = str(service.os_path("a.ipynb"))
    from jupyterlab_dossier.runs import Cell

    cell = Cell("c0", 0, call)
    assert source_key(cell) == observed_key(cell)
    await engine.ledger.observations.keep(path, observed_key(cell), {"unshippable": ["lock"]})
    await play(content)
    known = (await engine.ledger.observations.of_notebook(path))[observed_key(cell)]
    assert known == {"unshippable": ["lock"], "writes": ["made"]}


# A program that starts kernels where it is let.
SHY = """#!{python}
import os, runpy
assert not os.path.exists({barred!r})
runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
"""


async def test_after_a_worker_kernel_did_not_start_the_next_cell_tries_again(
    jp_serverapp: Any, api: Any, notebook: Any, events: Any, jp_data_dir: Path, tmp_path: Path
) -> None:
    barred, program = tmp_path / "barred", tmp_path / "shy"
    program.write_text(SHY.format(python=sys.executable, barred=str(barred)))
    program.chmod(0o700)
    folder = jp_data_dir / "kernels" / "shy"
    folder.mkdir(parents=True)
    spec = {"argv": [str(program), "-f", "{connection_file}"], "language": "python"}
    (folder / "kernel.json").write_text(json.dumps({**spec, "display_name": "Shy"}))
    content = notebook(("print('here')", REMOTE))
    content["metadata"]["kernelspec"] = {"name": "shy", "display_name": "Shy"}
    kernel = await jp_serverapp.kernel_manager.start_kernel(kernel_name="shy")
    asked = {"path": "a.ipynb", "kernel": kernel, "cell": "c0", "content": content}

    async def run() -> tuple[str, str]:
        _, answer = await api("POST", "runs", {"kind": "cell", **asked})
        heard = await events(answer["run"])
        texts = [e["body"] for e in heard if e["kind"] == "output"]
        return heard[-1]["body"]["state"], "".join(map(_text, texts)) + str(heard)

    info = jp_serverapp.kernel_manager.get_kernel(kernel).client()
    info.start_channels()
    await info.wait_for_ready(timeout=60)
    info.stop_channels()
    barred.touch()
    state, told = await run()
    assert (state, "did not start" in told) == ("failed", True), told
    barred.unlink()
    state, told = await run()
    assert (state, "here" in told) == ("done", True), told
    await jp_serverapp.kernel_manager.shutdown_kernel(kernel, now=True)
