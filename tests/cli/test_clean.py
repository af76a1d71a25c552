"""`jupyter dossier clean`."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_clean(cli: Any, make: Any) -> None:
    path = make("a = 1", "print(a)")
    for _ in range(2):
        assert cli("run", path, "--fresh").returncode == 0
    (kept, old) = json.loads(cli("runs", "--json").stdout)["runs"]
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
