"""The Role of deploy/ is enough; without any one of its verbs, the user reads which is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from namespaces import Namespace, apply, cell, gone, kubectl
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


async def test_the_role_is_enough(namespace: Namespace, tmp_path: Path) -> None:
    settings = namespace.settings(kubeconfig=kubeconfig(namespace, tmp_path, RULES, "ada"))
    catalogue = Catalogue({"pods": Target("pods", "kubernetes", settings)})
    async with started(tmp_path / "dossier", catalogue) as engine:
        assert (await engine.catalogue.check("pods")).usable
        record = await engine.wait(await engine.submit(workflow(tmp_path, [cell("print(1)")])))
        assert record.state == "done", record.to_json()
        (worker,) = engine.pool.workers.values()
        assert worker.handle is not None
        provider = engine.catalogue.providers["kubernetes"]
        assert "Started container worker" in await provider.logs(worker.handle)
    await gone(namespace)


def without(group: str, what: str, verb: str) -> list[Any]:
    """The Role's rules but one verb."""
    return [
        {**rule, "verbs": [v for v in rule["verbs"] if (v, what) != (verb, what)]}
        if rule["resources"] == [what] and rule["apiGroups"] == [group]
        else rule
        for rule in (
            {"apiGroups": r["apiGroups"], "resources": [one], "verbs": r["verbs"]}
            for r in RULES
            for one in r["resources"]
        )
    ]


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
