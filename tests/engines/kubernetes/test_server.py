"""Pods dial a Jupyter server: TLS by a private authority, under a base path."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import NODE, PATIENCE, Namespace
from test_run import toml

TOKEN = "of-this-test"


@pytest.fixture
def server(namespace: Namespace, authority: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a Jupyter server whose target `pods` names it."""
    port = 8898
    url = f"https://{NODE}:{port}/user/ada/"
    settings = namespace.settings(link=url, ca=str(authority / "ca.crt"))
    folder = tmp_path / "config" / "dossier" / "targets.d"
    folder.mkdir(parents=True)
    (folder / "pods.toml").write_text(toml({"pods": settings}))
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter_server", "--allow-root", f"--ServerApp.ip={NODE}",
                f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
                "--ServerApp.base_url=/user/ada/", f"--ServerApp.root_dir={tmp_path}",
                f"--ServerApp.certfile={authority / 'server.crt'}",
                f"--ServerApp.keyfile={authority / 'server.key'}",
                f"--IdentityProvider.token={TOKEN}", "--ServerApp.open_browser=False",
            ],
            stdout=log, stderr=log,
            env={
                **os.environ,
                "JUPYTER_DATA_DIR": str(tmp_path / "data"),
                "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
            },
        )  # fmt: skip
    try:
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


def ask(url: str, authority: Path, path: str, body: Any = None) -> Any:
    """Calls the server's API, once it listens."""
    trusted = ssl.create_default_context(cafile=str(authority / "ca.crt"))
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{url}dossier/api/{path}", data, {"Authorization": f"token {TOKEN}"}
    )
    for _ in range(PATIENCE):
        try:
            with urllib.request.urlopen(request, context=trusted, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.5)
    raise AssertionError("the server does not listen")


def test_a_pod_dials_the_server_under_its_path_by_a_private_authority(
    server: str, authority: Path, tmp_path: Path
) -> None:
    path = tmp_path / "notebook.ipynb"
    cell = {
        "cell_type": "code", "id": "c0", "metadata": {"dossier": {"version": 1, "target": "pods"}},
        "source": "print('from a pod')", "outputs": [], "execution_count": None,
    }  # fmt: skip
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    path.write_text(json.dumps(content))
    asked = {"kind": "workflow", "path": path.name, "content": content}
    run = ask(server, authority, "runs", asked)["run"]
    for _ in range(3 * PATIENCE):
        record = ask(server, authority, f"runs/{run}")
        if record["state"] != "running":
            break
        time.sleep(0.3)
    assert record["state"] == "done", record
    assert "from a pod" in json.dumps(ask(server, authority, f"runs/{run}/outputs"))
    for _ in range(3 * PATIENCE):
        log = json.dumps(ask(server, authority, f"runs/{run}/cells/c0/log/worker"))
        if "waiting to start" not in log:  # the cell was done before its node had told of the pod
            break
        time.sleep(0.3)
    assert f"connected to {server}dossier/link" in log
