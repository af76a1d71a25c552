"""Notebooks that are being edited: a helper process each, so that a big one delays no other."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from jupyterlab_dossier.dataflow.client import AnalysisClient
from jupyterlab_dossier.runs import BadInput, kernelspecs
from jupyterlab_dossier.runs.model import Json
from jupyterlab_dossier.runs.planning import analysis

_KEPT = 4  # helper processes; the notebook that was asked about longest ago goes first


class Editing:
    """What changes in the graphs of open notebooks, by path and kernelspec."""

    def __init__(self) -> None:
        self._clients: OrderedDict[tuple[str, str], AnalysisClient] = OrderedDict()

    async def changes(self, path: str, kernelspec: str, request: Json) -> Json:
        """The answer of `dataflow.changes`; a new helper process knows no token."""
        try:
            python = await asyncio.to_thread(kernelspecs.interpreter, kernelspec)
        except kernelspecs.NoSuchKernel:
            raise BadInput(f"there is no kernelspec {kernelspec!r}", "kernelspec") from None
        key = (path, python.python)
        client = self._clients.pop(key, None) or analysis.client(python.python)
        self._clients[key] = client
        while len(self._clients) > _KEPT:
            _, oldest = self._clients.popitem(last=False)
            await oldest.close()
        return await client.changes(request)

    async def close(self) -> None:
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.close()
