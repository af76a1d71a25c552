"""Commands of the documentation are there, with the options that it names."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from jupyterlab_dossier.cli.main import parser

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])

_FENCED = re.compile(r"^ *```(?:bash|sh|console)\n(.*?)^ *```$", re.M | re.S)
_ANY_FENCE = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
_INLINE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"\w[\w./-]*/[\w.-]+\.(?:py|tsx?|yaml|md)")
_TARGETS = re.compile(r"^([a-z][a-z-]*):", re.M)
_SETTING = re.compile(r"[A-Z]+=")
# What jlpm does itself.
_OWN = ("install",)


class Command(NamedTuple):
    page: str
    words: list[str]
    is_whole: bool
    """Whether it stands as it is typed, and is not only spoken of."""

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def _split(line: str) -> Iterator[list[str]]:
    """The commands of a line of a shell, without what stands after `>`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("&|;()<>"):
            yield words
            words = [">"] if ">" in word else []
        else:
            words.append(word)
    yield words


def _commands(page: Path) -> Iterator[Command]:
    text = page.read_text("utf-8")
    for block in _FENCED.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            for words in _split(line.strip().removeprefix("$ ")):
                yield Command(page.name, words, True)
    for span in _INLINE.findall(_ANY_FENCE.sub("", text)):
        if span.startswith(("make ", "jlpm ", "jupyter dossier ", "cd ui-tests && jlpm ")):
            for words in _split(span):
                yield Command(page.name, words, False)


def _known(kind: str) -> list[Command]:
    found = [command for page in PAGES for command in _commands(page)]
    begun = kind.split()
    return [command for command in found if command.words[: len(begun)] == begun]


def _ids(command: Command) -> str:
    return str(command)


@pytest.mark.parametrize("command", _known("make"), ids=_ids)
def test_a_target_of_make(command: Command) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert set(command.words[1:]) & {*_TARGETS.findall(makefile)}
    for word in command.words[1:]:
        if _SETTING.match(word):
            assert f"$({word.partition('=')[0]})" in makefile
        else:
            assert word in _TARGETS.findall(makefile)


@pytest.mark.parametrize("command", _known("jlpm"), ids=_ids)
def test_a_script_of_the_front_end(command: Command) -> None:
    scripts = [
        json.loads((ROOT / folder / "package.json").read_text())["scripts"]
        for folder in (".", "ui-tests")
    ]
    assert command.words[1] in _OWN or any(command.words[1] in known for known in scripts)


@pytest.mark.parametrize("command", _known("jupyter dossier"), ids=_ids)
def test_a_command_of_jupyter_dossier(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    words = command.words[2:]
    if words == ["…"]:
        return
    if command.is_whole or words == ["--help"]:
        _parse(words, capsys)
        return
    top = parser()
    [subs] = [a for a in top._actions if isinstance(a, argparse._SubParsersAction)]
    assert words[0] in subs.choices
    options = subs.choices[words[0]]._option_string_actions
    assert {word for word in words if word.startswith("-")} <= options.keys()


def _parse(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        parser().parse_args(words)
    except SystemExit as end:
        assert end.code == 0, capsys.readouterr().err


def test_files_of_the_repository_are_there() -> None:
    commands = [command for page in PAGES for command in _commands(page) if command.is_whole]
    named = {
        (command.page, word)
        for command in commands
        for word in command.words
        if "/" in word and (ROOT / word.split("/")[0]).is_dir() and not word.startswith((".", "/"))
    }
    assert named
    assert [(page, word) for page, word in named if not (ROOT / word).exists()] == []


def test_files_of_the_source_are_there() -> None:
    spans = [
        (page.name, span)
        for page in PAGES
        for span in _INLINE.findall(_ANY_FENCE.sub("", page.read_text("utf-8")))
        if _PATH.fullmatch(span)
    ]
    folders = [ROOT, ROOT / "src", ROOT / "jupyterlab_dossier"]
    assert spans
    assert [(p, s) for p, s in spans if not any((f / s).exists() for f in folders)] == []


def test_commands_are_found() -> None:
    """No pattern above has come to fit nothing."""
    whole = {kind: [c for c in _known(kind) if c.is_whole] for kind in ("make", "jupyter dossier")}
    assert {"demo", "test", "test-engines"} <= {c.words[1] for c in whole["make"]}
    assert {"run", "graph", "stale"} <= {c.words[2] for c in whole["jupyter dossier"]}
    assert {"build", "generate:api"} <= {c.words[1] for c in _known("jlpm")}
