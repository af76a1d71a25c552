"""The ledger: one commit a task, whole after faults, shared by processes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyterlab_dossier.runs.engine.owner import Owner
from jupyterlab_dossier.runs.ledger.database import Database, LedgerFault
from jupyterlab_dossier.runs.ledger.ledger import Ledger
from jupyterlab_dossier.runs.ledger.schema import MIGRATIONS
from jupyterlab_dossier.runs.ledger.tasks import Commit
from jupyterlab_dossier.runs.model import NoSuchRun, TaskRecord


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    task = TaskRecord("c0", 0, "queued", "local", None, None, None)
    await ledger.runs.add("r", "workflow", "/n.ipynb", "me", {}, {}, [task])
    yield ledger
    ledger.close()


async def attempt(ledger: Ledger, name: str, number: int) -> None:
    await ledger.tasks.add_attempt(name, "r", "c0", number, "w", "k", {}, durable=False)


async def commit(ledger: Ledger, name: str) -> bool:
    manifest = {"version": f"{name}/1", "name": "x"}
    return await ledger.tasks.commit(
        Commit(name, "r", "c0", "done", None, 1, [manifest], "ok", durable=False)
    )


async def test_a_task_is_committed_once(ledger: Ledger) -> None:
    await attempt(ledger, "a1", 1)
    assert await asyncio.gather(commit(ledger, "a1"), commit(ledger, "a1")) == [True, False]
    assert len(await ledger.versions.of_run("r")) == 1
    assert [e.kind for e in await ledger.events.of_run("r")].count("done") == 1


async def test_a_late_attempt_is_fenced_off(ledger: Ledger) -> None:
    await attempt(ledger, "a1", 1)
    await attempt(ledger, "a2", 2)
    assert not await commit(ledger, "a1")
    assert await commit(ledger, "a2")
    assert [m["version"] for _, m in await ledger.versions.of_run("r")] == ["a2/1"]
    assert [row["state"] for row in await ledger.tasks.attempts("r")] == ["superseded", "done"]


async def test_events_are_numbered_without_gaps(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.events.add("r", "c0", "output", {"n": n}) for n in range(50)))
    events = await ledger.events.of_run("r")
    assert [e.seq for e in events] == list(range(1, 51))
    assert [e.seq for e in await ledger.events.of_run("r", after=48)] == [49, 50]


async def test_a_failing_write_undoes_itself_only(ledger: Ledger) -> None:
    def fails(db: sqlite3.Connection) -> None:
        db.execute("UPDATE runs SET why = 'half'")
        raise ValueError("no")

    results = await asyncio.gather(
        ledger.events.add("r", None, "state", {}),
        ledger.database.write(fails),
        ledger.events.add("r", None, "state", {}),
        return_exceptions=True,
    )
    assert [type(r) for r in results] == [type(None), ValueError, type(None)]
    assert len(await ledger.events.of_run("r")) == 2
    assert (await ledger.runs.get("r")).why is None


async def test_unknown_run(ledger: Ledger) -> None:
    with pytest.raises(NoSuchRun, match="no run 'x'"):
        await ledger.runs.get("x")


async def test_a_run_is_taken_up_once(ledger: Ledger) -> None:
    taken = await asyncio.gather(
        ledger.runs.take_up("r", "a", "me"), ledger.runs.take_up("r", "b", "me")
    )
    assert sorted(taken) == [False, True]


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Database(path, [*MIGRATIONS, "CREATE TABLE later (x)"]).close()
    with pytest.raises(LedgerFault, match="newer"):
        Database(path, MIGRATIONS)


def test_who_lives(tmp_path: Path) -> None:
    one, two = Owner(tmp_path), Owner(tmp_path)
    assert one.lives(two.name) and one.lives(one.name)
    name = two.name
    two.release()
    assert not one.lives(name)
    assert not one.lives("nobody") and not one.lives(None)
    one.release()


async def test_a_ledger_of_an_earlier_version_keeps_what_its_runs_are(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Database(path, MIGRATIONS[:-2]).close()
    with sqlite3.connect(path) as old:
        old.execute(
            "INSERT INTO runs (run, kind, path, state, owner, created, spec, conditions)"
            """ VALUES ('r', 'workflow', '/n.ipynb', 'running', 'me', 0, '{"jobs": 2}', '{}')"""
        )
    ledger = Ledger(path)
    assert await ledger.runs.spec("r") == ("me", {"jobs": 2}, {})
    await ledger.events.add("r", None, "output", {})
    await ledger.runs.end("r", "done", None)
    await ledger.runs.forget(["r"])
    with pytest.raises(NoSuchRun):
        await ledger.runs.get("r")
    ledger.close()
    with sqlite3.connect(path) as new:
        assert new.execute("SELECT count(*) FROM specs").fetchone() == (0,)


async def test_runs_are_listed_in_pages_none_twice_and_none_left_out(ledger: Ledger) -> None:
    """Also runs that began at the same moment, and of one notebook among others."""
    rows = [(f"r{at}", f"/{at % 2}.ipynb", float(at // 3)) for at in range(90)]
    await ledger.database.write(
        lambda db: db.executemany(
            "INSERT INTO runs (run, kind, path, state, created, conditions)"
            " VALUES (?, 'workflow', ?, 'done', ?, '{}')",
            rows,
        )
    )
    # The run of the fixture is of now.
    expected = ["r", *(run for run, _, _ in reversed(rows))]
    assert [record.run for record in await ledger.runs.newest()] == expected
    for path in (None, "/1.ipynb"):
        whole = [record.run for record in await ledger.runs.newest(path)]
        assert len(whole) == (91 if path is None else 45)
        found: list[str] = []
        while page := await ledger.runs.newest(path, found[-1] if found else None, limit=7):
            found += [record.run for record in page]
        assert found == whole
    # A run of another notebook says how old as well.
    assert [r.run for r in await ledger.runs.newest("/1.ipynb", "r4", 9)] == ["r3", "r1"]
    with pytest.raises(NoSuchRun, match="no run 'x'") as fault:
        await ledger.runs.newest(before="x")
    assert fault.value.field == "before"


@pytest.mark.parametrize("path", [None, "/n.ipynb"])
@pytest.mark.parametrize("before", [None, "r"])
async def test_a_page_of_runs_comes_from_an_index(
    ledger: Ledger, path: str | None, before: str | None
) -> None:
    """However many runs there are, and whatever they did, no more is read than the page."""
    asked: list[str] = []
    await ledger.database.read(lambda db: db.set_trace_callback(asked.append))
    await ledger.runs.newest(path, before, 5)
    await ledger.database.read(lambda db: db.set_trace_callback(None))
    index = "runs_by_path" if path else "runs_by_age"
    (page,) = [statement for statement in asked if "ORDER BY" in statement]
    plan = await ledger.database.read(
        lambda db: [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {page}")]
    )
    assert len(plan) == 1 and index in plan[0], plan
    if before:
        assert "created<" in plan[0], plan


def test_an_old_sqlite_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 26, 0))
    with pytest.raises(LedgerFault, match=r"the ledger needs SQLite 3\.35: this Python comes with"):
        Database(tmp_path / "ledger.sqlite", MIGRATIONS)
