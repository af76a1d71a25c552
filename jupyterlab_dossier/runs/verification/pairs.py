"""The values of two runs in pairs: which of them are other ones, and which cannot be compared."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio

from .. import kernelspecs
from ..model import Json, Workflow
from .side import Side

if TYPE_CHECKING:
    from ..engine.engine import Engine

# Seconds for the comparison of two values, each of which may be gigabytes.
ANSWER_LIMIT = 600.0
_LINE = 1 << 20


@dataclass(frozen=True)
class Finding:
    """What is to be said of a variable of a cell."""

    name: str
    kind: Literal["differs", "unknown", "unshippable"]
    words: str
    small: bool = False
    """Whether numbers differ only as rounding makes them differ."""

    def __str__(self) -> str:
        # Why a value cannot be shipped is said with its name in it.
        return self.words if self.kind == "unshippable" else f"{self.name}: {self.words}"


@dataclass(frozen=True)
class _Pair:
    cell: str
    name: str
    left: str
    right: str


async def findings(
    engine: Engine, workflow: Workflow, left: Side, right: Side, cells: Iterable[str],
    renamed: tuple[str, str],
) -> dict[str, list[Finding]]:  # fmt: skip
    """What is to be said of the variables that these cells left in both runs, by cell.

    `left` is the recorded run; `renamed`: a folder's name in `right`, and what stands for it.
    """
    found: dict[str, list[Finding]] = {}
    pairs: list[_Pair] = []
    for cell in cells:
        for item in _matched(left, right, cell):
            if isinstance(item, Finding):
                found.setdefault(cell, []).append(item)
            elif left.versions.content(item.left) != right.versions.content(item.right):
                pairs.append(item)
    if not pairs:
        return found
    request = {
        "blobs": str(engine.store.folder),
        "folder": str(Path(workflow.path).parent),
        "renamed": renamed,
        "manifests": {**left.versions.manifests, **right.versions.manifests},
    }
    answers = await _answers(engine, workflow, request, pairs)
    for pair, answer in zip(pairs, answers, strict=True):
        if answer["state"] != "same":
            kind: Literal["differs", "unknown"]
            kind = "differs" if answer["state"] == "differs" else "unknown"
            said = Finding(pair.name, kind, str(answer["words"]), bool(answer["small"]))
            found.setdefault(pair.cell, []).append(said)
    return found


def _matched(left: Side, right: Side, cell: str) -> Iterator[_Pair | Finding]:
    """The variables of a cell in both runs; what needs no look into values is said at once."""
    for name in sorted({*left.left.get(cell, {}), *right.left.get(cell, {})}):
        if name.startswith("<"):
            continue  # the state of a random generator is no variable of the user's
        ours, theirs = left.value(cell, name), right.value(cell, name)
        if ours is None or theirs is None:
            if (left if ours is None else right).bound_unkept(cell, name):
                yield Finding(name, "unknown", "one of the runs did not store it")
            elif theirs is None:
                yield Finding(name, "differs", "the recorded run left it, this one did not")
            else:
                yield Finding(name, "differs", "this run left it, the recorded one did not")
        elif ours.get("unshippable") and theirs.get("unshippable"):
            if ours["type"] != theirs["type"]:
                yield Finding(name, "differs", f"{theirs['type']} instead of {ours['type']}")
            else:
                yield Finding(name, "unshippable", str(ours["unshippable"]))
        elif why := ours.get("unshippable") or theirs.get("unshippable"):
            yield Finding(name, "differs", f"in one of the runs only {why}")
        else:
            yield _Pair(cell, name, ours["version"], theirs["version"])


async def _answers(
    engine: Engine, workflow: Workflow, request: Json, pairs: Sequence[_Pair]
) -> list[Json]:
    """Asks a process of the notebook's interpreter, which alone loads values, about each pair.

    A pair at which it dies or takes too long is not known; a new process goes on behind it.
    """
    python = kernelspecs.interpreter(workflow.kernelspec).python
    zipapp = await asyncio.to_thread(engine.pool.lives.zipapp)
    command = (python, str(zipapp), "--compare")
    todo = [{"left": pair.left, "right": pair.right} for pair in pairs]
    answers: list[Json] = []
    while len(answers) < len(todo):
        left = todo[len(answers) :]
        some, why = await _some_answers(command, {**request, "pairs": left}, len(left))
        answers += some
        if why is not None:
            answers.append({"state": "unknown", "words": why, "small": False})
    return answers


async def _some_answers(
    command: Sequence[str], request: Json, count: int
) -> tuple[list[Json], str | None]:
    """The answers of one process, and why there is none about the next pair."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, limit=_LINE,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    answers: list[Json] = []
    try:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(json.dumps(request).encode())
            await process.stdin.drain()
            process.stdin.close()
        while len(answers) < count:
            with anyio.fail_after(ANSWER_LIMIT):
                line = await process.stdout.readline()
            if not line:
                return answers, _ended(await process.wait())
            answers.append(json.loads(line))
        return answers, None
    except TimeoutError:
        return answers, f"its comparison took more than {ANSWER_LIMIT:.0f} s"
    except ValueError:
        return answers, "what was answered of it cannot be read"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _ended(code: int) -> str:
    how = f"with status {code}"
    if code < 0:
        with contextlib.suppress(ValueError):
            how = f"by {signal.Signals(-code).name}"
    return f"the process that compared it ended {how}"
