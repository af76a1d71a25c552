"""From Jupyter messages to a notebook's outputs.

The rules are those of the messaging protocol (jupyter-client.readthedocs.io, "Messaging in
Jupyter"): successive texts of one stream join, `clear_output(wait)` clears at the next output, an
update changes every display of its id, in whatever cell it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ..model import Json

SHOWN = {"stream", "display_data", "execute_result", "error"}


class Outputs:
    """Outputs by cell, built from messages in the order in which they came."""

    def __init__(self) -> None:
        self.cells: dict[str, list[Json]] = defaultdict(list)
        self._displays: dict[str, list[Json]] = defaultdict(list)
        self._clear: set[str] = set()

    @classmethod
    def of(cls, messages: Iterable[tuple[str, Json]]) -> Outputs:
        outputs = cls()
        for cell, message in messages:
            outputs.add(cell, message["msg_type"], message["content"])
        return outputs

    def add(self, cell: str, msg_type: str, content: Json) -> None:
        """Applies one message to the cell that it belongs to; other types change nothing."""
        if msg_type == "clear_output":
            if content.get("wait"):
                self._clear.add(cell)
            else:
                self._empty(cell)
        elif msg_type == "update_display_data":
            self._update(content)
        elif msg_type in SHOWN:
            if cell in self._clear:
                self._empty(cell)
            self._show(cell, msg_type, content)

    def clear(self, cell: str) -> None:
        """Drops what a cell showed, as a new execution does."""
        self._empty(cell)

    def displays(self, cell: str) -> list[Json]:
        """Where displays with an id stand among a cell's outputs."""
        return [
            {"id": name, "index": index}
            for index, output in enumerate(self.cells[cell])
            for name, known in self._displays.items()
            if any(output is display for display in known)
        ]

    def clears_next(self, cell: str) -> bool:
        """Whether the cell's next output takes the place of those it has."""
        return cell in self._clear

    def _empty(self, cell: str) -> None:
        self._clear.discard(cell)
        self.cells[cell] = []

    def _show(self, cell: str, msg_type: str, content: Json) -> None:
        shown = self.cells[cell]
        if msg_type == "stream":
            if (
                shown
                and shown[-1]["output_type"] == "stream"
                and shown[-1]["name"] == content["name"]
            ):
                shown[-1]["text"] += content["text"]
            else:
                shown.append(
                    {"output_type": "stream", "name": content["name"], "text": content["text"]}
                )
            return
        if msg_type == "error":
            shown.append(
                {
                    "output_type": "error",
                    "ename": content.get("ename", ""),
                    "evalue": content.get("evalue", ""),
                    "traceback": content.get("traceback", []),
                }
            )
            return
        output: Json = {
            "output_type": msg_type,
            "data": content.get("data", {}),
            "metadata": content.get("metadata", {}),
        }
        if msg_type == "execute_result":
            output["execution_count"] = content.get("execution_count")
        shown.append(output)
        name = (content.get("transient") or {}).get("display_id")
        if name:
            # A display shown again under its id changes the earlier ones too.
            self._update(content)
            self._displays[name].append(output)

    def _update(self, content: Json) -> None:
        name: Any = (content.get("transient") or {}).get("display_id")
        for output in self._displays.get(name, []):
            output["data"] = content.get("data", {})
            output["metadata"] = content.get("metadata", {})


def text_of(msg_type: str, content: Json) -> str:
    """What a message shows where there is only text."""
    if msg_type == "stream":
        return str(content.get("text", ""))
    if msg_type == "error":
        return "\n".join(content.get("traceback", [])) + "\n"
    data = content.get("data") or {}
    plain = data.get("text/plain", "")
    return f"{plain if isinstance(plain, str) else ''.join(plain)}\n" if plain else ""
