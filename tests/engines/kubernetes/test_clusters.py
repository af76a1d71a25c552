"""Several clusters and contexts in one server: a broken one delays and breaks no other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from namespaces import NODE, PATIENCE, Namespace, cell, gone
from support import started, workflow
from test_rights import RULES, kubeconfig
from test_run import toml

from jupyterlab_dossier.runs.model import BadInput
from jupyterlab_dossier.targets import Catalogue, Target
from jupyterlab_dossier.targets.kubernetes import cluster, provider

# The clusters that keep silent, each until its own time limit.
SILENT = ("silent", "silenced")


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind((NODE, 0))
        listening.listen(100)
        yield f"https://{NODE}:{listening.getsockname()[1]}"


class Silence:
    """Servers that speak TLS and answer no question, until it is over."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._asked = dict.fromkeys(SILENT, 0)
        self._over = threading.Event()
        self.together = threading.Event()
        """All of them were asked at once."""

    @contextlib.contextmanager
    def serve(self, name: str) -> Iterator[str]:
        """One of them; its address."""

        class Handler(socketserver.BaseRequestHandler):
            def handle(handler) -> None:
                with (
                    contextlib.suppress(OSError),
                    self._tls.wrap_socket(handler.request, True) as connection,
                ):
                    self._hold(name, connection)

        with socketserver.ThreadingTCPServer((NODE, 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"https://{NODE}:{server.server_address[1]}"
            self.end()
            server.shutdown()

    def _hold(self, name: str, connection: ssl.SSLSocket) -> None:
        connection.settimeout(0.1)
        self._asked[name] += 1
        if all(self._asked.values()):
            self.together.set()
        try:
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(1 << 16):
                        return
        finally:
            self._asked[name] -= 1

    def end(self) -> None:
        """Whoever waits for an answer learns that there is none."""
        self._over.set()


@pytest.fixture
def silence(authority: Path) -> Silence:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority / "server.crt", authority / "server.key")
    return Silence(tls)


@pytest.fixture
def silent(silence: Silence) -> Iterator[dict[str, str]]:
    """The addresses of servers that keep silent."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(silence.serve(name)) for name in SILENT}


@pytest.fixture
def clusters(
    make_namespace: Callable[[str], Namespace],
    mute: str,
    silent: dict[str, str],
    authority: Path,
    tmp_path: Path,
) -> dict[str, dict[str, Any]]:
    """Two users' targets that work, in files and contexts of their own, and what is broken."""
    one, two = make_namespace("one"), make_namespace("two")
    ada = kubeconfig(one, tmp_path, RULES, "ada")
    bob = kubeconfig(two, tmp_path, RULES, "bob")
    both = yaml.safe_load(Path(bob).read_text())
    (context,) = both["contexts"]
    for name, server in {
        "closed": f"https://{NODE}:1",
        "blackholed": "https://192.0.2.1:6443",  # of documentation: nobody answers there
        "mute": mute,
        **silent,
        "unknown": "https://nowhere.invalid:6443",
    }.items():
        reached = {"server": server, "certificate-authority": str(authority / "ca.crt")}
        both["clusters"].append({"name": name, "cluster": reached})
        both["contexts"].append({"name": name, "context": {**context["context"], "cluster": name}})
    both["contexts"].append({"name": "bobs", "context": context["context"]})
    both["current-context"] = "blackholed"
    Path(bob).write_text(yaml.safe_dump(both))
    nonsense = tmp_path / "nonsense.conf"
    nonsense.write_text("{no: [kubeconfig")

    def settings(context: str) -> dict[str, Any]:
        return two.settings(kubeconfig=bob, context=context)

    return {
        "adas": one.settings(kubeconfig=ada),
        **{
            name: settings(name)
            for name in ("bobs", "closed", "blackholed", "mute", *SILENT, "unknown", "missing")
        },
        "forbidden": two.settings(kubeconfig=ada),
        "nonsense": two.settings(kubeconfig=str(nonsense)),
        "nofile": two.settings(kubeconfig=str(tmp_path / "none.conf")),
    }


WHY = {
    "closed": "cluster https://10.250.0.1:1: the cluster cannot be reached: ",
    "blackholed": "cluster https://192.0.2.1:6443: the cluster cannot be reached: ",
    "mute": "the cluster cannot be reached: ",
    **dict.fromkeys(SILENT, "the cluster does not answer within 10 s"),
    "unknown": "cluster https://nowhere.invalid:6443: the cluster cannot be reached: ",
    "missing": "no cluster is configured for target 'missing': ",
    "forbidden": "you may not create jobs",
    "nonsense": "no cluster is configured for target 'nonsense': ",
    "nofile": "no cluster is configured for target 'nofile': ",
}


def listed(clusters: dict[str, dict[str, Any]], folder: Path) -> tuple[str, str]:
    """What `jupyter dossier targets` prints."""
    targets = folder / "dossier" / "targets.d"
    targets.mkdir(parents=True)
    (targets / "pods.toml").write_text(toml(clusters))
    done = subprocess.run(
        [sys.executable, "-m", "jupyterlab_dossier.cli", "targets", "--json"],
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(folder)},
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_each_target_says_why_not_within_a_time_limit(
    clusters: dict[str, dict[str, Any]], silence: Silence, tmp_path: Path
) -> None:
    said, errors = listed(clusters, tmp_path)
    # None had to wait for another's time limit.
    assert silence.together.is_set()
    rows = {row["name"]: row for row in json.loads(said)["targets"]}
    assert [name for name in clusters if rows[name]["usable"]] == ["adas", "bobs"]
    for name, words in WHY.items():
        assert words in rows[name]["why"], rows[name]["why"]
        assert not rows[name]["why"].endswith((": ", "Error"))
    assert "Traceback" not in errors and "Unclosed" not in errors


async def test_cells_run_in_two_clusters_beside_some_that_are_broken(
    clusters: dict[str, dict[str, Any]], silence: Silence, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # Some do not answer before the others' cells are done, however long these take.
    for module, limit in ((provider, "_CHECK"), (cluster, "ANSWER")):
        monkeypatch.setattr(module, limit, 1000.0)
    targets = {name: Target(name, "kubernetes", settings) for name, settings in clusters.items()}
    async with started(tmp_path / "dossier", Catalogue(targets)) as engine:
        listing = asyncio.create_task(engine.targets())
        await asyncio.to_thread(silence.together.wait)
        source = "import os\nprint(os.environ['HOSTNAME'])"
        cells = [{**cell(source), "target": name} for name in ("adas", "bobs")]
        run = await engine.submit(workflow(tmp_path, cells))
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        assert not listing.done()
        outputs, _ = await engine.outputs(run)
        hosts = [outputs[name][0]["text"].strip() for name in ("c0", "c1")]
        for name, host in zip(("adas", "bobs"), hosts, strict=True):
            assert host in Namespace(clusters[name]["namespace"]).names("pods")
        silence.end()
        await listing
        with pytest.raises(BadInput, match=r"cell 0 .*the cluster cannot be reached"):
            refused = [{**cell(source), "target": "closed"}]
            await engine.submit(workflow(tmp_path, refused))
    for name in ("adas", "bobs"):
        await gone(Namespace(clusters[name]["namespace"]))
