"""Cells run one by one: which session of the engine belongs to which kernel of this server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyterlab_dossier.runs import BadInput, Cell, notebooks
from jupyterlab_dossier.runs.engine.engine import worker_zipapp
from jupyterlab_dossier.runs.model import Json
from jupyterlab_dossier.runs.preflight.rules import Problem, lasting, refuse

from .kernels import KernelBridge, process_of

if TYPE_CHECKING:
    from jupyterlab_dossier.runs import Engine
    from jupyterlab_dossier.runs.engine.interactive import Interactive
    from jupyterlab_dossier.runs.preflight.survey import Report

    from .service import Service

KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"


@dataclass
class _Asked:
    """A cell that is to run on a target now."""

    cells: Sequence[Cell]
    cell: Cell
    target: str
    session: Interactive
    bridge: KernelBridge

    async def preflight(self) -> Report:
        return await self.session.preflight(self.cell, self.target, self.cells, self.bridge)


class Sessions:
    """The engine's sessions by kernel; one ends when its kernel is restarted or ends."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._processes: dict[str, Any] = {}
        self._made: dict[str, dict[str, int]] = {}
        """What was made remotely when a kernel was restarted, until its next session."""

    async def run_cell(
        self, notebook: notebooks.Notebook, kernel: str, name: str, once: str | None = None
    ) -> tuple[str, list[Problem]]:
        """Starts a cell on its target, or on another one this `once`: the run, and warnings.

        Raises `Refused` where it would fail for certain.
        """
        asked = await self._asked(notebook, kernel, name, once)
        report = await asked.preflight()
        refuse(report.problems)
        document = notebook.node.metadata.get("dossier") or {}
        run = await asked.session.run_cell(
            asked.cell, asked.target, asked.cells, asked.bridge, document.get("id"),
            report.complete,
        )  # fmt: skip
        return run, lasting(report.problems)

    async def preflight(
        self, notebook: notebooks.Notebook, kernel: str, name: str, once: str | None = None
    ) -> list[Problem]:
        """What is wrong with a cell that would run now."""
        asked = await self._asked(notebook, kernel, name, once)
        return (await asked.preflight()).problems

    async def _asked(
        self, notebook: notebooks.Notebook, kernel: str, name: str, once: str | None
    ) -> _Asked:
        cells, cell = await self._cells(notebook, kernel, name)
        document = notebook.node.metadata.get("dossier") or {}
        if once not in (None, cell.target):
            # Options are the target's that they were given for.
            bare = replace(cell, options={})
            cell = notebooks.with_options(bare, document.get("options") or {}, once)
        target = once or cell.target or document.get("target")
        if target in (None, "kernel"):
            raise BadInput(f"cell {cell.index} ({cell.id}) runs in the notebook's kernel", "cell")
        engine = await self._service.engine()
        session = await self._session(engine, notebook.path, kernel)
        return _Asked(cells, cell, target, session, await self._bridge(engine, kernel))

    async def prepare(self, notebook: notebooks.Notebook, kernel: str, name: str) -> Json:
        """Loads what a kernel cell needs and was made elsewhere into the kernel."""
        cells, cell = await self._cells(notebook, kernel, name)
        engine = await self._service.engine()
        session = await self._session(engine, notebook.path, kernel)
        return await session.prepare(cell, cells, await self._bridge(engine, kernel))

    async def open_inputs(
        self, path: Path, kernel: str, run: str, name: str, replace: bool | None
    ) -> Json:
        """Loads what a cell was given in a run into the kernel."""
        engine = await self._service.engine()
        session = await self._session(engine, path, kernel)
        bridge = await self._bridge(engine, kernel)
        return await session.open_inputs(name, await engine.given(run, name), bridge, replace)

    async def heard(self, logger: Any, schema_id: str, data: Json) -> None:
        """Listens to what happens to kernels: their names are gone with them."""
        if data.get("action") in ("restart", "shutdown") and data.get("kernel_id"):
            await self._end(str(data["kernel_id"]))

    async def _cells(
        self, notebook: notebooks.Notebook, kernel: str, name: str
    ) -> tuple[tuple[Cell, ...], Cell]:
        # The kernel that runs counts, not the one that the document was last saved with.
        notebook.node.metadata.kernelspec.name = self._manager(kernel).kernel_name
        workflow = await asyncio.to_thread(notebooks.workflow, notebook)
        for cell in workflow.cells:
            if cell.id == name:
                return workflow.cells, cell
        raise BadInput(f"there is no code cell {name!r} in the notebook", "cell")

    async def _session(self, engine: Engine, path: Path, kernel: str) -> Interactive:
        manager = self._manager(kernel)
        process = process_of(manager)
        # A kernel that died and was started again by its restarter is told by no event.
        if self._processes.get(kernel, process) != process:
            await self._end(kernel)
        self._processes[kernel] = process
        session = engine.session(kernel, str(path), manager.kernel_name)
        if kernel in self._made:
            session.made_before(self._made.pop(kernel))
        return session

    async def _bridge(self, engine: Engine, kernel: str) -> KernelBridge:
        archive = await asyncio.to_thread(worker_zipapp, engine.folder / "bin")
        return KernelBridge(self._manager(kernel), archive, engine.store.folder)

    async def _end(self, kernel: str) -> None:
        engine = self._service.started
        # A server that ends shuts its kernels down after the engine, which ended the sessions.
        if self._processes.pop(kernel, None) is None or engine is None:
            return
        if made := await engine.end_session(kernel):
            self._made[kernel] = made

    def _manager(self, kernel: str) -> Any:
        kernels = self._service.serverapp.kernel_manager
        if kernel not in kernels:
            raise BadInput("the notebook's kernel is not running: start it first", "kernel")
        return kernels.get_kernel(kernel)
