"""Comms of worker kernels: what widgets and pages say to each other, and their present state.

All of it is passed on live and none goes into the ledger: it comes at a high rate, and means
nothing once the worker kernel is gone. The state is kept for pages that come later; they could
not ask a kernel that runs a cell.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import Json

COMM = frozenset({"comm_open", "comm_msg", "comm_close"})
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Stands beside a widget's view, and is shown in its place: how to reach the worker kernel.
WIDGET_PLACE = "application/vnd.jupyterlab-dossier.widget+json"

# Bytes of state, and comms, that are kept for one worker kernel; what goes beyond is known only to
# pages that are linked when it is said.
ROOM = 64 << 20
MOST = 10_000
# What a page may be behind before it is cut off, to come again and take the present state.
BEHIND = 10_000
BEHIND_BYTES = 64 << 20

_UPDATE = "update"

# What is told in the cell, once a worker kernel.
BEYOND: Json = {
    "msg_type": "stream",
    "content": {
        "name": "stderr",
        "text": f"\n… Its widgets have more state than is kept ({ROOM >> 20} MiB and {MOST} widgets"
        " of one worker kernel): a page that is opened or reloaded later does not show all of"
        " them. Close those that are not needed (`widget.close()`), or give them less data.\n",
    },
    "metadata": {},
}


def weight(value: Any) -> int:
    """About how many bytes JSON takes once it is read: its text, and what each thing in it costs
    beside that."""
    try:
        text = json.dumps(value)
    except RecursionError:
        return ROOM + 1
    return len(text) + 64 * (text.count("{") + text.count("[")) + 32 * text.count(",")


def with_place(content: Json, kernel: str) -> Json:
    """An output; one that shows a widget says in which worker kernel that lives."""
    data = content.get("data")
    if not isinstance(data, dict) or WIDGET_VIEW not in data:
        return content
    return {**content, "data": {**data, WIDGET_PLACE: {"kernel": kernel}}}


@dataclass(frozen=True)
class Said:
    """A message of a worker kernel that is for its pages."""

    msg_type: str
    content: Json
    metadata: Json
    parent: str | None
    """The id of the request that it answers."""
    buffers: Sequence[bytes] = ()
    size: int = 0
    """What it takes, with its buffers."""

    @property
    def comm(self) -> str | None:
        return str(self.content.get("comm_id")) if self.msg_type in COMM else None

    @property
    def update(self) -> Json | None:
        """The new values of a widget, if it is about nothing else and all in JSON."""
        data = self.content.get("data")
        if self.msg_type != "comm_msg" or self.buffers or not isinstance(data, dict):
            return None
        state = data.get("state")
        return state if data.get("method") == _UPDATE and isinstance(state, dict) else None


@dataclass
class WidgetState:
    """The present state of one comm."""

    target: str
    state: Json
    buffers: dict[tuple[str | int, ...], bytes] = field(default_factory=dict)
    """Binary parts, by their place in the state."""
    size: int = 0
    """What it takes, with its buffers."""
    _sizes: dict[str, int] = field(default_factory=dict)
    _binary: int = 0

    def change(self, data: Json, buffers: Sequence[bytes]) -> None:
        """Takes over the new values of some of its keys."""
        state = data.get("state") or {}
        paths = [tuple(path) for path in data.get("buffer_paths") or ()]
        changed = {*state, *(path[0] for path in paths)}
        left = {p: b for p, b in self.buffers.items() if p[0] not in changed}
        others = bool(paths) or len(left) < len(self.buffers)
        self.buffers = left
        self.state.update(state)
        self.buffers.update(zip(paths, buffers, strict=True))
        self._sizes.update({key: len(key) + weight(value) for key, value in state.items()})
        if others:
            self._binary = sum(weight(path) + len(part) for path, part in self.buffers.items())
        self.size = sum(self._sizes.values()) + self._binary


class Feed:
    """What one page is yet to be told. Updates of a widget that it is behind with become one."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, Said] = OrderedDict()
        self._updates: dict[str, int] = {}
        self._number = 0
        self._bytes = 0
        self._arrived = asyncio.Event()
        self.ended: str | None = None

    def put(self, said: Said) -> None:
        comm, update = said.comm, said.update
        earlier = self._updates.pop(comm, None) if comm else None
        if comm and update is not None:
            if earlier is not None:
                overtaken = self._waiting.pop(earlier)
                self._bytes -= overtaken.size
                before = overtaken.update or {}
                data = {**said.content["data"], "state": {**before, **update}}
                content = {**said.content, "data": data}
                # What of it is replaced is counted no more, what stays is.
                replaced = sum(weight(before[key]) for key in update if key in before)
                size = said.size + max(0, overtaken.size - replaced)
                said = Said(said.msg_type, content, said.metadata, said.parent, size=size)
            self._updates[comm] = self._number
        self._waiting[self._number] = said
        self._number += 1
        self._bytes += said.size
        if len(self._waiting) > BEHIND or self._bytes > BEHIND_BYTES:
            self.end("this page is too far behind")
        self._arrived.set()

    def end(self, why: str) -> None:
        self.ended = self.ended or why
        self._waiting.clear()
        self._updates.clear()
        self._arrived.set()

    async def next(self) -> Said | None:
        """The next message; None at the end."""
        while not self._waiting:
            if self.ended:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        number, said = self._waiting.popitem(last=False)
        self._bytes -= said.size
        if said.comm and self._updates.get(said.comm) == number:
            del self._updates[said.comm]
        return said


