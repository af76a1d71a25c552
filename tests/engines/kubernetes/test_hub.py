"""A user's server of a JupyterHub: pods dial it through the hub's proxy, under its base path."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub import Hub
from namespaces import Namespace
from test_faults import COUNTED, COUNTS
from test_run import toml
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

# The address that the hub tells, and one that is named.
TARGETS = ("detected", "named")


@pytest.fixture
def hub(namespace: Namespace, authority: Path, tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path, authority)
    ca = str(authority / "ca.crt")
    settings = {
        "detected": namespace.settings(link="hub", ca=ca),
        "named": namespace.settings(link=made.server, ca=ca),
    }
    folder = tmp_path / "config" / "dossier" / "targets.d"
    folder.mkdir(parents=True)
    (folder / "pods.toml").write_text(toml(settings))
    with made:
        yield made


async def test_the_hubs_proxy_is_restarted_while_cells_run(
    hub: Hub, namespace: Namespace, tmp_path: Path
) -> None:
    cells = [
        {
            "cell_type": "code", "id": name, "source": f"# {name}\n{COUNTS}", "outputs": [],
            "metadata": {"dossier": {"version": 1, "target": name}}, "execution_count": None,
        }
        for name in TARGETS
    ]  # fmt: skip
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (tmp_path / "notebook.ipynb").write_text(json.dumps(content))
    asked = {"kind": "workflow", "path": "notebook.ipynb", "content": content}
    run = (await server(hub, "runs", asked))["run"]

    async for outputs in changes(hub, f"runs/{run}/outputs"):
        if all("at 1" in json.dumps(outputs["cells"].get(name)) for name in TARGETS):
            break
    killed = hub.kill_proxy()
    async for record in changes(hub, f"runs/{run}"):
        if record["state"] != "running":
            break
    assert hub.proxy() != killed
    assert record["state"] == "done", record
    outputs = (await server(hub, f"runs/{run}/outputs"))["cells"]
    for name in TARGETS:
        assert "".join(o["text"] for o in outputs[name]["outputs"]) == COUNTED
        log = json.dumps(await server(hub, f"runs/{run}/cells/{name}/log/worker"))
        assert log.count(f"connected to {hub.server}dossier/link") == 2, log


async def test_the_hub_lets_nobody_in_by_the_workers_way(hub: Hub, authority: Path) -> None:
    address = f"{hub.server.replace('https', 'wss')}dossier/link"
    await server(hub, "targets")  # starts the engine, and opens the way
    request = HTTPRequest(address, ca_certs=str(authority / "ca.crt"))
    connection = await websocket_connect(request)
    await connection.write_message(b"let me in", binary=True)
    assert await connection.read_message() is None
    assert connection.close_code == 4400


async def server(hub: Hub, path: str, body: Any = None) -> Any:
    """Calls the API of the user's server."""
    return await asyncio.to_thread(hub.ask, f"user/ada/dossier/api/{path}", body)


async def changes(hub: Hub, path: str) -> AsyncIterator[Any]:
    """What an address answers, again and again."""
    while True:
        yield await server(hub, path)
        await asyncio.sleep(0.2)
