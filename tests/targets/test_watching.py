"""What is heard of a namespace, from a server whose answers are not all as they should be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from aiohttp import web
from kubernetes_asyncio import client as k

from jupyterlab_dossier.targets.kubernetes.cluster import Cluster
from jupyterlab_dossier.targets.kubernetes.watching import Watching

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JOB = "dossier-a"


def pod(version: int) -> dict[str, Any]:
    labels = {"batch.kubernetes.io/job-name": JOB}
    return {"metadata": {"name": "dossier-a-1", "labels": labels, "resourceVersion": str(version)}}


def event(number: int) -> dict[str, Any]:
    about = JOB if number == 249 else "anybody"
    return {
        "metadata": {"name": f"e{number}", "uid": str(number), "resourceVersion": str(number)},
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "involvedObject": {"kind": "Job", "name": about},
        "message": f"number {number}",
    }


@asynccontextmanager
async def watching(**answers: Handler) -> AsyncIterator[Watching]:
    """A namespace whose server answers so for some things, and has no others, as it is watched."""

    async def nothing(request: web.Request) -> web.StreamResponse:
        return await listed(request, [])

    application = web.Application()
    for kind, answer in answers.items():
        application.router.add_get(f"/api/v1/namespaces/a/{kind}", answer)
    application.router.add_get("/{rest:.*}", nothing)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def login() -> k.Configuration:
        return k.Configuration(host=host)

    cluster = Cluster(await login(), "a", login)
    try:
        with anyio.fail_after(30):
            watched = Watching(cluster)
            async with watched.used():
                yield watched
    finally:
        await cluster.close()
        await runner.cleanup()


async def listed(request: web.Request, items: list[Any], more: str = "") -> web.StreamResponse:
    """An answer to a list; a watch hears of nothing."""
    if "watch" in request.query:
        await asyncio.Event().wait()
    about = {"resourceVersion": "2", "continue": more}
    return web.json_response({"metadata": about, "items": items})


async def test_a_watch_goes_on_after_an_answer_that_cannot_be_read() -> None:
    asked = 0

    async def pods(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        if "watch" in request.query:
            told = web.StreamResponse()
            await told.prepare(request)
            change = {"type": "MODIFIED", "object": pod(3)}
            await told.write(json.dumps(change).encode() + b"\n")
        return await listed(request, [{}] if asked == 1 else [pod(2)])

    async with watching(pods=pods) as watched:
        async for _, found, _ in watched.of(JOB):
            if [item.metadata.resource_version for item in found] == ["3"]:
                break
    assert asked >= 3


async def test_events_are_listed_in_pages_that_hold_the_loop_for_a_moment_only() -> None:
    sizes = []

    async def events(request: web.Request) -> web.StreamResponse:
        first = int(request.query.get("continue", 0))
        page = range(first, min(250, first + int(request.query.get("limit", 250))))
        if "watch" not in request.query:
            sizes.append(len(page))
        more = str(page.stop) if page.stop < 250 else ""
        return await listed(request, [event(number) for number in page], more)

    async with watching(events=events) as watched:
        async for _, _, found in watched.of(JOB):
            if found:
                break
    assert [item.message for item in found] == ["number 249"]
    assert sizes == [100, 100, 50]


async def test_a_thousand_pods_are_told_each_to_those_who_ask_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The Jobs are not there, for which all look again after a while: that is not counted here.
    monkeypatch.setattr("jupyterlab_dossier.targets.kubernetes.watching._PAUSE", 600.0)
    jobs = [f"dossier-{number}" for number in range(1000)]
    changed = asyncio.Event()

    def pod_of(job: str, version: int) -> dict[str, Any]:
        return {
            "metadata": {
                "name": f"{job}-pod",
                "labels": {"batch.kubernetes.io/job-name": job},
                "resourceVersion": str(version),
            }
        }

    async def pods(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return await listed(request, [pod_of(job, 1) for job in jobs])
        told = web.StreamResponse()
        await told.prepare(request)
        await changed.wait()
        for job in jobs:
            change = {"type": "MODIFIED", "object": pod_of(job, 2)}
            await told.write(json.dumps(change).encode() + b"\n")
        await asyncio.Event().wait()
        return told

    looked = 0
    known = 0

    async with watching(pods=pods) as watched:
        look = watched._state

        def counted(job: str) -> Any:
            nonlocal looked
            looked += 1
            return look(job)

        watched._state = counted  # type: ignore[method-assign]

        async def follow(job: str) -> None:
            nonlocal known
            async for _, found, _ in watched.of(job):
                [one] = found
                if one.metadata.resource_version == "2":
                    break
                known += 1
                if known == len(jobs):
                    changed.set()

        async with anyio.create_task_group() as group:
            for job in jobs:
                group.start_soon(follow, job)
    # Each looks when it begins, when all is listed, and at its own change; not at others'.
    assert looked < 20 * len(jobs)
