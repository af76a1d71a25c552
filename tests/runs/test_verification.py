"""Verify: a run executed again; the cells that differ are named, and no others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support import workflow

from jupyterlab_dossier.runs import BadInput, Engine
from jupyterlab_dossier.runs.model import Json
from jupyterlab_dossier.runs.verification import Verified, pairs

DETERMINISTIC = (
    "import numpy as np, pandas as pd\nfrom pathlib import Path",
    "np.random.seed(1)\ndata = np.random.normal(size=1000)",
    "frame = pd.DataFrame({'a': data, 'b': data.round(2)})\nframe.describe()",
    "class Point:\n    def __init__(self, x): self.x = x\npoints = [Point(n) for n in range(3)]",
    "names = {f'n{i}' for i in range(100)}\nprint(len(names), Path.cwd(), points[0].x)",
    "Path('out.txt').write_text('made')",
    "print(Path('out.txt').read_text(), sorted(names)[:2])",
)


async def verified(engine: Engine, folder: Path, *cells: str) -> Verified:
    run = await engine.submit(workflow(folder, cells))
    record = await engine.wait(run)
    assert record.state == "done", record.why
    return await engine.verifier.verify(run)


async def test_a_deterministic_notebook_is_identical(engine: Engine, tmp_path: Path) -> None:
    found = await verified(engine, tmp_path, *DETERMINISTIC)
    assert found.state == "identical", found
    assert {verdict.state for verdict in found.cells} == {"identical"}
    assert found.other_cells == []
    # It happened in a copy, and both runs are in the ledger.
    assert {t.state for t in (await engine.record(found.again)).tasks} == {"done"}
    assert (await engine.verifier.state(found.run))["state"] == "identical"


async def test_each_cell_that_differs_is_named_and_no_other(engine: Engine, tmp_path: Path) -> None:
    found = await verified(
        engine,
        tmp_path,
        "import time, random\nimport numpy as np",
        "same = np.arange(10)",
        "drawn = np.random.default_rng().random(3)",
        "now = time.time()",
        "total = drawn.sum() + same.sum()",
        "print(same.sum())",
        "names = list({f'name {n}' for n in range(5000)})",
        "rng = np.random.default_rng(0)\nmatrix = rng.random((600, 600)).astype('f4')",
        "product = float((matrix @ matrix.T @ matrix).sum())",
    )
    assert found.state == "differs"
    states = {v.index: (v.state, v.cause or "") for v in found.cells if v.state != "identical"}
    assert states.keys() == {2, 3, 4}, states
    assert states[2][0] == "differs" and "seed" in states[2][1], states
    assert states[3][0] == "differs" and "clock" in states[3][1], states
    assert states[4] == ("follows", "")
    others = {v.index: v.cause or "" for v in found.other_cells if v.state == "differs"}
    assert others.keys() <= {6, 8}, found.other_cells
    assert "hash seed" in others[6], others


async def test_a_sum_on_other_thread_counts(engine: Engine, tmp_path: Path) -> None:
    """Of a float reduction so large that another division among threads rounds otherwise."""
    found = await verified(
        engine,
        tmp_path,
        "import numpy as np\nrng = np.random.default_rng(0)",
        "left, right = rng.random((2, 700, 700))\nsteady = left.shape",
        "product = left @ right\nsolved = np.linalg.svd(product, compute_uv=False)",
        "print(steady)",
    )
    assert found.state == "identical", found
    assert [v.index for v in found.other_cells] == [2], found.other_cells
    assert "thread count" in (found.other_cells[0].cause or "")


async def test_what_reaches_outside_is_left_out(engine: Engine, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    cells = (
        f"path = {str(outside)!r} + '/log'",
        "with open(path, 'a') as file: file.write('x')\nwritten = 1",
        "print(written)",
        "print('inside')",
    )
    run = await engine.submit(workflow(folder, cells))
    await engine.wait(run)
    found = await engine.verifier.verify(run)
    assert found.state == "identical"
    assert {v.index for v in found.cells if v.state == "not verified"} == {1, 2}, found.cells
    assert (outside / "log").read_text() == "x"
    found = await engine.verifier.verify(run, outside=True)
    assert {v.state for v in found.cells} == {"identical"}
    assert (outside / "log").read_text() == "xxx"


async def test_nothing_to_verify(engine: Engine) -> None:
    with pytest.raises(BadInput):
        await engine.verifier.verify("20260101-000000-0000000000")


# Values that only a worker kernel, which has ipykernel, can load or take apart.
AWKWARD = """
import time
class Awkward:
    def __init__(self):
        self.now = time.perf_counter_ns()
    def __setstate__(self, state):
        import os, signal, sys, time
        self.__dict__ = state
        if 'ipykernel' not in sys.modules:
            {then}
