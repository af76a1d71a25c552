"""The engine in this process, with its own end of the worker link."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from jupyterlab_dossier.link import LinkServer, Outside
from jupyterlab_dossier.runs import Engine, Workflow
from jupyterlab_dossier.runs.planning.observations import Observed


def data_folder() -> Path:
    """Where ledger, store and workers stand; `JUPYTER_DATA_DIR` isolates them."""
    return Path(jupyter_data_dir()) / "dossier"


@contextlib.asynccontextmanager
async def hosted() -> AsyncIterator[Engine]:
    """A started engine; runs that other engines own are left to them."""
    engine = Engine(data_folder())
    link = LinkServer(engine.store, engine.pool)
    engine.pool.lives.forget = link.forget
    engine.pool.lives.outside = Outside(link, data_folder() / "link", served=False)
    try:
        await engine.start(await link.listen_loopback())
        yield engine
    finally:
        # Workers are told to end over the link, so it goes last.
        await engine.stop()
        await link.close()


@contextlib.asynccontextmanager
async def reading() -> AsyncIterator[Engine]:
    """An engine that starts nothing, for looking at the ledger."""
    engine = Engine(data_folder())
    try:
        yield engine
    finally:
        await engine.stop()


async def remembered(workflow: Workflow) -> dict[str, Observed]:
    """What earlier runs of a notebook saw its cells do, by cell; makes no ledger."""
    if not (data_folder() / "ledger.sqlite").exists():
        return {}
    async with reading() as engine:
        return await engine.observed(workflow)
