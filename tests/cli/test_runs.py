"""`jupyter dossier runs`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def many(cli: Any, make: Any, tmp_path: Path) -> list[str]:
    """A ledger of 301 runs; their ids, newest first."""
    assert cli("run", make("a = 1")).returncode == 0
    (run,) = json.loads(cli("runs", "--json").stdout)["runs"]
    names = [f"old-{at}" for at in range(300)]
    with sqlite3.connect(tmp_path / "data" / "dossier" / "ledger.sqlite") as ledger:
        ledger.executemany(
            "INSERT INTO runs (run, kind, path, state, created, ended, conditions)"
            " VALUES (?, 'workflow', '/old.ipynb', 'done', ?, ?, '{}')",
            [(name, 1e9 + at, 1e9 + at + 1) for at, name in enumerate(names)],
        )
    ledger.close()
    return [run["run"], *reversed(names)]


def test_all_runs_are_listed(cli: Any, many: list[str]) -> None:
    listed = json.loads(cli("runs", "--json").stdout)
    assert [run["run"] for run in listed["runs"]] == many
    lines = cli("runs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["RUN", *many]


def test_only_the_newest(cli: Any, many: list[str]) -> None:
    listed = json.loads(cli("runs", "--limit", 2, "--json").stdout)
    assert [run["run"] for run in listed["runs"]] == many[:2]
    assert listed["storage"]["ledger"] > 0
    assert len(cli("runs", "--limit", 1).stdout.splitlines()) == 2


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "", "9" * 20])
def test_a_wrong_limit(cli: Any, wrong: str) -> None:
    done = cli("runs", "--limit", wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--limit" in done.stderr and "Traceback" not in done.stderr
