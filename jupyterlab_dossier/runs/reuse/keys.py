"""The reuse key of a task: named parts, and in words which of them differ.

The *fixed* parts are known before a task runs, from its notebook and environment; a result is
looked up by their hash. The *met* ones are what it was given and saw: the content of its inputs,
the files it read and wrote. They are compared part by part, since some (a file that nobody
declared) are only known from an earlier run. Paths, times and line numbers are in none of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..model import Json

SCHEMA = 4


@dataclass(frozen=True)
class Fixed:
    """What a task's result depends on, as far as it is known before the run."""

    source: str
    may_fail: bool
    target: str
    options: Json
    effects: Json | None
    setup: list[str]
    """Statements of earlier cells that set up its process, and imports that came before them."""
    modules: dict[str, str]
    """The user's own modules in its lineage, by content."""
    packages: dict[str, str | None]
    environment: dict[str, str | None]
    """Hashes of the variables that it may read."""
    conditions: Json
    """Interpreter, hash seed, thread counts, machine."""
    place: str | None
    """The notebook's folder, where it may be seen; else nothing depends on it."""
    schema: int = SCHEMA

    @property
    def hash(self) -> str:
        return digest(asdict(self))


@dataclass
class Met:
    """What a task met when it ran."""

    inputs: dict[str, str] = field(default_factory=dict)
    """Name to the content of the value, or to the key of its producer (`recipe:`)."""
    versions: dict[str, str] = field(default_factory=dict)
    """The same names, to the version that was given."""
    process: list[str] = field(default_factory=list)
    """Keys of the cells before it that changed its process beyond replay."""
    files: dict[str, str | None] = field(default_factory=dict)
    """What it and the set-up before it read, by content; of a folder that it listed, the names."""
    trees: list[str] = field(default_factory=list)
    """Of `files`: folders that it read with all that is in them."""
    written: dict[str, str | None] = field(default_factory=dict)
    """What it left; None for a file that it removed."""
    there: dict[str, bool] = field(default_factory=dict)
    """Files that it tells whether they were there before: `%%writefile` does."""
    raw: str | None = None
    """Text of cells, where what it shows may quote it."""
    numbers: str | None = None
    """The numbers of cells, where what it shows may name them."""
    asked: list[str] | None = None
    """Names whose values were stored; None: all that it bound."""
    deleted: list[str] = field(default_factory=list)
    moved: bool = False
    """Whether it went to another folder."""
    status: str = "ok"

    @property
    def hash(self) -> str:
        return digest([self.inputs, self.process, self.files, self.there, self.raw, self.numbers])

    def to_json(self) -> Json:
        return asdict(self)

    @staticmethod
    def of(data: Json) -> Met:
        return Met(**data)


@dataclass(frozen=True)
class Difference:
    """One part in which two keys differ."""

    part: str
    name: str | None
    words: str

    def to_json(self) -> Json:
        return asdict(self)


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def fixed_differences(was: Json, now: Json) -> Iterator[Difference]:
    """Between two `Fixed`, as JSON."""
    if was["schema"] != now["schema"]:
        yield Difference("schema", None, "earlier runs were recorded by another version")
        return
    if was["source"] != now["source"]:
        yield Difference("source", None, "its code changed")
    for part, words in (
        ("may_fail", "its tags changed"),
        ("target", f"its target changed ({was['target']} → {now['target']})"),
        ("options", "its options changed"),
        ("place", "the notebook is in another folder"),
        ("effects", "what its metadata says of its effects changed"),
    ):
        if was[part] != now[part]:
            yield Difference(part, None, words)
    if was["setup"] != now["setup"]:
        yield _setup(was["setup"], now["setup"])
    for name in _names(was, now, "modules"):
        yield Difference("modules", name, f"module `{name}` changed")
    for name in _names(was, now, "packages"):
        a, b = was["packages"].get(name), now["packages"].get(name)
        yield Difference("packages", name, f"{name} {a or 'absent'} → {b or 'absent'}")
    for name in _names(was, now, "environment"):
        words = "the environment changed"
        if name != "*":
            words = f"the environment variable `{name}` changed"
        yield Difference("environment", name, words)
    for name in _names(was, now, "conditions"):
        a, b = was["conditions"].get(name), now["conditions"].get(name)
        yield Difference("conditions", name, f"{name} {a} → {b}")


def _setup(was: list[str], now: list[str]) -> Difference:
    pairs = zip(was, now, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(was), len(now)))
    text = (now if at < len(now) else was)[at]
    first = text.strip().splitlines()[0] if text.strip() else ""
    gone = "" if at < len(now) else " is gone"
    return Difference("setup", None, f"the set-up before it changed (`{first[:80]}`{gone})")


def met_differences(
    was: Met, now: Met, makers: Mapping[str, tuple[int, str]], raw: bool = True
) -> Iterator[Difference]:
    """Between what an earlier task met and what this one would; files are looked at by others.

    `makers`: the index of the cell that an input comes from, and the type of its value.
    """
    for name in sorted(was.inputs.keys() | now.inputs.keys()):
        if was.inputs.get(name) != now.inputs.get(name):
            yield Difference("inputs", name, _input(name, now.inputs.get(name), makers.get(name)))
    if was.process != now.process:
        words = "the process was changed otherwise by cells before it"
        yield Difference("process", None, words)
    for path in sorted(was.there.keys() | now.there.keys()):
        if was.there.get(path) != now.there.get(path):
            fate = "is there now" if now.there.get(path) else "was there"
            yield Difference("files", path, f"file `{path}` {fate}")
    if raw and was.raw is not None and was.raw != now.raw:
        yield Difference("raw", None, "source text that its output may show changed")
    if was.numbers is not None and was.numbers != now.numbers:
        yield Difference("numbers", None, "the numbers of cells, which it shows, changed")


def _input(name: str, now: str | None, maker: tuple[int, str] | None) -> str:
    plain = name.rpartition(" ")[2]
    if now is None:
        return f"input `{plain}` is no more"
    if maker is None:
        return f"input `{plain}` changed"
    cell, kind = maker
    if kind in ("function", "type", "builtins.function", "builtins.type"):
        return f"helper `{plain}` changed"
    where = "in the set-up, " if " " in name else ""
    by = ", known by what made it," if now.startswith("recipe:") else ""
    return f"{where}input `{plain}` from cell {cell}{by} changed"


def words(differences: Iterable[Difference]) -> str:
    parts = list(differences)
    # What else differs then is for the most part what the new code makes of it.
    parts = [d for d in parts if d.part == "source"] or parts
    found = list(dict.fromkeys(d.words for d in parts))
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(found[:3]) + more


def _names(was: Json, now: Json, part: str) -> list[str]:
    a, b = was[part], now[part]
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
