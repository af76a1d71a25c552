"""numpy arrays: memory on its own, arrays as windows on it, so that views stay views."""

from __future__ import annotations

import mmap
import pickle
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .registry import Manifest, Span

if TYPE_CHECKING:
    from ..blobs import BlobFolder
    from .pickler import Handler, ValuePickler

# Buffers from this size on are blobs of their own; smaller ones stay in the pickle.
LARGE = 64 * 1024
# Types whose instances are nothing but a window on memory.
_PLAIN = {"numpy.ndarray", "numpy.matrix", "numpy.recarray", "numpy.rec.recarray",
          "numpy.matrixlib.defmatrix.matrix", "numpy.char.chararray",
          "numpy.memmap"}  # fmt: skip
_RAW_KINDS = frozenset("biufcmMSUV")


def handler(cls: type) -> Handler | None:
    """How arrays of this class are pickled; None: as their class says."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not issubclass(cls, numpy.ndarray):
        return None
    if cls is numpy.ma.MaskedArray:
        return _reduce_masked
    if f"{cls.__module__}.{cls.__qualname__}" in _PLAIN:
        return _reduce
    return None


def root_of(array: Any) -> Any:
    """The array that owns the memory, or at least the last one before something foreign."""
    numpy = sys.modules["numpy"]
    root = array
    while True:
        base = root.base
        if isinstance(base, _Memory) or type(base).__name__ == "DummyArray":
            base = base.base  # ours, or that of numpy.lib.stride_tricks
        if not isinstance(base, numpy.ndarray):
            return root
        root = base


def is_raw(dtype: Any) -> bool:
    """Whether elements are bytes that mean the same in another process."""
    return dtype.kind in _RAW_KINDS and not dtype.hasobject


def extents(array: Any) -> tuple[int, int]:
    """Address of the first byte and of the one after the last."""
    low = high = array.__array_interface__["data"][0]
    if array.size == 0:
        return low, low
    for length, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            low += (length - 1) * stride
        else:
            high += (length - 1) * stride
    return low, high + array.itemsize


def spans(
    blobs: BlobFolder, manifest: Manifest, buffers: Sequence[Any], loaded: bool
) -> list[Span]:
    """Where the buffers of a version are in memory."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return []
    found = []
    for buffer, part in zip(buffers, manifest["buffers"], strict=True):
        if isinstance(buffer, bytes):
            continue  # a small one is copied
        address = numpy.frombuffer(buffer, "u1").__array_interface__["data"][0]
        mapped = loaded and isinstance(buffer, mmap.mmap)
        found.append(Span(address, part["size"], blobs.path(part["blob"]), mapped))
    return found


class _Memory:
    """A piece of memory that numpy takes for an array of bytes."""

    def __init__(self, address: int, size: int, base: Any) -> None:
        self.base = base
        self.__array_interface__ = {
            "data": (address, False), "shape": (size,), "typestr": "|u1", "version": 3,
        }  # fmt: skip


def memory(array: Any) -> Any:
    """All bytes between an array's extents, as an array of bytes, without a copy."""
    numpy = sys.modules["numpy"]
    low, high = extents(array)
    if low == high:
        return numpy.empty(0, "u1")
    return numpy.asarray(_Memory(low, high - low, array))


def _reduce(pickler: ValuePickler, array: Any) -> Any:
    dtype = array.dtype
    if getattr(root_of(array), "mode", None) in ("r+", "w+"):
        pickler.refuse(array, "a file mapped into memory")
    objects = dtype.kind == "O"
    if not objects and not is_raw(dtype):
        return NotImplemented
    root = root_of(array)
    if root is not array and _same_world(dtype, root.dtype) and _inside(array, root):
        if pickler.shares_memory(array, root):
            return make_view, (_class(array), root, *_window(array, extents(root)[0]))
        if not objects and not _is_dense(array):
            return _own(array.copy(order="K"), is_writeable(array))
    if root is array and not objects and (buffer := _buffer_of(array)) is not None:
        start = sys.modules["numpy"].frombuffer(buffer, "u1")
        return make_window, (_class(array), buffer, *_window(array, extents(start)[0]))
    return _own_objects(array) if objects else _own(array, is_writeable(array))


def _buffer_of(array: Any) -> Any:
    """The user's own buffer that an array looks at (`np.frombuffer`)."""
    buffer = array.base.obj if type(array.base) is memoryview else None
    return buffer if type(buffer).__name__ in ("bytearray", "array") else None


class _Probe:
    def shares_memory(self, array: Any, root: Any) -> bool:
        self.count = sys.getrefcount(root)
        return True


def lone_count() -> int:
    """What sys.getrefcount gives in `shares_memory` for a root that only the view refers to."""
    global _lone_count
    if _lone_count == 0:
        probe: Any = _Probe()
        _reduce(probe, sys.modules["numpy"].zeros(3)[1:])
        _lone_count = probe.count
    return _lone_count


_lone_count = 0


def is_writeable(array: Any) -> bool:
    """Without the warning that a view made by broadcasting gives when its flags are asked."""
    return not array.__array_interface__["data"][1]


def _own(array: Any, writeable: bool) -> Any:
    flat = memory(array)
    data = pickle.PickleBuffer(flat) if flat.nbytes >= LARGE else flat.tobytes()
    dtype, shape, strides, offset, _ = _window(array, extents(array)[0])
    order: Any = strides
    if array.flags.c_contiguous:
        order = "C"
    elif array.flags.f_contiguous:
        order = "F"
    return make_array, (_class(array), data, dtype, shape, order, offset, writeable)


