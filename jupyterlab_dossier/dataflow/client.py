"""Asks a helper process of the kernel's own interpreter, without ever blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import anyio

from .library import users
from .library.users import LibraryFault
from .model import Cell

__all__ = ["AnalysisClient", "AnalysisError", "AnalysisPair", "LibraryFault"]

_LINE_LIMIT = 256 * 1024 * 1024
_FOLDER = os.path.dirname(os.path.abspath(__file__))


class AnalysisError(Exception):
    """The analysis could not be made; the message says why."""


class AnalysisClient:
    """One helper process; started when first needed, and again when it died."""

    def __init__(
        self,
        python: str | None = None,
        timeout: float = 60.0,
        library: Sequence[str | os.PathLike[str]] = (),
    ) -> None:
        self.python = python or sys.executable
        self.timeout = timeout
        self.library = library  # folders with users' own library data
        self._data: list[tuple[str, int, int]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._ids = itertools.count(1)

    async def graph(
        self,
        cells: Sequence[Cell | Mapping[str, Any]],
        *,
        notebook: str = "",
        folder: str | None = None,
        parameters: Mapping[str, str] | None = None,
        limit: float | None = None,
    ) -> dict[str, Any]:
        """The graph of these cells as JSON. `notebook` names whose cache is used.

        Modules in `folder`, the notebook's own, are read.
        """
        request: dict[str, Any] = {
            "cells": [c.to_json() if isinstance(c, Cell) else dict(c) for c in cells],
            "notebook": notebook,
        }
        if folder is not None:
            request["folder"] = folder
        if parameters:
            request["parameters"] = dict(parameters)
        graph: dict[str, Any] = (await self._answer(request, limit))["graph"]
        return graph

    async def stale(
        self,
        old: Sequence[Mapping[str, Any]],
        new: Sequence[Mapping[str, Any]],
        *,
        failed: Sequence[str] = (),
        quiet: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """The cells of `new` that must run again, as `stale.stale` says; ids of old cells."""
        before = {"cells": [*old], "failed": [*failed], "quiet": [*quiet]}
        found: list[dict[str, Any]]
        found = (await self._answer({"old": before, "cells": [*new]}, None))["stale"]
        return found

    async def changes(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What is different after an edit (`changes.answer`); one notebook a helper process."""
        found: dict[str, Any] = (await self._answer({"changes": dict(request)}, None))["changes"]
        return found

    async def _answer(self, request: dict[str, Any], limit: float | None) -> dict[str, Any]:
        limit = self.timeout if limit is None else limit
        async with self._lock:
            await self._read_library()
            try:
                with anyio.fail_after(limit):
                    reply = await self._ask(request)
            except TimeoutError:
                await self._end()
                raise AnalysisError(f"the analysis took longer than {limit:g} s") from None
            except asyncio.CancelledError:
                # The answer would be taken for the next one's.
                await self._end()
                raise
        if "error" in reply:
            raise AnalysisError(str(reply["error"]))
        return reply

    async def _read_library(self) -> None:
        """Users' library data: checked when it is new or changed; a process knows what it got."""
        data = await asyncio.to_thread(_stamps, self.library) if self.library else []
        if data != self._data:
            await asyncio.to_thread(users.check, [path for path, _, _ in data])
            await self._end()
            self._data = data

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        request["id"] = next(self._ids)
        # A big notebook takes a while to encode.
        line = await asyncio.to_thread(lambda: json.dumps(request).encode() + b"\n")
        for last in (False, True):
            process = await self._started()
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(line)
                await process.stdin.drain()
                while answer := await process.stdout.readline():
                    reply: dict[str, Any] = await asyncio.to_thread(json.loads, answer)
                    if reply["id"] == request["id"]:
                        return reply
            except (BrokenPipeError, ConnectionResetError):
                pass
            code = await self._end()
            if last:
                raise AnalysisError(f"the analysis process ended with status {code}")
        raise AssertionError("unreachable")

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    self.python,
                    "-I",
                    _FOLDER,
                    *(path for path, _, _ in self._data),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=_LINE_LIMIT,
                )
            except OSError as error:
                raise AnalysisError(f"{self.python} cannot be started: {error.strerror}") from None
        return self._process

    async def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return await process.wait()

    @property
    def busy(self) -> bool:
        return self._lock.locked()

    async def idle(self) -> None:
        """Waits until nothing is asked of it."""
        async with self._lock:
            pass

    async def close(self) -> None:
        await self._end()

    async def __aenter__(self) -> AnalysisClient:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()


class AnalysisPair:
    """Graphs from two helper processes: the second is asked where the first is busy for long."""

    def __init__(self, first: AnalysisClient, second: AnalysisClient, patience: float = 0.3):
        self._first, self._second, self._patience = first, second, patience

    async def graph(
        self, cells: Sequence[Cell | Mapping[str, Any]], *, folder: str | None = None
    ) -> dict[str, Any]:
        """As `AnalysisClient.graph`."""
        if self._first.busy:
            with anyio.move_on_after(self._patience):
                await self._first.idle()
        client = self._second if self._first.busy else self._first
        return await client.graph(cells, folder=folder)

    async def close(self) -> None:
        await self._first.close()
        await self._second.close()


def _stamps(folders: Sequence[str | os.PathLike[str]]) -> list[tuple[str, int, int]]:
    found = []
    for path in users.files(folders):
        with contextlib.suppress(OSError):
            status = os.stat(path)
            found.append((path, status.st_mtime_ns, status.st_size))
    return found
