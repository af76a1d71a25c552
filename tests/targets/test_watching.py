"""What is heard of a namespace, from a server whose answers are not all as they should be."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anyio
from aiohttp import web
from kubernetes_asyncio import client as k

from jupyterlab_dossier.targets.kubernetes.cluster import Cluster
from jupyterlab_dossier.targets.kubernetes.watching import Watching

JOB = "dossier-a"


def pod(version: int) -> dict[str, Any]:
    labels = {"batch.kubernetes.io/job-name": JOB}
    return {"metadata": {"name": "dossier-a-1", "labels": labels, "resourceVersion": str(version)}}


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
            await asyncio.Event().wait()
        items = [{}] if asked == 1 else [pod(2)]
        return web.json_response({"metadata": {"resourceVersion": "2"}, "items": items})

    async def nothing(request: web.Request) -> web.StreamResponse:
        if "watch" in request.query:
            await asyncio.Event().wait()
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": []})

    application = web.Application()
    application.router.add_get("/api/v1/namespaces/a/pods", pods)
    application.router.add_get("/{rest:.*}", nothing)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def login() -> k.Configuration:
        return k.Configuration(host=host)

    cluster = Cluster(await login(), "a", login)
    try:
        watching = Watching(cluster)
        with anyio.fail_after(30):
            async with watching.used():
                async for _, found, _ in watching.of(JOB):
                    if [item.metadata.resource_version for item in found] == ["3"]:
                        break
        assert asked >= 3
    finally:
        await cluster.close()
        await runner.cleanup()
