"""The Role of deploy/ is enough; without any one of its verbs, the user reads which is missing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from namespaces import NODE, Namespace, apply, cell, free_ports, gone, kubectl, prints, until
from support import started, workflow

from jupyterlab_dossier.targets import Catalogue, Target
from jupyterlab_dossier.targets.kubernetes import KubernetesProvider
from jupyterlab_dossier.targets.kubernetes.rights import NEEDED

RULES = yaml.safe_load((Path(__file__).parents[3] / "deploy/kubernetes/role.yaml").read_text())[
    "rules"
]


def kubeconfig(namespace: Namespace, folder: Path, rules: list[Any], user: str) -> str:
    """A kubeconfig of a user who has these rights in the namespace, and no other."""
    meta = {"name": user, "namespace": namespace.name}
    subject = {"kind": "ServiceAccount", **meta}
    api = "rbac.authorization.k8s.io/v1"
    apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": api, "kind": "Role", "metadata": meta, "rules": rules},
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": meta,
            "subjects": [subject],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user},
        },
    )
    token = kubectl("create", "token", user, "-n", namespace.name).strip()
    admin = yaml.safe_load(kubectl("config", "view", "--raw"))
    admin["users"] = [{"name": user, "user": {"token": token}}]
    admin["contexts"][0]["context"] |= {"user": user, "namespace": namespace.name}
    path = folder / f"{user}.conf"
    path.write_text(yaml.safe_dump(admin))
    return str(path)


async def test_the_role_is_enough_and_each_of_its_verbs_is_used(
    namespace: Namespace, volume: str, tmp_path: Path
) -> None:
    """A volume, a server that comes again elsewhere, a start that was cut off, a log."""
    path = kubeconfig(namespace, tmp_path, RULES, "ada")
    mounted = {"volumes": [{"claim": volume, "path": "/data"}]}
    settings = namespace.settings(kubeconfig=path, options=mounted)

    def catalogue(listen: str) -> Catalogue:
        return Catalogue({"pods": Target("pods", "kubernetes", {**settings, "listen": listen})})

    async with started(tmp_path / "dossier", catalogue(NODE), leave=True) as engine:
        assert (await engine.catalogue.check("pods")).usable
        waits = "import os, time\nprint('on', flush=True)\n"
        waits += "while not os.path.exists('/data/go'): time.sleep(0.1)\nprint('off')"
        run = await engine.submit(workflow(tmp_path, [cell(waits)]))
        await until(engine, run, prints("on"))
    (port,) = free_ports(NODE)
    async with started(tmp_path / "dossier", catalogue(f"{NODE}:{port}"), True) as engine:
        (worker,) = engine.pool.workers.values()
        await engine.pool.roster.reconnected(worker)
        (tmp_path / "go").touch()
        record = await engine.wait(run)
        assert record.state == "done", record.to_json()
        provider = engine.catalogue.providers["kubernetes"]
        assert worker.handle is not None
        assert "Started container worker" in await provider.logs(worker.handle)
        await provider.end({k: v for k, v in worker.handle.items() if k != "uid"})
    await gone(namespace)
    assert asked_by("ada", namespace) == {(group, what, verb) for group, what, verb in NEEDED}


def asked_by(user: str, namespace: Namespace) -> set[tuple[str, str, str]]:
    """What a user asked the API server for in the namespace, by the server's own record."""
    found = set()
    for line in (Path(os.environ["STATE"]) / "log" / "audit").read_text().splitlines():
        event = json.loads(line)
        about = event.get("objectRef", {})
        if event["user"]["username"] != f"system:serviceaccount:{namespace.name}:{user}":
            continue
        if about.get("namespace") == namespace.name:
            what = "/".join(filter(None, (about["resource"], about.get("subresource"))))
            found.add((about.get("apiGroup", ""), what, event["verb"]))
    return found


def without(group: str, what: str, verb: str) -> list[Any]:
    """The Role's rules but one verb."""
    kept = [right for right in NEEDED if right != (group, what, verb)]
    return [{"apiGroups": [g], "resources": [w], "verbs": [v]} for g, w, v in kept]


@pytest.fixture(scope="module")
def shared_namespace() -> Iterator[Namespace]:
    kubectl("create", "namespace", "rights")
    yield Namespace("rights")
    kubectl("delete", "namespace", "rights", "--wait=false")


@pytest.mark.parametrize(("group", "what", "verb"), NEEDED, ids=[f"{v}-{w}" for _, w, v in NEEDED])
async def test_a_verb_that_is_missing_is_named(
    shared_namespace: Namespace, tmp_path: Path, group: str, what: str, verb: str
) -> None:
    user = f"without-{verb}-{what.replace('/', '-')}"
    path = kubeconfig(shared_namespace, tmp_path, without(group, what, verb), user)
    provider = KubernetesProvider()
    target = Target("pods", "kubernetes", shared_namespace.settings(kubeconfig=path))
    try:
        usable = await provider.check(target)
    finally:
        await provider.close()
    assert not usable.usable
    assert f"you may not {verb} {what} in namespace 'rights'" in str(usable.why)
    assert "Role of deploy/kubernetes" in str(usable.why)
