"""A run's events over a websocket: the past from the ledger, then what happens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyterlab_dossier.app.service import Service
from jupyterlab_dossier.runs import NoSuchRun

from .base import RESOURCE, allowed, refuse_handshake

NO_SUCH_RUN = 4404
FAILED = 1011


class RunEventsHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One client that watches one run."""

    auth_resource = RESOURCE

    @ws_authenticated
    @allowed("read")
    async def get(self, run: str) -> None:
        after = self.get_query_argument("after", "0")
        # A browser sends digits; isdigit() alone would let other scripts' digits pass.
        if not (after.isascii() and after.isdigit()):
            raise HTTPError(400, "after must be a whole number from 0")
        self._after = int(after)
        self._document = self.get_query_argument("document", "")
        self._client = self.get_query_argument("client", "")
        await super().get(run)

    def open(self, run: str) -> None:
        super().open(run)
        if self._document:
            writers = self._service.writers
            self._leave = writers.join((run, self._document), self._client, self._tell_writer)
        self._sending = asyncio.create_task(self._send(run))

    def on_message(self, message: str | bytes) -> None:
        """Clients only listen."""

    def on_close(self) -> None:
        super().on_close()
        leave = getattr(self, "_leave", None)
        if leave is not None:
            leave()
        sending = getattr(self, "_sending", None)
        if sending is not None:
            sending.cancel()

    @property
    def _service(self) -> Service:
        service: Service = self.settings["jupyterlab_dossier_service"]
        return service

    def _tell_writer(self, writer: bool) -> None:
        event = {"seq": 0, "cell": None, "kind": "writer", "body": {"writer": writer}}
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(json.dumps([event]))

    async def _send(self, run: str) -> None:
        try:
            engine = await self._service.engine()
            async for events in engine.watch_texts(run, after=self._after):
                # Waits until the socket took it: a slow client holds back only itself.
                await self.write_message(f"[{','.join(events)}]")
            self.close(1000)
        except NoSuchRun as error:
            self.close(NO_SUCH_RUN, _reason(error))
        except WebSocketClosedError:
            pass
        except Exception:
            self.log.exception("the events of run %s cannot be sent", run)
            self.close(FAILED, "the server failed: its log says more")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        refuse_handshake(self, **kwargs)


def _reason(error: Exception) -> str:
    """A close reason fits into 123 bytes."""
    return str(error).encode()[:120].decode("utf-8", "ignore")
