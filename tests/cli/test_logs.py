"""`jupyter dossier logs`: what a cell printed."""

from __future__ import annotations

from typing import Any


def test_the_whole_of_a_long_output_is_printed(cli: Any, make: Any) -> None:
    path = make("for number in range(50_000):\n    print('line', number)")
    assert cli("run", path).returncode == 0
    [run] = [word for word in cli("runs").stdout.split() if word[:8].isdigit() and "-" in word]
    printed = cli("logs", run, "c0").stdout
    assert printed == "".join(f"line {number}\n" for number in range(50_000))
