"""What the handlers share: the engine, made on first use, and the paths of this server."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from jupyter_events import EventLogger
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import ApiPath, to_api_path, to_os_path, url_path_join

from jupyterlab_dossier.link import LinkServer, Outside
from jupyterlab_dossier.runs import BadInput, Engine
from jupyterlab_dossier.runs.ledger.limits import Storage

from .announce import Announcer
from .editing import Editing
from .sessions import KERNEL_ACTIONS, Sessions
from .writers import Writers

LINK = "dossier/link"


def data_folder() -> Path:
    """Where ledger, store and workers stand."""
    return Path(jupyter_data_dir()) / "dossier"


class Service:
    """One engine for one Jupyter server, started when something first needs it."""

    def __init__(self, serverapp: ServerApp, storage: Storage) -> None:
        self.serverapp = serverapp
        self.storage = storage
        """What may stay of earlier runs."""
        self.announcer = Announcer(self)
        self.sessions = Sessions(self)
        self.editing = Editing()
        self.writers = Writers()
        self._engine: Engine | None = None
        self._link: LinkServer | None = None
        self._starting = asyncio.Lock()
        self._stopped = False

    @property
    def busy(self) -> bool:
        """Whether a run goes on, which keeps an idle server from being ended."""
        return self.announcer.busy

    @property
    def events(self) -> EventLogger:
        """The server's event bus."""
        logger = self.serverapp.event_logger
        assert logger is not None
        return logger

    @property
    def started(self) -> Engine | None:
        """The engine where it was started, and does not end with the server."""
        return None if self._stopped else self._engine

    async def engine(self) -> Engine:
        """The engine; the first call starts it, opens the link, takes up runs of dead servers."""
        async with self._starting:
            if self._stopped:
                raise RuntimeError("the server is stopping")
            if self._engine is None:
                self._engine, self._link = await self._start()
                self.events.add_listener(schema_id=KERNEL_ACTIONS, listener=self.sessions.heard)
                await self.announcer.take_up(self._engine)
            return self._engine

    async def _start(self) -> tuple[Engine, LinkServer]:
        # Opening the ledger waits for the disk, and for other processes.
        engine = await asyncio.to_thread(Engine, data_folder())
        link = LinkServer(engine.store, engine.pool)
        engine.pool.lives.forget = link.forget
        engine.pool.lives.outside = Outside(link, data_folder() / "link", served=True)
        try:
            await engine.start(await self._link_url(link), recover=True)
        except BaseException:
            await engine.stop()
            await link.close()
            raise
        # Last, since a rule cannot be taken away again; workers that are early try again.
        rules = link.handlers(self.serverapp.base_url)
        self.serverapp.web_app.add_handlers(".*$", rules)  # type: ignore[no-untyped-call]
        return engine, link

    async def resume(self) -> None:
        """Starts the engine where there is a ledger: a run may have outlived the last server."""
        if await asyncio.to_thread((data_folder() / "ledger.sqlite").exists):
            await self.engine()

    async def stop(self) -> None:
        """Ends the engine; workflow runs go on in their workers for the next server."""
        async with self._starting:
            self._stopped = True
            await self.announcer.stop()
            await self.editing.close()
            if self._engine is not None:
                await self._engine.stop(leave_runs=True)
            if self._link is not None:
                await self._link.close()
            self._engine = self._link = None

    async def _link_url(self, link: LinkServer) -> str:
        """Where local workers dial in: at this server, or beside it where they could not."""
        app = self.serverapp
        if app.certfile or app.sock or not _has_loopback(app.ip):
            # Local workers have no name to verify a certificate by, and cannot reach a unix socket.
            return await link.listen_loopback()
        return f"ws://127.0.0.1:{app.port}{url_path_join(app.base_url, LINK)}"

    def os_path(self, path: str) -> Path:
        """The real path of a notebook of Jupyter's contents. Raises `BadInput` outside its root."""
        root = os.path.realpath(self.root)
        try:
            found = os.path.realpath(to_os_path(ApiPath(path), root))
        except ValueError:  # a null byte
            found = ""
        if not found.startswith(os.path.join(root, "")):
            raise BadInput(f"path {path!r} is not a notebook of this server", "path")
        return Path(found)

    def api_path(self, path: str) -> str:
        """A real path as Jupyter's contents name it; one outside their root stays as it is."""
        root = os.path.realpath(self.root)
        if not path.startswith(os.path.join(root, "")):
            return path
        return str(to_api_path(path, root))

    @property
    def root(self) -> str:
        return str(self.serverapp.contents_manager.root_dir or self.serverapp.root_dir)


def _has_loopback(ip: str) -> bool:
    if ip in ("", "*", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return address == ipaddress.ip_address("127.0.0.1") or address.is_unspecified
