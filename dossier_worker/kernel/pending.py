"""Names whose values are elsewhere: completion and inspection in the notebook's kernel know them.

Nothing is loaded for that. A value is loaded when a cell needs it.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Mapping
from typing import Any

_FOR_TYPE = 40
_ATTRIBUTES = 500


class Pending:
    """The pending names of one kernel, and what asks for them in its shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._names: dict[str, Mapping[str, Any]] = {}
        self._bound: dict[str, int] = {}
        self._inspect = shell.object_inspect_mime
        shell.object_inspect_mime = self._inspected
        completer = getattr(shell, "Completer", None)
        if completer is not None and hasattr(completer, "custom_matchers"):
            completer.custom_matchers.append(_matcher(self))

    def announce(self, names: Mapping[str, Mapping[str, Any]]) -> None:
        """These names, and no others, are pending now."""
        self._names = dict(names)
        self._bound = {name: id(self._shell.user_ns.get(name)) for name in names}

    def complete(self, token: str) -> list[tuple[str, str]]:
        """(completion, type) for what stands before the cursor."""
        name, dot, start = token.rpartition(".")
        if not dot:
            return [
                (known, str(about["type"])[:_FOR_TYPE])
                for known, about in self._current().items()
                if known.startswith(token)
            ]
        about = self._current().get(name)
        found = dir(self._class(about)) if about else []
        hidden = start.startswith("_")
        return [
            (f"{name}.{attribute}", "")
            for attribute in found
            if attribute.startswith(start) and (hidden or not attribute.startswith("_"))
        ][:_ATTRIBUTES]

    def _inspected(self, name: str, *arguments: Any, **options: Any) -> Any:
        about = self._current().get(name)
        if about is None:
            return self._inspect(name, *arguments, **options)
        text = words(about)
        # The caller takes the second away where the frontend shows no HTML.
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}

    def _current(self) -> dict[str, Mapping[str, Any]]:
        """Without those that somebody has bound here since."""
        space = self._shell.user_ns
        return {
            name: about
            for name, about in self._names.items()
            if id(space.get(name)) == self._bound[name]
        }

    def _class(self, about: Mapping[str, Any]) -> Any:
        """The type of a pending value where this kernel has it already; else None's."""
        kind = str(about["type"])
        if kind == "module":
            return sys.modules.get(str(about.get("summary")))
        if "." not in kind:
            return self._shell.user_ns.get(kind) or vars(sys.modules["builtins"]).get(kind)
        module, _, name = kind.rpartition(".")
        return getattr(sys.modules.get(module), name, None)


def words(about: Mapping[str, Any]) -> str:
    """What is known of a value that is elsewhere, line by line."""
    lines = [("Type", about["type"]), ("Value", about.get("summary"))]
    lines += [("Size", about.get("size")), ("Where", about.get("where"))]
    lines += [("Made by", about.get("made"))]
    text = "\n".join(f"{label + ':':<10}{_plain(value)}" for label, value in lines if value)
    return f"{text}\nIt is loaded into this kernel when a cell needs it."


def _plain(value: Any) -> str:
    """One line without control characters: it comes from a worker."""
    return "".join(c if c.isprintable() else " " for c in str(value))[:300]


def _matcher(pending: Pending) -> Any:
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # before IPython 8.6
        return lambda text: [completion for completion, _ in pending.complete(text)]

    @context_matcher()  # type: ignore[untyped-decorator]
    def dossier_pending_matcher(context: Any) -> Any:
        found = pending.complete(context.token)
        completions = [SimpleCompletion(text=text, type=kind or None) for text, kind in found]
        return {"completions": completions, "suppress": False}

    return dossier_pending_matcher


_pending: Pending | None = None


def announce(shell: Any, names: Mapping[str, Mapping[str, Any]]) -> None:
    """Tells a kernel which names are pending; the first time, its shell learns to look."""
    global _pending
    if _pending is None:
        if not names:
            return
        _pending = Pending(shell)
    _pending.announce(names)
