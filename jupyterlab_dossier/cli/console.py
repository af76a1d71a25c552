"""What the commands print: one JSON document or aligned columns on stdout, words on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any


def say(words: str) -> None:
    """A message for the user; stdout is for results."""
    print(words, file=sys.stderr, flush=True)


def document(value: Any) -> None:
    """The one JSON document of `--json`."""
    print(json.dumps(value, indent=2))


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns with a head, the last one as long as it is."""
    table = [list(heads), *([cell.replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(heads))]
    for row in table:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(padded).rstrip())


def moment(seconds: float | None) -> str:
    """A time as a reader's clock shows it."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def duration(started: float | None, ended: float | None) -> str:
    if started is None:
        return ""
    return f"{(ended or time.time()) - started:.1f} s"
