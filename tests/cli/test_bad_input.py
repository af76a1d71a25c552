"""Wrong usage and input: a message on stderr, nothing on stdout, status 2, nothing changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def refused(result: Any, *words: str) -> None:
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def files(folder: Path) -> dict[str, bytes]:
    """What a user sees in the folder; the ledger is ours."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


@pytest.mark.parametrize("command", ["run", "graph"])
def test_no_such_file(cli: Any, tmp_path: Path, command: str) -> None:
    refused(cli(command, "missing.ipynb", "--json"), "no such file", "missing.ipynb")
    assert files(tmp_path) == {}


@pytest.mark.parametrize("command", ["run", "graph"])
@pytest.mark.parametrize("text", ["print(1)\n", "[]", '{"a": 1}', '{"nbformat": 4, "cells": {}}'])
def test_not_a_notebook(cli: Any, tmp_path: Path, command: str, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    refused(cli(command, "a.ipynb"), "not a notebook")
    assert files(tmp_path) == {"a.ipynb": text.encode()}


@pytest.mark.parametrize("command", ["run", "graph"])
def test_unknown_kernelspec(cli: Any, make: Any, tmp_path: Path, command: str) -> None:
    make("1", kernel="no-such-kernel")
    before = files(tmp_path)
    refused(cli(command, "nb.ipynb"), "no-such-kernel", "jupyter kernelspec list")
    assert files(tmp_path) == before


def test_a_kernel_of_another_language(cli: Any, make: Any, tmp_path: Path) -> None:
    folder = tmp_path / "path" / "kernels" / "ir"
    folder.mkdir(parents=True)
    spec = {"argv": ["R", "{connection_file}"], "display_name": "R", "language": "R"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    make("1", kernel="ir")
    before = files(tmp_path)
    result = cli("run", "nb.ipynb", JUPYTER_PATH=str(tmp_path / "path"))
    refused(result, "notebooks in R", "only Python")
    assert files(tmp_path) == before


def test_unknown_target(cli: Any, make: Any, tmp_path: Path) -> None:
    make("1", "2", metadata={1: {"dossier": {"version": 1, "target": "nowhere"}}})
    before = files(tmp_path)
    refused(cli("run", "nb.ipynb", "-o", "out.ipynb"), "nowhere", "cell 1", "local")
    refused(cli("run", "nb.ipynb", "--target", "elsewhere"), "elsewhere")
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("own", "field"),
    [
        ({"target": 1}, "target"),
        ({"version": "1"}, "version"),
        ({"options": []}, "options"),
        ({"target": "local", "options": {"cores": 4}}, "metadata.dossier.options.cores"),
        ({"idempotent": "yes"}, "idempotent"),
        ("x", "metadata.dossier"),
    ],
)
def test_wrong_metadata(cli: Any, make: Any, tmp_path: Path, own: Any, field: str) -> None:
    make("1", metadata={0: {"dossier": own}})
    before = files(tmp_path)
    refused(cli("run", "nb.ipynb"), field, "cell 0")
    assert files(tmp_path) == before


def test_output_not_writable(cli: Any, make: Any, tmp_path: Path) -> None:
    """Found before anything runs: the cell would leave a file."""
    make("open('ran', 'w').close()")
    before = files(tmp_path)
    (tmp_path / "folder").mkdir()
    refused(cli("run", "nb.ipynb", "-o", "nowhere/out.ipynb"), "cannot write")
    refused(cli("run", "nb.ipynb", "-o", "folder"), "cannot write", "folder")
    refused(cli("run", "nb.ipynb", "-o", "/proc/out.ipynb"), "cannot write")
    assert files(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_output_without_permission(cli: Any, make: Any, tmp_path: Path) -> None:
    make("1")
    (tmp_path / "folder").mkdir(mode=0o500)
    refused(cli("run", "nb.ipynb", "-o", "folder/out.ipynb"), "permission", "cannot write")


def test_unknown_cells(cli: Any, make: Any) -> None:
    make("1")
    refused(cli("run", "nb.ipynb", "--only", "1"), "'1'")
    refused(cli("run", "nb.ipynb", "--only", "cx"), "'cx'")


def test_parameters(cli: Any, make: Any) -> None:
    make("a = 1")
    refused(cli("run", "nb.ipynb", "-p", "a=2"), "parameters")
    make("a = 1", metadata={0: {"tags": ["parameters"]}})
    refused(cli("run", "nb.ipynb", "-p", "b=2"), "'b'")
    refused(cli("run", "nb.ipynb", "-p", "a"), "NAME=VALUE")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["run"],
        ["stale", "a.ipynb"],
        ["run", "a.ipynb", "--jobs", "0"],
        ["run", "a.ipynb", "--jobs", "x"],
        ["run", "a.ipynb", "--shuffle", "x"],
        ["targets", "more"],
        ["show"],
    ],
)
def test_wrong_usage(cli: Any, arguments: list[str]) -> None:
    refused(cli(*arguments), "usage")


