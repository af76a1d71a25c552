"""The server end of the worker link: workers dial in, and nothing they send is trusted."""

from jupyterlab_dossier.runs.workers.workerlink import Welcome, WorkerEvents

from .outside import Outside
from .peer import Connection
from .server import LinkServer

__all__ = ["Connection", "LinkServer", "Outside", "Welcome", "WorkerEvents"]
