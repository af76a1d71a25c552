"""Blobs: names, writing, mapping, arrival in pieces."""

from __future__ import annotations

import errno
import hashlib
import mmap
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dossier_worker import blobs
from dossier_worker.blobs import CHUNK, PIECE, BlobFolder, BlobMismatch, name_of


def content(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def temporaries(folder: BlobFolder) -> list[str]:
    return sorted(os.listdir(folder.temporary))


@pytest.fixture
def folder(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "blobs")


@pytest.fixture
def other(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "other")


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK + 7]
)
def test_name_is_the_tree_hash_and_the_bytes_come_back(folder: BlobFolder, size: int) -> None:
    data = content(size)
    tree = hashlib.sha256(b"dossier-blob\0" + size.to_bytes(8, "big"))
    for start in range(0, size, CHUNK):
        tree.update(hashlib.sha256(data[start : start + CHUNK]).digest())
    blob = folder.write(data)
    assert blob == tree.hexdigest()
    assert folder.path(blob) == folder.folder / blob[:2] / blob
    assert folder.has(blob, size) and not folder.has(blob, size + 1)
    assert folder.size(blob) == size
    assert bytes(folder.map(blob, size)) == data
    assert folder.verify(blob)
    assert name_of(size, BlobFolder(folder.folder).chunks(blob)) == blob
    assert temporaries(folder) == []


