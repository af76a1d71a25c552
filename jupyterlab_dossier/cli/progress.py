"""Progress of a run on stderr: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jupyterlab_dossier.runs import Event, RunRecord
from jupyterlab_dossier.runs.model import ENDED_TASK

from .console import counted, duration, say

_STYLES = {
    "done": "green",
    "reused": "green",
    "failed": "red",
    "lost": "red",
    "skipped": "yellow",
    "cancelled": "yellow",
    "running": "cyan",
}
_TITLE_LENGTH = 48


class Progress(Protocol):
    """Shows a run as its events come."""

    def __enter__(self) -> Progress: ...

    def __exit__(self, *exception: Any) -> None: ...

    def event(self, event: Event) -> None: ...


def progress(record: RunRecord, sources: Mapping[str, str]) -> Progress:
    """The way of showing that suits stderr; `sources` are the cells' texts by id."""
    return _Table(record, sources) if sys.stderr.isatty() else _Lines(record)


class _Lines:
    """One line for each change of state, for logs."""

    def __init__(self, record: RunRecord) -> None:
        self._tasks = {task.id: task for task in record.tasks}
        say(f"run {record.run}: {counted(len(record.tasks), 'cell')}")

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *exception: Any) -> None:
        pass

    def event(self, event: Event) -> None:
        if event.kind == "output" and event.body.get("msg_type") == "error":
            content = event.body["content"]
            say(f"{self._name(event.cell)}: {content.get('ename')}: {content.get('evalue')}")
        elif event.kind == "state":
            why = f" ({event.body['why']})" if event.body.get("why") else ""
            say(f"{self._name(event.cell)}: {event.body['state']}{why}")

    def _name(self, cell: str | None) -> str:
        task = self._tasks.get(cell or "")
        return f"cell {task.index} [{cell}]" if task else "run"


class _Table:
    """One row for each cell, drawn again as states change."""

    def __init__(self, record: RunRecord, sources: Mapping[str, str]) -> None:
        self._run = record.run
        self._rows = {task.id: task for task in record.tasks}
        self._titles = {cell: _title(source) for cell, source in sources.items()}
        self._errors: dict[str, str] = {}
        self._live = Live(
            console=Console(stderr=True), get_renderable=self._draw, refresh_per_second=4
        )

    def __enter__(self) -> _Table:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._live.__exit__(kind, value, trace)

    def event(self, event: Event) -> None:
        row = self._rows.get(event.cell or "")
        if row is None:
            return
        if event.kind == "state":
            row.state, row.why = event.body["state"], event.body.get("why")
            if row.state == "running":
                row.started = row.started or event.time
            if row.state in ENDED_TASK:
                row.ended = event.time
        elif event.kind == "output" and event.body.get("msg_type") == "error":
            content = event.body["content"]
            self._errors[row.id] = f"{content.get('ename')}: {content.get('evalue')}"

    def _draw(self) -> Table:
        table = Table("", "cell", "target", "state", "time", "", title=f"run {self._run}")
        for row in self._rows.values():
            table.add_row(
                str(row.index),
                Text(self._titles.get(row.id, row.id)),
                row.target,
                Text(row.state, _STYLES.get(row.state, "")),
                duration(row.started, row.ended),
                Text(self._errors.get(row.id) or row.why or ""),
            )
        return table


def _title(source: str) -> str:
    """The first line of a cell that says something."""
    line = next((line for line in source.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1] + "…"
