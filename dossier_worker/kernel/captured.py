"""What Output widgets take of the outputs of a cell or a callback.

In Jupyter a page takes them and tells the kernel. A cell may run before any page is linked to its
worker kernel, so here they become the widget's state in the kernel, and every page shows them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

# Outputs that come fast are shown together.
_PAUSE = 0.05
_MODEL = "OutputModel"
_TAKEN = frozenset({"stream", "display_data", "execute_result", "error", "clear_output"})


class Captured:
    """The Output widgets of one worker kernel; `show(comm, outputs)` sets what one shows."""

    def __init__(self, show: Callable[[str, list[Json]], None]) -> None:
        self.enabled = False
        """Whether there may be pages; without, the outputs stay the cell's."""
        self.echoes = 0
        """How often a widget told what a page had set."""
        self._show = show
        self._widgets: dict[str, _Outputs] = {}
        self._takers: dict[str, list[str]] = {}
        """Comms that take what answers a request, by its id; the last one does."""
        self._changed: set[str] = set()
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()

    def note(self, kind: str, content: Json) -> None:
        """Follows the comms' own messages, in either direction."""
        comm = content.get("comm_id")
        data = content.get("data")
        state = data.get("state") if isinstance(data, dict) else None
        self.echoes += isinstance(data, dict) and data.get("method") == "echo_update"
        with self._lock:
            if kind == "comm_close":
                self._widgets.pop(str(comm), None)
                self._release(str(comm))
            elif kind == "comm_open" and isinstance(state, dict):
                if state.get("_model_name") == _MODEL:
                    self._widgets[str(comm)] = _Outputs()
                    self._note_state(str(comm), state)
            elif comm in self._widgets and isinstance(state, dict):
                self._note_state(str(comm), state)

    def take(self, request: str | None, kind: str, content: Json) -> bool:
        """Whether a widget took this output, which then belongs nowhere else."""
        takers = self._takers.get(request or "")
        if not self.enabled or not takers or kind not in _TAKEN:
            return False
        with self._lock:
            self._widgets[takers[-1]].add(kind, content)
            self._changed.add(takers[-1])
            if self._timer is None:
                self._timer = threading.Timer(_PAUSE, self._publish)
                self._timer.daemon = True
                self._timer.start()
        return True

    def _note_state(self, comm: str, state: Json) -> None:
        if "outputs" in state and comm not in self._changed:
            self._widgets[comm].items = [dict(item) for item in state["outputs"] or ()]
        if "msg_id" in state:
            self._release(comm)
            if state["msg_id"]:
                self._takers.setdefault(state["msg_id"], []).append(comm)

    def _release(self, comm: str) -> None:
        for request, comms in list(self._takers.items()):
            if comm in comms:
                comms.remove(comm)
                if not comms:
                    del self._takers[request]

    def _publish(self) -> None:
        with self._lock:
            self._timer = None
            changed = {
                comm: [dict(item) for item in self._widgets[comm].items]
                for comm in self._changed
                if comm in self._widgets
            }
            self._changed.clear()
        for comm, items in changed.items():
            self._show(comm, items)


class _Outputs:
    """The outputs of one widget, as nbformat has them."""

    def __init__(self) -> None:
        self.items: list[Json] = []
        self._clear = False

    def add(self, kind: str, content: Json) -> None:
        if kind == "clear_output":
            self._clear = bool(content.get("wait"))
            if not self._clear:
                self.items = []
            return
        if self._clear:
            self.items, self._clear = [], False
        last = self.items[-1] if self.items else {}
        if kind == "stream" and last.get("name") == content["name"]:
            last["text"] += content["text"]
        else:
            shown = {key: value for key, value in content.items() if key != "transient"}
            self.items.append({"output_type": kind, **shown})
