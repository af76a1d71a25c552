"""Verify: a run is executed once more, with nothing reused, and every cell that differs is named.

It happens in a copy of the notebook's folder, in new worker kernels: once under the recorded
conditions, which decides, and once with another hash seed and other thread counts, which tells
what hangs on them. Values are compared in a process of the notebook's interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import compare, conditions, kernelspecs
from . import plan as planning
from .model import ENDED_RUN, BadInput, Json, Workflow
from .observations import effects_of
from .values import blobs

if TYPE_CHECKING:
    from .engine import Engine

# A folder that is larger is not copied unasked.
FOLDER_LIMIT = 8 << 30
# What stands in such folders is made anew, not read by notebooks.
_PASSED_OVER = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "__pycache__", ".ipynb_checkpoints"
)
_SUBMITS = re.compile(
    r"\b(sbatch|srun|salloc|qsub|bsub|flux|kubectl|helm|docker|curl|wget|ssh|scp|rsync|git push)\b"
)
_TEXT = 500
_ANSWER_LIMIT = 600.0
_SPACE_RANDOM = ("<random>", "<numpy.random>")


@dataclass
class Verdict:
    """What became of one cell."""

    id: str
    index: int
    state: str = "identical"
    """`identical`, `differs`, `follows` (only since an earlier cell differs), `not verified`."""
    how: list[str] = field(default_factory=list)
    cause: str | None = None

    @property
    def differs(self) -> bool:
        return self.state in ("differs", "follows")


@dataclass
class Verified:
    """The outcome; `state` is `identical` or `differs`, by the recorded conditions."""

    run: str
    state: str
    again: str
    """The run under the recorded conditions."""
    cells: list[Verdict]
    other: str | None
    """The run under other conditions."""
    other_conditions: dict[str, str]
    other_cells: list[Verdict]

    def to_json(self) -> Json:
        return asdict(self)


class Verifier:
    """The verifications of one engine; what came of one is kept with its run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running: dict[str, asyncio.Task[None]] = {}

    async def verify(self, run: str, outside: bool = False) -> Verified:
        """Executes a workflow run again and compares. Raises `BadInput`."""
        found = await _verify(self._engine, run, outside)
        await self._engine.ledger.keep_verified(run, found.to_json())
        return found

    async def start(self, run: str, outside: bool = False) -> None:
        """As `verify`, in the background; `state` tells what came of it. Raises `BadInput`."""
        await self._engine.again(run)  # raises where there is nothing to verify

        async def go() -> None:
            try:
                await self.verify(run, outside)
            except Exception as error:
                words = str(error) or type(error).__name__
                await self._engine.ledger.keep_verified(run, {"state": "failed", "why": words})

        if run not in self._running:
            task = self._running[run] = asyncio.create_task(go())
            task.add_done_callback(lambda _: self._running.pop(run, None))

    async def state(self, run: str) -> Json:
        """`{"state": "none", "running", "failed", "identical" or "differs", "why", "result"}`.

        `result` is `Verified` where there is one. Raises `NoSuchRun`.
        """
        await self._engine.ledger.run(run)
        if run in self._running:
            return {"state": "running", "why": None, "result": None}
        found = await self._engine.ledger.verified(run)
        if found is None:
            return {"state": "none", "why": None, "result": None}
        failed = found["state"] == "failed"
        return {
            "state": found["state"],
            "why": found["why"] if failed else None,
            "result": None if failed else found,
        }

    async def close(self) -> None:
        """Gives up what is under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _verify(engine: Engine, run: str, outside: bool) -> Verified:
    record = await engine.record(run)
    if record.state not in ENDED_RUN:
        raise BadInput(f"run {run} has not ended: {record.state}", "run")
    workflow = replace(await engine.again(run), fresh=True, shuffle=None)
    original = await _Side.of(engine, run)
    left_out = {} if outside else _outside(workflow, original)
    plan = planning.make(workflow.cells, original.graph)
    for cell in plan.order:
        if cell not in left_out and left_out.keys() & plan.steps[cell].ordered:
            left_out[cell] = "it needs a cell that is not executed again"
    wanted = {cell for cell in original.tasks if cell not in left_out}
    known: dict[str, str] = original.conditions["env"]
    async with _copied(workflow) as copy:
        again = await _execute(engine, workflow, copy, wanted, known)
        cells = await _judge(engine, workflow, plan, original, again, left_out, copy)
    changed = _other(known)
    async with _copied(workflow) as copy:
        other = await _execute(engine, workflow, copy, wanted, {**known, **changed})
        others = await _judge(engine, workflow, plan, original, other, left_out, copy)
    firm = {verdict.id for verdict in cells if verdict.differs}
    others = [v for v in others if v.differs and v.id not in firm]
    for verdict in others:
        if verdict.state == "differs":
            verdict.cause = _cause_of_conditions(verdict)
    state = "differs" if firm else "identical"
    return Verified(run, state, again, cells, other, changed, others)


@dataclass
class _Side:
    """A run as it is compared."""

    run: str
    graph: Json
    tasks: dict[str, str]
    """State by cell."""
    outputs: dict[str, list[Json]]
    versions: dict[str, dict[str, Json]]
    """Manifests by cell and name."""
    manifests: dict[str, Json]
    effects: dict[str, Json]
    conditions: Json

    @staticmethod
    async def of(engine: Engine, run: str) -> _Side:
        record = await engine.record(run)
        _, spec, known = await engine.ledger.spec(run)
        outputs, _ = await engine.outputs(run)
        versions: dict[str, dict[str, Json]] = {}
        for cell, manifest in await engine.ledger.versions(run):
            versions.setdefault(cell, {})[manifest["name"]] = manifest
        named = [m["version"] for left in versions.values() for m in left.values()]
        effects = {}
        for row in await engine.ledger.attempts(run):
            if row["result"]:
                effects[row["cell"]] = effects_of(json.loads(row["result"]))
        return _Side(
            run,
            spec["graph"],
            {task.id: task.state for task in record.tasks},
            outputs,
            versions,
            await engine.ledger.manifests(named),
            effects,
            known,
        )


def _outside(workflow: Workflow, side: _Side) -> dict[str, str]:
    """Cells that reach beyond the notebook's folder, with the reason."""
    found = {}
    for cell in workflow.cells:
        effects = side.effects.get(cell.id, {})
        files = effects.get("files") or {}
        written = [path for path in files.get("written") or () if str(path).startswith("/")]
        submits = _SUBMITS.search(cell.source) if effects.get("spawned") else None
        if effects.get("network"):
            found[cell.id] = f"it reaches {', '.join(map(str, effects['network']))[:_TEXT]}"
        elif submits:
            found[cell.id] = f"it starts {submits[0]}"
        elif written:
            found[cell.id] = f"it writes {', '.join(written)[:_TEXT]}, outside of its folder"
    return found


