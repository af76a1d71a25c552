"""A copy of the notebook's folder, in which a run is executed again."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from ..model import BadInput

# A folder that is larger is not copied unasked.
LIMIT = 8 << 30
# What stands in such folders is made anew, not read by notebooks.
_PASSED_OVER = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "__pycache__", ".ipynb_checkpoints"
)


@contextlib.asynccontextmanager
async def copied(notebook: Path) -> AsyncIterator[Path]:
    """The notebook's path in a copy of its folder. Raises `BadInput`."""
    size = await asyncio.to_thread(_size, notebook.parent)
    if size > LIMIT:
        words = f"{notebook.parent} holds {size >> 30} GiB: it is too large to be copied for this"
        raise BadInput(words, "run")
    place = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="dossier-verify-"))
    try:
        folder = place / notebook.parent.name
        await asyncio.to_thread(
            shutil.copytree, notebook.parent, folder, symlinks=True, ignore=_PASSED_OVER
        )
        yield folder / notebook.name
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += file.lstat().st_size
        if total > LIMIT:
            break
    return total
