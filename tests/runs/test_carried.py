"""What lives only in its process and is used elsewhere: words before the cell is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import started, targets, workflow

# For each kind: the cell that makes it, one that uses it, and the words that name it.
CARRIED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "file": ("f = open('a.txt', 'w+')", "print(f.tell())", ("`f`", "TextIOWrapper")),
    "cursor": (
        "import sqlite3\ncursor = sqlite3.connect(':memory:').execute('select 1')",
        "print(cursor.fetchone())",
        ("`cursor`", "sqlite3.Cursor"),
    ),
    "generator": ("g = (i for i in 'ab')", "print(next(g))", ("`g`", "generator")),
    "memo": (
        "import functools\n@functools.cache\ndef twice(n):\n    return 2 * n\ntwice(1)",
        "print(twice(1), twice.cache_info().hits)",
        ("`twice`", "remembers results"),
    ),
    "lock": (
        "import threading\nlock = threading.Lock()",
        "print(lock.acquire(blocking=False))",
        ("`lock`", "lock"),
    ),
}


@pytest.mark.parametrize("kind", CARRIED)
async def test_a_consumer_elsewhere_fails_before_it_is_sent(tmp_path: Path, kind: str) -> None:
    make, use, named = CARRIED[kind]
    cells = [
        {"source": "print('first')"},
        {"source": make},
        {"source": use},
        {"source": use, "target": "apart"},
    ]
    async with started(tmp_path / "dossier", targets(slots=1)) as engine:
        run = await engine.submit(workflow(tmp_path, cells))
        record = await engine.wait(run)
        attempts = await engine.ledger.tasks.attempts(run)
    assert [task.state for task in record.tasks] == ["done", "done", "done", "failed"]
    why = record.tasks[3].why or ""
    for words in (*named, "made by cell", "used by cell 3", "cannot be moved", "'apart'"):
        assert words in why
    assert "c3" not in {attempt["cell"] for attempt in attempts}
