"""A disk that is full in mid-run: words for the task, a ledger that stays whole."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import started, workflow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("target", ["local", "apart"])
async def test_store_full(small_disk: Path, tmp_path: Path, target: str) -> None:
    async with started(small_disk / "dossier") as engine:
        cells = [
            {"source": "x = 1\nprint('one')"},
            # It needs the first one's value: at the same time it would take its disk from it.
            {"source": "import os\nbig = os.urandom(x * 40_000_000)", "target": target},
            {"source": "print(len(big))"},
        ]
        run = await engine.submit(workflow(tmp_path, cells))
        record = await engine.wait(run)
        assert [t.state for t in record.tasks] == ["done", "failed", "skipped"], record.tasks
        why = (record.tasks[1].why or "").lower()
        assert "space" in why or "full" in why, why
        small = await engine.wait(await engine.submit(workflow(tmp_path, ["print(1)"])))
        assert small.state == "done", small.why
    database = sqlite3.connect(small_disk / "dossier" / "ledger.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
