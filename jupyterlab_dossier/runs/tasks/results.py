"""A worker's `done` message, which is untrusted, read into what the attempt came to."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

from ...targets import Target
from ..files import returned
from ..files.returned import Returned
from ..ledger.database import LARGEST, as_text
from ..model import Json
from ..planning.observations import effects_of
from ..progress import bytes_words
from ..values import blobs
from .attempts import Failure, Outcome, Setting

log = logging.getLogger(__name__)


def read(setting: Setting, message: Json, target: Target) -> Outcome:
    """A worker's `done` message, which is untrusted. Raises `Failure`."""
    try:
        outcome = _reading(setting, message)
        if (words := _too_much(outcome.manifests, target)) is not None:
            raise Failure(words)
        return outcome
    except Failure:
        raise
    except Exception as error:  # a worker can send anything; it must not be sent again for ever
        log.warning("a result of %s cannot be read", setting.cell, exc_info=True)
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> Failure:
    return Failure(f"the worker sent a result that cannot be read: {str(error)[:200]}")


def _reading(setting: Setting, message: Json) -> Outcome:
    status = as_text(message.get("status"))
    error = message.get("error") or {}
    why = f"{error.get('ename', 'error')}: {error.get('evalue', '')}" if status != "ok" else None
    state, why = setting.decide(status, why, message)
    count = message.get("execution_count")
    try:
        wanted = setting.files
        came = Returned()
        if wanted is not None:
            name = os.path.basename(wanted.path)
            came = returned.read(message.get("files"), wanted.target, name)
    except returned.Malformed as error:
        raise _unreadable(error) from None
    except returned.Refused as error:
        raise Failure(str(error)) from None
    return Outcome(
        setting,
        status,
        count if isinstance(count, int) and 0 <= count < LARGEST else None,
        why,
        _checked(message.get("exports"), setting.attempt),
        [str(name) for name in effects_of(message).get("deleted") or []],
        message,
        state,
        came,
    )


def _too_much(manifests: Sequence[Json], target: Target) -> str | None:
    """That the values a cell left are more than its target takes, with the largest of them."""
    most = target.values_size
    sizes = {m["name"]: sum(size for _, size in blobs(m)) for m in manifests}
    total = sum({blob: size for m in manifests for blob, size in blobs(m)}.values())
    if most is None or total <= most:
        return None
    name = max(sizes, key=lambda name: sizes[name])
    return (
        f"the values that it left take {bytes_words(total)}, of which `{name}` takes"
        f" {bytes_words(sizes[name])}: {target.name!r} takes {bytes_words(most)} of one cell"
        " (`values_size` in its settings). `del` what later cells do not need, or write it to a"
        " file"
    )


def _checked(exports: Any, attempt: str) -> list[Json]:
    """Manifests of a worker, bounded to what we need of them.

    Raises `Failure` where they are not what they should be: the worker is not to be trusted.
    """
    found = []
    try:
        for item in exports or []:
            manifest: Json = {
                "version": as_text(item["version"]),
                "name": as_text(item["name"]),
                "type": as_text(item.get("type", ""))[:200],
                "summary": as_text(item.get("summary", ""))[:200],
            }
            if not manifest["version"].startswith(f"{attempt}/"):
                raise ValueError("a version of another attempt")
            if item.get("unshippable"):
                manifest["unshippable"] = str(item["unshippable"])[:1000]
            else:
                manifest |= {
                    "size": int(item.get("size", 0)),
                    "pickle": _blob(item["pickle"]),
                    "buffers": [_blob(b) for b in item.get("buffers") or []],
                    "deps": [str(d) for d in item.get("deps") or []],
                    "digest": str(item.get("digest", ""))[:128],
                }
            found.append(manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(error) from None
    return found


def _blob(item: Json) -> Json:
    blob = str(item["blob"])
    if len(blob) != 64 or not set(blob) <= set("0123456789abcdef"):
        raise ValueError("a blob's name that is no hash")
    size = item["size"]
    if type(size) is not int or not 0 <= size < LARGEST:
        raise ValueError("a blob's size that is none")
    return {**item, "blob": blob, "size": size}
