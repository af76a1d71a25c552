"""Blobs: immutable bytes, each a file named by the hash of what it holds.

The name is a SHA-256 tree over 4 MiB chunks. A tree can be computed in several threads, and each
chunk of a transfer can be checked, and kept over a cut, before the rest has arrived.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import mmap
import os
import re
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CHUNK = 4 << 20
PIECE = 1 << 20
PARALLEL_FROM = 8 << 20
MAP_FROM = 64 << 10
DIGEST_SIZE = 32

Buffer = bytes | bytearray | memoryview | mmap.mmap

_NAME = re.compile(r"[0-9a-f]{64}")
_REMEMBERED = 64
# Pieces of a large value that tell whether it may have been stored before, and their bytes.
_SAMPLES, _SAMPLE = 16, 4096
# Seconds in which a blob that was asked for is not marked as asked for again.
YOUNG = 60.0


class BlobMismatch(ValueError):
    """Bytes are not what their name or digest says."""


def name_of(size: int, chunks: Sequence[bytes]) -> str:
    """The blob id of `size` bytes whose consecutive 4 MiB chunks have these SHA-256 digests."""
    tree = hashlib.sha256(b"dossier-blob\0" + size.to_bytes(8, "big"))
    for digest in chunks:
        tree.update(digest)
    return tree.hexdigest()


def is_name(blob: object) -> bool:
    return isinstance(blob, str) and _NAME.fullmatch(blob) is not None


def chunk_count(size: int) -> int:
    return -(-size // CHUNK)


class BlobFolder:
    """A folder of blobs, safe for several processes at once.

    `durable` makes each blob outlast a power cut: its bytes and its name are on the disk before
    `write` and `finish` return.
    """

    def __init__(self, path: str | os.PathLike[str], *, durable: bool = False) -> None:
        self.folder = Path(path)
        self.durable = durable
        self.temporary = self.folder / "tmp"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.temporary.mkdir(exist_ok=True, mode=0o700)
        self._digests: OrderedDict[str, list[bytes]] = OrderedDict()
        self._samples: set[bytes] = set()

    def path(self, blob: str) -> Path:
        """Where a blob is, or would be. A name from elsewhere cannot lead out of the folder."""
        if not is_name(blob):
            raise ValueError(f"not the name of a blob: {str(blob)[:80]!r}")
        return self.folder / blob[:2] / blob

    def has(self, blob: str, size: int | None = None) -> bool:
        """Whether the blob is here; with `size`, a file cut short by a crash does not count.

        Who asks will rely on it, so that it counts as new for `remove_unused`.
        """
        path = self.path(blob)
        try:
            found = path.stat()
            if found.st_mtime < time.time() - YOUNG:
                os.utime(path)
                # The system finds the file first, and marks it then: it may have been taken away
                # in between, and looked at for the last time.
                found = path.stat()
        except OSError:
            return False
        return size is None or found.st_size == size

    def size(self, blob: str) -> int:
        return self.path(blob).stat().st_size

    def write(self, data: Buffer) -> str:
        """Store the bytes and return their name."""
        view = flat(data)
        size = view.nbytes
        # A large value is hashed while it is written. Only if one that looks the same was stored
        # before (an unchanged value, stored again) is it worth to hash first.
        sample = _sample(view) if size > PARALLEL_FROM else None
        digests: list[bytes] | None = None
        if sample is None or sample in self._samples:
            digests = digests_of(view)
            blob = name_of(size, digests)
            if self.has(blob, size):
                self._remember(blob, digests)
                return blob

        def fill(fd: int) -> tuple[int, list[bytes]]:
            _allocate(fd, size)
            # One thread writes, in order, as disks and networks like it; others hash meanwhile.
            with _beside(partial(_write_at, fd, view, 0), size):
                found = digests_of(view) if digests is None else digests
            if self.durable:
                os.fsync(fd)
            return size, found

        blob, _ = self._make(fill)
        if sample is not None:
            self._samples.add(sample)
        return blob

    def add(self, path: str | os.PathLike[str]) -> tuple[str, int]:
        """Store what a file holds, read piece by piece, and return its name and size.

        What is stored is what was read: the file may change meanwhile.
        """

        def fill(fd: int) -> tuple[int, list[bytes]]:
            digests, size = [], 0
            with open(path, "rb", buffering=0) as file:
                while chunk := _read_full(file, CHUNK):
                    _write_at(fd, memoryview(chunk), size)
                    digests.append(hashlib.sha256(chunk).digest())
                    size += len(chunk)
            if self.durable and not self.has(name_of(size, digests), size):
                os.fsync(fd)
            return size, digests

        return self._make(fill)

    def _make(self, fill: Callable[[int], tuple[int, list[bytes]]]) -> tuple[str, int]:
        """A blob of what is filled into a new file; nothing is left of it where that fails."""
        fd, temporary = _new(self.temporary)
        try:
            try:
                size, digests = fill(fd)
            finally:
                os.close(fd)
            blob = name_of(size, digests)
            self._publish(temporary, blob, size)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        self._remember(blob, digests)
        return blob, size

    def map(self, blob: str, size: int | None = None) -> mmap.mmap | bytes:
        """The content, mapped: writable, and what is written stays private to this mapping.

        A small one comes as bytes. With `size`, a file of another length is a BlobMismatch.
        """
        with open(self.path(blob), "rb") as file:
            found = os.fstat(file.fileno()).st_size
            if size is not None and found != size:
                raise BlobMismatch(f"blob {blob[:12]} has {found} bytes instead of {size}")
            if found < MAP_FROM:
                return file.read()
            return mmap.mmap(file.fileno(), found, access=mmap.ACCESS_COPY)

    def chunks(self, blob: str) -> list[bytes]:
        """The digests of the blob's chunks. Raises BlobMismatch if the file is damaged."""
        known = self._digests.get(blob)
        if known is not None and self.path(blob).exists():
            return list(known)
        digests, size = self._rehash(blob)
        if name_of(size, digests) != blob:
            raise BlobMismatch(f"the file of blob {blob[:12]} is damaged")
        self._remember(blob, digests)
        return list(digests)

    def verify(self, blob: str) -> bool:
        """Read the whole file again and say whether it still is what its name says."""
        digests, size = self._rehash(blob)
        return name_of(size, digests) == blob

    def read_piece(self, blob: str, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset` on; fewer only at the end of the blob."""
        if offset < 0 or not 0 <= length <= CHUNK:
            raise ValueError(f"no such piece: {length} bytes at {offset}")
        with open(self.path(blob), "rb", buffering=0) as file:
            file.seek(offset)
            return _read_full(file, length)

    def begin(self, blob: str, size: int, chunks: Sequence[bytes] | None = None) -> Partial:
        """Start, or take up again, the arrival of a blob in pieces.

        `chunks` may be left out for a blob of one chunk: its name is enough to check it.
        """
        return Partial(self, blob, size, chunks)

    def remove(self, blob: str) -> bool:
        """Remove the blob; who has it mapped keeps its bytes. False if there was none."""
        self._digests.pop(blob, None)
        try:
            self.path(blob).unlink()
        except FileNotFoundError:
            return False
        return True

    def remove_unused(self, blob: str, since: float) -> int:
        """Remove a blob that nobody wrote or asked for since a time (seconds since the epoch).

        The bytes that it had; 0 where it stays. Whoever asks for it meanwhile either makes it stay
        or does not find it.
        """
        path, aside = self.path(blob), self.temporary / f"{blob}.unused"
        try:
            found = path.stat()
            if found.st_mtime >= since:
                return 0
            os.rename(path, aside)
        except OSError:
            return 0
        if aside.stat().st_mtime >= since:
            os.rename(aside, path)
            return 0
        aside.unlink()
        return found.st_size

    def names(self) -> Iterator[str]:
        """Every blob."""
        for first in os.scandir(self.folder):
            if len(first.name) == 2 and first.is_dir():
                yield from (entry.name for entry in os.scandir(first.path) if is_name(entry.name))

    def sweep(self, before: float, dry: bool = False) -> tuple[int, int]:
        """Remove what never became a blob and nobody touched since a time; with `dry`, only count.

        How many there were, and the bytes that they take.
        """
        count = size = 0
        for file in self.temporary.iterdir():
            with contextlib.suppress(OSError):
                found = file.stat()
                if found.st_mtime < before:
                    if not dry:
                        file.unlink()
                    count += file.suffix != _MARKS
                    size += _taken(found)
        return count, size

    def unfinished(self) -> int:
        """The bytes of what has not become a blob, or not yet."""
        total = 0
        for file in self.temporary.iterdir():
            with contextlib.suppress(OSError):
                total += _taken(file.stat())
        return total

    def _rehash(self, blob: str) -> tuple[list[bytes], int]:
        # Read, not mapped: mapped pages would count as memory of this process.
        with open(self.path(blob), "rb", buffering=0) as file:
            fd = file.fileno()
            size = os.fstat(fd).st_size

            def work(index: int) -> bytes:
                return hashlib.sha256(_read_at(fd, CHUNK, index * CHUNK)).digest()

            return _for_each(chunk_count(size), work, size), size

    def _remember(self, blob: str, digests: list[bytes]) -> None:
        self._digests[blob] = digests
        self._digests.move_to_end(blob)
        while len(self._digests) > _REMEMBERED:
            self._digests.popitem(last=False)

    def _publish(self, temporary: str | Path, blob: str, size: int) -> None:
        """Give a finished file its name. Who comes second with the same bytes drops them."""
        target = self.path(blob)
        if self.has(blob, size):
            os.unlink(temporary)
            return
        target.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            os.replace(temporary, target)
        except PermissionError:
            # Windows: another writer was faster and somebody has it open already.
            if not self.has(blob, size):
                raise
            os.unlink(temporary)
        if self.durable:
            _sync_folder(target.parent)
            _sync_folder(self.folder)


class Partial:
    """A blob that arrives in pieces, in any order.

    Nothing unverified reaches the disk, and no space is claimed for what has not come: who
    announces a blob takes none of it by that. The pieces of a chunk are gathered in memory, checked
    against the chunk's digest and then written. What was written is found again by the next
    `begin`, after a crash too, and is checked once more.
    """

    def __init__(
        self, owner: BlobFolder, blob: str, size: int, chunks: Sequence[bytes] | None
    ) -> None:
        if size < 0:
            raise BlobMismatch(f"a size that is none for blob {blob[:12]}: {size}")
        count = chunk_count(size)
        if chunks is None:
            if count > 1:
                raise ValueError("a blob of several chunks needs their digests")
        elif len(chunks) != count or name_of(size, chunks) != blob:
            raise BlobMismatch(f"these chunks do not make blob {blob[:12]}")
        elif any(len(digest) != DIGEST_SIZE for digest in chunks):
            raise BlobMismatch(f"malformed digests for blob {blob[:12]}")
        self.blob = blob
        self.size = size
        self._owner = owner
        self._chunks = chunks
        self._verified = bytearray(count)
        self._gathering: dict[int, tuple[bytearray, set[int]]] = {}
        self._closed = False
        self._path = owner.temporary / f"{owner.path(blob).name}.part"
        self._marks: int | None = None
        self._marks_path = self._path.with_suffix(_MARKS)
        fd = _open_locked(self._path)
        if fd is None:
            # Another process (or task) is at it: this one works on a file of its own.
            fd, private = _new(owner.temporary, ".part")
            self._path = Path(private)
            self._fd = fd
        else:
            self._fd = fd
            self._marks = os.open(self._marks_path, _CREATE, _MODE)
        try:
            self._take_up()
            self._check_room()
        except BaseException:
            self.discard()
            raise

    def add(self, offset: int, data: Buffer) -> None:
        """One piece, as `missing` names it. BlobMismatch drops the chunk: it is missing again."""
        piece = flat(data)
        index = offset // CHUNK
        if not 0 <= offset < self.size or offset % PIECE or piece.nbytes != self._length(offset):
            raise BlobMismatch(f"not a piece of blob {self.blob[:12]}: at {offset}")
        if self._verified[index]:
            return
        start = index * CHUNK
        if index not in self._gathering:
            length = min(CHUNK, self.size - start)
            self._gathering[index] = bytearray(length), set(range(start, start + length, PIECE))
        chunk, awaited = self._gathering[index]
        chunk[offset - start : offset - start + piece.nbytes] = piece
        awaited.discard(offset)
        if awaited:
            return
        del self._gathering[index]
        if not self._is_chunk(index, chunk):
            raise BlobMismatch(f"chunk {index} of blob {self.blob[:12]} arrived damaged")
        _write_at(self._fd, memoryview(chunk), start)
        self._verified[index] = 1
        if self._marks is not None:
            _write_at(self._marks, memoryview(b"\1"), index)

    def missing(self) -> list[tuple[int, int]]:
        """(offset, length) of the pieces that are not here yet."""
        pieces: list[tuple[int, int]] = []
        for index, verified in enumerate(self._verified):
            if verified:
                continue
            start = index * CHUNK
            gathering = self._gathering.get(index)
            offsets = (
                range(start, min(start + CHUNK, self.size), PIECE)
                if gathering is None
                else sorted(gathering[1])
            )
            pieces.extend((offset, self._length(offset)) for offset in offsets)
        return pieces

    def finish(self) -> None:
        """Give the complete blob its name."""
        if not all(self._verified):
            raise ValueError(f"blob {self.blob[:12]} is not complete")
        if self.size == 0 and name_of(0, ()) != self.blob:
            self.discard()
            raise BlobMismatch(f"blob {self.blob[:12]} is not empty")
        try:
            if self._owner.durable:
                os.fsync(self._fd)
            if os.name == "nt":
                self.close()  # an open file cannot be renamed there
            self._owner._publish(self._path, self.blob, self.size)
        except BaseException:
            self.discard()
            raise
        if self._chunks is not None:
            self._owner._remember(self.blob, list(self._chunks))
        self._remove_marks()
        self.close()

    def close(self) -> None:
        """Stop here; what was verified stays on the disk for a later `begin`."""
        if self._closed:
            return
        self._closed = True
        os.close(self._fd)
        if self._marks is not None:
            os.close(self._marks)
        elif self._path.exists():
            self._path.unlink()

    def discard(self) -> None:
        """Stop here and keep nothing."""
        if not self._closed:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._remove_marks()
        self.close()

    def _remove_marks(self) -> None:
        if self._marks is not None:
            with contextlib.suppress(OSError):
                self._marks_path.unlink()

    def _length(self, offset: int) -> int:
        return min(PIECE, self.size - offset)

    def _is_chunk(self, index: int, data: Buffer) -> bool:
        digest = hashlib.sha256(data).digest()
        if self._chunks is None:
            return name_of(self.size, [digest]) == self.blob
        return digest == self._chunks[index]

    def _check_room(self) -> None:
        """A full disk shows before the work is done."""
        needed = sum(length for _, length in self.missing())
        if needed > shutil.disk_usage(self._owner.folder).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _take_up(self) -> None:
        # A mark may have outlived its bytes in a power cut, so each is checked again.
        if self._marks is None:
            return
        claimed = os.read(self._marks, len(self._verified))
        with os.fdopen(os.dup(self._fd), "rb") as file:
            for index, mark in enumerate(claimed):
                if mark:
                    file.seek(index * CHUNK)
                    data = file.read(min(CHUNK, self.size - index * CHUNK))
                    self._verified[index] = self._is_chunk(index, data)


def flat(data: Buffer) -> memoryview:
    """The bytes of any contiguous buffer."""
    view = memoryview(data)
    if view.nbytes == 0:
        return memoryview(b"")
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


def _sample(view: memoryview) -> bytes:
    """What a large value looks like: its size, and bytes from all over it."""
    seen = hashlib.sha256(view.nbytes.to_bytes(8, "big"))
    for index in range(_SAMPLES):
        start = (view.nbytes - _SAMPLE) * index // (_SAMPLES - 1)
        seen.update(view[start : start + _SAMPLE])
    return seen.digest()


def digests_of(view: memoryview) -> list[bytes]:
    def work(index: int) -> bytes:
        return hashlib.sha256(view[index * CHUNK : (index + 1) * CHUNK]).digest()

    return _for_each(chunk_count(view.nbytes), work, view.nbytes)


def _for_each(count: int, work: Callable[[int], bytes], size: int) -> list[bytes]:
    """`work` for each index; for large sizes in some threads (made here: a fork keeps none)."""
    if size <= PARALLEL_FROM:
        return [work(index) for index in range(count)]
    results: list[bytes] = [b""] * count
    failures: list[BaseException] = []
    lock = threading.Lock()
    todo = iter(range(count))

    def loop() -> None:
        try:
            while not failures:
                with lock:
                    index = next(todo, None)
                if index is None:
                    return
                results[index] = work(index)
        except BaseException as error:
            failures.append(error)

    helpers = [
        threading.Thread(target=loop, name="dossier-hash", daemon=True)
        for _ in range(min(_HANDS, cpus(), count) - 1)
    ]
    for helper in helpers:
        helper.start()
    try:
        loop()
    finally:
        for helper in helpers:
            helper.join()
    if failures:
        raise failures[0]
    return results


@contextlib.contextmanager
def _beside(work: Callable[[], None], size: int) -> Iterator[None]:
    """Does it in a thread of its own, meanwhile; for small sizes at once."""
    if size <= PARALLEL_FROM:
        work()
        yield
        return
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    helper = threading.Thread(target=attempt, name="dossier-write", daemon=True)
    helper.start()
    try:
        yield
    finally:
        helper.join()
    if failures:
        raise failures[0]


# Hashing takes several times as long as writing; more threads than these find no more work.
_HANDS = 4


def cpus() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_CREATE = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
_seek_lock = threading.Lock()
_MODE = 0o600
# Of the file that says which chunks of a blob have come.
_MARKS = ".marks"


def _new(folder: Path, suffix: str = "") -> tuple[int, str]:
    """A new file of a name that nobody else has."""
    path = str(folder / f"{secrets.token_hex(8)}{suffix}")
    return os.open(path, _CREATE | os.O_EXCL, _MODE), path


def _open_locked(path: Path) -> int | None:
    """The file, created if need be, for us alone; None if another has it."""
    if fcntl is None:
        return None
    while True:
        fd = os.open(path, _CREATE, _MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last owner may have renamed or removed it between our open and our lock.
            if os.fstat(fd).st_ino == os.stat(path).st_ino:
                return fd
        except FileNotFoundError:
            pass
        except OSError:
            os.close(fd)
            return None
        os.close(fd)


def _taken(found: os.stat_result) -> int:
    """What a file takes of the disk: of a blob that arrives, only what came."""
    return found.st_blocks * 512 if hasattr(found, "st_blocks") else found.st_size


def _write_at(fd: int, data: memoryview, offset: int) -> None:
    while data.nbytes:
        if hasattr(os, "pwrite"):
            written = os.pwrite(fd, data, offset)
        else:
            with _seek_lock:
                os.lseek(fd, offset, os.SEEK_SET)
                written = os.write(fd, data)
        data = data[written:]
        offset += written


def _read_full(file: io.FileIO, length: int) -> bytes:
    """`length` bytes; fewer only at the end."""
    parts = []
    while length > 0 and (part := file.read(length)):
        parts.append(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_at(fd: int, length: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(fd, length, offset)
    with _seek_lock:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, length)


def _allocate(fd: int, size: int) -> None:
    """Claim the space at once: faster, and a full disk shows before the work is done."""
    if size < PIECE or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(fd, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise


def _sync_folder(path: Path) -> None:
    if os.name == "nt":
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
