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
    (r"nvidia\.com/gpu", "gpu"),
    (r"\bmemory\b", "memory"),
    (r"\bcpu\b", "cpu"),
    (r"resources\.(limits|requests)", "resources"),
]


def of(message: str) -> str | None:
    """The option, where the message tells."""
    return next((name for pattern, name in _ABOUT if re.search(pattern, message)), None)
