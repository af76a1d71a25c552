"""Which paths may be the same file, or one in the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyterlab_dossier.dataflow.paths import overlap, resource

from . import oracle


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/../b.csv", "<file b.csv>"),
        ("./a//b/", "<file a/b>"),
        ("../a/../../b", "<file ../../b>"),
        ("/x/./y/..", "<file /x>"),
        (".", "<file >"),
    ],
)
def test_resource(path: str, name: str) -> None:
    assert resource(path) == name


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("out", "out/a.csv", True),
        ("out", "outer/a.csv", False),
        (".", "a.csv", True),
        (".", "../a.csv", True),
        ("..", "a.csv", True),
        ("/data/a.csv", "a.csv", True),
        ("/data/a.csv", "b.csv", False),
        ("/home/me/out", "out/a.csv", True),
        ("/home/me/out/a.csv", "out", True),
        ("/home/me/out/a.csv", "out/b.csv", False),
        ("/", "a.csv", True),
        ("../here/a.csv", "a.csv", True),
        ("../a.csv", "../b.csv", False),
        ("../x/a.csv", "/x/b.csv", False),
        ("../x/a.csv", "/me/x/a.csv", True),
    ],
)
def test_overlap(a: str, b: str, found: bool) -> None:
    assert overlap(resource(a), resource(b)) is found
    assert overlap(resource(b), resource(a)) is found


def test_only_files_are_files() -> None:
    assert not overlap("<files>", "<display>")
    assert overlap("<files>", resource("a"))


NOTEBOOKS = {
    "a folder is listed": [
        "import os",
        "os.makedirs('out', exist_ok=True)",
        "open('out/a.txt', 'w').close()",
        "print(os.listdir('out'))",
        "os.remove('out/a.txt')",
        "print(os.listdir('out'))",
    ],
    "a folder is removed": [
        "import os, shutil\nos.makedirs('out', exist_ok=True)\nopen('out/a.txt', 'w').close()",
        "print(os.path.exists('out/a.txt'))",
        "shutil.rmtree('out')",
        "print(os.path.exists('out/a.txt'))",
    ],
    "a detour": [
        "import os\nos.makedirs('out', exist_ok=True)",
        "open('out/../b.txt', 'w').write('b')",
        "print(open('b.txt').read())",
    ],
    "an absolute path": [
        "import os\nos.makedirs('out', exist_ok=True)",
        "f = open('out/c.txt', 'w'); f.write('c'); f.close()",
        "print(open('FOLDER/out/c.txt').read())",
        "f = open('FOLDER/out/c.txt', 'w'); f.write('d'); f.close()",
        "print(open('out/c.txt').read())",
    ],
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_any_allowed_order(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sources = [source.replace("FOLDER", str(tmp_path)) for source in NOTEBOOKS[name]]
    assert "Error" not in "".join(oracle.in_order(sources))
    oracle.check(sources, count=12, seed=2)
