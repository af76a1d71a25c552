"""A Jupyter server with the extension, in the test's process, and a client that checks answers."""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyter_core.utils import ensure_event_loop
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPClientError

from jupyterlab_dossier.app import spec

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
        if method == "GET":
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
