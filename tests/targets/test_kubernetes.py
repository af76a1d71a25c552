"""What can be known of pods without a cluster; `make test-engines` has the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace as Thing
from typing import Any

import pytest
import yaml
from fields import ADDRESSES, GOOD, VICIOUS, Leaf, leaves
from jsonschema import Draft202012Validator
from kubernetes_asyncio import client as k

from jupyterlab_dossier.runs import Cell
from jupyterlab_dossier.runs.notebooks import with_options
from jupyterlab_dossier.runs.preflight import options as options_of
from jupyterlab_dossier.targets import Catalogue, Target
from jupyterlab_dossier.targets.kubernetes import (
    KubernetesProvider,
    limits,
    objects,
    options,
    rights,
    settings,
)
from jupyterlab_dossier.targets.local import LocalProvider
from jupyterlab_dossier.targets.provider import WorkerOrder

ROOT = Path(__file__).parents[2]

# Free text by its nature: passed as a typed value, never through a shell or a template.
FREE = {("env", "*")}
FIELDS = list(leaves({"type": "object", "properties": options.PROPERTIES}))
SETTINGS = [
    leaf
    for leaf in leaves({"type": "object", "properties": options.SETTINGS})
    if leaf.path[0] != "options"  # as the cell's own
]
# Names of a file and of what stands in it: what is not there is told.
FILES = {("kubeconfig",), ("context",)}
# A path in the image, where a file may have any name; it is executed as it is.
PATHS = {("python",)}


# Names that a file may have, if strange ones.
NAMES = {"/" + "a" * 190, "/ü 'x'/\"y\"", "/x:ro", "/../.."}


def may_take(leaf: Leaf, value: object) -> bool:
    """What a field takes of that which is no name."""
    if leaf.kind == "boolean" and value is True:
        return True
    if not isinstance(value, str):
        return leaf.kind == "integer" and value == 10**400  # the cluster says what it has
    # Any file name is allowed in a path, as it is in a file system.
    return leaf.path in FREE or (leaf.path[-1] == "path" and value.startswith("/"))


@pytest.mark.parametrize("leaf", FIELDS, ids=[".".join(leaf.path) for leaf in FIELDS])
def test_no_field_takes_what_is_no_name(leaf: Leaf) -> None:
    """Of a cell, of its notebook, and of its target: each says which field it was."""
    target = Target("pods", "kubernetes")
    catalogue = Catalogue({"pods": target}, {"kubernetes": KubernetesProvider()})
    checker = Draft202012Validator(options.schema(target))
    for value in leaf.values:
        document = leaf.make(value)
        if checker.is_valid(document):
            assert may_take(leaf, value), f"{'.'.join(leaf.path)} takes {str(value)[:40]!r}"
            continue
        cell = Cell("c0", 0, "1", options=document)
        field, words = options_of.wrong(cell, "pods", catalogue) or ("", "")
        assert field.startswith(f"metadata.dossier.options.{leaf.path[0]}") and words
        inherits = with_options(Cell("c0", 0, "1"), {"pods": document}, "pods")
        field, words = options_of.wrong(inherits, "pods", catalogue) or ("", "")
        assert field.startswith(f"metadata.dossier.options.pods.{leaf.path[0]}")
        assert words.startswith("the notebook's ")
        wrong = settings.wrong(Target("pods", "kubernetes", {"options": document}))
        assert str(wrong).startswith(f"its setting options.{leaf.path[0]}")


@pytest.mark.parametrize("leaf", SETTINGS, ids=[".".join(leaf.path) for leaf in SETTINGS])
async def test_no_setting_takes_what_is_no_name(leaf: Leaf) -> None:
    addresses = ADDRESSES if leaf.path[0] in ("link", "listen") else []
    for value in [*leaf.values, *addresses]:
        if value == 10**400 and leaf.path[0] in ("user", "group"):
            continue
        usable = await KubernetesProvider().check(Target("pods", "kubernetes", leaf.make(value)))
        assert not usable.usable
        taken = leaf.path in FILES or (leaf.path in PATHS and value in NAMES)
        words = "no cluster is configured" if taken else f"its setting {leaf.path[0]}"
        assert str(usable.why).startswith(words), (value, usable.why)


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("python", ["python3.12", "/opt/my env/bin/python"]),
        ("listen", ["10.0.0.1", "10.0.0.1:8443", "a.example:65535", "::1", "[::1]:8443"]),
        (
            "link",
            ["hub", "https://a.example/user/ada%40b/", "http://10.0.0.1:8888", "wss://[::1]/"],
        ),
        ("ca", [__file__]),
    ],
)
async def test_settings_as_they_are_meant_are_taken(setting: str, values: list[str]) -> None:
    for value in values:
        usable = await KubernetesProvider().check(Target("pods", "kubernetes", {setting: value}))
        assert str(usable.why).startswith("no cluster is configured"), usable.why


@pytest.mark.parametrize("value", VICIOUS, ids=range(len(VICIOUS)))
async def test_no_interpreter_of_this_machine_is_what_is_no_name(value: str) -> None:
    usable = await LocalProvider().check(Target("mine", "local", {"python": value}))
    assert not usable.usable
    assert str(usable.why).startswith("its setting python: "), usable.why


def test_each_field_has_values_that_do_what_it_is_for() -> None:
    assert GOOD.keys() == options.PROPERTIES.keys()
    checker = Draft202012Validator(options.schema(Target("pods", "kubernetes")))
    for name, values in GOOD.items():
        for value in values:
            checker.validate({name: value})


def test_a_targets_options_are_the_defaults() -> None:
    target = Target("pods", "kubernetes", {"options": {"image": "a:1", "cpu": "1"}})
    assert options.schema(target)["properties"]["image"]["default"] == "a:1"
    assert options.chosen(target, {"cpu": "2"}) == {"image": "a:1", "cpu": "2"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1), ("500m", 0.5), ("2Ki", 2048), ("1.5G", 1.5e9), ("1e3", 1000), ("1E3", 1000),
        ("1e-3", 0.001), ("2E", 2e18), (".5", 0.5), ("5.", 5), ("+1", 1), ("1E+2", 100),
    ],
)  # fmt: skip
def test_quantities(text: str, number: float) -> None:
    assert float(limits.quantity(text)) == pytest.approx(number)


def quota(hard: dict[str, str], **only: Any) -> k.V1ResourceQuota:
    return k.V1ResourceQuota(
        metadata=k.V1ObjectMeta(name="mine"),
        spec=k.V1ResourceQuotaSpec(hard=hard, **only),
        status=k.V1ResourceQuotaStatus(hard=hard),
    )


def test_what_a_quota_can_never_give_is_told_in_numbers() -> None:
    quotas = [quota({"requests.memory": "2Gi", "pods": "4"})]
    assert limits.beyond({"memory": "2048Mi"}, quotas, []) is None
    found = limits.beyond({"memory": "3Gi"}, quotas, [])
    assert found == (
        "memory",
        "asks for 3Gi memory, and the namespace's quota 'mine' allows 2Gi in all",
    )


def test_a_limit_that_cannot_be_read_is_left_to_the_cluster() -> None:
    assert limits.beyond({"memory": "3Gi"}, [quota({"requests.memory": "1 GB"})], []) is None


@pytest.mark.parametrize(
    "only",
    [
        {"scopes": ["BestEffort"]},
        {
            "scope_selector": k.V1ScopeSelector(
                match_expressions=[
                    k.V1ScopedResourceSelectorRequirement(
                        scope_name="PriorityClass", operator="In", values=["high"]
                    )
                ]
            )
        },
    ],
    ids=["scopes", "selector"],
)
def test_a_quota_for_some_pods_only_is_the_clusters_to_judge(only: dict[str, Any]) -> None:
    assert limits.beyond({"memory": "1Gi"}, [quota({"memory": "0"}, **only)], []) is None
    assert limits.beyond({"memory": "1Gi"}, [quota({"memory": "0"})], []) is not None


def test_a_limit_range_is_told_in_numbers() -> None:
    item = Thing(type="Container", max={"cpu": "2"}, min={"memory": "100Mi"})
    ranges = [Thing(spec=Thing(limits=[item]))]
    assert limits.beyond({"cpu": "2500m"}, [], ranges) == (
        "cpu",
        "asks for 2500m cpu, and the namespace allows at most 2 a container",
    )
    assert limits.beyond({"memory": "64Mi"}, [], ranges) == (
        "memory",
        "asks for 64Mi memory, and the namespace wants at least 100Mi a container",
    )


def test_the_role_of_deploy_is_what_is_needed() -> None:
    role = yaml.safe_load((ROOT / "deploy/kubernetes/role.yaml").read_text())
    given = {
        (group, what, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for what in rule["resources"]
        for verb in rule["verbs"]
    }
    assert given == set(rights.NEEDED)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"namespace": "A b"}, "its setting namespace"),
        ({"options": {"cpu": "two"}}, "its setting options.cpu"),
        ({"options": {"nonsense": 1}}, "its setting options"),
        ({"user": 0}, "its setting user"),
    ],
)
async def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    usable = await KubernetesProvider().check(Target("pods", "kubernetes", settings))
    assert not usable.usable and words in str(usable.why)


def test_pods_that_share_the_store_are_the_servers_user(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = Target("pods", "kubernetes", {"shared": True})
    apart = Target("pods", "kubernetes")
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(os, "getegid", lambda: 4712)
    assert (settings.user(shares), settings.group(shares)) == (4711, 4712)
    assert (settings.user(apart), settings.group(apart)) == (None, 1000)
    given = Target("pods", "kubernetes", {"shared": True, "user": 5, "group": 6})
    assert (settings.user(given), settings.group(given)) == (5, 6)
    assert settings.wrong(shares) is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "its setting shared: this server runs as root" in str(settings.wrong(shares))


@pytest.mark.parametrize("planted", [False, True])
def test_a_pod_runs_the_program_of_its_server_only(tmp_path: Path, planted: bool) -> None:
    """The command of the pod, executed here: who may make ConfigMaps may have been faster."""
    program, config = tmp_path / "worker.pyz", tmp_path / "config.json"
    program.write_text("import sys\nprint('ours', sys.argv)\n")
    order = WorkerOrder("w", Target("pods", "kubernetes"), config, program, "", {}, "")
    name = objects.zipapp(program).metadata.name
    command = objects.pod_spec(order, name).containers[0].command
    if planted:
        program.write_text("print('theirs')\n")
    there = {"/dossier/bin": tmp_path, "/dossier/config": tmp_path, "/dossier/work": tmp_path / "w"}
    (tmp_path / "w").mkdir()
    parts = command[1:]
    for at, here in there.items():
        parts = [part.replace(f"{at}/", f"{here}/") for part in parts]
    done = subprocess.run([sys.executable, *parts], capture_output=True, text=True, timeout=60)
    if planted:
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"{objects.PLANTED}: delete the ConfigMap {name}\n"
    else:
        checked = str(tmp_path / "w" / "worker.pyz")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"ours {[checked, str(config)]}\n"
