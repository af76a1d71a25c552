"""A worker may send anything: its results are altered on their way to the engine, and the run ends
with words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from support import away, started, workflow

from dossier_worker.blobs import BlobFolder, BlobMismatch
from dossier_worker.wire import MAX_FRAME, Frame
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.model import RunRecord
from jupyterlab_dossier.targets import Target

Message = dict[str, Any]
HALF = "\ud800"  # of a surrogate pair: no text for a database

UNREADABLE: dict[str, Message] = {
    "an error that is a list": {"status": "error", "error": [1]},
    "an error that is a number": {"status": "error", "error": 7},
    "exports that are a number": {"exports": 3},
    "files beyond all numbers": {"files": {"over": {"files": 1, "bytes": 10**400, "size": 1}}},
    "files that are numbers": {"files": {"made": 1}},
}
VALUES: dict[str, Message] = {
    "an infinite size": {"size": float("inf")},
    "a size that is negative": {"pickle": {"blob": "ab" * 32, "size": -5}},
    "a size beyond all numbers": {"pickle": {"blob": "ab" * 32, "size": 10**400}},
    "a size that is no number": {"pickle": {"blob": "ab" * 32, "size": "1"}},
    "buffers that are none": {"buffers": 1},
}
HARMLESS: dict[str, Message] = {
    "a count beyond all numbers": {"execution_count": 10**400},
    "a negative count": {"execution_count": -1},
    "a status that is half a character": {"status": "ok", "extra": HALF},
}


def alter(engine: Engine, kind: str, change: Callable[[Message], Message]) -> None:
    """From now on the engine receives other messages of a kind than its workers sent."""
    received = engine.pool.received

    async def altered(worker: str, epoch: str, batch: Sequence[Frame]) -> None:
        frames = [
            Frame(seq, change(message) if message.get("type") == kind else message, buffers)
            for seq, message, buffers in batch
        ]
        await received(worker, epoch, frames)

    engine.pool.received = altered  # type: ignore[method-assign]


async def ended(engine: Engine, folder: Path, sources: Sequence[str | Message]) -> RunRecord:
    run = await engine.submit(workflow(folder, sources))
    with anyio.fail_after(120):
        return await engine.wait(run)


@pytest.mark.parametrize("target", ["away", "local"])
@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_result_that_cannot_be_read_fails_its_cell(
    name: str, target: str, tmp_path: Path
) -> None:
    if target == "local" and "files" in UNREADABLE[name]:
        return  # nothing of files is read from a worker that has the folder
    async with started(tmp_path / "dossier", away()) as engine:
        alter(engine, "done", lambda message: message | UNREADABLE[name])
        run = await ended(engine, tmp_path, [{"source": "x = 1", "target": target}])
    assert run.state == "failed"
    assert run.tasks[0].state == "failed"
    assert run.tasks[0].why


@pytest.mark.parametrize("name", VALUES)
async def test_a_value_that_cannot_be_one_fails_its_cell(name: str, tmp_path: Path) -> None:
    def change(message: Message) -> Message:
        return message | {"exports": [item | VALUES[name] for item in message["exports"]]}

    async with started(tmp_path / "dossier") as engine:
        alter(engine, "done", change)
        run = await ended(engine, tmp_path, [{"source": "x = [1]", "target": "local"}, "x"])
    assert run.state == "failed"
    assert "the worker sent a result that cannot be read" in str(run.tasks[0].why)


@pytest.mark.parametrize("name", HARMLESS)
async def test_what_does_not_count_is_left_out(name: str, tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        alter(engine, "done", lambda message: message | HARMLESS[name])
        run = await ended(engine, tmp_path, [{"source": "x = 1", "target": "local"}])
    assert run.state == "done"


async def test_words_of_a_state_may_be_no_text(tmp_path: Path) -> None:
    async with started(tmp_path / "dossier") as engine:
        alter(engine, "state", lambda message: message | {"detail": HALF})
        run = await ended(engine, tmp_path, [{"source": "x = 1", "target": "local"}])
    assert run.state == "done"


def test_no_blob_has_a_negative_size(tmp_path: Path) -> None:
    folder = BlobFolder(tmp_path)
    with pytest.raises(BlobMismatch, match="a size that is none"):
        folder.begin("ab" * 32, -5)
    assert not folder.has("ab" * 32)


async def test_a_worker_does_not_fill_the_disk(tmp_path: Path) -> None:
    """What it says that it has is never asked for."""
    big = {"pickle": {"blob": "ab" * 32, "size": 1 << 50}}

    def change(message: Message) -> Message:
        return message | {"exports": [item | big for item in message["exports"]]}

    async with started(tmp_path / "dossier", away()) as engine:
        alter(engine, "done", change)
        before = engine.store.size()
        run = await ended(engine, tmp_path, [{"source": "x = [1]", "target": "away"}, "x"])
        assert engine.store.size() < before + (1 << 20)
    assert [task.state for task in run.tasks] == ["failed", "skipped"]
    assert "the disk of the store is full" in str(run.tasks[0].why).lower()
    assert "1125.9 TB are needed" in str(run.tasks[0].why)


@pytest.mark.parametrize("target", ["away", "local"])
async def test_a_target_bounds_the_values_of_a_cell(target: str, tmp_path: Path) -> None:
    catalogue = away(values_size=100_000)
    catalogue.targets["local"] = Target("local", "local", {"values_size": 100_000})
    cells = [
        {"source": "x = bytes(50_000)", "target": target},
        {"source": "small, large = bytes(len(x)), bytes(60_000)", "target": target},
        {"source": "print(len(small) + len(large))", "target": target},
    ]
    async with started(tmp_path / "dossier", catalogue) as engine:
        run = await ended(engine, tmp_path, cells)
    assert [task.state for task in run.tasks] == ["done", "failed", "skipped"]
    why = str(run.tasks[1].why)
    assert "`large` takes 60." in why and f"'{target}' takes 100.0 kB of one cell" in why
    assert "`values_size`" in why


async def test_what_cannot_be_sent_is_not_recorded_as_sent(tmp_path: Path) -> None:
    """A value is described at such length that no message to a worker may name it."""

    def change(message: Message) -> Message:
        exports = [
            item | {"pickle": item["pickle"] | {"more": "x" * MAX_FRAME}}
            for item in message["exports"]
        ]
        return message | {"exports": exports}

    async with started(tmp_path / "dossier") as engine:
        alter(engine, "done", change)
        run = await ended(engine, tmp_path, [{"source": "x = [1]", "target": "local"}, "x"])
        attempts = await engine.ledger.database.read(
            lambda db: db.execute("SELECT cell, state FROM attempts").fetchall()
        )
    assert [task.state for task in run.tasks] == ["done", "failed"]
    assert "not run: it cannot be sent to a worker: a message of" in str(run.tasks[1].why)
    assert [tuple(row) for row in attempts] == [("c0", "done")]
