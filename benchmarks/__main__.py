"""Runs all cases, or those named, and writes docs/benchmarks.md."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from . import analysis
from .cases import CASES
from .harness import Row

REPORT = Path("docs/benchmarks.md")
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


async def main(names: list[str]) -> None:
    rows: list[Row] = []
    for case in (*CASES, *analysis.CASES):
        if names and case.__name__ not in names:
            continue
        print(f"{case.__name__} …", file=sys.stderr, flush=True)
        found = await case()
        rows += found
        print("\n".join(line for row in found for line in row.lines()), flush=True)
    if not names:
        _write(rows)


def _write(rows: list[Row]) -> None:
    packages = ("ipykernel", "ipython", "tornado", "distributed", "parsl", "numpy")
    head = [
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}, " + ", ".join(f"{p} {version(p)}" for p in packages) + ".",
        "",
        "| measured | side | median | ours / side | goal |",
        "|---|---|---|---|---|",
    ]
    text = REPORT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    lines = head + [line for row in rows for line in row.lines()]
    REPORT.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")


if __name__ == "__main__":  # dask's workers import this module again
    asyncio.run(main(sys.argv[1:]))
