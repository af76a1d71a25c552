"""What a cell shows, bounded by the server itself: a worker is not to be trusted with it.

A worker keeps to the limits by itself (`dossier_worker.outflow`): text beyond them comes as parts
of the whole output, and its end as a note. What the note says in the notebook is written here.
"""

from __future__ import annotations

from typing import Any

from dossier_worker.blobs import is_name
from dossier_worker.bounds import Bounds, Limits

from ...targets import Target
from ..model import Json
from .database import LARGEST

# The front end makes a link of it; other programs show the text beside it.
MIME = "application/vnd.jupyterlab-dossier.output+json"
_TAIL = 64 << 10
# What a worker may be beyond its limits before it is cut off: notes, and counting.
_MARGIN = 2


def limits_of(target: Target) -> Limits:
    """How much cells on a target may show."""
    names = {name: f"output_{name}" for name in ("text", "rich", "whole")}
    settings = target.settings
    return Limits(**{name: settings[key] for name, key in names.items() if key in settings})


class Excess:
    """Judges the output messages of one attempt."""

    def __init__(self, run: str, cell: str, attempt: str, limits: Limits) -> None:
        self._run, self._cell, self._attempt = run, cell, attempt
        self._bounds = Bounds(Limits(*(_MARGIN * limit for limit in limits)))
        self._kept = 0
        self._cut = False

    def output(self, message: Json) -> Json | None:
        """The event of a message; None where there is to be none."""
        kind, content = message.get("msg_type"), message.get("content")
        metadata = message.get("metadata") or {}
        if not isinstance(kind, str) or not isinstance(content, dict):
            return None
        if not isinstance(metadata, dict) or not _is_sound(kind, content):
            return None
        if self._bounds.admits(kind, content):
            return {"msg_type": kind, "content": content, "metadata": metadata}
        if self._cut:
            return None
        self._cut = True
        text = "\n… The worker sent more output than it may: what follows is left out.\n"
        content = {"name": "stderr", "text": text}
        return {"msg_type": "stream", "content": content, "metadata": {}}

    def note(self, message: Json) -> Json | None:
        """The event of a worker's `more`: a display that takes the place of the one before it."""
        hidden = {key: _count(message.get(key)) for key in ("characters", "displays", "kept")}
        tail = str(message.get("tail") or "")[-_TAIL:]
        words = _words(hidden, message.get("full"))
        command = f"jupyter dossier logs {self._run} {self._cell}"
        plain = f"{words}\n{command}\n\n{tail}"
        about = {"version": 1, "run": self._run, "cell": self._cell, "words": words, "tail": tail}
        content = {
            "data": {MIME: about, "text/plain": plain},
            "metadata": {},
            "transient": {"display_id": f"dossier-{self._attempt}"},
        }
        kind = "display_data" if message.get("new") is True else "update_display_data"
        if not self._bounds.admits(kind, content):
            return None
        return {"msg_type": kind, "content": content, "metadata": {}}

    def part(self, message: Json) -> tuple[int, str, int] | None:
        """Position, blob and size of a part of the whole output."""
        position, blob = message.get("position"), message.get("blob")
        size = _count(message.get("size"))
        if not isinstance(position, int) or not isinstance(blob, str) or not is_name(blob):
            return None
        self._kept += max(size, 4096)  # empty ones fill the ledger too
        if not 0 <= position < LARGEST or self._kept > self._bounds.limits.whole:
            return None
        return position, blob, size


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < LARGEST else 0


def _is_sound(kind: str, content: Json) -> bool:
    """What those that build a notebook of it count on."""
    if kind == "stream":
        return content.get("name") in ("stdout", "stderr") and isinstance(content.get("text"), str)
    if kind in ("display_data", "execute_result", "update_display_data"):
        transient = content.get("transient") or {}
        return isinstance(content.get("data", {}), dict) and isinstance(transient, dict)
    return True


def _words(hidden: dict[str, int], full: Any) -> str:
    parts = []
    if hidden["characters"]:
        parts.append(f"{_bytes(hidden['characters'])} more")
    if hidden["displays"]:
        parts.append(f"{hidden['displays']} displays more")
    words = f"… {' and '.join(parts) or 'The end of a long output'}"
    if full:
        words += f" (the first {_bytes(hidden['kept'])} are kept)"
    return words


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
