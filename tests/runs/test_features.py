"""`from __future__ import …` counts for all later cells, whichever worker kernel runs them."""

from __future__ import annotations

from pathlib import Path

from support import assert_equal_outputs, restart_and_run_all, started, workflow

CELLS = [
    "import time\nx = 1",
    "def early(x: 1 + 1): pass\nprint(early.__annotations__)",
    "from __future__ import annotations\ntime.sleep(0.5)",
    "def late(x: 1 + 1): pass\ntime.sleep(0.5)\nprint(late.__annotations__, early.__annotations__)",
    "class A:\n    b: not_there = 3\ntime.sleep(0.5)\nprint(A.__annotations__)",
    "print(annotations.compiler_flag)",
]


async def test_annotations_stay_text_in_later_cells(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        run = await engine.submit(workflow(tmp_path, CELLS))
        record = await engine.wait(run)
        assert record.state == "done", record.why
        ours, _ = await engine.outputs(run)
    assert_equal_outputs(ours, restart_and_run_all(tmp_path, CELLS))
