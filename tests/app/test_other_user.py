"""Another user, with a server of their own on the same shared notebook, sees nothing of ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from users import Together, User, two_users

from jupyterlab_dossier.app import spec

MARK = "only-the-first-user-knows-this"
CELLS = [
    f"secret = {MARK!r} + 'x' * 200_000\nprint({MARK!r})",
    "import numpy as np\narray = np.frombuffer(secret.encode(), dtype='u1')\narray.sum()",
]
# Each waits until the first user's file is there, so that it can be looked at meanwhile.
WAITING = (
    "import os, time\nwhile not os.path.exists({go!r}):\n    time.sleep(0.02)\nprint('went on')"
)


@dataclass
class Server:
    """A user's Jupyter server."""

    user: User
    port: int
    process: subprocess.Popen[bytes]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and text of an answer."""
        request = Request(
            f"http://127.0.0.1:{self.port}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"token {self.user.name}"},
            method=method,
        )
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        status, text = self.ask(method, f"dossier/api/{path}", body)
        assert status < 400, (method, path, text)
        return json.loads(text) if text else None

    def ended(self, run: str) -> Any:
        until(lambda: self.api("GET", f"runs/{run}")["ended"] is not None)
        return self.api("GET", f"runs/{run}")


def until(holds: Any) -> None:
    deadline = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def serving(user: User, root: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [
        sys.executable, "-m", "jupyter_server", f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={user.name}",
        '--ServerApp.jpserver_extensions={"jupyterlab_dossier": True}',
    ]  # fmt: skip
    with (root.parent / f"{user.name}.log").open("w") as log:
        process = user.start(argv, stderr=log, cwd=user.home)
    server = Server(user, port, process)

    def answers() -> bool:
        assert process.poll() is None, (root.parent / f"{user.name}.log").read_text()
        with contextlib.suppress(OSError):
            return server.ask("GET", "api")[0] == 200
        return False

    try:
        until(answers)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


@pytest.fixture(scope="module")
def together() -> Iterator[Together]:
    with two_users() as found:
        # The first user's state is there already, and open to all, as an older version left it.
        state = found.first.make(found.first.dossier, 0o755)
        found.first.make(state / "store", 0o755)
        ledger = state / "ledger.sqlite"
        ledger.touch()
        ledger.chmod(0o644)
        os.chown(ledger, state.stat().st_uid, state.stat().st_gid)
        yield found


@pytest.fixture
def servers(together: Together) -> Iterator[tuple[Server, Server]]:
    with (
        serving(together.first, together.shared) as first,
        serving(together.second, together.shared) as second,
    ):
        yield first, second


def notebook(*cells: str) -> dict[str, Any]:
    found = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [],
         "execution_count": None}
        for n, source in enumerate(cells)
    ]  # fmt: skip
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "python3"},
        "dossier": {"version": 1, "id": "the-notebook"},
    }
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": found}


def asked_for(path: str, run: str) -> str:
    """A route of the API as the second user could ask it about the first one's run."""
    named = path.replace("{run}", run).replace("{cell}", "c0").replace("{kernel}", "none")
    queries = {
        "/runs": "path=shared.ipynb",
        "/notebook": "path=shared.ipynb&id=the-notebook",
        "/compare": f"left={run}&right={run}",
        "/kernel/prepare": "kernel=none&cell=c0",
    }
    return named.strip("/") + (f"?{queries[path]}" if path in queries else "")


BODIES: dict[str, Any] = {
    "InterruptRequest": {"cell": None},
    "KillRequest": {"cell": "c2"},
    "InputRequest": {"cell": "c2", "value": "x"},
    "Delivery": {"cells": ["c0"], "how": "whole", "seq": 1},
    "CleanRequest": {"days": 0},
    "RunRequest": {"kind": "again", "run": "{run}"},
}


