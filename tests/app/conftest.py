"""A Jupyter server with the extension, in the test's process, and a client that checks answers."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.utils import ensure_event_loop
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPClientError

from jupyterlab_dossier.app import spec

sys.path.insert(0, str(Path(__file__).parent))

Fetch = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.hookimpl(tryfirst=True)  # type: ignore[no-redef]
def pytest_pycollect_makeitem(collector: Any, name: str, obj: Any) -> Any:
    """Coroutine tests run on the server's loop, which is pytest-jupyter's, not pytest-asyncio's."""
    if not (collector.funcnamefilter(name) and inspect.iscoroutinefunction(obj)):
        return None

    @functools.wraps(obj)
    def run(*positional: Any, **named: Any) -> None:
        ensure_event_loop(prefer_selector_loop=True).run_until_complete(obj(*positional, **named))

    setattr(collector.obj, name, run)
    return list(collector._genfunctions(name, run))


@pytest.fixture  # type: ignore[no-redef]
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"jupyterlab_dossier": True}}}


@pytest.fixture
def api(jp_fetch: Any) -> Fetch:
    """Calls the API; whatever it answers must be as openapi.yaml describes it."""

    async def call(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        if method in ("GET", "DELETE"):
            body = None
        elif not isinstance(body, (str, bytes)):
            body = json.dumps({} if body is None else body)
        url = ["dossier", "api", *path.strip("/").split("/")]
        try:
            response = await jp_fetch(*url, method=method, body=body, **options)
        except HTTPClientError as error:
            assert error.response is not None
            response = error.response
        answer = json.loads(response.body) if response.body else None
        _check(method, path, response.code, answer)
        return response.code, answer

    return call


def _check(method: str, path: str, status: int, answer: Any) -> None:
    templates = [
        template
        for template in spec.document()["paths"]
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), "/" + path.strip("/"))
    ]
    assert templates, f"{path} is not described"
    template = templates[0]
    described = spec.document()["paths"][template][method.lower()]["responses"].get(str(status))
    if described is None:
        assert status >= 400, f"status {status} of {method} {template} is not described"
        spec.validator("Error").validate(answer)
    elif "content" in described:
        schema = described["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        spec.validator(schema).validate(answer)
    else:
        assert answer is None


@pytest.fixture
def notebook() -> Callable[..., Any]:
    """Makes a notebook's JSON of cell sources, or of (source, dossier metadata)."""

    def make(*cells: Any, **dossier: Any) -> Any:
        metadata: dict[str, Any] = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        if dossier:
            metadata["dossier"] = {"version": 1, **dossier}
        made = []
        for number, cell in enumerate(cells):
            source, own = cell if isinstance(cell, tuple) else (cell, None)
            made.append(
                {
                    "cell_type": "code",
                    "id": f"c{number}",
                    "metadata": {"dossier": own} if own else {},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
            )
        return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}

    return make


@pytest.fixture
def events(jp_ws_fetch: Any) -> Any:
    """Reads a run's events to the end; each must be as openapi.yaml describes it."""

    async def read(run: str, after: int = 0) -> list[dict[str, Any]]:
        place = {"after": str(after)}
        socket = await jp_ws_fetch("dossier", "api", "runs", run, "events", params=place)
        found = []
        while (message := await asyncio.wait_for(socket.read_message(), 60)) is not None:
            batch = json.loads(message)
            spec.validator("Events").validate(batch)
            found += batch
        assert socket.close_code == 1000
        return found

    return read


@pytest.fixture
def printed(jp_ws_fetch: Any) -> Any:
    """Waits until a cell of a run, which goes on, has printed something."""

    async def read(run: str, cell: str) -> None:
        socket = await jp_ws_fetch("dossier", "api", "runs", run, "events")
        while (message := await asyncio.wait_for(socket.read_message(), 60)) is not None:
            if any(e.get("cell") == cell and e["kind"] == "output" for e in json.loads(message)):
                return socket.close()
        raise AssertionError(f"{cell} of {run} has ended")

    return read


class Kernel:
    """A user's own kernel on the server, asked as the browser does."""

    def __init__(self, manager: Any, name: str) -> None:
        self.id = name
        self.count = 0
        self._manager = manager.get_kernel(name)

    async def run(self, code: str) -> str:
        """Runs code and returns what it printed; raises where it failed."""
        client = self._manager.client()
        client.start_channels()
        texts: list[str] = []
        try:
            await client.wait_for_ready(timeout=60)

            def hook(message: dict[str, Any]) -> None:
                if message["msg_type"] == "stream":
                    texts.append(message["content"]["text"])

            reply = await client.execute_interactive(code, output_hook=hook, timeout=60)
            assert reply["content"]["status"] == "ok", reply["content"]
            self.count = reply["content"]["execution_count"]
            return "".join(texts)
        finally:
            client.stop_channels()


@pytest.fixture
def kernel(jp_serverapp: Any, jp_asyncio_loop: Any) -> Any:
    manager = jp_serverapp.kernel_manager
    name = jp_asyncio_loop.run_until_complete(manager.start_kernel(kernel_name="python3"))
    yield Kernel(manager, name)
    if name in manager:
        jp_asyncio_loop.run_until_complete(manager.shutdown_kernel(name, now=True))


@pytest.fixture
def one_by_one(api: Any, notebook: Any, kernel: Kernel) -> Any:
    """Runs or prepares one cell of a notebook, as the browser does."""

    async def ask(what: str, content: Any, cell: str) -> Any:
        body = {"path": "a.ipynb", "kernel": kernel.id, "cell": cell, "content": content}
        if what == "prepare":
            return await api("POST", "kernel/prepare", body)
        return await api("POST", "runs", {"kind": "cell", **body})

    return ask
