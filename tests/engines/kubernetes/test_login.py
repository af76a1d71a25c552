"""An API server that does not answer for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import yaml
from aiohttp import ClientSession, TCPConnector, web
from namespaces import Namespace, kubectl
from test_rights import RULES, kubeconfig

from jupyterlab_dossier.targets.kubernetes import KubernetesProvider


@asynccontextmanager
async def flaky(refused: int) -> AsyncIterator[str]:
    """The address of a way to the cluster on which the first questions for one Job are refused."""
    config = yaml.safe_load(kubectl("config", "view", "--raw"))
    server = config["clusters"][0]["cluster"]["server"]
    left = refused

    async def forward(request: web.Request) -> web.StreamResponse:
        nonlocal left
        if "/jobs/" in request.path and left:
            left -= 1
            return web.Response(status=503)
        headers = {"Authorization": request.headers["Authorization"]}
        url = f"{server}{request.rel_url}"
        async with session.get(url, headers=headers) as asked:
            answer = web.StreamResponse(status=asked.status)
            answer.content_type = asked.content_type
            await answer.prepare(request)
            async for part in asked.content.iter_any():
                await answer.write(part)
            return answer

    app = web.Application()
    app.router.add_get("/{path:.*}", forward)
    runner = web.AppRunner(app, shutdown_timeout=1)
    async with ClientSession(connector=TCPConnector(ssl=False)) as session:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_a_job_that_went_away_is_noticed_though_the_server_did_not_say_so_at_once(
    namespace: Namespace, tmp_path: Path
) -> None:
    path = kubeconfig(namespace, tmp_path, RULES, "ada")
    async with flaky(refused=2) as server:
        settings = yaml.safe_load(Path(path).read_text())
        settings["clusters"][0]["cluster"] = {"server": server}
        Path(path).write_text(yaml.safe_dump(settings))
        provider = KubernetesProvider()
        handle = {"kubeconfig": path, "namespace": namespace.name, "job": "dossier-none"}
        with anyio.fail_after(30):
            ended = await provider.wait(handle)
        assert ended.why == "its Job was deleted"
        await provider.close()
