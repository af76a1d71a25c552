"""The order oracle: workflow runs in any allowed order against Restart & Run All.

A notebook is executed by nbclient in one kernel, and many times by the real engine: ready cells
taken in random orders (each cell in a new worker kernel), the latest first, and as they come. The
outputs of every cell must be equal. What is reported beside it says how much freedom there was.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from jupyterlab_dossier.link import LinkServer
from jupyterlab_dossier.runs import Cell, Engine, RunRecord, Workflow
from jupyterlab_dossier.runs.history.compare import differences
from jupyterlab_dossier.runs.planning.conditions import THREADS
from jupyterlab_dossier.targets import Catalogue, Target

from .corpus import CorpusCell

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "oracles"
LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "ipython", "ipykernel")
# Alike in every process, so that one expectation serves runs of any number of jobs.
CONDITIONS = {"PYTHONHASHSEED": "0", **dict.fromkeys(THREADS, "1")}
LATEST_FIRST = -1


@dataclass(frozen=True)
class Way:
    """One way to run a notebook as a workflow."""

    shuffle: int | None
    jobs: int

    def __str__(self) -> str:
        if self.shuffle is None:
            return f"in order, {self.jobs} at once"
        if self.shuffle == LATEST_FIRST:
            return f"latest first, {self.jobs} at once"
        return f"seed {self.shuffle}, {self.jobs} at once"


ALL_WAYS = (
    *(Way(seed, 1 + seed % 2) for seed in range(10)),
    Way(LATEST_FIRST, 1),
    Way(LATEST_FIRST, 2),
    Way(None, 1),
    Way(None, 4),
)


@dataclass
class Expected:
    """What Restart & Run All gives: outputs by cell, and the seconds of kernel and cells."""

    outputs: dict[str, list[Any]]
    seconds: float


def expected(cells: Sequence[CorpusCell], folder: Path, cached: bool) -> Expected:
    """Runs the cells in one kernel, or takes what that gave before for the same sources."""
    content = json.dumps([[cell.source, sorted(cell.tags)] for cell in cells])
    libraries = [version(name) for name in LIBRARIES]
    digest = hashlib.sha256(f"{content}{libraries}".encode()).hexdigest()[:24]
    store = BUILD / "expected" / f"{digest}.json"
    if cached and store.exists():
        return Expected(**json.loads(store.read_text()))
    node = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    for index, cell in enumerate(cells):
        made = nbformat.v4.new_code_cell(cell.source)  # type: ignore[no-untyped-call]
        made["id"] = f"c{index}"
        made.metadata["tags"] = sorted(cell.tags)
        node.cells.append(made)
    folder.mkdir(parents=True)
    client = NotebookClient(
        node,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        timeout=120,
        iopub_timeout=60,
    )
    client.create_kernel_manager()
    began = time.monotonic()
    with contextlib.suppress(CellExecutionError):  # a workflow run must end as this did
        client.execute(env={**os.environ, **CONDITIONS})
    result = Expected({cell.id: cell.outputs for cell in node.cells}, time.monotonic() - began)
    if cached:
        store.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(json.dumps(result.__dict__))
    return result


@contextlib.asynccontextmanager
async def started(folder: Path, slots: int = 4) -> AsyncIterator[Engine]:
    """An engine whose workers are kept warm from one notebook to the next."""
    before = {name: os.environ.get(name) for name in CONDITIONS}
    os.environ.update(CONDITIONS)
    local = {"local": Target("local", "local", {"slots": slots})}
    engine = Engine(folder, Catalogue(local))
    link = LinkServer(engine.store, engine.pool)
    await engine.start(await link.listen_loopback())
    try:
        yield engine
    finally:
        await engine.stop()
        await link.close()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def workflow(cells: Sequence[CorpusCell], folder: Path, way: Way) -> Workflow:
    made = tuple(
        Cell(f"c{index}", index, cell.source, tags=cell.tags) for index, cell in enumerate(cells)
    )
    path = str(folder / "notebook.ipynb")
    return Workflow(path, made, fresh=True, jobs=way.jobs, shuffle=way.shuffle)


@dataclass
class Comparison:
    """A workflow run beside Restart & Run All."""

    differences: dict[str, list[str]]
    """By cell, in words; `run` where it ended for another reason than a failing cell."""
    out_of_order: int
    """Pairs of cells of which the later one started before the earlier one had ended."""
    seconds: float


async def compare(
    engine: Engine, cells: Sequence[CorpusCell], wanted: Expected, folder: Path, way: Way
) -> Comparison:
    """Runs the cells this way and says where they differ."""
    folder.mkdir(parents=True)
    run = await engine.submit(workflow(cells, folder, way))
    record = await engine.wait(run)
    outputs, _ = await engine.outputs(run)
    found = {
        cell: words
        for cell, theirs in wanted.outputs.items()
        if (words := differences(outputs.get(cell, []), theirs))
    }
    failed = any(o["output_type"] == "error" for some in outputs.values() for o in some)
    if record.state != "done" and not (record.state == "failed" and failed):
        found["run"] = [f"{record.state}: {record.why}"]
    return Comparison(found, _out_of_order(record), (record.ended or 0) - record.created)


def _out_of_order(record: RunRecord) -> int:
    ran = [task for task in record.tasks if task.started and task.ended]
    return sum(
        later.started < earlier.ended  # type: ignore[operator]
        for later in ran
        for earlier in ran
        if earlier.index < later.index
    )


async def freedom(engine: Engine, cells: Sequence[CorpusCell], folder: Path) -> dict[str, int]:
    """How much the graph forces: barriers, and ordered pairs among all pairs."""
    graph = await engine.graph(workflow(cells, folder, Way(None, 1)))
    index = {cell["id"]: cell["index"] for cell in graph["cells"]}
    before: list[set[int]] = [set() for _ in cells]
    for edge in graph["edges"]:
        before[index[edge["to"]]].add(index[edge["from"]])
    for direct in before:  # edges lead forward, so those before are complete already
        direct |= {far for near in direct for far in before[near]}
    return {
        "cells": len(cells),
        "barriers": sum(cell["barrier"] is not None for cell in graph["cells"]),
        "pairs": len(cells) * (len(cells) - 1) // 2,
        "forced": sum(map(len, before)),
    }


class Record:
    """The result file of full runs: what stands in it for this code is not run again."""

    def __init__(self, path: Path = BUILD / "order.json") -> None:
        self.path = path
        code = _code()
        self.content: dict[str, Any] = {"code": code, "notebooks": {}}
        if path.exists():
            old = json.loads(path.read_text())
            if old["code"] == code:
                self.content = old

    def entry(self, name: str, cells: Sequence[CorpusCell]) -> dict[str, Any]:
        """What is known of a notebook; empty where its sources are not those of the record."""
        digest = hashlib.sha256(repr(cells).encode()).hexdigest()[:24]
        notebooks = self.content["notebooks"]
        if notebooks.get(name, {}).get("digest") != digest:
            notebooks[name] = {"digest": digest, "runs": {}}
        found: dict[str, Any] = notebooks[name]
        return found

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.content, indent=1))


@cache
def _code() -> str:
    """Names the code under test: other code makes recorded results worthless."""
    digest = hashlib.sha256()
    for package in ("jupyterlab_dossier", "dossier_worker"):
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def summary(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The numbers of the report, over notebooks with all their runs."""
    entries = list(entries)
    runs = [run for entry in entries for run in entry["runs"].values()]

    def total(name: str) -> int:
        return sum(entry["freedom"][name] for entry in entries)

    return {
        "notebooks": len(entries),
        "runs": len(runs),
        "different": sum(bool(run["differences"]) for run in runs),
        **{name: total(name) for name in ("cells", "barriers", "pairs", "forced")},
        "out_of_order": sum(run["out_of_order"] for run in runs),
        "pairs_run": sum(entry["freedom"]["pairs"] * len(entry["runs"]) for entry in entries),
        "seconds_one_kernel": round(sum(entry["seconds"] for entry in entries), 1),
        "seconds_in_order": {
            way: round(sum(entry["runs"][way]["seconds"] for entry in entries), 1)
            for way in map(str, ALL_WAYS)
            if all(way in entry["runs"] for entry in entries)
        },
    }


async def examine(
    engine: Engine,
    name: str,
    cells: Sequence[CorpusCell],
    ways: Iterable[Way],
    folder: Path,
    record: Record | None = None,
) -> dict[str, Any]:
    """Runs a notebook in these ways; with a record, only those that are not in it."""
    entry = record.entry(name, cells) if record else {"runs": {}}
    left = [way for way in ways if str(way) not in entry["runs"]]
    if not left:
        return entry
    loop = asyncio.get_running_loop()
    theirs = folder / "one_kernel"
    wanted = await loop.run_in_executor(None, expected, cells, theirs, record is not None)
    entry["seconds"] = wanted.seconds
    entry["freedom"] = await freedom(engine, cells, folder)
    for number, way in enumerate(left):
        compared = await compare(engine, cells, wanted, folder / f"run{number}", way)
        entry["runs"][str(way)] = compared.__dict__
        if record:
            record.save()
    return entry
