"""`jupyter dossier verify`."""

from __future__ import annotations

import json
import re
from typing import Any


def test_verify(cli: Any, make: Any) -> None:
    path = make(
        "import time", "a = sorted({'x', 'y'})\nprint(a)", "made = (n for n in a)",
        name="same.ipynb",
    )  # fmt: skip
    run = json.loads(cli("run", path, "--json").stdout)["run"]
    done = cli("verify", run)
    assert done.returncode == 0, done
    assert f"run {run}: identical" in done.stdout
    assert re.search(r"^\d of 6 cells: \w+", done.stderr, re.M), done.stderr
    assert "not compared: `made` is a generator" in done.stdout
    path = make("import time", "now = time.time()", "print(1)", name="other.ipynb")
    run = json.loads(cli("run", path, "--json").stdout)["run"]
    done = cli("verify", run, "--json")
    assert done.returncode == 1, done
    found = json.loads(done.stdout)
    assert found["state"] == "differs"
    assert [c["index"] for c in found["cells"] if c["state"] != "identical"] == [1]


def test_wrong_input(cli: Any) -> None:
    done = cli("verify", "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no run" in done.stderr and "Traceback" not in done.stderr
