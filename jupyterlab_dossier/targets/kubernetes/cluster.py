"""One cluster as this user reaches it, and what of its answers is told to users."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from kubernetes_asyncio import client as k
from kubernetes_asyncio import config
from kubernetes_asyncio.client.rest import RESTClientObject

from ..provider import NoAnswer, ProviderFault, Target
from . import login as logins
from .settings import cluster_of

log = logging.getLogger(__name__)

_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
# Seconds for one answer of the API server, and of them for a connection to it.
ANSWER = 20.0
CONNECT = 5.0


# Seconds between two logins: one may ask the user something.
AGAIN = 30.0


# What the library says of a kubeconfig that is none.
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
_NO_LOGIN = (config.ConfigException, yaml.YAMLError, OSError, RuntimeError, *_MALFORMED)

Login = Callable[[], Awaitable[k.Configuration]]


class _Api(k.ApiClient):
    """Every question has a time limit: the library's own is five minutes.

    Where the cluster does not know us (any more: many logins last minutes), it logs in anew, as
    the kubeconfig says by then.
    """

    def __init__(self, settings: k.Configuration, login: Login) -> None:
        super().__init__(settings)
        self._login = login
        self._asked = -AGAIN
        self._renewal: asyncio.Task[bool] | None = None
        # Answers may still come by the connections of the login before.
        self._before: Any = None

    async def request(  # type: ignore[override]
        self, method: Any, url: Any, **more: Any
    ) -> Any:
        total = more.get("_request_timeout") or ANSWER
        more["_request_timeout"] = aiohttp.ClientTimeout(total=total, sock_connect=CONNECT)
        used = self.rest_client
        try:
            return await super().request(method, url, **more)
        except k.ApiException as error:
            # What is answered so was not done: it can be asked again.
            if error.status != 401 or not await self._renew(used):
                raise
        more["headers"].pop("authorization", None)
        await self.update_params_for_auth(more["headers"], [], ["BearerToken"])
        return await super().request(method, url, **more)

    async def _renew(self, used: Any) -> bool:
        """Whether there is another login than the one that was used."""
        if self.rest_client is not used:
            return True
        if self._renewal is None or self._renewal.done():
            if time.monotonic() < self._asked + AGAIN:
                return False
            self._renewal = asyncio.create_task(self._log_in())
        # Whoever asks may be given up earlier: the login goes on for the others.
        return await asyncio.shield(self._renewal)

    async def _log_in(self) -> bool:
        try:
            settings = await self._login()
        except (logins.LoginWaits, *_NO_LOGIN) as error:
            log.warning("no new login at %s: %s", self.configuration.host, str(error)[:300])
            return False
        finally:
            self._asked = time.monotonic()
        old, self._before = self._before, self.rest_client
        self.configuration, self.rest_client = settings, RESTClientObject(settings)
        if old is not None:
            await old.close()
        return True

    async def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)
        if self._before is not None:
            await self._before.close()
        await super().close()


class Cluster:
    """An API client with the namespace that cells run in."""

    def __init__(self, settings: k.Configuration, namespace: str, login: Login) -> None:
        self.api = api = _Api(settings, login)
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


async def connect(
    target: Target, tell: Callable[[str | None], None] = lambda command: None
) -> Cluster:
    """By the target's kubeconfig and context, else from inside the cluster. `ProviderFault`.

    `tell` hears of the login command that is waited for, now or later, and None when it ended.
    """
    path, context, namespace = cluster_of(target)
    path = os.path.expanduser(path) if path else None  # noqa: ASYNC240 - reads no file
    try:
        inside = None
        if path is None and context is None:
            inside = await asyncio.to_thread(_namespace_inside)

        own = inside

        async def login() -> k.Configuration:
            nonlocal own
            settings = k.Configuration()
            if inside is not None:
                config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
            else:
                try:
                    own = await logins.load(path, context, settings, tell)
                finally:
                    tell(None)
            return settings

        settings = await login()
    except logins.LoginWaits as error:
        raise NoAnswer(str(error)) from None
    except _NO_LOGIN as error:
        words = f"no cluster is configured for target {target.name!r}: {str(error)[:300]}"
        raise ProviderFault(words) from None
    return Cluster(settings, namespace or own or "default", login)


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
