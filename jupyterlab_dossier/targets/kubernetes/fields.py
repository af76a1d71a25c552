"""Which option of the cell a refusal of the API server is about. Pure."""

from __future__ import annotations

import re

_ABOUT = [
    (r"PriorityClass|priorityClassName", "priority_class"),
    (r"service ?account", "service_account"),
    (r"containers\[0\]\.image\b|image", "image"),
    (r"nodeSelector", "node_selector"),
    (r"tolerations", "tolerations"),
    (r"persistentvolumeclaim|volumeMounts|volumes\[", "volumes"),
    (r"containers\[0\]\.env", "env"),
    (r"\bmemory\b", "memory"),
    (r"\bcpu\b", "cpu"),
    (r"resources\.(limits|requests)", "resources"),
]


def of(message: str, gpu: str) -> str | None:
    """The option, where the message tells; `gpu` is the resource that the option of that name asks
    for."""
    if gpu in message:
        return "gpu"
    return next((name for pattern, name in _ABOUT if re.search(pattern, message)), None)


def of_resource(resource: str, gpu: str) -> str:
    """The option that asks for a resource."""
    if resource == gpu:
        return "gpu"
    return resource if resource in ("cpu", "memory") else f"resources.{resource}"
