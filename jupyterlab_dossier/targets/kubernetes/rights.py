"""What a user must be allowed in the namespace: the Role of deploy/kubernetes, no more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cluster import Cluster

_VERBS = {
    ("batch", "jobs"): ("create", "get", "list", "watch", "patch", "delete"),
    ("", "secrets"): ("create", "patch"),
    ("", "configmaps"): ("create",),
    ("", "pods"): ("create", "list", "watch"),
    ("", "pods/log"): ("get",),
    ("", "events"): ("list", "watch"),
    ("", "resourcequotas"): ("list",),
    ("", "limitranges"): ("list",),
    ("", "persistentvolumeclaims"): ("get",),
}
NEEDED = [(group, what, verb) for (group, what), verbs in _VERBS.items() for verb in verbs]


async def missing(cluster: Cluster) -> list[str]:
    """What of it this user may not do, for example "watch pods"."""
    from kubernetes_asyncio import client as k

    async def allowed(group: str, what: str, verb: str) -> bool:
        resource, _, part = what.partition("/")
        asked = k.V1ResourceAttributes(
            namespace=cluster.namespace,
            verb=verb,
            group=group,
            resource=resource,
            subresource=part or None,
        )
        spec = k.V1SelfSubjectAccessReviewSpec(resource_attributes=asked)
        review = k.V1SelfSubjectAccessReview(spec=spec)
        answer = await cluster.rights.create_self_subject_access_review(review)
        return bool(answer.status.allowed)

    answers = await asyncio.gather(*(allowed(*right) for right in NEEDED))
    return [
        f"{verb} {what}" for (_, what, verb), yes in zip(NEEDED, answers, strict=True) if not yes
    ]