def _own_objects(array: Any) -> Any:
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    items = tuple(array.ravel(order=order).tolist()) if array.ndim else (array.item(),)
    state = (items, order, is_writeable(array))
    return make_objects, (_class(array), array.shape, order), state, None, None, fill_objects


def _window(array: Any, start: int) -> tuple[Any, ...]:
    offset = array.__array_interface__["data"][0] - start if array.size else 0
    return (array.dtype, array.shape, array.strides, offset, is_writeable(array))


def _class(array: Any) -> type:
    numpy = sys.modules["numpy"]
    cls = type(array)
    # The file of a memmap may not exist elsewhere: its values travel.
    result: type = numpy.ndarray if issubclass(cls, numpy.memmap) else cls
    return result


def _same_world(one: Any, other: Any) -> bool:
    if one.kind == "O":
        return bool(other.kind == "O")
    return is_raw(one) and is_raw(other)


def _inside(array: Any, root: Any) -> bool:
    low, high = extents(array)
    first, last = extents(root)
    return low == high or (first <= low and high <= last)


def _is_dense(array: Any) -> bool:
    low, high = extents(array)
    return bool(high - low <= 2 * array.nbytes)


def worth_sharing(array: Any, root: Any) -> bool:
    """Whether an array that nobody shares memory with should take the whole root along."""
    return bool(root.nbytes < LARGE or root.nbytes <= 2 * array.nbytes)


def inner(values: Any) -> Iterator[Any]:
    """The arrays that a pandas block or index consists of."""
    numpy = sys.modules["numpy"]
    if isinstance(values, numpy.ndarray):
        yield values
        return
    for attribute in ("_ndarray", "_data", "_mask"):
        array = getattr(values, attribute, None)
        if isinstance(array, numpy.ndarray):
            yield array


def make_array(
    cls: Any, data: Any, dtype: Any, shape: Any, order: Any, offset: int, writeable: bool
) -> Any:
    """An array on memory of its own; large memory is mapped, not copied."""
    numpy = sys.modules.get("numpy") or __import__("numpy")
    if isinstance(data, bytes) and order in ("C", "F"):
        array = numpy.ndarray.__new__(cls, shape, dtype, order=order)
        if array.size:
            memory(array)[:] = numpy.frombuffer(data, "u1")
    else:
        view = memoryview(data)
        if view.readonly:
            data = bytearray(view)
        if isinstance(order, str):
            array = numpy.ndarray.__new__(cls, shape, dtype, data, order=order)
        else:
            array = numpy.ndarray.__new__(cls, shape, dtype, data, offset, order)
    if not writeable:
        array.flags.writeable = False
    return array


def make_objects(cls: Any, shape: Any, order: str) -> Any:
    numpy = sys.modules.get("numpy") or __import__("numpy")
    return numpy.ndarray.__new__(cls, shape, object, order=order)


def fill_objects(array: Any, state: Any) -> None:
    numpy = sys.modules["numpy"]
    items, order, writeable = state
    flat = numpy.fromiter(items, dtype=object, count=len(items))
    array[...] = flat.reshape(array.shape, order=order)
    if not writeable:
        array.flags.writeable = False


def make_view(
    cls: Any, root: Any, dtype: Any, shape: Any, strides: Any, offset: int, writeable: bool
) -> Any:
    """An array that looks through a window at the memory of another one."""
    numpy = sys.modules["numpy"]
    frozen = writeable and not root.flags.writeable
    if frozen:
        root.flags.writeable = True
    try:
        if root.flags.forc and root.size:
            view = numpy.ndarray.__new__(cls, shape, dtype, root, offset, strides)
        else:
            view = numpy.ndarray.__new__(cls, shape, dtype, memory(root), offset, strides)
    finally:
        if frozen:
            root.flags.writeable = False
    if not writeable:
        view.flags.writeable = False
    return view


def make_window(
    cls: Any, buffer: Any, dtype: Any, shape: Any, strides: Any, offset: int, writeable: bool
) -> Any:
    """An array that looks at a buffer of the user's."""
    numpy = sys.modules.get("numpy") or __import__("numpy")
    memory = numpy.frombuffer(buffer, "u1")
    array = numpy.ndarray.__new__(cls, shape, dtype, memory, offset, strides)
    if not writeable:
        array.flags.writeable = False
    return array


def _reduce_masked(pickler: ValuePickler, array: Any) -> Any:
    numpy = sys.modules["numpy"]
    data = array.view(numpy.ndarray)
    if data.base is array or array._baseclass is not numpy.ndarray:
        return NotImplemented
    state = {
        "_mask": None if array._mask is numpy.ma.nomask else array._mask,
        "_hardmask": array._hardmask,
        "_sharedmask": array._sharedmask,
        "_fill_value": array._fill_value,
        "_optinfo": array._optinfo,
    }
    return make_masked, (data,), state, None, None, set_masked


def make_masked(data: Any) -> Any:
    numpy = sys.modules["numpy"]
    return data.view(numpy.ma.MaskedArray)


def set_masked(array: Any, state: dict[str, Any]) -> None:
    if state["_mask"] is None:
        state = {**state, "_mask": sys.modules["numpy"].ma.nomask}
    array.__dict__.update(state)
