"""How much a cell may show. The worker keeps to it, and the server insists on it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

DISPLAYS = frozenset({"display_data", "execute_result"})
SHOWN = DISPLAYS | {"stream", "error"}
# What a message takes beside its content, in the ledger and on the way.
_ENVELOPE = 256


class Limits(NamedTuple):
    """In bytes, of one attempt."""

    text: int = 128 << 10
    """Of streams that stand in the cell; what is printed beyond goes to the whole output.

    A browser takes more than 50 ms to lay out much more than this, each time it grows."""
    rich: int = 32 << 20
    """Of displays that stand in the cell; further ones are left out."""
    whole: int = 1 << 30
    """Of text that is kept as the whole output."""
    total: int = 256 << 20
    """Of all messages together, with those that others replaced."""


class Bounds:
    """Counts the messages of one attempt, in order."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.total = 0
        self.cleared = 0
        """How often the cell was emptied by what it said."""
        self._text = 0
        self._rich = 0
        self._clear = False

    @property
    def replaced(self) -> int:
        """Bytes that were sent and do not stand any more, or changed what stands."""
        return self.total - self._text - self._rich

    def room(self) -> int:
        """Characters that another text may have."""
        return self.limits.text if self._clear else max(0, self.limits.text - self._text)

    def admits(self, kind: str, content: dict[str, Any]) -> bool:
        """Count a message in; False where it is too much, and does not count."""
        size = size_of(kind, content)
        if self.total + size + _ENVELOPE > self.limits.total:
            return False
        if kind == "clear_output":
            self._clear = bool(content.get("wait"))
            if not self._clear:
                self._empty()
        elif kind in SHOWN:
            text = size if kind == "stream" else 0
            rich = size - text
            standing = (0, 0) if self._clear else (self._text, self._rich)
            if standing[0] + text > self.limits.text or standing[1] + rich > self.limits.rich:
                return False
            if self._clear:
                self._clear = False
                self._empty()
            self._text += text
            self._rich += rich
        elif size > self.limits.rich:
            return False
        self.total += size + _ENVELOPE
        return True

    def _empty(self) -> None:
        self._text = self._rich = 0
        self.cleared += 1


def size_of(kind: str, content: dict[str, Any]) -> int:
    """About how many bytes a message's content has."""
    if kind == "stream":
        return len(str(content.get("text", "")))
    data = content.get("data") if kind in DISPLAYS or kind == "update_display_data" else content
    parts = data.values() if isinstance(data, dict) else [data]
    return sum(len(part) if isinstance(part, str) else len(json.dumps(part)) for part in parts)
