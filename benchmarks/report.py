"""Measures cases and writes what was found into docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from .harness import Row

REPORT = Path("docs/benchmarks.md")

Case = Callable[[], Awaitable[list[Row]]]


async def measure(
    mark: str, cases: Sequence[Case], names: Sequence[str], packages: Sequence[str]
) -> None:
    """Runs all cases and replaces the part of the report with this mark; or those named only."""
    rows: list[Row] = []
    for case in cases:
        if names and case.__name__ not in names:
            continue
        print(f"{case.__name__} …", file=sys.stderr, flush=True)
        found = await case()
        rows += found
        print("\n".join(line for row in found for line in row.lines()), flush=True)
    if not names:
        _write(mark, rows, packages)


def _write(mark: str, rows: Sequence[Row], packages: Sequence[str]) -> None:
    head = [
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}, " + ", ".join(f"{p} {version(p)}" for p in packages) + ".",
        "",
        "| measured | side | median | ours / side | goal |",
        "|---|---|---|---|---|",
    ]
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, rest = REPORT.read_text().split(begin)
    after = rest.split(end)[1]
    lines = head + [line for row in rows for line in row.lines()]
    REPORT.write_text(f"{before}{begin}\n" + "\n".join(lines) + f"\n{end}{after}")