def test_a_known_blob_is_not_written_again(folder: BlobFolder) -> None:
    for size in (1000, 3 * CHUNK):
        data = content(size)
        before = folder.path(folder.write(data)).stat()
        after = folder.path(folder.write(bytearray(data))).stat()
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("changed", [slice(None), slice(CHUNK + 5000, CHUNK + 5001)])
def test_another_value_of_the_same_size_is_hashed_once(
    folder: BlobFolder, changed: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(content(3 * CHUNK))
    folder.write(data)
    data[changed] = bytes(byte ^ 1 for byte in data[changed])
    expected = BlobFolder(folder.folder.parent / "another").write(data)
    hashed = []

    def digests_of(view: memoryview, real: Callable[..., list[bytes]] = blobs.digests_of) -> Any:
        hashed.append(view.nbytes)
        return real(view)

    monkeypatch.setattr(blobs, "digests_of", digests_of)
    assert folder.write(data) == expected
    assert folder.verify(expected)
    assert hashed == [len(data)]


def test_a_file_cut_short_by_a_crash_is_written_again(folder: BlobFolder) -> None:
    blob = folder.write(content(1000))
    os.truncate(folder.path(blob), 0)
    assert not folder.verify(blob)
    assert folder.write(content(1000)) == blob
    assert folder.verify(blob)


def test_mapping_is_writable_and_private(folder: BlobFolder) -> None:
    blob = folder.write(content(PIECE))
    one, two = folder.map(blob), folder.map(blob)
    assert isinstance(one, mmap.mmap)
    one[:4] = b"mine"
    assert bytes(two) == content(PIECE)
    assert folder.verify(blob)
    with pytest.raises(BlobMismatch):
        folder.map(blob, PIECE + 1)


def test_multi_dimensional_buffers(folder: BlobFolder) -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(12.0).reshape(3, 4)
    assert folder.write(memoryview(array)) == folder.write(array.tobytes())
    assert folder.write(memoryview(numpy.empty((0, 3)))) == folder.write(b"")


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n"]
)
def test_a_name_cannot_lead_out_of_the_folder(folder: BlobFolder, name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        folder.path(name)


@pytest.mark.parametrize("size", [1000, 3 * CHUNK])
@pytest.mark.parametrize("call", ["pwrite", "posix_fallocate"])
def test_a_full_disk_leaves_nothing(
    folder: BlobFolder, monkeypatch: pytest.MonkeyPatch, size: int, call: str
) -> None:
    if call == "posix_fallocate" and size < PIECE:
        pytest.skip("not used for small ones")

    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(blobs.os, call, full)
    with pytest.raises(OSError) as caught:
        folder.write(content(size))
    assert caught.value.errno == errno.ENOSPC
    assert temporaries(folder) == []
    assert [entry for entry in os.listdir(folder.folder) if entry != "tmp"] == []


def test_a_disk_without_room_takes_no_arrival_up(
    folder: BlobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs.shutil, "disk_usage", lambda path: SimpleNamespace(free=CHUNK - 1))
    with pytest.raises(OSError) as caught:
        folder.begin("0" * 64, CHUNK)
    assert caught.value.errno == errno.ENOSPC
    assert temporaries(folder) == []


def test_what_has_not_come_takes_no_disk(folder: BlobFolder, other: BlobFolder) -> None:
    data = content(3 * CHUNK)
    blob = folder.write(data)
    partial = other.begin(blob, len(data), folder.chunks(blob))
    assert other.unfinished() < PIECE
    for offset in range(CHUNK, 2 * CHUNK, PIECE):
        partial.add(offset, data[offset : offset + PIECE])
    assert CHUNK <= other.unfinished() < CHUNK + PIECE
    partial.close()
    assert other.sweep(time.time() - 3600) == (0, 0)
    count, size = other.sweep(time.time() + 3600, dry=True)
    assert count == 1 and CHUNK <= size == other.unfinished()
    assert other.sweep(time.time() + 3600) == (1, size)
    assert temporaries(other) == [] and other.unfinished() == 0


def test_a_disk_without_preallocation_will_do(
    folder: BlobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*args: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(blobs.os, "posix_fallocate", unsupported)
    assert folder.verify(folder.write(content(3 * CHUNK)))


def _write_same(path: str, results: multiprocessing.SimpleQueue[str]) -> None:
    results.put(BlobFolder(path).write(content(3 * CHUNK)))


def test_writers_of_the_same_blob_do_not_disturb_each_other(folder: BlobFolder) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    writers = [
        context.Process(target=_write_same, args=(str(folder.folder), results)) for _ in range(4)
    ]
    for writer in writers:
        writer.start()
    names = {results.get() for _ in writers}
    for writer in writers:
        writer.join()
    assert len(names) == 1
    assert folder.verify(names.pop())
    assert temporaries(folder) == []


def test_durable_writes_are_the_same_blobs(tmp_path: Path, folder: BlobFolder) -> None:
    durable = BlobFolder(tmp_path / "durable", durable=True)
    assert durable.write(content(3 * CHUNK)) == folder.write(content(3 * CHUNK))


def test_pieces_in_any_order(folder: BlobFolder, other: BlobFolder) -> None:
    size = 3 * CHUNK + PIECE + 5
    blob = folder.write(content(size))
    partial = other.begin(blob, size, folder.chunks(blob))
    pieces = partial.missing()
    assert sum(length for _, length in pieces) == size
    random.Random(1).shuffle(pieces)
    for offset, length in pieces:
        partial.add(offset, folder.read_piece(blob, offset, length))
        assert offset not in [start for start, _ in partial.missing()]
    assert not other.has(blob)
    partial.finish()
    assert other.verify(blob)
    assert temporaries(other) == []


@pytest.mark.parametrize("size", [0, 1, CHUNK])
def test_one_chunk_needs_no_digests(folder: BlobFolder, other: BlobFolder, size: int) -> None:
    blob = folder.write(content(size))
    partial = other.begin(blob, size)
    for offset, length in partial.missing():
        partial.add(offset, folder.read_piece(blob, offset, length))
    partial.finish()
    assert other.verify(blob)


def test_a_damaged_chunk_is_asked_for_again(folder: BlobFolder, other: BlobFolder) -> None:
    size = 2 * CHUNK
    blob = folder.write(content(size))
    partial = other.begin(blob, size, folder.chunks(blob))
    pieces = partial.missing()
    with pytest.raises(BlobMismatch):
        for offset, length in pieces:
            data = folder.read_piece(blob, offset, length)
            partial.add(offset, bytes(length) if offset == CHUNK else data)
    assert partial.missing() == [piece for piece in pieces if piece[0] >= CHUNK]
    with pytest.raises(ValueError, match="not complete"):
        partial.finish()
    partial.discard()
    assert temporaries(other) == []


@pytest.mark.parametrize("offset, length", [(-1, 5), (5, PIECE), (0, 5), (8 * CHUNK, PIECE)])
def test_what_is_not_a_piece_is_refused(
    folder: BlobFolder, other: BlobFolder, offset: int, length: int
) -> None:
    blob = folder.write(content(2 * CHUNK))
    partial = other.begin(blob, 2 * CHUNK, folder.chunks(blob))
    with pytest.raises(BlobMismatch):
        partial.add(offset, bytes(length))
    partial.discard()


def test_digests_that_do_not_make_the_name_are_refused(
    folder: BlobFolder, other: BlobFolder
) -> None:
    blob = folder.write(content(2 * CHUNK))
    digests = folder.chunks(blob)
    for size, chunks in [
        (2 * CHUNK, digests[::-1]),
        (2 * CHUNK, digests[:1]),
        (2 * CHUNK - 1, digests),
        (2 * CHUNK, [digests[0] + digests[1][:1], digests[1][1:]]),
    ]:
        with pytest.raises(BlobMismatch):
            other.begin(blob, size, chunks)
    assert temporaries(other) == []


_KILLED = """
import os, signal, sys
from dossier_worker.blobs import BlobFolder
source, target, blob, count = BlobFolder(sys.argv[1]), BlobFolder(sys.argv[2]), *sys.argv[3:]
partial = target.begin(blob, source.size(blob), source.chunks(blob))
for offset, length in partial.missing()[:int(count)]:
    partial.add(offset, source.read_piece(blob, offset, length))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_upload_goes_on_after_its_process_was_killed(
    folder: BlobFolder, other: BlobFolder
) -> None:
    size = 4 * CHUNK
    blob = folder.write(content(size))
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, folder.folder, other.folder, blob, "10"],
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    # Two of four chunks were complete; one of them is damaged behind our back.
    part = other.temporary / f"{blob}.part"
    with open(part, "r+b") as file:
        file.seek(CHUNK + 100)
        file.write(b"damage")
    partial = other.begin(blob, size, folder.chunks(blob))
    assert {offset // CHUNK for offset, _ in partial.missing()} == {1, 2, 3}
    for offset, length in partial.missing():
        partial.add(offset, folder.read_piece(blob, offset, length))
    partial.finish()
    assert other.verify(blob)
    assert temporaries(other) == []


def test_two_uploads_of_one_blob_at_a_time(folder: BlobFolder, other: BlobFolder) -> None:
    size = 3 * CHUNK
    blob = folder.write(content(size))
    partials = [other.begin(blob, size, folder.chunks(blob)) for _ in range(2)]
    for offset, length in partials[0].missing():
        for partial in partials:
            partial.add(offset, folder.read_piece(blob, offset, length))
    for partial in partials:
        partial.finish()
    assert other.verify(blob)
    assert temporaries(other) == []


def test_removed_while_mapped(folder: BlobFolder) -> None:
    blob = folder.write(content(PIECE))
    view = folder.map(blob)
    assert folder.remove(blob) and not folder.remove(blob)
    assert bytes(view) == content(PIECE)
    with pytest.raises(FileNotFoundError):
        folder.chunks(blob)


def test_old_leftovers_are_swept(folder: BlobFolder) -> None:
    old, new = folder.temporary / "old", folder.temporary / "new"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    assert folder.sweep(time.time() - 3600) == (1, 0)
    assert temporaries(folder) == ["new"]