"""


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine: its address, and what it was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"answer")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        server.shutdown()
        thread.join()


def fetching(address: str) -> str:
    return f"from urllib.request import urlopen\ntext = urlopen({address!r}).read()"


async def test_a_reused_cell_is_judged_by_what_it_did_when_it_ran(
    engine: Engine, tmp_path: Path, site: tuple[str, list[str]]
) -> None:
    address, asked = site
    cells = [{"source": fetching(address), "effects": {"reuse": True}}, "print(text)", "print(1)"]
    await engine.wait(await engine.submit(workflow(tmp_path, cells)))
    run = await engine.submit(workflow(tmp_path, cells))
    record = await engine.wait(run)
    assert [task.state for task in record.tasks] == ["reused"] * 3
    assert len(asked) == 1
    found = await engine.verifier.verify(run)
    assert len(asked) == 1, "the network was used without --outside"
    assert [v.state for v in found.cells] == ["not verified", "not verified", "identical"]


async def test_nothing_that_reaches_outside_is_executed_for_others(
    engine: Engine, tmp_path: Path, site: tuple[str, list[str]]
) -> None:
    """Neither for a cell that writes a file after it, nor where nothing else is left."""
    address, asked = site
    cells = [fetching(address), "with open('made', 'w') as file: file.write('x')"]
    for count in (2, 1):
        run = await engine.submit(workflow(tmp_path, cells[:count]))
        await engine.wait(run)
        before = len(asked)
        found = await engine.verifier.verify(run)
        assert len(asked) == before
        assert [v.state for v in found.cells] == ["not verified", "identical"][:count]


async def test_a_cell_that_was_cut_off_may_have_reached_outside(
    engine: Engine, tmp_path: Path, site: tuple[str, list[str]]
) -> None:
    address, asked = site
    code = f"{fetching(address)}\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    run = await engine.submit(workflow(tmp_path, ["print(1)", code]))
    record = await engine.wait(run)
    assert record.state != "done" and len(asked) == 1
    found = await engine.verifier.verify(run)
    assert len(asked) == 1
    assert [v.state for v in found.cells] == ["identical", "not verified"]


@pytest.mark.parametrize(
    "then, words",
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("raise ValueError('not here')", "not here"),
        ("while True: time.sleep(1)", "6 s"),
    ],
)
async def test_what_cannot_be_compared_is_not_called_identical(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str, words: str
) -> None:
    monkeypatch.setattr(pairs, "ANSWER_LIMIT", 6.0)
    found = await verified(
        engine, tmp_path, AWKWARD.format(then=then), "odd = Awkward()", "import time",
        "now = time.time()", "print(1)",
    )  # fmt: skip
    states = [v.state for v in found.cells]
    # What stands behind it is compared all the same.
    assert states == ["identical", "unknown", "identical", "differs", "identical"], found.cells
    assert "odd" in found.cells[1].uncompared[0] and words in found.cells[1].uncompared[0]
    assert found.state == "differs"
    found = await verified(engine, tmp_path, AWKWARD.format(then=then), "odd = Awkward()")
    assert found.state == "unknown"


async def test_a_variable_that_one_run_only_left(engine: Engine, tmp_path: Path) -> None:
    found = await verified(
        engine, tmp_path,
        "from pathlib import Path\nimport os",
        "if not Path('seen').exists():\n    extra = 1\nelse:\n    other = 1",
        "kept = [1]",
        "open('seen', 'w').close()",
        "if os.environ['PYTHONHASHSEED'] == '0':\n    kept = 1",
    )  # fmt: skip
    assert {v.index for v in found.cells if v.state != "identical"} == {1}, found.cells
    assert sorted(found.cells[1].how) == [
        "extra: the recorded run left it, this one did not",
        "other: this run left it, the recorded one did not",
    ]


async def test_a_value_that_cannot_be_moved_is_told(engine: Engine, tmp_path: Path) -> None:
    found = await verified(engine, tmp_path, "made = (n for n in range(3))", "print(next(made))")
    assert found.state == "identical"
    assert [bool(v.uncompared) for v in found.cells] == [True, True], found.cells
    assert "`made`" in found.cells[0].uncompared[0]


async def test_how_far_it_is(engine: Engine, tmp_path: Path) -> None:
    run = await engine.submit(workflow(tmp_path, DETERMINISTIC))
    await engine.wait(run)
    await engine.verifier.start(run)
    seen: list[Json] = []
    while (state := await engine.verifier.state(run))["state"] == "running":
        # Its end may be told a moment after there is nothing more to do.
        if state["progress"] is not None and state["progress"] not in seen:
            seen.append(state["progress"])
        await asyncio.sleep(0.01)
    assert state["state"] == "identical" and state["progress"] is None
    ended = [progress["ended"] for progress in seen]
    assert ended == sorted(ended) and len(set(ended)) > 3, seen
    assert {progress["total"] for progress in seen[1:]} == {2 * len(DETERMINISTIC)}
    assert all(progress["doing"] for progress in seen)
