"""What the ledger tells of a run beyond its states: its graph, its cells, and what those said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..model import Json, NoSuchRun, TaskRecord
from .outputs import text_of

if TYPE_CHECKING:
    from ..ledger.keys import Key
    from ..ledger.ledger import Ledger

_CELL = ("id", "index", "reads", "writes", "barrier")
_EDGE = ("from", "to", "kind", "names", "why")
# About so much text of a log is told at once.
_PAGE = 256 << 10


async def graph(ledger: Ledger, run: str) -> Json:
    """The graph of a run as it was, with sources, and the sizes of what went along its edges.

    `{"cells": [{id, index, reads, writes, barrier, source, target}], "edges": [{from, to, kind,
    names, why, bytes}]}`; `bytes` is None where nothing is known to have gone along. Raises
    `NoSuchRun`.
    """
    record = await ledger.runs.get(run)
    _, spec, _ = await ledger.runs.spec(run)
    targets = {task.id: task.target for task in record.tasks}
    if record.kind == "cell":
        cell = spec["cell"]
        alone: Json = {"reads": [], "writes": [], "barrier": None, "prepares": False}
        return {"cells": [{**cell, **alone, "target": spec["target"]}], "edges": []}
    sources = {cell["id"]: cell["source"] for cell in spec["workflow"]["cells"]}
    sizes = {(c, m["name"]): m.get("size") for c, m in await ledger.versions.of_run(run)}
    return {
        "cells": [
            {
                **{name: spec_of[name] for name in _CELL},
                # Runs of before did not look at it.
                "prepares": spec_of.get("prepares", False),
                "source": sources[spec_of["id"]],
                "target": targets.get(spec_of["id"]),
            }
            for spec_of in spec["graph"]["cells"]
        ],
        "edges": [
            {**{name: edge[name] for name in _EDGE}, "bytes": _size(edge, sizes)}
            for edge in spec["graph"]["edges"]
        ],
    }


def _size(edge: Json, sizes: Mapping[tuple[str, str], int | None]) -> int | None:
    known = [sizes.get((edge["from"], name)) for name in edge["names"]]
    found = [size for size in known if size is not None]
    return sum(found) if found and edge["kind"] == "value" else None


async def cell(ledger: Ledger, run: str, name: str) -> Json:
    """All that is known of one cell in a run. Raises `NoSuchRun`."""
    task, attempts = await _task(ledger, run, name)
    _, spec, conditions = await ledger.runs.spec(run)
    cells = [spec["cell"]] if "cell" in spec else spec["workflow"]["cells"]
    asked = next(c for c in cells if c["id"] == name)
    workers = await ledger.workers.named({row["worker"] for row in attempts})
    given = await ledger.tasks.given(run, name) or {}
    manifests = await ledger.versions.manifests(given.values())
    makers = await ledger.versions.makers(given.values())
    left = {m["version"]: m for c, m in await ledger.versions.of_run(run) if c == name}
    # Of two that are equal the older one stands for both (`Ledger.replace_versions`).
    stand = [m for version, m in left.items() if f"{version}~" not in left]
    return {
        **task.to_json(),
        "source": asked["source"],
        "options": asked.get("options") or {},
        "attempts": [_attempt(row, workers.get(row["worker"])) for row in attempts],
        "inputs": [
            {**_value(manifests.get(v, {}), n, v), "from": makers.get(v)}
            for n, v in sorted(given.items())
        ],
        "outputs": [
            {**_value(m, m["name"], m["version"]), "from": name}
            for m in sorted(stand, key=lambda m: str(m["name"]))
        ],
        "conditions": conditions,
        "reuse": _reuse((await ledger.keys.of_run(run)).get(name)),
    }


def _reuse(key: Key | None) -> Json | None:
    """How the cell's result stands to earlier and to later runs; None where it has no key."""
    if key is None:
        return None
    return {"origin": key.origin, "differences": list(key.differences), "barred": key.barred}


