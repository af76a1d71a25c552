"""A worker kernel as its pages see it: Jupyter's kernel websocket, for comms only.

So a page links its widgets by its own kernel connection. What widgets are and how they stand the
server knows, and tells it in the words of ipywidgets' control comm: the kernel may be busy.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.web import HTTPError, authenticated
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyterlab_dossier.app.service import Service
from jupyterlab_dossier.runs import Engine
from jupyterlab_dossier.runs.model import Json
from jupyterlab_dossier.runs.workers.comms import COMM, Feed
from jupyterlab_dossier.runs.workers.worker import Kernel

from .base import RESOURCE, Handler, allowed, refuse_handshake

PROTOCOL = "v1.kernel.websocket.jupyter.org"
CONTROL = "jupyter.widget.control"
MALFORMED = 4400
TRY_AGAIN = 1013
GOING_AWAY = 1001

_INFO: Json = {
    "status": "ok",
    "protocol_version": "5.3",
    "implementation": "jupyterlab_dossier",
    "implementation_version": "1",
    "language_info": {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"},
    "banner": "",
    "help_links": [],
}


class WorkerKernelHandler(Handler):
    @authenticated
    @allowed("read")
    async def get(self, kernel: str) -> None:
        engine = await self.service.engine()
        found = engine.pool.roster.kernel(kernel)
        state = "dead" if found is None else "busy" if found.lock.locked() else "idle"
        name = found.worker.target.name if found else ""
        self.reply({"id": kernel, "name": name, "execution_state": state})


class ChannelsHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page and the widgets of one worker kernel."""

    auth_resource = RESOURCE

    _engine: Engine
    _kernel: Kernel | None = None
    _feed: Feed | None = None
    _sending: asyncio.Task[None] | None = None

    @ws_authenticated
    @allowed("execute")
    async def get(self, kernel: str) -> None:
        if PROTOCOL not in self.request.headers.get("Sec-WebSocket-Protocol", ""):
            raise HTTPError(400, f"the websocket must speak {PROTOCOL}")
        service: Service = self.settings["jupyterlab_dossier_service"]
        self._engine = await service.engine()
        self._controls: set[str] = set()
        await super().get(kernel)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return PROTOCOL

    def open(self, kernel: str) -> None:
        super().open(kernel)
        self._kernel = self._engine.pool.roster.kernel(kernel)
        self._feed = self._kernel.comms.listen() if self._kernel else Feed()
        if self._kernel is None:
            self._feed.end("there is no such worker kernel")
        self._sending = asyncio.create_task(self._send(self._feed))

    def on_close(self) -> None:
        super().on_close()
        if self._kernel is not None and self._feed is not None:
            self._kernel.comms.leave(self._feed)
        if self._sending is not None:
            self._sending.cancel()

    async def _send(self, feed: Feed) -> None:
        try:
            while (said := await feed.next()) is not None:
                parent = {"msg_id": said.parent} if said.parent else {}
                # Waits until the socket took it: a slow page holds back only itself.
                await self._tell(
                    "iopub", said.msg_type, said.content, parent, said.buffers, said.metadata
                )
            if self._kernel is not None and not self._kernel.dead:
                self.close(TRY_AGAIN, feed.ended)
                return
            await self._tell("iopub", "status", {"execution_state": "dead"}, {})
            self.close(GOING_AWAY, "the worker kernel has ended")
        except WebSocketClosedError:
            pass

    async def _tell(
        self, channel: str, msg_type: str, content: Json, parent: Json,
        buffers: Sequence[bytes] = (), metadata: Json | None = None,
    ) -> None:  # fmt: skip
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": msg_type,
            "username": "",
            "session": self._kernel.id if self._kernel else "",
            "date": datetime.now(timezone.utc).isoformat(),
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, parent, metadata or {}, content)]
        data = serialize_msg_to_ws_v1([*parts, *buffers], channel)  # type: ignore[no-untyped-call]
        await self.write_message(data, binary=True)

    async def on_message(self, message: str | bytes) -> None:
        try:
            parts = _parts(message)
            header, _, metadata, content = (json.loads(part) for part in parts[:4])
            request, kind = str(header["msg_id"]), str(header["msg_type"])
            if kind in COMM:
                content["comm_id"] = str(content["comm_id"])
            buffers = [bytes(part) for part in parts[4:]]
            await self._take(request, kind, content, metadata, buffers, header)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            self.close(MALFORMED, "a message that cannot be read")
        except ConnectionError as error:
            self.close(TRY_AGAIN, str(error))
        except WebSocketClosedError:
            pass

    async def _take(
        self, request: str, kind: str, content: Json, metadata: Json, buffers: list[bytes],
        header: Json,
    ) -> None:  # fmt: skip
        kernel = self._kernel
        if kernel is None:
            return
        if kind == "kernel_info_request":
            await self._tell("shell", "kernel_info_reply", _INFO, header)
        elif kind == "comm_info_request":
            open_comms = {n: {"target_name": w.target} for n, w in kernel.comms.open.items()}
            answer = {"status": "ok", "comms": open_comms}
            await self._tell("shell", "comm_info_reply", answer, header)
        elif kind in COMM and self._is_control(kind, content):
            if kind == "comm_msg":
                states, state_buffers = kernel.comms.states()
                answer = {"comm_id": content["comm_id"], "data": states}
                await self._tell("iopub", "comm_msg", answer, header, state_buffers)
        elif kind in COMM:
            passed = {"msg_type": kind, "msg_id": request, "content": content, "metadata": metadata}
            self._engine.pool.comm(kernel, passed, buffers)
            return  # the kernel says when it has dealt with it
        await self._tell("iopub", "status", {"execution_state": "idle"}, header)

    def _is_control(self, kind: str, content: Json) -> bool:
        """Whether a comm message asks how the widgets stand, which the server tells itself."""
        name = content["comm_id"]
        if kind == "comm_open" and content.get("target_name") == CONTROL:
            self._controls.add(name)
        found = name in self._controls
        if kind == "comm_close":
            self._controls.discard(name)
        return found

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        refuse_handshake(self, **kwargs)


def _parts(data: str | bytes) -> list[bytes]:
    """Header, parent header, metadata, content and buffers. Raises `ValueError`."""
    # Its offsets come first; a page may say that there are any number of them.
    if isinstance(data, str) or int.from_bytes(data[:8], "little") > len(data) // 8:
        raise ValueError("not a message of the protocol")
    _, parts = deserialize_msg_from_ws_v1(data)  # type: ignore[no-untyped-call]
    return list(parts)
