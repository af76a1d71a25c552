"""Library data that users write: `*.txt` in folders of their settings, in the tables' grammar.

A mistake is told with file and line before anything is analysed with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from . import LIBRARIES, Library, Spec, parse

_SECTIONS = ("module", "class", "immutable", "any", "values")
_SELECTING = ("mutates", "keeps", "reads", "writes")
_ALONE = (
    *("stores", "opens", "pickles", "unpickles", "uncopied"),
    *("restores", "pyplot", "display", "pure"),
)
_WORDED = ("outside", "process", "sticky", "hooks", "complete", "barrier", "unshippable")
_NAMING = ("random", "seeds", "seeded")
_RESULTS = ["fresh", "parts", "holding", "view", "alias", "item", "copy", "convert", "self", "like"]
_NAME = re.compile(r"[A-Za-z_]\w*$")
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
_MEMBER = re.compile(r"(\.?[A-Za-z_]\w*|\.?\*|\[\]|\(\)|iter)$")
_TYPE = re.compile(r"(\w+)(?:\[([\w/]*)\])?$|=[\w.]+$")


class LibraryFault(Exception):
    """A file of library data cannot be used; the text names the file, the line and the mistake."""


def files(folders: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The files in these folders; lines of later ones win over those of earlier ones."""
    found = []
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        found += [os.path.join(folder, name) for name in names if name.endswith(".txt")]
    return found


def text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise LibraryFault(f"{path}: cannot be read: {reason}") from None


def load(library: Library, paths: Iterable[str]) -> None:
    """Take in users' files, after the project's own tables of what they speak of."""
    for path in paths:
        table = text_of(path)
        for name, _ in _heads(table):
            library.need(name)
        library.read("users", table)


def check(paths: Iterable[str]) -> None:
    """Raises `LibraryFault` for the first mistake."""
    texts = {path: text_of(path) for path in paths}
    if not texts:
        return
    known = _types(texts.values())
    for path, table in texts.items():
        for number, words in _mistakes(table, known):
            raise LibraryFault(f"{path}, line {number}: {words}")


def _lines(table: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(table.splitlines(), 1):
        line = raw.split(" #")[0].strip()
        if line and not line.startswith("#"):
            yield number, line


def _heads(table: str) -> Iterator[tuple[str, str]]:
    """The top-level package of each path in section heads."""
    for _, line in _lines(table):
        if line.startswith(("[module ", "[class ")):
            for path in re.findall(r"[A-Za-z_][\w.]*", line):
                yield path.partition(".")[0], path


def _types(tables: Iterable[str]) -> set[str]:
    """All names of types: of the project's tables and of these ones."""
    library = Library()
    for package in LIBRARIES:
        library.need(package)
    for table in tables:
        library.read("users", "\n".join(_names_of_types(table)))
    specs: list[Spec] = [*library.functions.values(), *library.defaults.values()]
    specs += [s for c in library.classes.values() for s in c.members.values()]
    used = {t for s in specs for r in s.results for t in (*r.types, *(r.elements or ()))}
    return used | library.classes.keys() | library.immutable


def _names_of_types(table: str) -> Iterator[str]:
    """Heads of classes and lists of immutable types: what names types."""
    section = ""
    for _, line in _lines(table):
        if line.startswith("[") and not line.startswith("[]"):
            section = line.strip("[]").partition(" ")[0]
            if section in ("class", "immutable") and _head(line) is None:
                yield line
        elif section == "immutable":
            yield line


def _mistakes(table: str, known: set[str]) -> Iterator[tuple[int, str]]:
    section = ""
    for number, line in _lines(table):
        words: str | None
        if line.startswith("[") and not line.startswith("[]"):
            section = line.strip("[]").partition(" ")[0]
            words = _head(line)
        elif not section:
            words = "a section head like `[module name]` must come first"
        elif section == "any":
            words = _all(line.split(), _NAME, "a name")
        elif section == "immutable":
            names = [part for word in line.split() for part in word.split("=", 1)]
            words = _all(names, _PATH, "`name` or `name=path`")
        elif section == "values":
            names_text, colon, kind = line.partition(" : ")
            words = _all(names_text.split(), _PATH, "a path") if colon else "` : ` is missing"
            words = words or _type(kind.strip(), known)
        else:
            words = _entry(line, section, known)
        if words is not None:
            yield number, words


def _all(names: list[str], pattern: re.Pattern[str], what: str) -> str | None:
    return next((f"{name!r} is not {what}" for name in names if not pattern.match(name)), None)


def _head(line: str) -> str | None:
    if not line.endswith("]"):
        return "`]` is missing at the end of the section head"
    section, _, rest = line[1:-1].partition(" ")
    if section not in _SECTIONS:
        return f"unknown section {section!r}; there are {', '.join(_SECTIONS)}"
    if section == "module":
        return _all(rest.split(), _PATH, "a module's name") if rest else "no module is named"
    if section == "class":
        if "=" not in rest:
            return "`=` is missing after the names of the class"
        names = re.sub(r"\(.*\)", "", rest.partition("=")[0]).split()
        return _all(names, _NAME, "a name") if names else "no class is named"
    return None


def _entry(line: str, section: str, known: set[str]) -> str | None:
    names, colon, rest = line.partition(":")
    if not colon:
        return "`:` is missing after the names"
    pattern = _MEMBER if section == "class" else re.compile(r"([A-Za-z_]\w*|\*)$")
    words = _all(names.split(), pattern, "a name")
    if words is None and not names.split():
        words = "no name before `:`"
    effects, _, results = rest.partition("->")
    for effect in effects.split(";"):
        words = words or _effect(effect.strip())
    for choice in results.split(",") if results.strip() else ():
        words = words or _result(choice.strip(), known)
    if words is None:
        parse(rest)
    return words


def _effect(effect: str) -> str | None:
    word, _, rest = effect.partition(" ")
    if not word:
        return None
    if word in _SELECTING:
        valid = re.compile(r"(\d+|\*|self|<files>|<folder>|[A-Za-z_]\w*)$")
        if not rest.strip():
            return f"`{word}` needs what: `self`, a number, a keyword or `*`"
        return _all(rest.split(), valid, "`self`, a number, a keyword or `*`")
    if word in _ALONE:
        return f"nothing may follow `{word}`, not {rest!r}" if rest.strip() else None
    if word in _WORDED:
        return None if rest.strip() else f"`{word}` needs words that say why"
    if word in _NAMING:
        return None if rest.strip() else f"`{word}` needs a name"
    every = ", ".join((*_SELECTING, *_ALONE, *_WORDED, *_NAMING))
    return f"unknown effect {word!r}; there are {every}"


def _result(choice: str, known: set[str]) -> str | None:
    if ":" in choice:
        choice = choice.partition(":")[2].strip()
    kind, _, names = choice.partition(" ")
    if kind not in _RESULTS:
        kind, names = "plain", choice
    for name in names.replace(" ", "").split("|"):
        words = _type(name, known) if name else None
        if words is not None:
            return words
    return None


def _type(name: str, known: set[str]) -> str | None:
    found = _TYPE.match(name)
    if found is None:
        return f"{name!r} is not a type"
    inner = [part for part in (found.group(2) or "").split("/") if part]
    for part in [found.group(1), *inner]:
        if part is not None and part not in known:
            return f"unknown type {part!r}: no class or immutable of this name is known"
    return None
