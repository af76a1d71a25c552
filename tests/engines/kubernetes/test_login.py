"""An API server that does not answer for a while, does not know us any more, or lets us do less
than before: cells go on, and nothing is left."""

from __future__ import annotations

import shlex
from pathlib import Path

import anyio
import pytest
import yaml
from aiohttp import ClientSession, TCPConnector, web
from namespaces import PATIENCE, Namespace, cell, gone, kubectl, prints, says, until
from support import started, workflow
from test_rights import RULES, kubeconfig
from way import Forward, way

from jupyterlab_dossier.runs.workers import lives
from jupyterlab_dossier.targets import Catalogue, Target
from jupyterlab_dossier.targets.kubernetes import KubernetesProvider, cluster, rights, watching

WAITS = """\
import os, time
print('on', flush=True)
while not os.path.exists('/data/go'):
    time.sleep(0.1)
print('off')
"""


@pytest.fixture
def short_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches that end after seconds, as all do after minutes: they are asked for anew."""
    monkeypatch.setattr(watching, "_WATCH", 2)


def pods(namespace: Namespace, kubeconfig: str, volume: str) -> Catalogue:
    options = {"volumes": [{"claim": volume, "path": "/data"}]}
    settings = namespace.settings(kubeconfig=kubeconfig, options=options)
    return Catalogue({"pods": Target("pods", "kubernetes", settings)})


class Logins:
    """A kubeconfig whose login is a command, and tokens that one Secret each keeps valid."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self._namespace = namespace.name
        self._count = folder / "logins"
        self.path = kubeconfig(namespace, folder, RULES, "ada")
        admin = folder / "admin.conf"
        admin.write_text(kubectl("config", "view", "--raw"))
        script = folder / "login"
        script.write_text(f"""#!/bin/bash
set -euo pipefail
export KUBECONFIG={shlex.quote(str(admin))}
echo >> {self._count}
name=login-$(wc -l < {self._count})
kubectl create secret generic $name -n {namespace.name} >&2
token=$(kubectl create token ada -n {namespace.name} --duration=10m \\
  --bound-object-kind=Secret --bound-object-name=$name)
echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",' \\
  '"status": {{"token": "'$token'"}}}}'
""")
        script.chmod(0o755)
        settings = yaml.safe_load(Path(self.path).read_text())
        command = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}
        settings["users"][0]["user"] = {"exec": command}
        Path(self.path).write_text(yaml.safe_dump(settings))

    @property
    def count(self) -> int:
        return len(self._count.read_text().splitlines())

    async def expire(self) -> None:
        """The last token is none any more: its Secret is gone, and the server does not keep that
        it was one longer than a few seconds."""
        name = f"login-{self.count}"
        token = kubectl(
            "create", "token", "ada", "-n", self._namespace, "--duration=10m",
            "--bound-object-kind=Secret", f"--bound-object-name={name}",
        ).strip()  # fmt: skip
        kubectl("delete", "secret", name, "-n", self._namespace)
        config = yaml.safe_load(kubectl("config", "view", "--raw"))
        server = config["clusters"][0]["cluster"]["server"]
        async with ClientSession(connector=TCPConnector(ssl=False)) as session:
            while True:
                headers = {"Authorization": f"Bearer {token}"}
                async with session.get(f"{server}/api", headers=headers) as answer:
                    if answer.status == 401:
                        return
                await anyio.sleep(0.5)


async def test_a_login_that_expires_under_a_cell_is_renewed(
    namespace: Namespace, volume: str, tmp_path: Path, short_watches: None
) -> None:
    logins = Logins(namespace, tmp_path)
    async with started(tmp_path / "dossier", pods(namespace, logins.path, volume)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell(WAITS)]))
        await until(engine, run, prints("on"))
        assert logins.count == 1
        await logins.expire()
        other = await engine.submit(workflow(tmp_path, [cell("print('other')")]))
        record = await engine.wait(other)
        assert record.state == "done", record.to_json()
        # Watches were asked for with the old login, too.
        while logins.count < 2:
            await anyio.sleep(0.1)
        (tmp_path / "go").touch()
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        assert logins.count == 2
    await gone(namespace)


