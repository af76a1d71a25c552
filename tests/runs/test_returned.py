"""What comes back from a worker: judged as from an enemy, put in place without harm to what is
here."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from jupyterlab_dossier.runs.files import returned
from jupyterlab_dossier.runs.files.returned import Basis, Malformed, Places, Refused
from jupyterlab_dossier.store import Store
from jupyterlab_dossier.targets import Target

TARGET = Target("away", "local", {"files_count": 5, "files_size": 1000})
BLOB = "0" * 64


def file(path: Any, **fields: Any) -> dict[str, Any]:
    return {"path": path, "blob": BLOB, "size": 1, "mtime": 0, **fields}


PATHS = {
    "above": "../x",
    "above, later": "a/../../x",
    "absolute": "/etc/passwd",
    "itself": ".",
    "empty": "",
    "an empty part": "a//b",
    "no text": 3,
    "a NUL": "a\0b",
    "endless": "a" * 5000,
    "what git runs": ".git/hooks/post-commit",
    "an environment": "sub/.venv/bin/python",
}
FILES = {
    **{name: file(path) for name, path in PATHS.items()},
    "no hash": file("a", blob="../../x"),
    "no size": file("a", size="1"),
    "a negative size": file("a", size=-1),
    "too large": file("a", size=1001),
    "no time": file("a", mtime="now"),
    "no path": {"blob": BLOB},
    "nothing": None,
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_an_enemy(name: str) -> None:
    with pytest.raises(Malformed):
        returned.read({"made": [FILES[name]]}, TARGET, "nb.ipynb")


@pytest.mark.parametrize("name", PATHS)
def test_a_removal_by_an_enemy(name: str) -> None:
    with pytest.raises(Malformed):
        returned.read({"gone": [{"path": PATHS[name], "was": BLOB}]}, TARGET, "nb.ipynb")


@pytest.mark.parametrize(
    "message",
    [
        {"made": [file("a"), file("a")]},
        {"made": [file("a")], "gone": [{"path": "a"}]},
        {"made": [file(str(number)) for number in range(6)]},
        {"made": 3},
        {"made": {"path": "a"}},
    ],
)
def test_so_are_lists_that_cannot_be(message: Any) -> None:
    with pytest.raises(Malformed):
        returned.read(message, TARGET, "nb.ipynb")


def test_the_notebook_stays() -> None:
    found = returned.read({"made": [file("nb.ipynb"), file("x")]}, TARGET, "nb.ipynb")
    assert [made.path for made in found.made] == ["x"]
    assert found.notes == ["it changed `nb.ipynb`, its notebook, which did not come back"]


def test_too_much_says_of_what() -> None:
    over = {"files": 9, "bytes": 3_000_000, "largest": "big.bin", "size": 2_000_000}
    with pytest.raises(Refused, match=r"9 files of 3.0 MB, of which `big.bin` has 2.0 MB.*'away'"):
        returned.read({"over": over}, TARGET, "nb.ipynb")


class Here:
    """A notebook's folder and a store."""

    hidden: frozenset[str] = frozenset()

    def __init__(self, path: Path) -> None:
        self.folder = path / "nb"
        self.folder.mkdir()
        self.store = Store(path / "store")

    def blob_at(self, place: str) -> str | None:
        try:
            return self.store.write(Path(place).read_bytes())
        except (FileNotFoundError, IsADirectoryError):
            return None

    def made(self, path: str, text: str, was: str | None = None, **fields: Any) -> Any:
        was = None if was is None else self.store.write(was.encode())
        blob = self.store.write(text.encode())
        return file(path, blob=blob, size=len(text), was=was, **fields)

    def place(self, *made: Any, gone: Any = (), read: Any = (), began: float = 0.0) -> list[str]:
        target = Target("away", "local", {})
        found = returned.read({"made": made, "gone": gone}, target, "nb.ipynb")
        notebook = str(self.folder / "nb.ipynb")
        basis = Basis(
            str(self.folder),
            "attempt",
            began,
            "code cell 3",
            frozenset(read),
            notebook,
            self.hidden,
        )
        ours = os.path.realpath(self.folder / "share" / "dossier")
        return returned.place(found, basis, Places(self.blob_at, self.store.blobs.path, ours))

    def names(self) -> dict[str, str]:
        found = (p for p in sorted(self.folder.rglob("*")) if p.is_file())
        return {str(p.relative_to(self.folder)): p.read_text() for p in found}


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_a_link_is_not_followed_out(here: Here, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("mine")
    (here.folder / "out").symlink_to(outside)
    (here.folder / "file").symlink_to(outside / "mine")
    (here.folder / "in").symlink_to(here.folder / "sub")
    (here.folder / "sub").mkdir()
    for path in ("out/x", "out/mine", "file"):
        with pytest.raises(Refused, match="leads out of the folder"):
            here.place(here.made(path, "theirs"))
        with pytest.raises(Refused, match="leads out of the folder"):
            here.place(gone=[{"path": path, "was": here.blob_at(str(outside / "mine"))}])
    assert (outside / "mine").read_text() == "mine" and len(list(outside.iterdir())) == 1
    here.place(here.made("in/x", "within"))
    assert (here.folder / "sub" / "x").read_text() == "within"


def test_what_was_changed_here_is_not_written_over(here: Here) -> None:
    (here.folder / "t.csv").write_text("changed by me")
    notes = here.place(here.made("t.csv", "by the cell", was="as it was sent"))
    assert here.names() == {"t.csv": "changed by me", "t (code cell 3).csv": "by the cell"}
    assert len(notes) == 1 and "`t.csv` (its own is `t (code cell 3).csv`)" in notes[0]
    # Once more, as after a crash: the same.
    assert here.place(here.made("t.csv", "by the cell", was="as it was sent")) == notes
    assert len(here.names()) == 2


def test_what_it_began_with_is_written_over(here: Here) -> None:
    (here.folder / "t.csv").write_text("as it was sent")
    assert here.place(here.made("t.csv", "by the cell", was="as it was sent")) == []
    assert here.names() == {"t.csv": "by the cell"}


def test_a_file_of_before_that_it_did_not_know_of(here: Here) -> None:
    """As a cell here would: one that writes anew replaces it; one that adds to it does not."""
    (here.folder / "log.txt").write_text("of before")
    later = time.time() + 60
    notes = here.place(here.made("log.txt", "added"), read=["log.txt"], began=later)
    assert here.names() == {"log.txt": "of before", "log (code cell 3).txt": "added"} and notes
    assert here.place(here.made("log.txt", "anew"), began=later) == []
    assert here.names()["log.txt"] == "anew"
    # Made here since the cell began: somebody else's.
    assert here.place(here.made("log.txt", "again"), began=0.0) != []
    assert here.names()["log.txt"] == "anew"


def test_removals(here: Here) -> None:
    for name in ("sent", "changed"):
        (here.folder / name).write_text("as it was sent")
    (here.folder / "changed").write_text("by me")
    (here.folder / "empty").mkdir()
    (here.folder / "full").mkdir()
    (here.folder / "full" / "x").write_text("x")
    was = here.store.write(b"as it was sent")
    gone = [{"path": name, "was": was} for name in ("sent", "changed", "never")]
    gone += [{"path": "empty"}, {"path": "full"}]
    notes = here.place(gone=gone)
    assert notes == ["not removed, since it was changed here meanwhile: `changed`"]
    assert here.names() == {"changed": "by me", "full/x": "x"}
    assert not (here.folder / "empty").exists()


def test_mode_and_time_are_kept(here: Here) -> None:
    (here.folder / "mine.sh").write_text("x")
    (here.folder / "mine.sh").chmod(0o640)
    here.place(
        here.made("run.sh", "#!", executable=True, mtime=10**18),
        here.made("mine.sh", "y", was="x", executable=True, mtime=2 * 10**19),
    )
    assert os.access(here.folder / "run.sh", os.X_OK)
    assert (here.folder / "run.sh").stat().st_mtime_ns == 10**18
    assert (here.folder / "mine.sh").stat().st_mode & 0o777 == 0o750
    assert (here.folder / "mine.sh").stat().st_mtime <= time.time()  # no time that is to come


def test_what_cannot_be_read_leaves_no_half_file(here: Here) -> None:
    (here.folder / "t").write_text("before")
    made = here.made("t", "after", was="before")
    here.store.remove(made["blob"])
    with pytest.raises(OSError, match="No such file"):
        here.place(made)
    assert here.names() == {"t": "before"}


def test_neither_are_links_to_what_is_not_a_cells(here: Here) -> None:
    (here.folder / ".git" / "hooks").mkdir(parents=True)
    (here.folder / "share" / "dossier").mkdir(parents=True)
    (here.folder / "nb.ipynb").write_text("{}")
    for link, to in {"hooks": ".git/hooks", "alias": "nb.ipynb", "data": "share/dossier"}.items():
        (here.folder / link).symlink_to(here.folder / to)
    for path in ("hooks/post-checkout", "alias", "data/ledger.sqlite", "share/dossier/ledger"):
        with pytest.raises(Refused, match="not a cell's to write"):
            here.place(here.made(path, "theirs"))
    assert here.names() == {"nb.ipynb": "{}", "alias": "{}"}


def test_what_is_hidden_comes_back_where_the_cell_names_it(here: Here) -> None:
    here.hidden = frozenset({".cache/a", "sub/.env"})
    (here.folder / ".ssh").mkdir()
    (here.folder / ".ssh" / "authorized_keys").write_text("mine")
    paths = (".ssh/authorized_keys", ".bashrc", ".cache/b", "sub/.env", "sub/.netrc")
    notes = here.place(*(here.made(path, "theirs") for path in paths))
    assert here.names() == {
        ".ssh/authorized_keys": "mine",
        ".cache/b": "theirs",
        "sub/.env": "theirs",
    }
    assert notes == [
        "hidden, and not named in the cell's text, so it did not come back:"
        " `.ssh/authorized_keys`, `.bashrc`, `sub/.netrc`"
    ]


def test_what_stands_beside_is_not_written_over_either(here: Here) -> None:
    (here.folder / "a.csv").write_text("mine")
    (here.folder / "a (code cell 3).csv").write_text("mine, too")
    for _ in range(2):  # it may be done again
        here.place(here.made("a.csv", "theirs", was="older"))
    assert here.names() == {
        "a.csv": "mine",
        "a (code cell 3).csv": "mine, too",
        "a (code cell 3, ttempt).csv": "theirs",
    }


def test_a_file_becomes_a_folder_and_a_folder_a_file(here: Here) -> None:
    (here.folder / "a").write_text("was")
    (here.folder / "b").mkdir()
    (here.folder / "b" / "c").write_text("was")
    was = here.store.write(b"was")
    folder = {"path": "a", "was": was}
    gone = [{"path": "b/c", "was": was}]
    here.place(folder, here.made("a/x", "new"), here.made("b", "new"), gone=gone)
    assert here.names() == {"a/x": "new", "b": "new"}


def test_it_stops_between_two_files(here: Here) -> None:
    found = returned.read({"made": [here.made("a", "a")]}, TARGET, "nb.ipynb")
    basis = Basis(str(here.folder), "attempt", 0.0, "code cell 3", frozenset(), "nb.ipynb")
    places = Places(here.blob_at, here.store.blobs.path, "/ours", stopped=lambda: True)
    assert returned.place(found, basis, places) == []
    assert here.names() == {}
