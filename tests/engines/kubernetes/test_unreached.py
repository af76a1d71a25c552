"""Pods that run and do not reach the server: their cells say why, long before they are given up."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from namespaces import NODE, PATIENCE, Namespace, cell, free_ports, gone
from support import started, workflow

from jupyterlab_dossier.link import LinkServer
from jupyterlab_dossier.link.outside import Outside
from jupyterlab_dossier.targets import Target

SAYS = "its pod runs, but its worker does not reach this server: no connection to the server at "


@contextlib.contextmanager
def firewall(port: int) -> Iterator[None]:
    """What is sent to this port of the server is swallowed."""
    rule = ["INPUT", "-p", "tcp", "-d", NODE, "--dport", str(port), "-j", "DROP"]
    subprocess.run(["iptables", "-w", "-I", *rule], check=True)
    try:
        yield
    finally:
        subprocess.run(["iptables", "-w", "-D", *rule], check=True)


async def test_why_a_pod_does_not_reach_the_server(
    namespace: Namespace, authority: Path, tmp_path: Path
) -> None:
    ca = str(authority / "ca.crt")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority / "server.crt", authority / "server.key")
    closed, swallowed = free_ports(NODE, NODE)

    async with started(tmp_path / "dossier") as engine:
        link = LinkServer(engine.store, engine.pool)
        port = await link.listen_outside([NODE], 0, tls)
        server = f"https://{NODE}:{port}/"
        cases: dict[str, tuple[dict[str, Any], str]] = {
            "refused": ({"link": f"https://{NODE}:{closed}/", "ca": ca}, "Connection refused"),
            "firewall": ({"link": f"https://{NODE}:{swallowed}/", "ca": ca}, "Timeout"),
            "authority": ({"link": server}, "CERTIFICATE_VERIFY_FAILED"),
            "path": ({"link": f"{server}user/bob/", "ca": ca}, "404"),
        }
        engine.pool.lives.outside = Outside(link, tmp_path / "link", served=True)
        targets = {
            name: Target(name, "kubernetes", namespace.settings(**more))
            for name, (more, _) in cases.items()
        }
        engine.catalogue.targets.update(targets)
        cells = [{**cell("print('here')"), "target": name} for name in cases]
        run = await engine.submit(workflow(tmp_path, cells))
        said: dict[str, str] = {}

        async def hear() -> None:
            async for event in engine.watch(run):
                why = str(event.body.get("why"))
                if event.kind == "state" and SAYS in why:
                    said[event.cell] = why
                    if len(said) == len(cases):
                        return
            raise AssertionError(f"it ended before: {await engine.show(run)}")

        with firewall(swallowed):
            await asyncio.wait_for(hear(), PATIENCE)
        for index, (more, words) in enumerate(cases.values()):
            assert f"{SAYS}{more['link']}dossier/link: " in said[f"c{index}"]
            assert words in said[f"c{index}"]
        await engine.cancel(run)
        assert (await engine.wait(run)).state == "cancelled"
        await gone(namespace)
        await link.close()