def _attempt(row: sqlite3.Row, worker: sqlite3.Row | None) -> Json:
    result = json.loads(row["result"]) if row["result"] else {}
    error = result.get("error") or {}
    about = json.loads(worker["about"] or "{}") if worker is not None else {}
    return {
        "attempt": row["attempt"],
        "number": row["number"],
        "state": row["state"],
        "worker": row["worker"],
        "target": worker["target"] if worker is not None else None,
        "kernel": row["kernel"],
        "host": about.get("host"),
        "pid": about.get("pid"),
        "started": row["started"],
        "ended": row["ended"],
        "why": f"{error['ename']}: {error.get('evalue', '')}" if error.get("ename") else None,
    }


def _value(manifest: Json, name: str, version: str) -> Json:
    return {
        "name": name,
        "version": version,
        "type": manifest.get("type") or None,
        "summary": manifest.get("summary") or None,
        "bytes": manifest.get("size"),
        "hash": (manifest.get("pickle") or {}).get("blob"),
        "unshippable": manifest.get("unshippable"),
    }


async def log(
    ledger: Ledger, run: str, name: str, attempt: str | None, after: int, limit: int
) -> Json:
    """What one attempt of a cell said, from event number `after` on: a page of its log.

    `{"entries": [{seq, time, source, text}], "next", "more", "ended"}`, where `source` is `stdout`,
    `stderr`, `error`, `display` or `state`. The next page is asked for with `next`. Without
    `attempt` the newest is meant. Raises `NoSuchRun`.
    """
    task, attempts = await _task(ledger, run, name)
    chosen = _chosen(attempts, attempt)
    if chosen is None and attempt is not None:
        raise NoSuchRun(f"cell {name} of run {run} has no attempt {attempt!r}", "attempt")
    rows = await ledger.events.said(
        run, name, chosen["attempt"] if chosen else None, after, limit + 1
    )
    entries: list[Json] = []
    size = 0
    for row in rows[:limit]:
        body = json.loads(row["body"])
        text = _words(row["kind"], body)
        entries.append(
            {
                "seq": row["seq"],
                "time": row["time"],
                "source": _source(row["kind"], body),
                "text": text,
            }
        )
        size += len(text)
        if size > _PAGE:
            break
    return {
        "entries": entries,
        "next": entries[-1]["seq"] if entries else after,
        "more": len(entries) < len(rows),
        "ended": task.ended is not None,
    }


def _source(kind: str, body: Json) -> str:
    if kind != "output":
        return "state"
    if body["msg_type"] == "stream":
        return str(body["content"].get("name"))
    return "error" if body["msg_type"] == "error" else "display"


def _words(kind: str, body: Json) -> str:
    if kind == "output":
        return text_of(body["msg_type"], body["content"])
    if kind == "state":
        return f"{body['state']}: {body['why']}\n" if body.get("why") else f"{body['state']}\n"
    return f"{body.get('status')}\n"


async def worker(ledger: Ledger, run: str, name: str, attempt: str | None) -> sqlite3.Row:
    """The ledger's row of the worker that an attempt ran on. Raises `NoSuchRun`."""
    _, attempts = await _task(ledger, run, name)
    chosen = _chosen(attempts, attempt)
    workers = await ledger.workers.named({chosen["worker"]}) if chosen is not None else {}
    if not workers:
        raise NoSuchRun(f"cell {name} of run {run} was never sent to a worker", "cell")
    return next(iter(workers.values()))


async def _task(ledger: Ledger, run: str, name: str) -> tuple[TaskRecord, list[sqlite3.Row]]:
    """A cell's task and its attempts, oldest first. Raises `NoSuchRun`."""
    task = next((t for t in (await ledger.runs.get(run)).tasks if t.id == name), None)
    if task is None:
        raise NoSuchRun(f"run {run} has no cell {name!r}", "cell")
    return task, [row for row in await ledger.tasks.attempts(run) if row["cell"] == name]


def _chosen(attempts: Sequence[sqlite3.Row], attempt: str | None) -> sqlite3.Row | None:
    """The attempt of this name, or the newest."""
    return next((row for row in reversed(attempts) if attempt in (None, row["attempt"])), None)
