"""The store: its size, and a full disk in words."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from dossier_worker import blobs
from jupyterlab_dossier.store import Store, StoreFull


def test_what_is_in_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    one, two = store.write(b"one"), store.write(bytes(100_000))
    assert store.size() == 100_003
    assert store.has(one, 3) and store.verify(two)
    assert store.remove(two) and not store.remove(two)
    assert store.size() == 3
    path = store.blobs.path(one)
    path.write_bytes(b"two")
    assert not store.verify(one)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    store = Store(tmp_path / "store")

    def full(*args: object) -> int:
        raise OSError(code, "No space left on device")

    monkeypatch.setattr(blobs.os, "pwrite", full)
    with pytest.raises(StoreFull, match=r"disk of the store is full .*1\.5 MB are needed"):
        store.write(bytes(1_500_000))
    monkeypatch.undo()
    assert store.verify(store.write(bytes(1_500_000)))


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(OSError) as caught, store.in_words():
        raise OSError(errno.EIO, "Input/output error")
    assert not isinstance(caught.value, StoreFull)