@contextlib.asynccontextmanager
async def _copied(workflow: Workflow) -> AsyncIterator[Path]:
    """The notebook's path in a copy of its folder."""
    path = Path(workflow.path)
    size = await asyncio.to_thread(_size, path.parent)
    if size > FOLDER_LIMIT:
        words = f"{path.parent} holds {size >> 30} GiB: it is too large to be copied for this"
        raise BadInput(words, "run")
    place = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="dossier-verify-"))
    try:
        folder = place / path.parent.name
        await asyncio.to_thread(
            shutil.copytree, path.parent, folder, symlinks=True, ignore=_PASSED_OVER
        )
        yield folder / path.name
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += file.lstat().st_size
        if total > FOLDER_LIMIT:
            break
    return total


async def _execute(
    engine: Engine, workflow: Workflow, copy: Path, wanted: Set[str], env: dict[str, str]
) -> str:
    """Runs the cells that are to be verified in the copied folder; the run's name."""
    for source, body in (await engine.ledger.observations(workflow.path)).items():
        await engine.ledger.remember(str(copy), source, body)
    moved = replace(workflow, path=str(copy), notebook_id=None, only=frozenset(wanted) or None)
    run = await engine.submit(moved, env=env)
    try:
        await engine.wait(run)
    except asyncio.CancelledError:
        await engine.cancel(run)
        raise
    return run


def _other(env: Mapping[str, str]) -> dict[str, str]:
    """Another hash seed, and other thread counts."""
    seed = str(int(env.get("PYTHONHASHSEED") or 0) + 1) if _is_number(env) else "1"
    found = {"PYTHONHASHSEED": seed}
    for name in conditions.THREADS:
        found[name] = "1" if env.get(name, "1") != "1" else "2"
    return found


def _is_number(env: Mapping[str, str]) -> bool:
    return (env.get("PYTHONHASHSEED") or "0").isdecimal()


