"""A server that ends or is killed while a cell runs, and starts again on the same folders."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tornado.websocket import websocket_connect

CELL = (
    "import pathlib, time\nprint('before', flush=True)\n"
    "while not pathlib.Path('go').exists():\n    time.sleep(0.02)\nprint('after')\nx = 1"
)

# A target without the notebook's folder.
AWAY = '[away]\nkind = "local"\nshared = false\nshares_folder = false\n'


class Server:
    """A Jupyter server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        self.log = folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        names = ("data", "config", "runtime")
        self._env = {
            **os.environ,
            **{f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in names},
        }
        targets = folder / "config" / "dossier" / "targets.d"
        targets.mkdir(parents=True)
        (targets / "away.toml").write_text(AWAY)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter_server", f"--ServerApp.port={self.port}",
                f"--ServerApp.root_dir={self.root}", "--IdentityProvider.token=",
                "--ServerApp.disable_check_xsrf=True", "--ServerApp.allow_root=True",
                '--ServerApp.jpserver_extensions={"jupyterlab_dossier": True}',
            ],
            env=self._env, stderr=self.log.open("w"),
        )  # fmt: skip
        self.until(lambda: self.ask("api") is not None)

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{self.port}/{path}", data)
        with contextlib.suppress(ConnectionError, OSError), urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
        return None

    @staticmethod
    def until(holds: Any) -> None:
        end = time.monotonic() + 90
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.process.terminate()
    server.process.wait(30)


def begin(
    server: Server, notebook: Any, source: str = CELL, target: str = "local"
) -> tuple[str, Any]:
    """Runs the cell until it waits: the run, and a function that gives what it shows."""
    kernel = server.ask("api/kernels", {"name": "python3"})["id"]
    content = notebook((source, {"version": 1, "target": target}))
    body = {"kind": "cell", "path": "a.ipynb", "kernel": kernel, "cell": "c0", "content": content}
    run = server.ask("dossier/api/runs", body)["run"]

    def shown() -> list[Any]:
        cells = (server.ask(f"dossier/api/runs/{run}/outputs") or {"cells": {}})["cells"]
        return [o["text"] for o in cells.get("c0", {"outputs": []})["outputs"]]

    server.until(lambda: shown() == ["before\n"])
    return run, shown


def test_a_cell_that_ran_is_found_again(server: Server, notebook: Any) -> None:
    run, shown = begin(server, notebook)
    server.kill()
    server.start()
    (server.root / "go").touch()
    server.until(lambda: server.ask(f"dossier/api/runs/{run}")["state"] != "running")
    record = server.ask(f"dossier/api/runs/{run}")
    assert (record["state"], record["tasks"][0]["state"]) == ("done", "done")
    assert "the kernel and its names are gone" in record["tasks"][0]["why"]
    assert shown() == ["before\nafter\n"]
    assert record["tasks"][0]["execution_count"] == 1


def test_the_hidden_files_that_its_text_names_come_back(server: Server, notebook: Any) -> None:
    go = server.root.parent / "go"
    source = (
        "import os, pathlib, time\nprint('before', flush=True)\n"
        f"while not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.02)\n"
        "os.mkdir('.made')\nopen('.made/named.txt', 'w').write('hidden')\n"
        "open('.' + 'unnamed', 'w').write('hidden')\nopen('plain.txt', 'w').write('plain')"
    )
    (server.root / "plain.txt").write_text("before")
    run, _ = begin(server, notebook, source, "away")
    server.kill()
    (server.root / "plain.txt").write_text("meanwhile")
    server.start()
    go.touch()
    server.until(lambda: server.ask(f"dossier/api/runs/{run}")["state"] != "running")
    (task,) = server.ask(f"dossier/api/runs/{run}")["tasks"]
    assert task["state"] == "done"
    found = {
        str(path.relative_to(server.root)): path.read_text()
        for path in server.root.rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    assert found == {
        ".made/named.txt": "hidden",
        "plain.txt": "meanwhile",
        "plain (code cell 1).txt": "plain",
    }, task["why"]
    assert "`.unnamed`" in task["why"] and "`plain (code cell 1).txt`" in task["why"]


async def test_a_server_ends_while_a_cell_runs_and_pages_are_open(
    server: Server, notebook: Any
) -> None:
    page = await websocket_connect(f"ws://127.0.0.1:{server.port}/api/events/subscribe")
    run, _ = await asyncio.to_thread(begin, server, notebook)
    server.process.terminate()
    assert await asyncio.to_thread(server.process.wait, 20) is not None
    page.close()
    assert "Traceback" not in server.log.read_text()
    await asyncio.to_thread(server.start)
    record = await asyncio.to_thread(server.ask, f"dossier/api/runs/{run}")
    assert (record["state"], record["tasks"][0]["state"]) == ("cancelled", "cancelled")
    assert "stopped" in record["tasks"][0]["why"]
