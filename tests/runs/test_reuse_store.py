"""Results are taken only while all of them are there; many runs may take at once."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from reusing import PLAIN, ran, run
from support import started, targets, workflow

from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.values import blobs

LARGE = ["import numpy as np\na = np.arange(300_000)", "b = a[::-1].copy()", "print(b[:3])"]


async def blob_of(engine: Engine, name: str, cell: str) -> Path:
    manifests = [m for c, m in await engine.ledger.versions.of_run(name) if c == cell]
    blob, _ = max((b for m in manifests for b in blobs(m)), key=lambda b: b[1])
    return engine.store.blobs.path(blob)


@pytest.mark.parametrize("how", ["removed", "altered", "cut"])
async def test_a_blob_that_is_not_what_it_was(engine: Engine, tmp_path: Path, how: str) -> None:
    first, before = await run(engine, tmp_path, LARGE)
    path = await blob_of(engine, first.run, "c1")
    content = path.read_bytes()
    path.chmod(0o600)
    if how == "removed":
        path.unlink()
    elif how == "altered":
        path.write_bytes(b"?" + content[1:])
    else:
        path.write_bytes(content[:-1])
    record, after = await run(engine, tmp_path, LARGE)
    assert ran(record) == ["c1"] and after == before
    words = "was damaged in the store" if how == "altered" else "is not in the store any more"
    assert record.tasks[1].why == f"it ran: its value `b` {words}"
    assert path.read_bytes() == content
    assert ran((await run(engine, tmp_path, LARGE))[0]) == []


async def test_ten_runs_at_once(engine: Engine, tmp_path: Path) -> None:
    _, before = await run(engine, tmp_path, PLAIN)
    sources = [*PLAIN[:5], "print('edited')"]
    names = await asyncio.gather(
        *(engine.submit(workflow(tmp_path, sources if n % 2 else PLAIN)) for n in range(10))
    )
    executed = []
    for number, name in enumerate(names):
        record = await engine.wait(name)
        outputs, _ = await engine.outputs(name)
        # One of the edited ones that ends soon is taken by those that begin later.
        assert ran(record) in ([["c5"], []] if number % 2 else [[]]), record
        executed += ran(record)
        assert outputs["c3"] == before["c3"] and outputs["c4"] == before["c4"]
        assert outputs["c5"][0]["text"] == ("edited\n" if number % 2 else "alone\n")
    assert executed


async def test_two_engines_on_one_store(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as one, started(tmp_path / "data") as two:
        await run(one, tmp_path, PLAIN)
        found = await asyncio.gather(*(run(e, tmp_path, PLAIN) for e in (one, two) * 3))
        assert [ran(record) for record, _ in found] == [[]] * 6


async def test_a_result_that_is_cleaned_away_meanwhile_is_made_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, before = await run(engine, tmp_path, PLAIN)
    take = engine.ledger.keys.take

    async def late(taken: Any) -> Any:
        await engine.ledger.database.write(
            lambda db: db.execute("DELETE FROM runs WHERE run = ?", (first.run,))
        )
        return await take(taken)

    monkeypatch.setattr(engine.ledger.keys, "take", late)
    record, after = await run(engine, tmp_path, PLAIN)
    assert len(ran(record)) == 6 and record.state == "done" and after == before


async def test_a_run_stands_by_itself_when_those_it_took_from_are_gone(
    engine: Engine, tmp_path: Path
) -> None:
    first, before = await run(engine, tmp_path, LARGE)
    second, _ = await run(engine, tmp_path, LARGE)
    await engine.ledger.database.write(
        lambda db: db.execute("DELETE FROM runs WHERE run = ?", (first.run,))
    )
    assert (await engine.outputs(second.run))[0] == before
    third, after = await run(engine, tmp_path, [*LARGE[:2], "print(b[:3], a.sum())"])
    assert ran(third) == ["c2"] and after["c2"][0]["text"].startswith("[299999")


async def test_fifty_cells_in_no_time(tmp_path: Path) -> None:
    sources = [f"x{n} = {n} + {f'x{n - 1}' if n else 0}\nx{n}" for n in range(50)]
    async with started(tmp_path / "data", targets(slots=2)) as engine:
        await run(engine, tmp_path, sources)
    async with started(tmp_path / "data", targets(slots=2)) as engine:
        await engine.graph(workflow(tmp_path, sources))  # the helper process is warm in a server
        began, processor = time.monotonic(), time.process_time()
        record, _ = await run(engine, tmp_path, sources)
        seconds, processor = time.monotonic() - began, time.process_time() - processor
        print(f"{seconds:.2f} s, {processor:.2f} s of this process; load {os.getloadavg()[0]}")
        assert ran(record) == [] and await engine.ledger.workers.alive() == []
        assert processor < 1.0


async def test_whole_long_outputs_come_along(engine: Engine, tmp_path: Path) -> None:
    sources = ["for n in range(60_000): print(n)"]
    _, before = await run(engine, tmp_path, sources)
    again, after = await run(engine, tmp_path, sources)
    assert ran(again) == []
    pieces = [piece async for piece in engine.whole_output(again.run, "c0")]
    assert b"".join(pieces).split() == [str(n).encode() for n in range(60_000)]
    shown = [o for o in after["c0"] if "data" in o]
    about = "application/vnd.jupyterlab-dossier.output+json"
    assert shown and shown[-1]["data"][about]["run"] == again.run
    assert len(after["c0"]) == len(before["c0"])


async def test_displays_and_counts(engine: Engine, tmp_path: Path) -> None:
    sources = [
        "from IPython.display import display\nh = display('a', display_id='one')",
        "display('b', display_id='one', update=True)",
        "1 + 1",
        {"source": "def f(): 1 / 0\nf()", "tags": frozenset({"raises-exception"})},
    ]
    _, before = await run(engine, tmp_path, sources)
    again, after = await run(engine, tmp_path, sources)
    assert ran(again) == [] and after == before
    more, shown = await run(engine, tmp_path, ["print('first')", *sources])
    # Its number has changed, which the traceback shows.
    assert ran(more) == ["c0", "c4"]
    assert shown["c3"][0]["execution_count"] == 4
    assert shown["c1"][0]["data"]["text/plain"] == "'b'"