def test_the_second_user_sees_and_does_nothing(
    together: Together, servers: tuple[Server, Server]
) -> None:
    first, second = servers
    path = together.shared / "shared.ipynb"
    go = first.user.home / "go"
    content = notebook(*CELLS, WAITING.format(go=str(go)))
    path.write_text(json.dumps(content))
    body = {"kind": "workflow", "path": "shared.ipynb", "content": content}
    run = first.api("POST", "runs", body)["run"]
    until(lambda: first.api("GET", f"runs/{run}/cells/c2")["state"] == "running")
    # All that the API offers, also what is added to it later.
    for template, verbs in spec.document()["paths"].items():
        for method in verbs.keys() & {"get", "post", "delete"}:
            schema = (
                verbs[method].get("requestBody", {}).get("content", {}).get("application/json", {})
            )
            name = schema.get("schema", {}).get("$ref", "").rpartition("/")[2]
            sent = None if method == "get" else json.loads(
                json.dumps(BODIES.get(name, {})).replace("{run}", run)
            )  # fmt: skip
            url = asked_for(template, run)
            status, text = second.ask(method.upper(), f"dossier/api/{url}", sent)
            where = f"{method} {url}: {status} {text[:300]}"
            assert status != 500, where
            assert MARK not in text and first.user.name not in text, where
            if "{run}" in template or template == "/compare":
                assert status in (400, 404, 426), where
                # A name that was asked about may be said again, but nothing of it.
                assert "there is no run" in text or status != 404, where
            else:
                assert run not in text or "there is no run" in text, where
    assert second.api("GET", "runs")["runs"] == []
    assert second.api("GET", "notebook?path=shared.ipynb&id=the-notebook")["tasks"] == []
    assert second.api("GET", "storage")["store"] == 0
    # It went on undisturbed, and its end is seen by its owner only.
    go.touch()
    assert first.ended(run)["state"] == "done"
    assert MARK in first.ask("GET", f"dossier/api/runs/{run}/outputs")[1]
    # What the second user runs is the second user's.
    body["content"] = notebook("print('mine')")
    own = second.api("POST", "runs", body)["run"]
    assert second.ended(own)["state"] == "done"
    assert [r["run"] for r in second.api("GET", "runs")["runs"]] == [own]
    assert run in {r["run"] for r in first.api("GET", "runs")["runs"]}
    assert own not in {r["run"] for r in first.api("GET", "runs")["runs"]}


LOOK = """
import os, sys
mark, *tops = sys.argv[1:]
for top in tops:
    for folder, folders, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            try:
                with open(path, 'rb') as file:
                    found = mark.encode() in file.read()
            except OSError:
                continue
            print('known' if found else 'open', path)
"""


def test_the_second_user_reads_no_file_of_the_first(
    together: Together, servers: tuple[Server, Server]
) -> None:
    """While cells run, while a run is verified in a copy of its folder, and afterwards."""
    first, _ = servers
    (together.shared / "shared.ipynb").write_text("{}")
    home = first.user.home
    goes = [home / "go-run", home / "go-verify"]
    cells = [*CELLS, WAITING.format(go=str(goes[0])), WAITING.format(go=str(goes[1]))]
    body = {"kind": "workflow", "path": "other.ipynb", "content": notebook(*cells[:3])}
    run = first.api("POST", "runs", body)["run"]
    until(lambda: first.api("GET", f"runs/{run}/cells/c2")["state"] == "running")
    closed(together)
    goes[0].touch()
    assert first.ended(run)["state"] == "done"
    body["content"] = notebook(*CELLS, "open('marked', 'w').write(secret)", cells[3])
    goes[1].touch()
    run = first.api("POST", "runs", body)["run"]
    assert first.ended(run)["state"] == "done"
    (together.shared / "marked").unlink()
    goes[1].unlink()
    first.api("POST", f"runs/{run}/verify", {})
    # The copy holds the file that was written again, which is in it and nowhere else.
    until(lambda: first.api("GET", f"runs/{run}/verify")["progress"]["ended"] == 3)
    closed(together)
    goes[1].touch()
    until(lambda: first.api("GET", f"runs/{run}/verify")["state"] == "identical")
    closed(together)


def closed(together: Together) -> None:
    """Nothing of the first user's state, or of what is temporary, is open to the second."""
    state = together.first.dossier
    for folder, folders, files in os.walk(state):
        for name in (".", *folders, *files):
            path = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                assert not mode & 0o077, f"{path} has mode {stat.filemode(mode)}"
    tops = [str(state), str(together.temporary), "/dev/shm"]
    seen = together.second.run(sys.executable, "-c", LOOK, MARK, *tops)
    assert seen.returncode == 0, seen.stderr
    lines = seen.stdout.splitlines()
    assert not [line for line in lines if line.startswith("known") or "dossier" in line], lines


def test_a_state_folder_of_somebody_else_is_refused(together: Together) -> None:
    """Whoever owns a folder can read, and change, what others put there."""
    data = together.second.make(together.second.home / "trap", 0o777)
    together.second.make(data / "dossier", 0o777)
    listed = together.first.run(
        sys.executable, "-m", "jupyterlab_dossier.cli", "runs", env={"JUPYTER_DATA_DIR": str(data)}
    )
    assert (listed.returncode, listed.stdout) == (1, ""), listed
    assert "belongs to another user" in listed.stderr and str(data) in listed.stderr
    assert "Traceback" not in listed.stderr
    assert list((data / "dossier").iterdir()) == []
    # And one that cannot be entered says so.
    together.second.make(data / "dossier", 0o700)
    listed = together.first.run(
        sys.executable, "-m", "jupyterlab_dossier.cli", "runs", env={"JUPYTER_DATA_DIR": str(data)}
    )
    assert listed.returncode == 1 and "Traceback" not in listed.stderr, listed
