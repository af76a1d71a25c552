"""pandas objects: blocks of arrays, with the bookkeeping of copy-on-write.

pandas pickles its blocks without the record of who else looks at the same memory; a value that
comes back with shared memory but without this record would let a write to one frame reach another.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import arrays
from .describe import module_of

if TYPE_CHECKING:
    from .pickler import Handler, ValuePickler


def _internals() -> Any:
    if "pandas" not in sys.modules:
        return None
    internals = sys.modules.get("pandas._libs.internals")
    return internals if hasattr(internals, "BlockValuesRefs") else None  # pandas >= 2


def handler(cls: type) -> Handler | None:
    """How pandas objects of this class are pickled; None: as their class says."""
    internals = _internals()
    if internals is None or module_of(cls).partition(".")[0] != "pandas":
        return None
    pandas = sys.modules["pandas"]
    if issubclass(cls, internals.Block):
        return _reduce_block
    if cls is internals.BlockValuesRefs:
        return _reduce_refs
    if cls.__name__ == "SingleBlockManager":
        return _reduce_single
    if issubclass(cls, pandas.Index):
        return _reduce_index
    if cls in (pandas.DataFrame, pandas.Series):
        return _reduce_frame
    return None


def copy_on_write() -> bool:
    """Whether a write to one frame never reaches another (always, from pandas 3 on)."""
    pandas = sys.modules["pandas"]
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return getattr(pandas.options.mode, "copy_on_write", False) is True


def is_block(cls: type) -> bool:
    internals = _internals()
    return internals is not None and issubclass(cls, internals.Block)


def is_index(cls: type) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and issubclass(cls, pandas.Index)


def memory_of(objects: Iterable[Any]) -> set[int]:
    """ids of what these blocks and indexes keep their data in."""
    found: set[int] = set()
    if not copy_on_write():
        return found  # to share memory is to share writes: like arrays
    for obj in objects:
        values, refs = (
            (_data_of(obj), obj._references) if is_index(type(obj)) else (obj.values, obj.refs)
        )
        for array in arrays.inner(values):
            found.add(id(array))
            found.add(id(arrays.root_of(array)))
        found.add(id(refs))
    return found


def _data_of(index: Any) -> Any:
    # Asked for as an attribute, a RangeIndex would make an array of all its numbers.
    return vars(index).get("_data")


def _refs(pickler: ValuePickler, values: Any, refs: Any) -> Any:
    """The bookkeeping to pickle along with these values."""
    if not copy_on_write():
        return refs
    registry = pickler.registry
    for array in arrays.inner(values):
        pickler.mark(array)
        if id(arrays.root_of(array)) in registry.known:
            registry.promote(refs)
    # The values are copied (see ValuePickler.shares_memory), so nobody else looks at them.
    return None if id(refs) in registry.frame_memory else refs


def _reduce_frame(pickler: ValuePickler, frame: Any) -> Any:
    return *frame.__reduce_ex__(5)[:3], None, None, set_frame


def set_frame(frame: Any, state: dict[str, Any]) -> None:
    frame.__setstate__(state)
    # pandas takes a copy, which no longer is the dict that another variable may hold.
    object.__setattr__(frame, "_attrs", state["attrs"])


def _reduce_block(pickler: ValuePickler, block: Any) -> Any:
    refs = _refs(pickler, block.values, block.refs)
    return make_block, (block.values, block.mgr_locs.indexer, block.ndim, refs)


def make_block(values: Any, placement: Any, ndim: int, refs: Any) -> Any:
    internals = importlib.import_module("pandas._libs.internals")
    blocks = importlib.import_module("pandas.core.internals.blocks")
    place = internals.BlockPlacement(placement)
    return blocks.new_block(values, placement=place, ndim=ndim, refs=refs)


def _reduce_refs(pickler: ValuePickler, refs: Any) -> Any:
    return make_refs, ()


def make_refs() -> Any:
    return importlib.import_module("pandas._libs.internals").BlockValuesRefs()


def _reduce_single(pickler: ValuePickler, manager: Any) -> Any:
    return make_single, (type(manager), manager.blocks[0], manager.axes[0])


def make_single(cls: Any, block: Any, axis: Any) -> Any:
    return cls(block, axis)


def _reduce_index(pickler: ValuePickler, index: Any) -> Any:
    reduced = index.__reduce_ex__(5)
    values = _data_of(index)
    references = getattr(index, "_references", None)
    if values is None or references is None:
        return reduced
    refs = _refs(pickler, values, references)
    return make_index, (reduced[0], reduced[1], refs)


def make_index(function: Any, args: Any, refs: Any) -> Any:
    index = function(*args)
    if refs is not None:
        index._references = refs
        refs.add_index_reference(index)
    return index
