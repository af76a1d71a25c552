"""What may go wrong with a value, in words a user understands."""

from __future__ import annotations

from typing import Any


class LoadError(Exception):
    """A value could not be brought into this kernel."""

    def __init__(self, name: str, type: str, reason: str) -> None:
        super().__init__(f"`{name}` ({type}) could not be loaded: {reason}")
        self.name = name
        self.type = type
        self.reason = reason


class Stopped(BaseException):
    """The user wants no more to be loaded; no name was bound."""


class Unshippable(Exception):
    """A value, or something inside it, lives only in its process."""

    def __init__(self, what: str, culprit: Any = None) -> None:
        super().__init__(what)
        self.what = what
        self.culprit = culprit


class Cycle(Exception):
    """A variable reaches one that is being exported: the two go into one pickle."""
