"""Verify: a run executed again; the cells that differ are named, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import workflow

from jupyterlab_dossier.runs import BadInput, Engine
from jupyterlab_dossier.runs.verification import Verified

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
