"""A worker finds out whether it has the server's own store before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dossier_worker import sharing
from dossier_worker.blobs import BlobFolder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return BlobFolder(tmp_path / "store").folder


def test_the_mark_of_the_server_is_found_and_taken_away(store: Path) -> None:
    sharing.leave_mark(store, "w1")
    assert sharing.fault(store, "w1") is None
    assert list((store / "tmp").iterdir()) == []


def test_a_folder_without_the_mark_is_another_one(store: Path) -> None:
    sharing.leave_mark(store, "w2")
    assert "is not the server's store" in str(sharing.fault(store, "w1"))


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert "mount the volume with it at the same path" in str(
        sharing.fault(tmp_path / "none", "w1")
    )
    assert not (tmp_path / "none").exists()
