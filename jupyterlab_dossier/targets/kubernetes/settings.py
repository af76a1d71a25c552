"""What a target's settings mean for its pods."""

from __future__ import annotations

import os

from ..provider import Target
from .options import SETTINGS

_GROUP = 1000


def wrong(target: Target) -> str | None:
    """The first of the target's own settings that is not what it should be, in words.

    It looks for files that they name.
    """
    from jsonschema import Draft202012Validator  # a large import, for such targets only

    checker = Draft202012Validator({"properties": SETTINGS})
    for fault in checker.iter_errors(target.settings):
        where = ".".join(str(part) for part in fault.absolute_path)
        return f"its setting {where}: {fault.message[:300]}"
    ca = target.settings.get("ca")
    if ca is not None and not (os.path.isfile(ca) and os.access(ca, os.R_OK)):
        return f"its setting ca: {ca} cannot be read"
    if target.shares_store and _own("geteuid") == 0:
        return (
            "its setting shared: this server runs as root and its store is for root alone, which"
            " pods may not be; run the server as another user"
        )
    return None


def gpu(target: Target) -> str:
    """The resource that the option `gpu` asks for."""
    return str(target.settings.get("gpu", "nvidia.com/gpu"))


def user(target: Target) -> int | None:
    """Whom pods run as; None leaves it to the image.

    Where they share the store, which is for its owner alone, they are the server's own user.
    """
    own = _own("geteuid") if target.shares_store else None
    found: int | None = target.settings.get("user", own)
    return found


def group(target: Target) -> int:
    """The group of what is mounted in pods."""
    own = _own("getegid") if target.shares_store else None
    return int(target.settings.get("group", own or _GROUP))


def _own(call: str) -> int | None:
    """Of this process; None where the system has no such numbers."""
    asked = getattr(os, call, None)
    return asked() if asked is not None else None


def cluster_of(target: Target) -> tuple[str | None, ...]:
    """What makes two targets use the same connection: kubeconfig, context and namespace."""
    settings = target.settings
    return (settings.get("kubeconfig"), settings.get("context"), settings.get("namespace"))
