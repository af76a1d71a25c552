"""What a cell shows, on its way to the server: gathered for a moment, and bounded.

Of the messages of one moment those are left out that the later ones make invisible; what stands
in the notebook in the end is the same. Beyond the limits, text goes to the whole output and its
end into a note that stands in the cell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from .blobs import BlobFolder, Buffer
from .bounds import DISPLAYS, SHOWN, Bounds, Limits, size_of
from .whole import Whole

Message = dict[str, Any]
Send = Callable[[Message, Sequence[Buffer]], None]

WINDOW = 0.05
# So much in one moment does not wait for its end.
_AT_ONCE = 4 << 20
# Animations that go on for hours are sent less and less often.
_UNHURRIED = 4 << 20
_RATE = 1 << 20
_LONGEST, _FOREVER = 30.0, 1e6
# Of text that is not shown: how often its end is, how much of it then, and at the cell's end.
_FIRST_NOTE, _LAST_NOTE = 1.0, 5.0
_LIVE_TAIL, _TAIL = 2 << 10, 32 << 10
_SEAL = 10.0

_GATHERED = SHOWN | {"update_display_data", "clear_output"}


class Outflow:
    """The outputs of one attempt."""

    def __init__(self, attempt: str, limits: Limits, blobs: BlobFolder, send: Send) -> None:
        self._attempt = attempt
        self._send = send
        self._bounds = Bounds(limits)
        self._whole = Whole(blobs, limits.whole, self._part)
        self._pending = _Pending()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._pause = WINDOW
        self._more: _More | None = None

    def take(self, message: Message, buffers: Sequence[Buffer]) -> None:
        """A message of the worker kernel, to be sent soon."""
        if not _is_gathered(message):
            self.flush()
            self._send(message, buffers)
            return
        self._pending.add(message, buffers)
        if self._pending.standing > _AT_ONCE:
            self.flush()
        else:
            self._flush_after(self._pause)

    def flush(self) -> None:
        """Send what waits."""
        self._stop_timer()
        before = self._bounds.replaced
        for message, buffers in self._pending.give():
            self._pass(message, buffers)
        self._pause = self._pause_after(self._bounds.replaced - before)
        if self._more is not None and self._more.changed:
            now = self._loop.time()
            if now >= self._more.due:
                self._note(_LIVE_TAIL)
                self._more.wait(now)
                if now >= self._more.seal_at:
                    self._more.seal_at = now + _SEAL
                    self._whole.seal()
            else:
                self._flush_after(self._more.due - now)

    def _pause_after(self, replaced: int) -> float:
        """Seconds until the next flush: a cell's last picture counts, not each of thousands."""
        bounds = self._bounds
        limits = bounds.limits
        # What is left when most of the total is used up is kept for the end.
        if bounds.total > limits.total - min(2 * limits.rich, limits.total // 2):
            return _FOREVER
        slower = max(1.0, (bounds.replaced / _UNHURRIED) ** 2)
        return min(_LONGEST, max(WINDOW, replaced / _RATE * slower))

    def _flush_after(self, seconds: float) -> None:
        when = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > when:
            self._stop_timer()
            self._timer = self._loop.call_at(when, self.flush)

    def finish(self) -> None:
        """The attempt is over: nothing may be left here."""
        self.flush()
        self._stop_timer()
        if self._more is not None:
            self._whole.seal()
            self._note(_TAIL)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _pass(self, message: Message, buffers: Sequence[Buffer]) -> None:
        kind, content = message["msg_type"], message["content"]
        cleared = self._bounds.cleared
        if kind == "stream":
            self._text(message)
            return
        admitted = self._bounds.admits(kind, content)
        self._see_cleared(cleared)
        if admitted:
            self._send(message, buffers)
        else:
            self._hidden().displays += 1
        if kind in DISPLAYS:
            plain = content["data"].get("text/plain", "")
            self._keep(plain if isinstance(plain, str) else "".join(map(str, plain)), "\n")
        elif kind == "error":
            self._keep("\n".join(map(str, content.get("traceback") or [])), "\n")

    def _text(self, message: Message) -> None:
        content = message["content"]
        text = content["text"]
        cleared = self._bounds.cleared
        room = self._bounds.room()
        # After the first that is hidden all is: the order stays.
        shown = text[:room] if self._more is None or room == self._bounds.limits.text else ""
        if shown:
            part = {**content, "text": shown}
            if self._bounds.admits("stream", part):
                self._see_cleared(cleared)
                self._send({**message, "content": part}, ())
            else:
                shown = ""
        self._keep(text)
        if len(shown) < len(text):
            self._hidden().add(text[len(shown) :])

    def _see_cleared(self, before: int) -> None:
        if self._bounds.cleared != before:
            self._whole.reset()
            self._more = None

    def _keep(self, *texts: str) -> None:
        for text in texts:
            self._whole.add(text)

    def _hidden(self) -> _More:
        if self._more is None:
            self._more = _More(self._loop.time())
            self._whole.need()
        self._more.changed = True
        return self._more

    def _note(self, tail: int) -> None:
        more = self._more
        assert more is not None
        end = more.tail(tail)
        self._send(
            {
                "type": "more",
                "attempt": self._attempt,
                "new": more.new,
                "characters": more.characters - len(end),
                "displays": more.displays,
                "tail": end,
                "kept": self._whole.kept,
                "full": self._whole.full,
            },
            (),
        )
        more.new = more.changed = False

    def _part(self, position: int, blob: str, size: int) -> None:
        part = {"position": position, "blob": blob, "size": size}
        self._send({"type": "whole", "attempt": self._attempt, **part}, ())


class _More:
    """What is not shown, since the cell was last empty."""

    def __init__(self, now: float) -> None:
        self.new = True
        self.changed = False
        self.characters = 0
        self.displays = 0
        self.due = now
        self.seal_at = now + _SEAL
        self._pause = _FIRST_NOTE
        self._tail = ""

    def add(self, text: str) -> None:
        self.characters += len(text)
        self._tail = (self._tail + text[-_TAIL:])[-_TAIL:]

    def wait(self, now: float) -> None:
        """A note was sent: the next one may take longer."""
        self.due = now + self._pause
        self._pause = min(_LAST_NOTE, 1.5 * self._pause)

    def tail(self, size: int) -> str:
        """The end of it, from the beginning of a line."""
        end = self._tail[-size:]
        if len(end) < self.characters and "\n" in end[:-1]:
            end = end[end.index("\n") + 1 :]
        return end


def _is_gathered(message: Message) -> bool:
    """User code may send what it likes under any name."""
    kind, content = message["msg_type"], message["content"]
    if kind not in _GATHERED or not isinstance(content, dict):
        return False
    if kind == "stream":
        return isinstance(content.get("name"), str) and isinstance(content.get("text"), str)
    if kind in DISPLAYS or kind == "update_display_data":
        return isinstance(content.get("data"), dict)
    return True


def _display_id(content: Message) -> str | None:
    transient = content.get("transient")
    name = transient.get("display_id") if isinstance(transient, dict) else None
    return name if isinstance(name, str) else None


class _Pending:
    """Messages that wait, without those that the later ones make invisible."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._number = 0
        self._entries: dict[int, tuple[Message, Sequence[Buffer]]] = {}
        self._own: dict[int, int] = {}
        """Numbers and sizes of what a clearing of the cell makes invisible."""
        self._updates: dict[str, int] = {}
        self._clear: int | None = None
        """A `clear_output(wait=True)` that the next output will carry out."""
        self.standing = 0

    def add(self, message: Message, buffers: Sequence[Buffer]) -> None:
        kind, content = message["msg_type"], message["content"]
        display = _display_id(content)
        self._number += 1
        if kind == "clear_output":
            if not content.get("wait"):
                self._clear = None
                self._drop_own()
                self._own[self._number] = 0
            elif self._clear is not None:
                return
            else:
                self._clear = self._number
        elif kind == "update_display_data":
            if display is not None:
                self._entries.pop(self._updates.get(display, 0), None)
                self._updates[display] = self._number
        else:
            if self._clear is not None:
                self._drop_own()
                self._own[self._clear] = 0
                self._clear = None
            size = size_of(kind, content)
            self.standing += size
            # One with an id may stand in other cells too, and changes those.
            if not display:
                self._own[self._number] = size
        self._entries[self._number] = (message, buffers)

    def give(self) -> list[tuple[Message, Sequence[Buffer]]]:
        """All that is left, in order, with successive texts of one stream joined."""
        given: list[tuple[Message, Sequence[Buffer]]] = []
        texts: list[str] = []

        def join() -> None:
            if len(texts) > 1:
                message, buffers = given[-1]
                content = {**message["content"], "text": "".join(texts)}
                given[-1] = ({**message, "content": content}, buffers)
            texts.clear()

        for message, buffers in self._entries.values():
            content = message["content"]
            is_stream = message["msg_type"] == "stream"
            if is_stream and texts and given[-1][0]["content"]["name"] == content["name"]:
                texts.append(content["text"])
                continue
            join()
            given.append((message, buffers))
            if is_stream:
                texts.append(content["text"])
        join()
        self._reset()
        return given

    def _drop_own(self) -> None:
        for number, size in self._own.items():
            self._entries.pop(number, None)
            self.standing -= size
        self._own.clear()