class Comms:
    """The comms of one worker kernel, and the pages that are linked to it."""

    def __init__(self) -> None:
        self.open: dict[str, WidgetState] = {}
        self._size = 0
        self.beyond = False
        """There is more state than is kept."""
        self.told = False
        """A cell was told so."""
        self._feeds: set[Feed] = set()

    def listen(self) -> Feed:
        feed = Feed()
        self._feeds.add(feed)
        return feed

    def leave(self, feed: Feed) -> None:
        self._feeds.discard(feed)

    def end(self, why: str) -> None:
        """The worker kernel is gone."""
        for feed in self._feeds:
            feed.end(why)
        self._feeds.clear()
        self.open.clear()
        self._size = 0

    def said(self, message: Json, buffers: Sequence[bytes]) -> None:
        """A message of the worker kernel, which is untrusted."""
        content, metadata = message.get("content"), message.get("metadata")
        if not isinstance(content, dict):
            return
        msg_type, parent = str(message.get("msg_type")), message.get("attempt")
        said = Said(
            msg_type,
            content,
            metadata if isinstance(metadata, dict) else {},
            str(parent) if parent else None,
            buffers,
            weight(message) + sum(map(len, buffers)) if self._feeds else 0,
        )
        self.note(msg_type, content, buffers)
        for feed in list(self._feeds):
            feed.put(said)

    def note(self, msg_type: str, content: Json, buffers: Sequence[bytes]) -> None:
        """Follows the state of what is open, in whichever direction a message goes."""
        name, data = str(content.get("comm_id")), content.get("data")
        if msg_type == "comm_close":
            self._drop(name)
            return
        if not isinstance(data, dict) or msg_type not in COMM:
            return
        if msg_type == "comm_open":
            self._drop(name)
            target = str(content.get("target_name"))
            self.open[name] = WidgetState(target, {})
            self._size += len(name) + len(target)
        elif data.get("method") not in (_UPDATE, "echo_update"):
            return
        widget = self.open.get(name)
        if widget is None:
            return
        self._size -= _kept(name, widget)
        try:
            widget.change(data, buffers)
        except (TypeError, ValueError, IndexError, AttributeError):
            del self.open[name]  # what its state is nobody can say
            return
        self._size += _kept(name, widget)
        if self._size > ROOM or len(self.open) > MOST:
            self._drop(name)
            self.beyond = True

    def _drop(self, name: str) -> None:
        widget = self.open.pop(name, None)
        if widget is not None:
            self._size -= _kept(name, widget)

    def states(self) -> tuple[Json, list[bytes]]:
        """Of all widgets, as ipywidgets' control comm tells them (`update_states`)."""
        states: Json = {}
        paths: list[list[Any]] = []
        buffers: list[bytes] = []
        for name, widget in self.open.items():
            if widget.target != "jupyter.widget":
                continue
            states[name] = {
                "model_name": widget.state.get("_model_name"),
                "model_module": widget.state.get("_model_module"),
                "model_module_version": widget.state.get("_model_module_version"),
                "state": widget.state,
            }
            paths += [[name, *path] for path in widget.buffers]
            buffers += widget.buffers.values()
        return {"method": "update_states", "states": states, "buffer_paths": paths}, buffers


def _kept(name: str, widget: WidgetState) -> int:
    """What keeping a comm takes."""
    return len(name) + len(widget.target) + widget.size
