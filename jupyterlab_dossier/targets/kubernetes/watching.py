"""What goes on in a namespace, of all of our workers there, by one watch a kind of object."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import anyio
from kubernetes_asyncio import client as k
from kubernetes_asyncio import watch

from .cluster import ANSWER, Cluster, words
from .objects import MANAGED, OURS

log = logging.getLogger(__name__)

_PAUSE = 1.0
_WATCH = 240
_EVENTS = 20
# Things of one answer: reading it takes the server's loop, and events are of anybody.
_PAGE = 100
_FAULTS = (k.ApiException, aiohttp.ClientError, asyncio.TimeoutError, OSError)


class Watching:
    """The Jobs, pods and events of a namespace as they were last heard of.

    While the API server does not answer, what was known stands: a worker is only gone where the
    server says so.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._jobs: dict[str, Any] = {}
        self._pods: dict[str, Any] = {}
        self._events: dict[str, deque[Any]] = {}
        self._news = asyncio.Condition()
        self._listed: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._users = 0
        self._denied: dict[str, str] = {}

    @contextlib.asynccontextmanager
    async def used(self) -> AsyncIterator[Watching]:
        """It watches as long as somebody wants to know."""
        self._users += 1
        if self._users == 1:
            mine = f"{MANAGED}={OURS}"
            batch, core = self._cluster.batch, self._cluster.core
            self._tasks = [
                asyncio.create_task(follow)
                for follow in (
                    self._follow("V1Job", batch.list_namespaced_job, self._jobs, mine),
                    self._follow("V1Pod", core.list_namespaced_pod, self._pods, mine),
                    self._follow("CoreV1Event", core.list_namespaced_event, None, None),
                )
            ]
        try:
            yield self
        finally:
            self._users -= 1
            if self._users == 0:
                tasks, self._tasks = self._tasks, []
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._listed.clear()
                self._events.clear()

    @property
    def denied(self) -> str | None:
        """That the cluster does not let us watch, in its words."""
        return next(iter(self._denied.values()), None)

    async def of(self, job: str) -> AsyncIterator[tuple[Any, list[Any], list[Any]]]:
        """A Job with its pods and the events of both, now and whenever something changes.

        Of a Job that is not heard of, again after a pause: whoever asks the cluster for it may
        have had no answer.
        """
        before: Any = None
        while True:
            async with self._news:
                while not self._listed >= {"V1Job", "V1Pod"} or self._stamp(job) == before:
                    pause = _PAUSE if before is not None and job not in self._jobs else math.inf
                    with anyio.move_on_after(pause) as waiting:
                        await self._news.wait()
                    if waiting.cancelled_caught:
                        break
                before = self._stamp(job)
                state = self._state(job)
            yield state

    def _state(self, name: str) -> tuple[Any, list[Any], list[Any]]:
        pods = [pod for pod in self._pods.values() if _job_of(pod) == name]
        events = [*self._events.get(name, ())]
        for pod in pods:
            events += self._events.get(pod.metadata.name, ())
        return self._jobs.get(name), pods, sorted(events, key=_when)

    def _stamp(self, name: str) -> Any:
        job, pods, events = self._state(name)
        things = [job, *pods, *events]
        return [self.denied, *(t and t.metadata.resource_version for t in things)]

    async def _follow(
        self,
        kind: str,
        listing: Callable[..., Any],
        known: dict[str, Any] | None,
        label: str | None,
    ) -> None:
        namespace = self._cluster.namespace
        asked = {"label_selector": label} if label else {}
        while True:
            try:
                version, items = await _listed(listing, namespace, asked)
                async with self._news:
                    if known is not None:
                        known.clear()
                        known.update((item.metadata.name, item) for item in items)
                    else:
                        for item in sorted(items, key=_when):
                            self._heard(item)
                    self._listed.add(kind)
                    self._denied.pop(kind, None)
                    self._news.notify_all()
                async with watch.Watch(return_type=kind).stream(
                    listing, namespace, resource_version=version, timeout_seconds=_WATCH,
                    _request_timeout=_WATCH + ANSWER, **asked,
                ) as stream:  # fmt: skip
                    async for event in stream:
                        async with self._news:
                            self._take(event["type"], event["object"], known)
                            self._news.notify_all()
            except Exception as error:
                if not isinstance(error, _FAULTS):
                    # Whatever it was of an answer: nothing would be heard any more.
                    log.exception("what is told of the namespace cannot be read (%s)", kind)
                elif isinstance(error, k.ApiException) and error.status in (401, 403):
                    async with self._news:
                        self._denied[kind] = words(error, "it cannot be watched")
                        self._listed.add(kind)
                        self._news.notify_all()
                elif getattr(error, "status", None) != 410:
                    log.info("the cluster does not answer (%s): %s", kind, error)
                await asyncio.sleep(_PAUSE)

    def _take(self, what: str, item: Any, known: dict[str, Any] | None) -> None:
        if what not in ("ADDED", "MODIFIED", "DELETED"):
            return
        if known is None:
            self._heard(item)
        elif what == "DELETED" and known is self._jobs:
            known.pop(item.metadata.name, None)
            for name in [n for n, pod in self._pods.items() if _job_of(pod) == item.metadata.name]:
                del self._pods[name]
        else:
            # A pod's last state says why it is gone: it is known as long as its Job.
            known[item.metadata.name] = item

    def _heard(self, event: Any) -> None:
        name = _about(event.involved_object)
        if name is None:
            return
        kept = self._events.setdefault(name, deque(maxlen=_EVENTS))
        # The same event again only counts itself up.
        same = next((e for e in kept if e.metadata.uid == event.metadata.uid), None)
        if same is not None:
            kept.remove(same)
        kept.append(event)


async def _listed(
    listing: Callable[..., Any], namespace: str, asked: dict[str, str]
) -> tuple[str, list[Any]]:
    """All that there is, page by page, and the version from which on to watch."""
    items: list[Any] = []
    more: dict[str, str] = {}
    while True:
        found = await listing(namespace, limit=_PAGE, _request_timeout=ANSWER, **more, **asked)
        items += found.items
        if not found.metadata._continue:
            return found.metadata.resource_version, items
        more = {"_continue": found.metadata._continue}


def _about(thing: Any) -> str | None:
    """The name of our Job or pod that an event is about; Kueue's are about its own of a Job."""
    name = str(thing.name or "")
    if thing.kind == "Workload":
        name = name.removeprefix("job-").rpartition("-")[0]
    return name if name.startswith("dossier-") else None


_JOB = "batch.kubernetes.io/job-name"


def _job_of(pod: Any) -> str | None:
    name: str | None = (pod.metadata.labels or {}).get(_JOB)
    return name


def _when(event: Any) -> Any:
    """The order of events: some tell seconds only, of which many are equal."""
    time = event.last_timestamp or event.event_time or event.metadata.creation_timestamp
    return time.replace(microsecond=0), int(event.metadata.resource_version)
