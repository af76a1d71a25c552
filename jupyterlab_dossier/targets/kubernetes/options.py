"""What a cell may ask of its pod, and what a target may be set to, as JSON schemas.

Every field is narrow: what passes the schema can stand in the object it is for, and nothing else.
`x-group` and `x-words` are for the form and for messages (`Provider.options`).
"""

from __future__ import annotations

import copy
from typing import Any

from ..provider import Target

Json = dict[str, Any]

_DAY = 86_400

_LABEL = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_DNS = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*"
_KEY = rf"({_DNS}/)?{_LABEL}"
# A last "$" would let a line end pass.
_QUANTITY = r"^[0-9]{1,12}(\.[0-9]{1,6})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?(?![\s\S])"
_END = r"(?![\s\S])"
_IMAGE = (
    r"^[a-zA-Z0-9]([-a-zA-Z0-9._]{0,200})(:[0-9]{1,5})?(/[a-z0-9]([-a-z0-9._]{0,100}))*"
    r"(:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(@sha256:[0-9a-f]{64})?" + _END
)


_LABEL_WORDS = 'at most 63 letters, digits, "-", "_" and "."'
_KEY_WORDS = 'a name like "example.com/name"'
_DNS_WORDS = 'small letters, digits, "-" and ".", a letter or digit at both ends'
_VARIABLE_WORDS = (
    'letters, digits and "_", no digit first, and not PYTHONHASHSEED, a condition of the whole run'
)


def _text(title: str, pattern: str, most: int = 253, words: str = "", **more: Any) -> Json:
    told = {"x-words": words} if words else {}
    return {"type": "string", "title": title, "pattern": pattern, "maxLength": most, **told, **more}


def _name(title: str, **more: Any) -> Json:
    return _text(title, f"^{_DNS}{_END}", words=_DNS_WORDS, **more)


def _list(title: str, properties: Json, required: list[str], **more: Any) -> Json:
    item = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return {"type": "array", "title": title, "items": item, "maxItems": 32, **more}


def _map(title: str, key: str, words: str, value: Json, **more: Any) -> Json:
    return {
        "type": "object",
        "title": title,
        "propertyNames": {"pattern": f"^{key}{_END}", "maxLength": 253, "x-words": words},
        "additionalProperties": value,
        "maxProperties": 64,
        **more,
    }


# The hash seed is one for all cells of a run: else sets had another order from cell to cell.
_VARIABLE = rf"(?!PYTHONHASHSEED{_END})[A-Za-z_][A-Za-z0-9_]*"
_PATH = r"^/[^\x00-\x1f\x7f:]{1,200}" + _END

_PLACE: Json = {"x-group": "Where it runs"}
_GIVEN: Json = {"x-group": "Environment, secrets and volumes"}
_TIME: Json = {"x-group": "Time"}

