"""What goes on in a namespace, of all of our workers there, by one watch a kind of object."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
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
    server says so. What is heard of a Job is told to those who ask for that Job, so that a
    thousand of them cost a thousand times what one does.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._jobs: dict[str, Any] = {}
        self._pods: dict[str, dict[str, Any]] = {}
        """By the name of the Job, then by their own."""
        self._events: dict[str, deque[Any]] = {}
        """By the name of the Job or pod that they are about."""
        self._asking: dict[str, set[asyncio.Event]] = {}
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
            events = core.list_namespaced_event
            kinds = (
                _Kind("V1Job", batch.list_namespaced_job, mine, self._all_jobs, self._job),
                _Kind("V1Pod", core.list_namespaced_pod, mine, self._all_pods, self._pod),
                _Kind("CoreV1Event", events, None, self._all_events, self._event),
            )
            self._tasks = [asyncio.create_task(self._follow(kind)) for kind in kinds]
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
        news = asyncio.Event()
        self._asking.setdefault(job, set()).add(news)
        try:
            before: Any = None
            while True:
                news.clear()
                while not self._listed >= {"V1Job", "V1Pod"} or self._stamp(job) == before:
                    pause = _PAUSE if before is not None and job not in self._jobs else math.inf
                    with anyio.move_on_after(pause) as waiting:
                        await news.wait()
                    if waiting.cancelled_caught:
                        break
                    news.clear()
                before = self._stamp(job)
                yield self._state(job)
        finally:
            self._asking[job].discard(news)
            if not self._asking[job]:
                del self._asking[job]

    def _state(self, job: str) -> tuple[Any, list[Any], list[Any]]:
        pods = self._pods.get(job, {})
        events = [event for name in (job, *pods) for event in self._events.get(name, ())]
        return self._jobs.get(job), [*pods.values()], sorted(events, key=_when)

    def _stamp(self, name: str) -> Any:
        job, pods, events = self._state(name)
        things = [job, *pods, *events]
        return [self.denied, *(t and t.metadata.resource_version for t in things)]

    def _tell(self, jobs: Iterable[str]) -> None:
        for job in jobs:
            for news in self._asking.get(job, ()):
                news.set()

    async def _follow(self, kind: _Kind) -> None:
        namespace = self._cluster.namespace
        asked = {"label_selector": kind.label} if kind.label else {}
        while True:
            try:
                version, items = await _listed(kind.listing, namespace, asked)
                kind.all(items)
                self._listed.add(kind.name)
                self._denied.pop(kind.name, None)
                self._tell(self._asking)
                async with watch.Watch(return_type=kind.name).stream(
                    kind.listing, namespace, resource_version=version, timeout_seconds=_WATCH,
                    _request_timeout=_WATCH + ANSWER, **asked,
                ) as stream:  # fmt: skip
                    async for event in stream:
                        if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                            self._tell(kind.one(event["object"], event["type"] == "DELETED"))
            except Exception as error:
                if not isinstance(error, _FAULTS):
                    # Whatever it was of an answer: nothing would be heard any more.
                    log.exception("what is told of the namespace cannot be read (%s)", kind.name)
                elif isinstance(error, k.ApiException) and error.status in (401, 403):
                    self._denied[kind.name] = words(error, "it cannot be watched")
                    self._listed.add(kind.name)
                    self._tell(self._asking)
                elif getattr(error, "status", None) != 410:
                    log.info("the cluster does not answer (%s): %s", kind.name, error)
                await asyncio.sleep(_PAUSE)

    def _all_jobs(self, jobs: list[Any]) -> None:
        self._jobs = {job.metadata.name: job for job in jobs}

    def _job(self, job: Any, gone: bool) -> Iterable[str]:
        name: str = job.metadata.name
        if gone:
            self._jobs.pop(name, None)
            for about in (name, *self._pods.pop(name, ())):
                self._events.pop(about, None)
        else:
            self._jobs[name] = job
        return (name,)

    def _all_pods(self, pods: list[Any]) -> None:
        self._pods = {}
        for pod in pods:
            self._pod(pod, False)

    def _pod(self, pod: Any, gone: bool) -> Iterable[str]:
        # A pod's last state says why it is gone: it is known as long as its Job.
        job: str = (pod.metadata.labels or {}).get(_JOB, "")
        self._pods.setdefault(job, {})[pod.metadata.name] = pod
        return (job,)

    def _all_events(self, events: list[Any]) -> None:
        # Some come after their Job has gone: they are kept no longer than the cluster keeps them.
        jobs = self._jobs.keys() | self._asking.keys()
        living = {name for job in jobs for name in (job, *self._pods.get(job, ()))}
        self._events = {name: kept for name, kept in self._events.items() if name in living}
        for event in sorted(events, key=_when):
            self._event(event, False)

    def _event(self, event: Any, gone: bool) -> Iterable[str]:
        name = _about(event.involved_object)
        if name is None:
            return ()
        kept = self._events.setdefault(name, deque(maxlen=_EVENTS))
        # The same event again only counts itself up.
        same = next((e for e in kept if e.metadata.uid == event.metadata.uid), None)
        if same is not None:
            kept.remove(same)
        kept.append(event)
        # A pod's name is that of its Job, with a few letters more.
        return name, name.rpartition("-")[0]


@dataclass(frozen=True)
class _Kind:
    """A kind of object that is watched, and what becomes of what is heard."""

    name: str
    listing: Callable[..., Any]
    label: str | None
    all: Callable[[list[Any]], None]
    one: Callable[[Any, bool], Iterable[str]]
    """Takes an object, or that it is gone, and says of which Jobs it may be."""


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


def _when(event: Any) -> Any:
    """The order of events: some tell seconds only, of which many are equal."""
    time = event.last_timestamp or event.event_time or event.metadata.creation_timestamp
    return time.replace(microsecond=0), int(event.metadata.resource_version)
