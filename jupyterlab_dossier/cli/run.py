"""Runs a notebook as a workflow and writes it with its outputs."""

from __future__ import annotations

import argparse
import asyncio
import copy
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import cells
from .console import document, say

if TYPE_CHECKING:
    from jupyterlab_dossier.runs import RunRecord, Workflow
    from jupyterlab_dossier.runs.model import Json
    from jupyterlab_dossier.runs.notebooks import Notebook


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("notebook", metavar="NB", type=Path, help="the notebook's file")
    add("-o", dest="output", metavar="OUT", type=Path, help="write here instead of in place")
    add("--target", metavar="T", help="target of the cells that name none")
    add(
        "--only", metavar="CELL", action="append", default=[],
        help="run this cell (id or index) and all it needs; may be repeated",
    )  # fmt: skip
    add("--jobs", metavar="N", type=number, help="run at most N cells at once")
    add("--shuffle", metavar="SEED", type=int, help="start ready cells in this random order")
    add("--fresh", action="store_true", help="take nothing from earlier runs")
    add(
        "-p", dest="parameters", metavar="NAME=VALUE", type=_parameter, action="append",
        default=[], help="assign after the cell tagged `parameters`; may be repeated",
    )  # fmt: skip
    add("--json", action="store_true", help="print the run as JSON")


def number(text: str) -> int:
    # SQLite's integers end at 19 digits.
    if not (text.isascii() and text.isdigit() and len(text) <= 15) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def main(asked: argparse.Namespace) -> int:
    from jupyterlab_dossier.runs import notebooks

    from .follow import run_json, summary

    notebook = notebooks.read(asked.notebook)
    out: Path = asked.output or asked.notebook
    notebooks.check_writable(out)
    # Parameters stand in what runs, not in what is written.
    written = copy.deepcopy(notebook.node)
    notebooks.parametrise(notebook, dict(asked.parameters))
    ids = [cell.id for cell in notebook.code_cells]
    workflow = notebooks.workflow(
        notebook,
        default_target=asked.target,
        only=frozenset(cells.find(name, ids) for name in asked.only) or None,
        fresh=asked.fresh,
        jobs=asked.jobs,
        shuffle=asked.shuffle,
    )
    for notice in notebook.notices:
        say(f"notice: {notice}")
    record, interrupted, shown, counts = asyncio.run(_run(workflow))
    _fill(written, workflow, record, shown, counts)
    status = 0 if record.state == "done" else 1
    say(summary(record))
    try:
        if not _write(notebook, written, out):
            say(f"{out} changed meanwhile: it was not written")
            status = 3
    except OSError as error:
        say(f"error: {out} cannot be written: {error.strerror}")
        status = 1
    if asked.json:
        document(run_json(record))
    return 130 if interrupted else status


async def _run(
    workflow: Workflow,
) -> tuple[RunRecord, bool, dict[str, list[Json]], dict[str, int | None]]:
    from jupyterlab_dossier.runs.preflight.rules import refuse

    from .follow import follow
    from .host import hosted

    sources = {cell.id: cell.source for cell in workflow.cells}
    async with hosted() as engine:
        problems = await engine.preflight(workflow)
        for problem in problems:
            if problem.level == "warning":
                say(f"warning: {problem}")
        refuse(problems)
        run = await engine.submit(workflow)
        record, interrupted = await follow(engine, run, sources)
        return record, interrupted, *await engine.outputs(run)


def _fill(
    node: Any,
    workflow: Workflow,
    record: RunRecord,
    shown: dict[str, list[Json]],
    counts: dict[str, int | None],
) -> None:
    """Puts the run's outputs into the notebook; cells that are not run keep what they show."""
    from jupyterlab_dossier.runs import notebooks
    from jupyterlab_dossier.runs.planning.plan import is_blank

    ran = {task.id for task in record.tasks} - {c.id for c in workflow.cells if is_blank(c)}
    kept = [c for c in node.cells if c.cell_type == "code" and c.id not in ran]
    notebooks.apply_outputs(
        node,
        {**shown, **{cell.id: cell.outputs for cell in kept}},
        {**counts, **{cell.id: cell.execution_count for cell in kept}},
    )


def _write(notebook: Notebook, node: Any, out: Path) -> bool:
    """Writes the notebook, in place only where that undoes nobody's edit."""
    from jupyterlab_dossier.runs import notebooks

    own = node.metadata.get("dossier")
    if out.resolve() == notebook.path.resolve():
        if notebooks.changed(notebook):
            return False
    elif own and own.get("id"):
        # A copy is another notebook than its original.
        own["id"] = secrets.token_hex(8)
    notebooks.write(node, out)
    return True
