"""Every field that a user may fill in, by its schema, and what must do no harm in any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]

VICIOUS = [
    "$(touch /tmp/x)", "`id`", "; rm -rf /", "a\nb: c", "{{ x }}", "${HOME}", "'\"", "../..",
    "a" * 10_000, "ü", "\x00", "- !!python/object:os.system", "a b", "latest\n", "--privileged",
    # What stands in a path of a file system, and nowhere else.
    "/$(touch x)/`id`/{{ x }}", "/../..", "/ü 'x'/\"y\"", "/" + "a" * 190, "/a\nb: c", "/x:ro",
]  # fmt: skip
# For what is an address: each is nearly one.
ADDRESSES = [
    "https://x/$(id)", "https://x/`id`", "https://x/a\nb: c", "https://x y/", "https://u:p@x/",
    "https://x/?a=b", "https://x:99999/", "https://x/" + "a" * 10_000, "https://ü.example/",
    "file:///etc/passwd", "hub; id", "hub\n", "h:99999", "h:1; id", "[::1]:x", "::1; id", "::1\n",
    "[::1", "h/../..", "0.0.0.0:80 --privileged",
]  # fmt: skip
NO_NUMBERS: list[Any] = [True, -1, 1.5, "1", 10**400, None, [], {}, "1; rm -rf /"]

# Of each option a value that does what it is for.
GOOD: dict[str, list[Any]] = {
    "image": [
        "registry.example.org:5000/team/image:1.2",
        "python@sha256:" + "0" * 64,
    ],
    "cpu": ["500m", "2"],
    "memory": ["1.5Gi"],
    "gpu": [1],
    "resources": [{"example.com/fpga": 1}],
    "node_selector": [{"kubernetes.io/arch": "amd64", "empty": ""}],
    "tolerations": [
        [{"key": "a/b", "operator": "Exists", "effect": "NoSchedule"}],
        [{"key": "a", "value": "b", "effect": "NoExecute", "seconds": 30}],
    ],
    "service_account": ["default"],
    "priority_class": ["system-cluster-critical"],
    "queue": ["mine"],
    "env": [{"A_B": "any; $(text)\n"}],
    "secrets": [[{"variable": "TOKEN", "secret": "mine", "key": "token.txt"}]],
    "volumes": [[{"claim": "data", "path": "/data/a b", "read_only": True}]],
    "time_limit": [60],
    "idle": [60],
}


class Leaf(NamedTuple):
    """A place where one value stands: its path, and what makes a document with a value there."""

    path: tuple[str, ...]
    make: Callable[[Any], Any]
    kind: str

    @property
    def values(self) -> list[Any]:
        return VICIOUS if self.kind == "string" else [*NO_NUMBERS, *VICIOUS]


def leaves(schema: Json, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """All of a schema, also those that are new in it."""
    kind = "string" if "enum" in schema else schema.get("type")
    if kind == "object":
        for name, part in schema.get("properties", {}).items():
            for at, make, of in leaves(part, (*path, name)):
                yield Leaf(at, lambda v, n=name, m=make, s=schema: {**filled(s), n: m(v)}, of)
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            value = 1 if more["type"] == "integer" else "x"
            yield Leaf((*path, "key"), lambda text, v=value: {text: v}, "string")
            for at, make, of in leaves(more, (*path, "*")):
                yield Leaf(at, lambda v, m=make: {"name": m(v)}, of)
    elif kind == "array":
        for at, make, of in leaves(schema["items"], (*path, "[]")):
            yield Leaf(at, lambda v, m=make: [m(v)], of)
    else:
        assert kind in ("string", "integer", "boolean"), f"{path}: a kind that nobody tests"
        yield Leaf(path, lambda v: v, str(kind))


def filled(schema: Json) -> Json:
    """What else an object needs, to be judged by one field."""
    return {name: plain(schema["properties"][name]) for name in schema.get("required", ())}


def plain(schema: Json) -> Any:
    return "/data" if "/" in schema.get("pattern", "")[:3] else "name"