PROPERTIES: Json = {
    "image": _text(
        "Image",
        _IMAGE,
        400,
        'the name of an image, like "registry.example.org/team/image:1"',
        description="Needs Python with ipykernel; its user is not root.",
    ),
    "cpu": _text(
        "CPU",
        _QUANTITY,
        20,
        'a number of cores, like "2" or "500m"',
        description='Cores, for example "2" or "500m".',
    ),
    "memory": _text(
        "Memory",
        _QUANTITY,
        20,
        'an amount, like "500Mi" or "4Gi"',
        description='For example "4Gi"; beyond it the cell is killed.',
    ),
    "gpu": {"type": "integer", "title": "GPUs", "minimum": 0, "maximum": 64},
    "resources": _map(
        "Extended resources",
        _KEY,
        _KEY_WORDS,
        {"type": "integer", "title": "Number", "minimum": 0},
        description='By name, for example "example.com/fpga".',
        **_PLACE,
    ),
    "node_selector": _map(
        "Node selector",
        _KEY,
        _KEY_WORDS,
        {
            "type": "string",
            "title": "Value",
            "pattern": f"^({_LABEL})?{_END}",
            "x-words": _LABEL_WORDS,
        },
        description="Labels that the node must have.",
        **_PLACE,
    ),
    "tolerations": _list(
        "Tolerations",
        {
            "key": _text("Key", f"^{_KEY}{_END}", words=_KEY_WORDS),
            "operator": {"enum": ["Equal", "Exists"], "title": "Operator"},
            "value": _text("Value", f"^({_LABEL})?{_END}", words=_LABEL_WORDS),
            "effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"], "title": "Effect"},
            "seconds": {"type": "integer", "title": "Seconds", "minimum": 0},
        },
        [],
        description="Taints of nodes that do not keep the pod away.",
        **_PLACE,
    ),
    "service_account": _name("Service account", **_PLACE),
    "priority_class": _name("Priority class", **_PLACE),
    "queue": _name("Kueue queue", maxLength=63, **_PLACE),
    "env": _map(
        "Environment",
        _VARIABLE,
        _VARIABLE_WORDS,
        _text("Value", r"^[^\x00]*" + _END, 32768),
        description="Variables; no secrets here: they would stand in the notebook.",
        **_GIVEN,
    ),
    "secrets": _list(
        "Secrets as environment variables",
        {
            "variable": _text("Variable", f"^{_VARIABLE}{_END}", words=_VARIABLE_WORDS),
            "secret": _name("Secret"),
            "key": _text(
                "Key in the Secret",
                r"^[._a-zA-Z0-9][-._a-zA-Z0-9]*" + _END,
                words='letters, digits, "-", "_" and "."',
            ),
        },
        ["variable", "secret", "key"],
        description="Secrets of the namespace by name; no value is written anywhere.",
        **_GIVEN,
    ),
    "volumes": _list(
        "Volumes",
        {
            "claim": _name("PersistentVolumeClaim"),
            "path": _text("Path in the pod", _PATH, words='a path from "/", without ":"'),
            "read_only": {"type": "boolean", "title": "Read only"},
        },
        ["claim", "path"],
        **_GIVEN,
    ),
    "time_limit": {
        "type": "integer",
        "title": "Time limit in seconds",
        "description": "A pod is ended after it. No cell begins in its second half.",
        "minimum": 1,
        "maximum": 31_536_000,
        **_TIME,
    },
    "idle": {
        "type": "integer",
        "title": "Idle time in seconds",
        "description": "So long a pod without work is kept for the next cell.",
        "minimum": 1,
        "maximum": 86_400,
        **_TIME,
    },
}


def schema(target: Target) -> Json:
    """JSON schema of the options; what the target's settings give stands there as default."""
    properties = copy.deepcopy(PROPERTIES)
    for name, value in defaults(target).items():
        if name in properties:
            properties[name]["default"] = value
    return {"type": "object", "properties": properties, "additionalProperties": False}


_HOST = r"[A-Za-z0-9]([-A-Za-z0-9._]{0,251}[A-Za-z0-9])?"
_IPV6 = r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]{1,45}"
_PORT = r"(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
_URL = rf"(http|ws)s?://({_HOST}|\[{_IPV6}\]){_PORT}(/[-A-Za-z0-9._~%!&()*+,;=:@/]{{0,1000}})?"
# A name in the image's PATH, or a path; where a "$" stands, the kubelet may put a variable.
_PYTHON = r"([A-Za-z0-9_][-A-Za-z0-9_.+]{0,100}|/[^\x00-\x1f\x7f$]{1,1000})"

SETTINGS: Json = {
    "kubeconfig": {"type": "string"},
    "context": {"type": "string"},
    "python": {"type": "string", "pattern": f"^{_PYTHON}{_END}"},
    "listen": {
        "type": "string",
        "pattern": rf"^({_HOST}{_PORT}|\[{_IPV6}\]{_PORT}|{_IPV6}){_END}",
    },
    "link": {"type": "string", "pattern": f"^(hub|{_URL}){_END}"},
    "ca": {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]{1,1000}" + _END},
    "namespace": _name("Namespace", maxLength=63),
    "gpu": _text("GPU resource", f"^{_KEY}{_END}"),
    "user": {"type": "integer", "minimum": 1},
    "group": {"type": "integer", "minimum": 1},
    "image_pull_policy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "image_pull_secrets": {"type": "array", "items": _name("Secret")},
    "options": {"type": "object", "properties": PROPERTIES, "additionalProperties": False},
}


def defaults(target: Target) -> Json:
    """The target's own `options` table."""
    return dict(target.settings.get("options") or {})


def time_limit(target: Target, options: Json) -> int:
    """Of a worker, in seconds."""
    return int(chosen(target, options).get("time_limit") or _DAY)


def chosen(target: Target, options: Json) -> Json:
    """The options that count for a cell: its own before the target's."""
    return {**defaults(target), **options}
