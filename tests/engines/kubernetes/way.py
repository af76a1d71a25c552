"""A way to the cluster on which answers are kept back, changed or lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import yaml
from aiohttp import ClientSession, TCPConnector, web
from namespaces import NODE, kubectl

Forward = Callable[[web.Request], Awaitable[web.StreamResponse]]
Meet = Callable[[web.Request, Forward], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def way(kubeconfig: str, meet: Meet) -> AsyncIterator[None]:
    """Who has this kubeconfig goes by it; `meet` answers each question, or has it forwarded."""
    config = yaml.safe_load(kubectl("config", "view", "--raw"))
    server = config["clusters"][0]["cluster"]["server"]

    async def forward(request: web.Request) -> web.StreamResponse:
        names = ("Authorization", "Content-Type")
        headers = {n: request.headers[n] for n in names if n in request.headers}
        data = await request.read()
        url = f"{server}{request.rel_url}"
        async with session.request(request.method, url, headers=headers, data=data) as asked:
            answer = web.StreamResponse(status=asked.status)
            answer.content_type = asked.content_type
            await answer.prepare(request)
            async for part in asked.content.iter_any():
                await answer.write(part)
            return answer

    async def answer(request: web.Request) -> web.StreamResponse:
        return await meet(request, forward)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    async with ClientSession(connector=TCPConnector(ssl=False)) as session:
        await runner.setup()
        site = web.TCPSite(runner, NODE, 0)  # pods reach us on our way to the cluster
        await site.start()
        settings = yaml.safe_load(Path(kubeconfig).read_text())
        address = f"http://{NODE}:{runner.addresses[0][1]}"
        settings["clusters"][0]["cluster"] = {"server": address}
        Path(kubeconfig).write_text(yaml.safe_dump(settings))
        try:
            yield
        finally:
            await runner.cleanup()
