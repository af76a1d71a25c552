"""The engine killed in the midst of a run that took results of an earlier one."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from test_engine import host, line_of, until


async def test_reused_tasks_outlive_the_engine(tmp_path: Path) -> None:
    gate = (
        "import os, time\nopen(f'began-{k}', 'a').write('x')\n"
        "while not os.path.exists('go'): time.sleep(0.01)\nz = [y, y]\nprint(z[0] is y)"
    )
    cells = ["k = 1\nx = [1]", "y = [x]\nprint(y[0] is x)", gate, "print(z, y[0] is x)"]
    (tmp_path / "go").touch()
    first = await host(tmp_path, cells)
    await line_of(first)
    before = json.loads(await line_of(first))
    await first.wait()
    assert before["state"] == "done", before["why"]

    (tmp_path / "go").unlink()
    (tmp_path / "began-1").unlink()
    cells[2] = gate.replace("began", "again")
    second = await host(tmp_path, cells)
    run = await line_of(second)
    await until(tmp_path / "again-1")
    second.send_signal(signal.SIGKILL)
    await second.wait()
    (tmp_path / "go").touch()
    third = await host(tmp_path, run)
    assert await line_of(third) == run
    record = json.loads(await line_of(third))
    await third.wait()
    assert [t["state"] for t in record["tasks"]][:2] == ["reused", "reused"]
    assert record["state"] == "done", record["why"]
    assert (tmp_path / "again-1").read_text() == "x"
    assert record["outputs"] == before["outputs"]
