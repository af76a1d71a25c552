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
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from namespaces import NODE, Namespace, cell, gone
from support import started, workflow
from test_rights import RULES, kubeconfig
from test_run import toml

from jupyterlab_dossier.runs.model import BadInput
from jupyterlab_dossier.targets import Catalogue, Target

# Seconds in which every target has answered, the silent ones by their own time limit.
LIMIT = 12.0


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind((NODE, 0))
        listening.listen(100)
        yield f"https://{NODE}:{listening.getsockname()[1]}"


@pytest.fixture
def silent(authority: Path) -> Iterator[str]:
    """The address of a server that speaks TLS and answers no question."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority / "server.crt", authority / "server.key")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), tls.wrap_socket(self.request, True) as asked:
                while asked.recv(1 << 16):
                    pass

    with socketserver.ThreadingTCPServer((NODE, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://{NODE}:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def clusters(
    make_namespace: Callable[[str], Namespace],
    mute: str,
    silent: str,
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
        "silent": silent,
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
            for name in ("bobs", "closed", "blackholed", "mute", "silent", "unknown", "missing")
        },
        "forbidden": two.settings(kubeconfig=ada),
        "nonsense": two.settings(kubeconfig=str(nonsense)),
        "nofile": two.settings(kubeconfig=str(tmp_path / "none.conf")),
    }


WHY = {
    "closed": "cluster https://10.250.0.1:1: the cluster cannot be reached: ",
    "blackholed": "cluster https://192.0.2.1:6443: the cluster cannot be reached: ",
    "mute": "the cluster cannot be reached: ",
    "silent": "the cluster does not answer within 10 s",
    "unknown": "cluster https://nowhere.invalid:6443: the cluster cannot be reached: ",
    "missing": "no cluster is configured for target 'missing': ",
    "forbidden": "you may not create jobs",
    "nonsense": "no cluster is configured for target 'nonsense': ",
    "nofile": "no cluster is configured for target 'nofile': ",
}


def listed(clusters: dict[str, dict[str, Any]], folder: Path) -> tuple[str, str, float]:
    """What `jupyter dossier targets` prints, and how long it took."""
    targets = folder / "dossier" / "targets.d"
    targets.mkdir(parents=True)
    (targets / "pods.toml").write_text(toml(clusters))
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "jupyterlab_dossier.cli", "targets", "--json"],
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(folder)},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr, time.monotonic() - begun


def test_each_target_says_why_not_within_a_time_limit(
    clusters: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    good = {name: clusters[name] for name in ("adas", "bobs")}
    _, _, alone = listed(good, tmp_path / "good")
    said, errors, took = listed(clusters, tmp_path / "all")
    # One after the other, they would take 20 s more than the good ones.
    assert took < LIMIT + 3 * alone
    rows = {row["name"]: row for row in json.loads(said)["targets"]}
    assert [name for name in clusters if rows[name]["usable"]] == ["adas", "bobs"]
    for name, words in WHY.items():
        assert words in rows[name]["why"], rows[name]["why"]
        assert not rows[name]["why"].endswith((": ", "Error"))
    assert "Traceback" not in errors and "Unclosed" not in errors


async def test_cells_run_in_two_clusters_beside_some_that_are_broken(
    clusters: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    targets = {name: Target(name, "kubernetes", settings) for name, settings in clusters.items()}
    async with started(tmp_path / "dossier", Catalogue(targets)) as engine:
        listing = asyncio.create_task(engine.targets())
        # Not before the broken ones have been asked, and not after they have answered.
        await asyncio.sleep(0)
        source = "import os\nprint(os.environ['HOSTNAME'])"
        cells = [{**cell(source), "target": name} for name in ("adas", "bobs")]
        run = await engine.submit(workflow(tmp_path, cells))
        assert not listing.done()
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        outputs, _ = await engine.outputs(run)
        hosts = [outputs[name][0]["text"].strip() for name in ("c0", "c1")]
        for name, host in zip(("adas", "bobs"), hosts, strict=True):
            assert host in Namespace(clusters[name]["namespace"]).names("pods")
        await listing
        with pytest.raises(BadInput, match=r"cell 0 .*the cluster cannot be reached"):
            refused = [{**cell(source), "target": "closed"}]
            await engine.submit(workflow(tmp_path, refused))
    for name in ("adas", "bobs"):
        await gone(Namespace(clusters[name]["namespace"]))
