"""The extension as Jupyter server loads it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Int

from jupyterlab_dossier.runs.ledger.limits import Storage

from . import announce
from .handlers import routes
from .service import Service

MEBIBYTE = 1 << 20


class DossierApp(ExtensionApp):
    """Cells of a notebook on the machine each needs."""

    name = "jupyterlab_dossier"
    extension_url = "/"
    load_other_extensions = True
    classes = [Storage]  # noqa: RUF012  traitlets' own way

    max_body_size = Int(
        64 * MEBIBYTE,
        min=MEBIBYTE,
        help="Largest request that is taken, in bytes. A notebook's outputs need not be sent.",
    ).tag(config=True)

    service: Service

    def initialize_settings(self) -> None:
        """Makes what the handlers share; the engine itself waits for its first use."""
        server = self._server()
        self.service = Service(server, Storage(parent=self))
        self.settings["jupyterlab_dossier_service"] = self.service
        self.settings["jupyterlab_dossier_max_body_size"] = self.max_body_size
        self.service.events.register_event_schema(announce.SCHEMA_PATH)

    def initialize_handlers(self) -> None:
        self.handlers.extend(routes())

    def current_activity(self) -> Any:
        """Truthy while a run goes on: the server is not idle then."""
        return self.service.busy

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        self._resuming = asyncio.create_task(self._resume())

    async def _resume(self) -> None:
        try:
            await self.service.resume()
        except Exception:
            # The next request tries again and tells its caller.
            self.log.exception("runs of an earlier server could not be taken up")

    async def stop_extension(self) -> None:
        """Ends the engine with the server."""
        resuming = getattr(self, "_resuming", None)
        if resuming is not None:
            resuming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await resuming
        await self.service.stop()

    def _server(self) -> ServerApp:
        assert self.serverapp is not None
        return self.serverapp