async def _judge(
    engine: Engine, workflow: Workflow, plan: planning.Plan, original: _Side, run: str,
    left_out: Mapping[str, str], copy: Path,
) -> list[Verdict]:  # fmt: skip
    now = await _Side.of(engine, run)
    renamed = (str(copy.parent), str(Path(workflow.path).parent))
    values = await _values(engine, workflow, original, now, renamed)
    # What speaks against taking a result again is what makes it differ.
    barred = {cell: key.barred for cell, key in (await engine.ledger.keys(run)).items()}
    found: dict[str, Verdict] = {}
    for cell in workflow.cells:
        if cell.id not in original.tasks or planning.is_blank(cell):
            continue
        verdict = found[cell.id] = Verdict(cell.id, cell.index)
        if cell.id in left_out:
            verdict.state, verdict.cause = "not verified", left_out[cell.id]
            continue
        was, became = original.tasks[cell.id], now.tasks.get(cell.id, "skipped")
        if _kind(was) != _kind(became):
            verdict.how.append(f"{became} instead of {was}")
        shown = _renamed(now.outputs.get(cell.id, []), renamed)
        verdict.how += compare.differences(shown, original.outputs.get(cell.id, []))
        small = True
        for name, words, close in values.get(cell.id, []):
            if name not in _SPACE_RANDOM:
                verdict.how.append(f"{name}: {words}")
                small = small and close
        if not verdict.how:
            continue
        verdict.how = [words[:_TEXT] for words in verdict.how]
        follows = any(
            found[other].differs for other in plan.steps[cell.id].ordered if other in found
        )
        verdict.state = "follows" if follows else "differs"
        if not follows:
            rounding = bool(values.get(cell.id)) and small
            verdict.cause = _cause(cell.id, original, now, barred.get(cell.id), rounding)
    return list(found.values())


def _kind(state: str) -> str:
    return "done" if state in ("done", "reused") else state


def _renamed(outputs: list[Json], names: tuple[str, str]) -> list[Json]:
    text = json.dumps(outputs)
    was, now = (json.dumps(name)[1:-1] for name in names)
    found: list[Json] = json.loads(text.replace(was, now)) if was in text else outputs
    return found


async def _values(
    engine: Engine, workflow: Workflow, left: _Side, right: _Side, renamed: tuple[str, str]
) -> dict[str, list[tuple[str, str, bool]]]:
    """(name, how, whether only rounded otherwise) of each value that is another, by cell."""
    asked: list[tuple[str, str, Json]] = []
    for cell, names in left.versions.items():
        for name, manifest in names.items():
            other = right.versions.get(cell, {}).get(name)
            if other is None or manifest.get("unshippable") or other.get("unshippable"):
                continue
            if _blobs(manifest, left) != _blobs(other, right):
                pair = {"left": manifest["version"], "right": other["version"]}
                asked.append((cell, name, pair))
    if not asked:
        return {}
    request = {
        "blobs": str(engine.store.folder),
        "folder": str(Path(workflow.path).parent),
        "renamed": renamed,
        "manifests": {**left.manifests, **right.manifests},
        "pairs": [pair for _, _, pair in asked],
    }
    answers = await _compared(engine, workflow, request, len(asked))
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for (cell, name, _), answer in zip(asked, answers, strict=True):
        if answer["state"] == "differs":
            known = (name, str(answer["words"])[:_TEXT], bool(answer["small"]))
            found.setdefault(cell, []).append(known)
    return found


def _blobs(manifest: Json, side: _Side) -> list[Any]:
    parts: list[Any] = [blob for blob, _ in blobs(manifest)]
    for dep in manifest.get("deps") or ():
        known = side.manifests.get(dep)
        parts.append(_blobs(known, side) if known is not None else dep)
    return parts


async def _compared(
    engine: Engine, workflow: Workflow, request: Json, count: int
) -> Sequence[Json]:
    """Asks a process of the notebook's interpreter, which alone loads values."""
    python = kernelspecs.interpreter(workflow.kernelspec).python
    zipapp = await asyncio.to_thread(engine.pool.zipapp)
    process = await asyncio.create_subprocess_exec(
        python, str(zipapp), "--compare",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(
            process.communicate(json.dumps(request).encode()), _ANSWER_LIMIT
        )
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    answers: list[Json] = [json.loads(line) for line in out.splitlines()[:count]]
    # A value at which the process died, and those after it, cannot be compared.
    missing = [{"state": "unknown", "words": "", "small": False}] * (count - len(answers))
    return answers + missing


def _cause(cell: str, left: _Side, right: _Side, barred: str | None, rounding: bool) -> str:
    """The likely cause, from what the cell was seen to do and what its text says."""
    seen = [side.effects.get(cell, {}) for side in (left, right)]
    if barred:
        return barred[:_TEXT]
    drawn = sorted({str(name).strip("<>") for e in seen for name in e.get("drawn") or ()})
    if drawn:
        return f"it draws from {', '.join(drawn)}, which nobody has seeded"
    if rounding:
        return "sums of floats are rounded in another order"
    if any((effects.get("files") or {}).get("read") for effects in seen):
        return "it reads files"
    return "nothing was seen that explains it"


def _cause_of_conditions(verdict: Verdict) -> str:
    numbers = [_numbers(words) for words in verdict.how]
    if numbers and all(numbers):
        return "thread count: sums of floats are rounded in another order"
    return "hash seed: the order of a set or of hashes"


def _numbers(words: str) -> bool:
    """Whether only floats differ, and only a little."""
    return "elements" in words or bool(re.search(r"\d\.\d{3,}", words))
