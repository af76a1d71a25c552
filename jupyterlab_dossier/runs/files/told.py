"""What a worker told of files, read (it is untrusted) and put into words."""

from __future__ import annotations

import os
import re
from typing import Any

from ..model import Json
from .finding import TOLD
from .travel import Sent, Wanted

_NOT_FOUND = ("FileNotFoundError", "NotADirectoryError", "OSError")
# Of an error, what may be the path or the module that was not found.
_QUOTED = re.compile(r"'([^'\n]{1,1000})'" r'|"([^"\n]{1,1000})"')
_DECLARE = 'name it in the cell\'s `effects.reads` (`"file:{}"`)'


def missing(message: Json) -> list[str]:
    """Paths that a cell looked for below its folder, where they were not; untrusted input."""
    return [path for path in _told(message, "missing") if isinstance(path, str)]


def changed(message: Json) -> list[str]:
    """Files that a cell made, changed or removed where the notebook's folder is not."""
    made = [item for item in _told(message, "made") if isinstance(item, dict) and item.get("blob")]
    gone = [item for item in _told(message, "gone") if isinstance(item, dict)]
    return [item["path"] for item in (*made, *gone) if isinstance(item.get("path"), str)]


def untouched(sent: Sent | None, message: Json) -> bool:
    """Whether there is nothing to bring, to put in place or to tell."""
    told = message.get("files")
    quiet = sent is not None and not sent.notes and message.get("status") == "ok"
    return quiet and isinstance(told, dict) and not any(told.values())


def beyond(message: Json) -> list[str]:
    """That files were written beside the folder that stands for the notebook's; in words."""
    found = [path for path in _told(message, "beside") if isinstance(path, str)]
    names = ", ".join(f"`{path[:200]}`" for path in found[:TOLD])
    return [f"outside of the notebook's folder, and so it did not come back: {names}"][: len(found)]


def unsent(wanted: Wanted, sent: Sent, message: Json) -> list[str]:
    """Files that a cell looked for, and that are here but did not travel; in words."""
    error = message.get("error")
    missed: dict[str, None] = {}
    if isinstance(error, dict):
        words = str(error.get("evalue"))[:10_000]
        quoted = [a or b for a, b in _QUOTED.findall(words)]
        if error.get("ename") == "ModuleNotFoundError":
            found = [f"{name.partition('.')[0]}" for name in quoted]
            quoted = [p for name in found for p in (f"{name}.py", name)]
        elif error.get("ename") not in _NOT_FOUND:
            quoted = []
        missed.update(dict.fromkeys([*quoted, *words.split()[-1:]] if quoted else quoted))
    missed.update(dict.fromkeys(missing(message)))
    notes = []
    for path in missed:
        if not path or "\0" in path or len(path) > 4000:
            continue
        place = os.path.normpath(os.path.join(wanted.folder, path))
        name = os.path.relpath(place, wanted.folder)
        here = place.startswith(wanted.folder + os.sep) and os.path.exists(place)
        if not here or name in sent.entries:
            continue
        if os.path.isabs(path):
            words = "it is named by its absolute path: name it from the notebook's folder"
        else:
            words = _DECLARE.format(name)
        notes.append(f"`{name}` is in the notebook's folder but was not sent: {words}")
    return notes[:TOLD]


def _told(message: Json, kind: str) -> list[Any]:
    told = message.get("files")
    found = told.get(kind) if isinstance(told, dict) else None
    return found if isinstance(found, list) else []
