"""One cluster as this user reaches it, and what of its answers is told to users."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import urllib.parse
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from kubernetes_asyncio import client as k
from kubernetes_asyncio import config

from ..provider import ProviderFault, Target
from .settings import cluster_of

_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
# Seconds for one answer of the API server, and of them for a connection to it.
ANSWER = 20.0
CONNECT = 5.0


# What the library says of a kubeconfig that is none.
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)


class _Api(k.ApiClient):
    """Every question has a time limit: the library's own is five minutes."""

    def request(self, method: Any, url: Any, **more: Any) -> Any:  # type: ignore[override]
        total = more.get("_request_timeout") or ANSWER
        more["_request_timeout"] = aiohttp.ClientTimeout(total=total, sock_connect=CONNECT)
        return super().request(method, url, **more)


class Cluster:
    """An API client with the namespace that cells run in."""

    def __init__(self, settings: k.Configuration, namespace: str) -> None:
        self.api = api = _Api(settings)
        self.namespace = namespace
        self.core = k.CoreV1Api(api)
        self.batch = k.BatchV1Api(api)
        self.rights = k.AuthorizationV1Api(api)

    async def close(self) -> None:
        await self.api.close()

    def face(self) -> str:
        """The address of this machine on the way to the API server: pods reach it there."""
        parts = urllib.parse.urlsplit(self.api.configuration.host)
        port = parts.port or 443
        family, *_, address = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)  # sends nothing
            return str(probe.getsockname()[0])


async def connect(target: Target) -> Cluster:
    """By the target's kubeconfig and context, else from inside the cluster. `ProviderFault`."""
    path, context, namespace = cluster_of(target)
    path = os.path.expanduser(path) if path else None  # noqa: ASYNC240 - reads no file
    settings = k.Configuration()
    try:
        inside = None
        if path is None and context is None:
            inside = await asyncio.to_thread(_namespace_inside)
        if inside is not None:
            config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
            own = inside
        else:
            await config.load_kube_config(path, context, settings)
            contexts, active = config.list_kube_config_contexts(path)
            chosen: Any = next((c for c in contexts or () if c["name"] == context), active)
            own = chosen["context"].get("namespace") or "default"
    except (config.ConfigException, yaml.YAMLError, OSError, *_MALFORMED) as error:
        words = f"no cluster is configured for target {target.name!r}: {str(error)[:300]}"
        raise ProviderFault(words) from None
    return Cluster(settings, namespace or own)


def _namespace_inside() -> str | None:
    """The namespace of the pod that we are in, if its service account may call the cluster."""
    with contextlib.suppress(OSError):
        return _NAMESPACE.read_text().strip()
    return None


def answer(error: k.ApiException) -> str:
    """What the API server says in an error."""
    try:
        message = str(json.loads(error.body or b"")["message"])
    except (TypeError, ValueError, KeyError):
        message = str(error.reason or error.status)
    return " ".join(message.split())[:1000]


def words(error: k.ApiException, doing: str) -> str:
    """What the API server answered, after what was tried."""
    if error.status == 401:
        return f"{doing}: the cluster does not know you: {answer(error)}. Log in to it again"
    return f"{doing}: {answer(error)}"