@pytest.mark.parametrize("command", ["show", "logs", "cancel", "resume"])
def test_no_such_run(cli: Any, command: str) -> None:
    refused(cli(command, "20260101-000000-0000000000", "--json"), "20260101-000000-0000000000")


def test_wrong_settings_of_targets(cli: Any, make: Any, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "dossier" / "targets.d"
    folder.mkdir(parents=True)
    (folder / "a.toml").write_text("[a]\nslots = 1\n")
    (folder / "b.toml").write_text("[torn\n")
    listed = cli("targets", "--json")
    assert listed.returncode == 0 and "b.toml cannot be read" in listed.stderr
    whys = {row["name"]: row["why"] for row in json.loads(listed.stdout)["targets"]}
    assert whys["local"] is None and "a.toml" in whys["a"] and "needs a kind" in whys["a"]
    make("1", metadata={0: {"dossier": {"version": 1, "target": "a"}}})
    refused(cli("run", "nb.ipynb"), "a.toml", "cell 0")


def test_help_names_every_command(cli: Any) -> None:
    result = cli("--help")
    assert result.returncode == 0
    for command in ("run", "graph", "stale", "targets", "runs", "show", "logs", "cancel", "resume"):
        assert command in result.stdout
        assert cli(command, "--help").returncode == 0


@pytest.mark.parametrize("command", ["run", "graph"])
@pytest.mark.parametrize(
    ("effects", "words"),
    [
        ({"reads": "x"}, "effects.reads must be a list"),
        ({"writes": [3]}, "effects.writes holds 3"),
        ({"writes": ["a b"]}, "effects.writes holds 'a b'"),
        ({"reads": ["file:"]}, "effects.reads holds 'file:'"),
        ({"pure": "yes"}, "effects.pure must be true or false"),
        ({"writ": []}, "effects.writ is unknown"),
        ({"pure": True, "barrier": True}, "says both pure and barrier"),
    ],
)
def test_effects_that_cannot_be(
    cli: Any, make: Any, tmp_path: Path, command: str, effects: dict[str, Any], words: str
) -> None:
    notebook = make("print(1)", metadata={0: {"dossier": {"effects": effects}}})
    before = files(tmp_path)
    refused(cli(command, notebook, "--json"), "cell 0", words)
    assert files(tmp_path) == before


@pytest.mark.parametrize("command", ["run", "graph"])
def test_library_data_with_a_mistake(cli: Any, make: Any, tmp_path: Path, command: str) -> None:
    notebook = make("print(1)")
    folder = tmp_path / "config" / "dossier" / "library.d"
    folder.mkdir(parents=True)
    (folder / "lab.txt").write_text("[module labkit]\nf : eats 0\n")
    before = files(tmp_path)
    refused(cli(command, notebook, "--json"), "lab.txt, line 2", "unknown effect 'eats'")
    assert files(tmp_path) == before


def test_cells_that_would_fail(cli: Any, make: Any, tmp_path: Path) -> None:
    """Told before anything starts; what only may go wrong is told, and runs."""
    make("x = 1", "print(x + nowhere)", "open('gone.txt')")
    before = files(tmp_path)
    refused(
        cli("run", "nb.ipynb"),
        "error: cell 1 (c1): `nowhere` is not defined: no cell before this one defines it",
        "warning: cell 2 (c2): it reads `gone.txt`, which does not exist",
    )
    assert files(tmp_path) == before
    make("print('fine')\nif 'a' in 'b':\n    print(nowhere)")
    result = cli("run", "nb.ipynb")
    assert result.returncode == 0
    assert "warning: cell 0 (c0): `nowhere` is not defined" in result.stderr
