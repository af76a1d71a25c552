"""Handlers by resource, and the routes that lead to them."""

from __future__ import annotations

from tornado.web import RequestHandler

from .comms import ChannelsHandler, WorkerKernelHandler
from .details import (
    CellHandler,
    CompareHandler,
    LogHandler,
    RunGraphHandler,
    WorkerLogHandler,
)
from .events import RunEventsHandler
from .graph import ChangesHandler, GraphHandler
from .kernel import OpenInputsHandler, PrepareHandler
from .notebooks import DeliveredHandler, NotebookHandler, OutputsHandler
from .output import OutputHandler
from .preflight import PreflightHandler
from .runs import (
    CancelHandler,
    InputHandler,
    InterruptHandler,
    KillHandler,
    RunHandler,
    RunsHandler,
)
from .storage import CleanHandler, StorageHandler
from .targets import TargetsHandler
from .verify import VerifyHandler

API = "/dossier/api"
RUN = "(?P<run>[A-Za-z0-9-]+)"
CELL = "(?P<cell>[A-Za-z0-9_-]+)"
KERNEL = "(?P<kernel>[A-Za-z0-9-]+)"


def routes() -> list[tuple[str, type[RequestHandler]]]:
    """Patterns below the server's base URL."""
    return [
        (f"{API}/targets", TargetsHandler),
        (f"{API}/runs", RunsHandler),
        (f"{API}/runs/{RUN}", RunHandler),
        (f"{API}/runs/{RUN}/cancel", CancelHandler),
        (f"{API}/runs/{RUN}/interrupt", InterruptHandler),
        (f"{API}/runs/{RUN}/kill", KillHandler),
        (f"{API}/runs/{RUN}/input", InputHandler),
        (f"{API}/runs/{RUN}/events", RunEventsHandler),
        (f"{API}/runs/{RUN}/outputs", OutputsHandler),
        (f"{API}/runs/{RUN}/delivered", DeliveredHandler),
        (f"{API}/notebook", NotebookHandler),
        (f"{API}/runs/{RUN}/cells/{CELL}/output", OutputHandler),
        (f"{API}/runs/{RUN}/graph", RunGraphHandler),
        (f"{API}/runs/{RUN}/cells/{CELL}", CellHandler),
        (f"{API}/runs/{RUN}/cells/{CELL}/log", LogHandler),
        (f"{API}/runs/{RUN}/cells/{CELL}/log/worker", WorkerLogHandler),
        (f"{API}/runs/{RUN}/verify", VerifyHandler),
        (f"{API}/compare", CompareHandler),
        (f"{API}/storage", StorageHandler),
        (f"{API}/storage/clean", CleanHandler),
        (f"{API}/kernels/{KERNEL}", WorkerKernelHandler),
        (f"{API}/kernels/{KERNEL}/channels", ChannelsHandler),
        (f"{API}/preflight", PreflightHandler),
        (f"{API}/graph", GraphHandler),
        (f"{API}/changes", ChangesHandler),
        (f"{API}/kernel/prepare", PrepareHandler),
        (f"{API}/kernel/inputs", OpenInputsHandler),
    ]