async def test_rights_that_are_taken_for_a_while_end_no_cell(
    namespace: Namespace, volume: str, tmp_path: Path, short_watches: None
) -> None:
    path = kubeconfig(namespace, tmp_path, RULES, "ada")
    async with started(tmp_path / "dossier", pods(namespace, path, volume)) as engine:
        run = await engine.submit(workflow(tmp_path, [cell(WAITS)]))
        await until(engine, run, prints("on"))
        nowhere = cell("print('other')", node_selector={"example.com/none": "yes"})
        other = await engine.submit(workflow(tmp_path, [nowhere]))
        await until(engine, other, says("unschedulable"))
        kubectl("delete", "rolebinding", "ada", "-n", namespace.name)
        await until(engine, other, says("it cannot be watched: "))
        kubeconfig(namespace, tmp_path, RULES, "ada")
        await until(engine, other, says("unschedulable"))
        await engine.cancel(other)
        (tmp_path / "go").touch()
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
    await gone(namespace)


async def test_a_job_that_went_away_is_noticed_though_the_server_did_not_say_so_at_once(
    namespace: Namespace, tmp_path: Path
) -> None:
    path = kubeconfig(namespace, tmp_path, RULES, "ada")
    left = 2

    async def flaky(request: web.Request, forward: Forward) -> web.StreamResponse:
        nonlocal left
        if "/jobs/" in request.path and left:
            left -= 1
            return web.Response(status=503)
        return await forward(request)

    async with way(path, flaky):
        provider = KubernetesProvider()
        handle = {"kubeconfig": path, "namespace": namespace.name, "job": "dossier-none"}
        with anyio.fail_after(30):
            ended = await provider.wait(handle)
        assert ended.why == "its Job was deleted" and not left
        await provider.close()


async def test_a_job_that_is_made_after_nobody_waits_for_it_is_taken_away(
    namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER", 10.0)
    monkeypatch.setattr(lives, "LOOKS", (3.0, 3.0))
    path = kubeconfig(namespace, tmp_path, RULES, "ada")
    missed, made = anyio.Event(), anyio.Event()
    first: list[str] = []

    async def late(request: web.Request, forward: Forward) -> web.StreamResponse:
        if request.method == "POST" and request.path.endswith("/jobs") and not first:
            first.append((await request.json())["metadata"]["name"])
            await missed.wait()
            try:
                return await forward(request)
            finally:
                made.set()
        answer = await forward(request)
        if first and request.path.endswith(f"/jobs/{first[0]}") and answer.status == 404:
            missed.set()
        return answer

    catalogue = Catalogue(
        {"pods": Target("pods", "kubernetes", namespace.settings(kubeconfig=path))}
    )
    async with way(path, late), started(tmp_path / "dossier", catalogue) as engine:
        run = await engine.submit(workflow(tmp_path, [cell("print('done')")]))
        await until(engine, run, says("the cluster cannot be reached: TimeoutError; it is tried"))
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        with anyio.fail_after(PATIENCE):
            await made.wait()
            while first[0] in namespace.names("jobs"):
                await anyio.sleep(0.3)
            while first[0] in [
                f"dossier-{row['worker']}" for row in await engine.ledger.workers.alive()
            ]:
                await anyio.sleep(0.3)
    await gone(namespace)


async def test_a_cell_is_not_refused_while_the_cluster_does_not_answer_for_a_moment(
    namespace: Namespace, tmp_path: Path
) -> None:
    path = kubeconfig(namespace, tmp_path, RULES, "ada")
    # What is refused: two whole checks of the rights, and the first Job.
    left = {"selfsubjectaccessreviews": 2 * len(rights.NEEDED), "jobs": 1}

    async def away(request: web.Request, forward: Forward) -> web.StreamResponse:
        what = request.path.rpartition("/")[2]
        if request.method == "POST" and left.get(what):
            left[what] -= 1
            return web.Response(status=503)
        return await forward(request)

    catalogue = Catalogue(
        {"pods": Target("pods", "kubernetes", namespace.settings(kubeconfig=path))}
    )
    async with way(path, away), started(tmp_path / "dossier", catalogue) as engine:
        assert (await engine.catalogue.check("pods")).again
        run = await engine.submit(workflow(tmp_path, [cell("print('done')")]))
        await until(engine, run, says("it is tried again"))
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
    await gone(namespace)
