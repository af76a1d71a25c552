"""The engine killed while files that a cell wrote elsewhere are put into the notebook's folder."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from support import away, started

PLACING = Path(__file__).parent / "placing.py"
CELL = """
with open({mark!r}, 'a') as f:
    f.write('x')
for n in range(5):
    with open(f'f{{n}}', 'w') as f:
        f.write(str(n) * 1000)
with open('given', 'a') as f:
    f.write(', added')
"""


@pytest.mark.parametrize(
    ("point", "before"),
    [("put", 0), ("put", 3), ("replace", 0), ("replace", 2), ("replace", 5), ("commit", 0)],
)
async def test_killed_while_it_places(tmp_path: Path, point: str, before: int) -> None:
    folder = tmp_path / "nb"
    folder.mkdir()
    (folder / "given").write_text("given")
    (tmp_path / "cell.py").write_text(CELL.format(mark=str(tmp_path / "ran")))
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PLACING), str(tmp_path), point, str(before),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    run = (await asyncio.wait_for(process.stdout.readline(), 120)).decode().strip()
    assert await asyncio.wait_for(process.wait(), 120) == -signal.SIGKILL
    placed = [path for path in folder.iterdir() if not path.name.startswith(".")]
    assert len(placed) < 6 or point == "commit" or before == 5
    async with started(tmp_path / "dossier", away(), recover=True) as engine:
        record = await asyncio.wait_for(engine.wait(run), 120)
        outputs, _ = await engine.outputs(run)
    assert record.state == "done", record.to_json()
    assert (tmp_path / "ran").read_text() == "x"
    assert outputs["c1"][0]["text"] == "4" * 1000 + "\n"
    left = {path.name: path.read_text() for path in folder.iterdir()}
    assert left == {"given": "given, added", **{f"f{n}": str(n) * 1000 for n in range(5)}}
    assert "meanwhile" not in (record.tasks[0].why or "")
