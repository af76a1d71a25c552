"""What changes between two runs, without an edit, is seen by the one that reuses."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from jupyterlab_dossier.runs import RunRecord
from jupyterlab_dossier.runs.history.compare import differences
from tests.runs.support import started, workflow

from . import world

FULL = bool(os.environ.get("DOSSIER_FULL"))
SEED = int(os.environ.get("DOSSIER_SEED", "0"))


def sample(names: Iterable[str], count: int, always: Iterable[str] = ()) -> list[str]:
    rest = [name for name in names if name not in always]
    chosen = rest if FULL else sorted(random.Random(SEED).sample(rest, count))
    return [*always, *chosen]


async def run(folder: Path, cells: tuple[str, ...], fresh: bool) -> tuple[RunRecord, dict]:  # type: ignore[type-arg]
    async with started(folder.parent / "data") as engine:
        name = await engine.submit(workflow(folder, cells, fresh=fresh))
        record = await engine.wait(name)
        return record, (await engine.outputs(name))[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'installed'}:{before}")
    found = tmp_path / "notebook"
    found.mkdir()
    world.prepare(found)
    return found


@pytest.mark.parametrize("name", sample(world.SEEN, 3, world.ALWAYS))
async def test_seen(name: str, folder: Path) -> None:
    change, cells = world.SEEN[name]
    first, _ = await run(folder, cells, fresh=False)
    assert first.state == "done", first.why
    change(folder)
    reusing, shown = await run(folder, cells, fresh=False)
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    fresh, expected = await run(folder, cells, fresh=True)
    assert reusing.state == fresh.state == "done"
    for cell in expected:
        assert not differences(shown[cell], expected[cell]), (cell, reusing.tasks)
    for path in folder.iterdir():
        if path.is_file() and path.suffix not in (".db", ".parquet"):
            assert left[path.name] == path.read_bytes(), path.name


@pytest.mark.parametrize("name", sample(world.CHANGING, 2))
async def test_changing(name: str, folder: Path) -> None:
    cells = world.CHANGING[name]
    _, first = await run(folder, cells, fresh=False)
    record, second = await run(folder, cells, fresh=False)
    assert record.state == "done", record.why
    last = f"c{len(cells) - 1}"
    assert differences(first[last], second[last]), [task.why for task in record.tasks]
