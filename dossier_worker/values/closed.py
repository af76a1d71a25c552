"""Closed files, as `with open(...) as f` leaves them: no more than what they say of themselves.

They come back as files on nothing that are closed at once.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pickler import Handler, ValuePickler

_BUFFERS = (io.BufferedReader, io.BufferedWriter, io.BufferedRandom)


def reducer(cls: type, otherwise: Handler) -> Handler:
    """How files of this kind are pickled when they are closed; `otherwise`: when they are not."""
    make = _REDUCERS.get(cls)
    if make is None:
        return otherwise

    def reduce(pickler: ValuePickler, file: Any) -> Any:
        return make(file) if _plain(file) else otherwise(pickler, file)

    return reduce


def _plain(file: Any) -> bool:
    """Whether this is a closed file as `open` makes them: not over an archive, or detached."""
    try:
        if not file.closed:
            return False
        if type(file) is io.TextIOWrapper:
            return type(file.buffer) in _BUFFERS and _plain(file.buffer)
        return type(file) is io.FileIO or type(file.raw) is io.FileIO
    except ValueError:
        return False


def _reduce_raw(file: Any) -> Any:
    return make_raw, (file.mode, file.closefd), dict(vars(file))


def _reduce_buffer(file: Any) -> Any:
    return make_buffer, (type(file), file.raw), dict(vars(file))


def _reduce_text(file: Any) -> Any:
    args = (file.buffer, file.encoding, file.errors, file.newlines, file.line_buffering,
            file.write_through)  # fmt: skip
    return make_text, args, dict(vars(file))


_REDUCERS: dict[type, Callable[[Any], Any]] = {
    io.FileIO: _reduce_raw,
    io.BufferedReader: _reduce_buffer,
    io.BufferedWriter: _reduce_buffer,
    io.BufferedRandom: _reduce_buffer,
    io.TextIOWrapper: _reduce_text,
}
TYPES = frozenset(_REDUCERS)


# What they are made of is closed already: it is opened anew, on nothing, for as long as it takes.


def make_raw(mode: str, closefd: bool) -> Any:
    raw = io.FileIO.__new__(io.FileIO)
    _open(raw, mode, closefd, b"")
    _close(raw, raw)
    return raw


def make_buffer(cls: Any, raw: Any) -> Any:
    attributes = dict(vars(raw))
    _open(raw, raw.mode, raw.closefd, b"")
    buffer = cls(raw)
    _close(buffer, raw)
    vars(raw).update(attributes)
    return buffer


def make_text(
    buffer: Any, encoding: str, errors: str, newlines: Any, line_buffering: bool, through: bool
) -> Any:
    raw = buffer.raw
    attributes = dict(vars(raw))
    seen = (newlines,) if isinstance(newlines, str) else newlines or ()
    # It tells which ends of lines it has read.
    _open(raw, raw.mode, raw.closefd, "-".join(seen).encode(encoding))
    buffer.__init__(raw)
    text = io.TextIOWrapper(buffer, encoding, errors, None, line_buffering, through)
    if seen:
        text.read()
    _close(text, raw)
    vars(raw).update(attributes)
    return text


def _open(raw: Any, mode: str, closefd: bool, content: bytes) -> None:
    if content:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            descriptor = os.dup(file.fileno())
    else:
        descriptor = os.open(os.devnull, os.O_RDWR)
    vars(raw).pop("__IOBase_closed", None)  # by which it knows that it is
    raw.__init__(descriptor, mode, closefd)


def _close(file: Any, raw: Any) -> None:
    descriptor = raw.fileno()
    file.close()
    if not raw.closefd:
        os.close(descriptor)
