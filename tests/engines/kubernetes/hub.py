"""A JupyterHub: its proxy speaks TLS by a private authority, and users' servers are ours."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
from namespaces import NODE, PATIENCE, free_ports

ROOT = Path(__file__).parents[3]
HUB = ROOT / ".venvs/hub"
PROXY = ROOT / "ui-tests/node_modules/.bin/configurable-http-proxy"
TOKEN = "of-this-test"
# What says that something is not there yet: no server (by a redirect to the hub), or nobody behind
# the proxy.
AWAY = (302, 404, 424, 502, 503)
# The hub is known by this; a user's server is the tests' own environment with the hub's client.
CONFIG = """\
c.JupyterHub.bind_url = c.JupyterHub.public_url = {url!r}
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = {certificate!r}, {key!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = {{"ada"}}
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["admin:servers", "access:servers"]}}
]
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {home!r}
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.Spawner.environment = {environment!r}
"""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """To follow one to the hub would make a question of what was to be done."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Hub:
    """JupyterHub with the server of its user ada, whose home and settings are in `folder`."""

    def __init__(self, folder: Path, tls: Path) -> None:
        self._folder = folder
        trusted = ssl.create_default_context(cafile=str(tls / "ca.crt"))
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusted), _NoRedirect
        )
        port, hub_port, proxy_port = free_ports(NODE, "127.0.0.1", "127.0.0.1")
        self.url = f"https://{NODE}:{port}"
        (client,) = HUB.glob("lib/python*/site-packages")
        config = folder / "jupyterhub_config.py"
        config.write_text(
            CONFIG.format(
                url=self.url,
                certificate=str(tls / "server.crt"),
                key=str(tls / "server.key"),
                hub_port=hub_port,
                token=TOKEN,
                patience=PATIENCE,
                proxy=str(PROXY),
                proxy_port=proxy_port,
                home=str(folder),
                python=sys.executable,
                environment={
                    "PYTHONPATH": str(client),
                    "JUPYTER_DATA_DIR": str(folder / "data"),
                    "JUPYTER_CONFIG_DIR": str(folder / "config"),
                    "KUBECONFIG": os.environ.get("KUBECONFIG", ""),
                },
            )
        )

    def __enter__(self) -> Hub:
        with (self._folder / "hub.log").open("wb") as log:
            self._process = subprocess.Popen(
                [HUB / "bin/jupyterhub", "-f", "jupyterhub_config.py"],
                cwd=self._folder, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self.ask("hub/api/users/ada/server", {})
            self.ask("user/ada/api/status")  # from here on the way to it is known
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the hub, and with it the proxy and the user's server."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            # A hub that ends its proxy may take that for a fault, and start another one.
            for process in psutil.process_iter(["cmdline"]):
                if f"{self._folder}/" in " ".join(process.info["cmdline"] or ()):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()

    @property
    def server(self) -> str:
        """The public address of the user's server."""
        return f"{self.url}/user/ada/"

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Calls an API below the hub's address, once what it is of is there."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/{path}", data, headers, method=method)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with self._opener.open(request, timeout=PATIENCE) as answer:
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                if error.code not in AWAY or time.monotonic() > until:
                    raise
            except (OSError, http.client.HTTPException):  # no proxy
                if time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def kill_proxy(self) -> int:
        """Ends the proxy as a fault does: the hub starts another one."""
        pid = self.proxy()
        os.kill(pid, signal.SIGKILL)
        return pid

    def proxy(self) -> int:
        return int((self._folder / "jupyterhub-proxy.pid").read_text())
