"""The folder that stands for the notebook's: what is laid out in it, and whose changes they are."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dossier_worker.blobs import BlobFolder
from dossier_worker.folders import Folder, Folders, Gone

ALL = (1000, 1 << 30)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "blobs")


@pytest.fixture
def folder(tmp_path: Path, blobs: BlobFolder) -> Folder:
    made = Folder(tmp_path / "space", "home/ada/nb", blobs)
    enter(made, "one")
    return made


def enter(folder: Folder, attempt: str, **sent: Any) -> None:
    folder.cells.add(attempt)
    folder.lay_out({"sent": sent, "gone": ()}, attempt)


def file(blobs: BlobFolder, text: str, **more: Any) -> dict[str, Any]:
    return {"blob": blobs.write(text.encode()), "size": len(text), "mtime": 10**18, **more}


def paths(found: dict[str, Any], kind: str = "made") -> list[str]:
    return sorted(item["path"] for item in found[kind])


def test_a_file_is_laid_out_once(folder: Folder, blobs: BlobFolder) -> None:
    sent = {"a/t.csv": file(blobs, "one", executable=True), "../above": file(blobs, "above")}
    folder.lay_out({"sent": sent, "gone": ()}, "one")
    place = folder.path / "a" / "t.csv"
    assert place.read_text() == "one" and os.access(place, os.X_OK)
    assert place.stat().st_mtime_ns == 10**18
    assert (folder.path / ".." / "above").read_text() == "above"
    first = place.stat().st_ino
    folder.lay_out({"sent": sent, "gone": ()}, "one")
    assert place.stat().st_ino == first
    assert folder.changes("one", (), *ALL) == {"made": [], "gone": [], "left": []}
    # Changed there by whom it does not come from: as it is here, again.
    place.write_text("spoiled")
    folder.lay_out({"sent": sent, "gone": ()}, "one")
    assert place.read_text() == "one"
    folder.lay_out({"sent": {}, "gone": ["a/t.csv", "never"]}, "one")
    assert not place.exists()


def test_content_is_needed_only_where_it_is_not_in_place(folder: Folder, blobs: BlobFolder) -> None:
    sent = {"t.csv": file(blobs, "one")}
    assert not folder.has("t.csv", sent["t.csv"])
    folder.lay_out({"sent": sent, "gone": ()}, "one")
    assert folder.has("t.csv", sent["t.csv"])
    blobs.remove(sent["t.csv"]["blob"])
    folder.lay_out({"sent": sent, "gone": ()}, "one")
    (folder.path / "t.csv").write_text("another")
    assert not folder.has("t.csv", sent["t.csv"])
    with pytest.raises(Gone):
        folder.lay_out({"sent": sent, "gone": ()}, "one")


@pytest.mark.parametrize("path", ["../../../../x", "a/../../../../../x"])
def test_nothing_is_laid_out_elsewhere(folder: Folder, blobs: BlobFolder, path: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        folder.lay_out({"sent": {path: file(blobs, "x")}, "gone": ()}, "one")


def test_who_wrote_does_not_matter(folder: Folder, blobs: BlobFolder) -> None:
    enter(folder, "one", given=file(blobs, "given"), gone=file(blobs, "gone"))
    with sqlite3.connect(folder.path / "d.sqlite") as database:
        database.execute("create table t (n)")
    os.system(f"echo x > {folder.path}/shell.txt")
    (folder.path / "given").write_text("GIVEN")  # as long as before
    (folder.path / "gone").unlink()
    (folder.path / "sub" / "empty").mkdir(parents=True)
    (folder.path / "__pycache__").mkdir()
    os.mkfifo(folder.path / "pipe")
    found = folder.changes("one", (), *ALL)
    assert paths(found) == ["d.sqlite", "given", "shell.txt", "sub", "sub/empty"]
    assert paths(found, "gone") == ["gone"]
    assert found["left"] == ["pipe"]
    (given,) = (item for item in found["made"] if item["path"] == "given")
    assert given["was"] == blobs.write(b"given")
    assert blobs.map(given["blob"]) == b"GIVEN"
    assert folder.changes("one", (), *ALL) == {"made": [], "gone": [], "left": []}


def test_of_two_at_once_each_has_its_own(folder: Folder) -> None:
    folder.cells.add("two")
    for name in ("by-one", "by-two", "native"):
        (folder.path / name).write_text(name)
    assert paths(folder.changes("one", {"by-one"}, *ALL)) == ["by-one"]
    folder.cells.discard("one")
    # The last one takes what nobody was seen to write.
    assert paths(folder.changes("two", {"by-two"}, *ALL)) == ["by-two", "native"]


def test_what_a_killed_cell_wrote_is_nobodys(folder: Folder, blobs: BlobFolder) -> None:
    enter(folder, "one", given=file(blobs, "given"))
    (folder.path / "half").write_text("half")
    (folder.path / "given").write_text("half")
    folder.cells.discard("one")
    folder.spoiled = True
    enter(folder, "two", given=file(blobs, "given"))
    assert (folder.path / "given").read_text() == "given"
    (folder.path / "mine").write_text("mine")
    assert paths(folder.changes("two", {"mine"}, *ALL)) == ["mine"]


def test_too_much_is_not_read(folder: Folder, blobs: BlobFolder) -> None:
    (folder.path / "small").write_text("x")
    (folder.path / "large").write_text("x" * 100)
    over = {"files": 2, "bytes": 101, "largest": "large", "size": 100}
    assert folder.changes("one", (), 10, 100) == {"over": over}
    assert folder.changes("one", (), 1, 1000) == {"over": over}
    assert list(blobs.names()) == []
    # The next cell does not answer for it.
    folder.cells.discard("one")
    enter(folder, "two")
    assert folder.changes("two", (), *ALL) == {"made": [], "gone": [], "left": []}


def test_folders_of_old_runs_go(tmp_path: Path, blobs: BlobFolder) -> None:
    folders = Folders(tmp_path / "folders", blobs)
    orders = [{"space": f"{number:016x}", "inside": "nb"} for number in range(6)]
    for number, order in enumerate(orders):
        folder = folders.enter(order, "attempt", f"kernel {number}")
        folder.lay_out({"sent": {}, "gone": ()}, "attempt")
        folder.cells.discard("attempt")
    assert folders.old() == []  # kernels are at home in them
    for number in range(1, 6):
        folders.kernel_ended(f"kernel {number}")
    for old in folders.old():
        old.remove()
    left = sorted(path.name[:16] for path in (tmp_path / "folders").iterdir())
    assert left == [orders[number]["space"] for number in (0, 3, 4, 5)]
    with pytest.raises(ValueError, match="not the name"):
        folders.enter({"space": "../../x", "inside": "nb"}, "attempt", "kernel")


def test_a_folder_that_is_gone_here_goes_there(folder: Folder, blobs: BlobFolder) -> None:
    enter(folder, "one", **{"out": {}, "out/a": file(blobs, "a")})
    folder.lay_out({"sent": {}, "gone": ["out", "out/a"]}, "one")
    assert not (folder.path / "out").exists()
    assert folder.changes("one", (), *ALL) == {"made": [], "gone": [], "left": []}


def test_anew_nothing_but_what_was_sent_is_there(folder: Folder, blobs: BlobFolder) -> None:
    enter(folder, "one", **{"sub/kept": file(blobs, "kept"), "old": file(blobs, "old")})
    (folder.path / "made").write_text("by one")
    sent = {"sub/kept": file(blobs, "kept")}
    folder.lay_out({"sent": sent, "gone": (), "anew": True}, "one")
    assert sorted(p.name for p in folder.path.rglob("*")) == ["kept", "sub"]
    assert folder.changes("one", (), *ALL) == {"made": [], "gone": [], "left": []}


def test_what_a_running_cell_wrote_is_not_laid_over(folder: Folder, blobs: BlobFolder) -> None:
    enter(folder, "one", out=file(blobs, "old"))
    (folder.path / "out").write_text("new!")
    enter(folder, "two", out=file(blobs, "old"))
    assert paths(folder.changes("one", {"out"}, *ALL)) == ["out"]
    assert (folder.path / "out").read_text() == "new!"


def test_a_file_takes_the_place_of_a_folder(folder: Folder, blobs: BlobFolder) -> None:
    enter(folder, "one", **{"m": {}, "m/a": file(blobs, "a"), "f": file(blobs, "f")})
    order = {"sent": {"m": file(blobs, "m"), "f": {}}, "gone": ["m/a"]}
    folder.lay_out(order, "one")
    assert (folder.path / "m").read_text() == "m" and (folder.path / "f").is_dir()
    (folder.path / "m").unlink()
    (folder.path / "m").mkdir()
    (made,) = folder.changes("one", (), *ALL)["made"]
    assert made == {"path": "m", "was": blobs.write(b"m")}
