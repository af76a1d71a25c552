"""What can be known of pods without a cluster; `make test-engines` has the rest."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace as Thing
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from jupyterlab_dossier.targets import Target
from jupyterlab_dossier.targets.kubernetes import KubernetesProvider, limits, options, rights

ROOT = Path(__file__).parents[2]

VICIOUS = [
    "$(touch /tmp/x)", "`id`", "; rm -rf /", "a\nb: c", "{{ x }}", "${HOME}", "'\"", "../..",
    "a" * 10_000, "ü", "\x00", "- !!python/object:os.system", "a b", "latest\n", "--privileged",
]  # fmt: skip
# Free text by its nature: passed as a typed value, never through a shell or a template.
FREE = {("env", "*")}


def strings(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Any:
    """Every place in a schema where a string may stand: its path, and a document with it."""
    kind = schema.get("type")
    if "enum" in schema or kind == "string":
        yield path, lambda text: text
    elif kind == "object":
        for name, part in schema.get("properties", {}).items():
            for at, make in strings(part, (*path, name)):
                yield at, lambda text, n=name, m=make, s=schema: {**filled(s), n: m(text)}
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            value = 1 if more["type"] == "integer" else "x"
            yield (*path, "key"), lambda text, v=value: {text: v}
            for at, make in strings(more, (*path, "*")):
                yield at, lambda text, m=make: {"name": m(text)}
    elif kind == "array":
        for at, make in strings(schema["items"], (*path, "[]")):
            yield at, lambda text, m=make: [m(text)]


def filled(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: good(schema["properties"][name]) for name in schema.get("required", ())}


def good(schema: dict[str, Any]) -> Any:
    return "/data" if "/" in schema.get("pattern", "")[:3] else "name"


FIELDS = list(strings({"type": "object", "properties": options.PROPERTIES}))


@pytest.mark.parametrize("text", VICIOUS, ids=range(len(VICIOUS)))
@pytest.mark.parametrize(("path", "make"), FIELDS, ids=[".".join(p) for p, _ in FIELDS])
def test_no_field_takes_what_is_no_name(path: tuple[str, ...], make: Any, text: str) -> None:
    schema = options.schema(Target("pods", "kubernetes"))
    fits = Draft202012Validator(schema).is_valid(make(text))
    if path in FREE:
        return
    if path[-1] == "path":  # any file name is allowed in a path, as it is in a file system
        assert not fits or text.startswith("/")
        return
    assert not fits, f"{'.'.join(path)} takes {text[:40]!r}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", "registry.example.org:5000/team/image:1.2"),
        ("image", "python@sha256:" + "0" * 64),
        ("cpu", "500m"), ("memory", "1.5Gi"), ("gpu", 1),
        ("resources", {"example.com/fpga": 1}),
        ("node_selector", {"kubernetes.io/arch": "amd64", "empty": ""}),
        ("tolerations", [{"key": "a/b", "operator": "Exists", "effect": "NoSchedule"}]),
        ("env", {"A_B": "any; $(text)\n"}),
        ("secrets", [{"variable": "TOKEN", "secret": "mine", "key": "token.txt"}]),
        ("volumes", [{"claim": "data", "path": "/data/a b"}]),
        ("time_limit", 60),
    ],
)  # fmt: skip
def test_fields_take_what_they_are_for(field: str, value: Any) -> None:
    schema = options.schema(Target("pods", "kubernetes"))
    Draft202012Validator(schema).validate({field: value})


def test_a_targets_options_are_the_defaults() -> None:
    target = Target("pods", "kubernetes", {"options": {"image": "a:1", "cpu": "1"}})
    assert options.schema(target)["properties"]["image"]["default"] == "a:1"
    assert options.chosen(target, {"cpu": "2"}) == {"image": "a:1", "cpu": "2"}


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("500m", 0.5), ("2Ki", 2048), ("1.5G", 1.5e9), ("1e3", 1000)]
)
def test_quantities(text: str, number: float) -> None:
    assert limits.quantity(text) == pytest.approx(number) or float(limits.quantity(text)) == number


def quota(**hard: str) -> Any:
    return Thing(metadata=Thing(name="mine"), spec=Thing(hard=hard), status=Thing(hard=hard))


def test_what_a_quota_can_never_give_is_told_in_numbers() -> None:
    quotas = [quota(**{"requests.memory": "2Gi", "pods": "4"})]
    assert limits.beyond({"memory": "2048Mi"}, quotas, []) is None
    found = limits.beyond({"memory": "3Gi"}, quotas, [])
    assert found == (
        "memory",
        "asks for 3Gi memory, and the namespace's quota 'mine' allows 2Gi in all",
    )


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
    assert (options.user(shares), options.group(shares)) == (4711, 4712)
    assert (options.user(apart), options.group(apart)) == (None, 1000)
    given = Target("pods", "kubernetes", {"shared": True, "user": 5, "group": 6})
    assert (options.user(given), options.group(given)) == (5, 6)
    assert options.wrong(shares) is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "its setting shared: this server runs as root" in str(options.wrong(shares))
