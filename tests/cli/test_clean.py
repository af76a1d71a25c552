"""`jupyter dossier clean`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest


def test_clean(cli: Any, make: Any) -> None:
    path = make("a = 1", "print(a)")
    for _ in range(2):
        assert cli("run", path, "--fresh").returncode == 0
    (kept, old) = json.loads(cli("runs", "--json").stdout)["runs"]
    over = cli("cancel", old["run"])
    assert (over.returncode, over.stderr) == (0, f"run {old['run']} has ended: done\n")
    said = cli("clean", "--days", 0, "--dry-run")
    assert said.returncode == 0 and "1 runs and" in said.stdout, said
    done = json.loads(cli("clean", "--days", 0, "--json").stdout)
    assert done["runs"] == [old["run"]]
    left = json.loads(cli("runs", "--json").stdout)["runs"]
    assert [run["run"] for run in left] == [kept["run"]]
    assert json.loads(cli("clean", "--days", 0, "--all", "--json").stdout)["runs"] == [kept["run"]]


@pytest.mark.parametrize("wrong", [("--days", "-1"), ("--days", "x"), ("--size", "much")])
def test_wrong_input(cli: Any, wrong: tuple[str, str]) -> None:
    done = cli("clean", *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert wrong[0] in done.stderr
    assert wrong[1] in done.stderr and "_days" not in done.stderr


def test_limits_from_the_configuration(cli: Any, make: Any, tmp_path: Path) -> None:
    path = make("a = 1", "print(a)")
    for _ in range(2):
        assert cli("run", path, "--fresh").returncode == 0
    assert json.loads(cli("clean", "--dry-run", "--json").stdout)["runs"] == []
    listed = cli("runs")
    assert re.search(r"^store [\d.]+ \w+, ledger [\d.]+ \w+; .* keeps 30 days", listed.stderr, re.M)
    config = tmp_path / "config" / "jupyterlab_dossier_config.py"
    config.parent.mkdir(exist_ok=True)
    config.write_text("c.Storage.days = 0\nc.Storage.size = '20G'\n")
    listed = json.loads(cli("runs", "--json").stdout)
    assert listed["storage"]["store"] > 0 and listed["storage"]["ledger"] > 0
    assert "keeps 0 days and 21.5 GB" in cli("runs").stderr
    old = listed["runs"][1]["run"]
    assert json.loads(cli("clean", "--dry-run", "--json").stdout)["runs"] == [old]
    # What is asked for counts before what is configured.
    assert json.loads(cli("clean", "--days", 9, "--dry-run", "--json").stdout)["runs"] == []
    for wrong in ("c.Storage.days = -1", "c.Storage.size = 'much'", "c.Storage.days ="):
        config.write_text(wrong)
        done = cli("clean", "--dry-run")
        assert (done.returncode, done.stdout) == (2, ""), done
        assert "configuration" in done.stderr and "Traceback" not in done.stderr, done
