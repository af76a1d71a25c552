"""A pod's requests against the namespace's ResourceQuotas and LimitRanges, in numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

_UNITS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
_QUANTITY = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)")


def quantity(text: str) -> Decimal:
    """A quantity of the API, for example 500m or 2Gi. Raises `ValueError`."""
    found = _QUANTITY.fullmatch(str(text))
    if found is None or found[2] not in _UNITS:
        raise ValueError(f"no quantity: {text!r}")
    return Decimal(found[1]) * _UNITS[found[2]]


def _exceeds(text: str, most: str) -> bool:
    """False where one of them cannot be read: the cluster's own dry run judges."""
    try:
        return quantity(text) > quantity(most)
    except ValueError:
        return False


def beyond(
    wanted: Mapping[str, str], quotas: Sequence[Any], ranges: Sequence[Any]
) -> tuple[str, str] | None:
    """The first resource that could never be had, and the words with the limit in numbers."""
    for quota in quotas:
        if quota.spec.scopes or quota.spec.scope_selector:
            continue  # for some pods only: the cluster says for which
        for name, hard in (quota.status.hard or quota.spec.hard or {}).items():
            resource = name.removeprefix("requests.").removeprefix("limits.")
            if resource in wanted and _exceeds(wanted[resource], hard):
                words = f"asks for {wanted[resource]} {resource}, and the namespace's quota"
                return resource, f"{words} {quota.metadata.name!r} allows {hard} in all"
    for limit_range in ranges:
        for item in limit_range.spec.limits:
            if item.type not in ("Container", "Pod"):
                continue
            for resource, most in (item.max or {}).items():
                if resource in wanted and _exceeds(wanted[resource], most):
                    words = f"asks for {wanted[resource]} {resource}, and the namespace allows"
                    return resource, f"{words} at most {most} a {item.type.lower()}"
            for resource, least in (item.min or {}).items():
                if resource in wanted and _exceeds(least, wanted[resource]):
                    words = f"asks for {wanted[resource]} {resource}, and the namespace wants"
                    return resource, f"{words} at least {least} a {item.type.lower()}"
    return None
