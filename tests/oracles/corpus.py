"""The oracles' notebooks: plain text, cells divided by lines `# %% title [tag] [tag]`.

Below such a line stands the cell's source as a user types it, magics included. Lines before the
first one say what the notebook is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent / "notebooks"
Kind = Literal["small", "long"]
KINDS: tuple[Kind, ...] = ("small", "long")

_DIVIDER = re.compile(r"^# %%(?: (?P<title>.*?))??(?P<tags>(?: \[[\w-]+\])*)[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"\[([\w-]+)\]")


@dataclass(frozen=True)
class CorpusCell:
    """A code cell; its id is `c` and its position."""

    source: str
    tags: frozenset[str] = frozenset()
    title: str = ""


def names(kind: Kind) -> list[str]:
    """The notebooks of a kind, sorted."""
    return sorted(path.stem for path in (FOLDER / kind).glob("*.ipy"))


def load(kind: Kind, name: str) -> list[CorpusCell]:
    return read(FOLDER / kind / f"{name}.ipy")


def read(path: Path) -> list[CorpusCell]:
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> list[CorpusCell]:
    """The cells of a notebook's text."""
    dividers = list(_DIVIDER.finditer(text))
    ends = [divider.start() for divider in dividers[1:]] + [len(text)]
    return [
        CorpusCell(
            text[divider.end() : end].strip("\n"),
            frozenset(_TAG.findall(divider["tags"])),
            divider["title"] or "",
        )
        for divider, end in zip(dividers, ends, strict=True)
    ]
