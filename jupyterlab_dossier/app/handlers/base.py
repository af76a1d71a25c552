"""What every handler has: checked and bounded bodies, and one translator of faults."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from http.client import responses
from types import TracebackType
from typing import Any, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyterlab_dossier import __version__
from jupyterlab_dossier.app import spec
from jupyterlab_dossier.app.kernels import KernelFault
from jupyterlab_dossier.app.service import Service
from jupyterlab_dossier.dataflow.client import AnalysisError, LibraryFault
from jupyterlab_dossier.runs import BadInput, NoSuchRun
from jupyterlab_dossier.runs.ledger.database import LedgerFault
from jupyterlab_dossier.runs.model import Json
from jupyterlab_dossier.runs.preflight.rules import Refused
from jupyterlab_dossier.store import StoreFull
from jupyterlab_dossier.targets import ProviderFault

RESOURCE = "jupyterlab_dossier"

Verb = TypeVar("Verb", bound=Callable[..., Any])


def allowed(action: str) -> Callable[[Verb], Verb]:
    """Asks the server's authorizer before a verb; running code is `execute`."""
    return cast("Callable[[Verb], Verb]", authorized(action=action, resource=RESOURCE))


# Faults whose text is for the user, the most special first.
_FAULTS: tuple[tuple[type[Exception], int], ...] = (
    (NoSuchRun, 404),
    (KernelFault, 409),
    (BadInput, 400),
    (ProviderFault, 500),
    (LibraryFault, 500),
    (AnalysisError, 500),
    (StoreFull, 507),
    (LedgerFault, 507),
)


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status of a fault that explains itself; None where it does not."""
    return next((status for kind, status in _FAULTS if isinstance(error, kind)), None)


@web.stream_request_body
class Handler(APIHandler):
    """A resource of the API.

    The body is streamed so that a caller is known, and a body's size is, before any of it is kept.
    """

    auth_resource = RESOURCE

    def set_default_headers(self) -> None:
        super().set_default_headers()
        # The front end of another version says so instead of failing in odd ways.
        if __version__ != "0.0.0":  # a source tree that was never installed
            self.set_header("X-Dossier-Version", __version__)

    def initialize(self) -> None:
        self._body = bytearray()

    @property
    def service(self) -> Service:
        service: Service = self.settings["jupyterlab_dossier_service"]
        return service

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        if self.current_user is None:
            raise web.HTTPError(403)
        self._bound(int(self.request.headers.get("Content-Length") or 0))

    def data_received(self, chunk: bytes) -> None:
        self._bound(len(self._body) + len(chunk))
        self._body += chunk

    def _bound(self, size: int) -> None:
        limit = self.settings["jupyterlab_dossier_max_body_size"]
        if size > limit:
            raise web.HTTPError(413, f"the request is larger than {limit} bytes")

    def body(self, schema: str) -> Json:
        """The request's JSON, known to fit a schema of the API description."""
        try:
            value = json.loads(self._body)
        except ValueError:
            raise BadInput("the body is not JSON") from None
        spec.check(schema, value)
        checked: Json = value
        return checked

    def number(self, name: str, default: int, least: int = 0, most: int | None = None) -> int:
        """A whole number of the query. Raises `BadInput` where it is none, or beyond its limits."""
        given = self.get_query_argument(name, str(default))
        # Of a number without end int() would speak in words of its own.
        value = int(given) if given.isdecimal() and len(given) <= 15 else -1
        if value < least or (most is not None and value > most):
            limits = f"from {least}" if most is None else f"from {least} to {most}"
            raise BadInput(f"{name} must be a number {limits}", name)
        return value

    def reply(self, value: Json, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))

    def done(self) -> None:
        """An answer without content."""
        self.set_status(204)
        self.finish()

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        super().send_error(status_of(error) or status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        message = responses.get(status_code, "unknown error")
        answer: Json = {"message": message}
        if status_of(error) is not None:
            answer["message"] = str(error)
            if isinstance(error, BadInput) and error.field:
                answer["field"] = error.field
            if isinstance(error, Refused):
                answer["problems"] = [problem.to_json() for problem in error.problems]
        elif isinstance(error, web.HTTPError) and error.log_message:
            answer["message"] = error.log_message
        elif status_code >= 500:
            answer["message"] = "the server failed: its log says more"
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(answer))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        # What a caller did wrong is for the caller; the server's log is for its own faults.
        if (status_of(value) or 500) >= 500:
            super().log_exception(typ, value, tb)


def refuse_handshake(handler: web.RequestHandler, **kwargs: Any) -> None:
    """A refused websocket handshake is told in JSON, as the API's other faults."""
    error = (kwargs.get("exc_info") or (None, None))[1]
    message = getattr(error, "log_message", None) or "not allowed"
    handler.set_header("Content-Type", "application/json")
    with contextlib.suppress(RuntimeError):
        handler.finish(json.dumps({"message": message}))
