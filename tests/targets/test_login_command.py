"""A login command of a kubeconfig that waits: it is started once, told, and ended."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml
from aiohttp import web

from jupyterlab_dossier.targets import Target
from jupyterlab_dossier.targets.kubernetes import (
    KubernetesProvider,
    bounded,
    cluster,
    login,
    provider,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are of a shell")

INFO = {"KUBERNETES_EXEC_INFO": '{"spec": {"interactive": true}}'}


def kubeconfig(folder: Path, script: str, server: str = "https://127.0.0.1:1") -> Target:
    command = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", script],
    }
    settings = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": server}}],
        "users": [{"name": "a", "user": {"exec": command}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(settings))
    return Target("pods", "kubernetes", {"kubeconfig": str(path)})


async def test_a_login_that_waits_is_started_once_and_ended_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = tmp_path / "began"
    target = kubeconfig(tmp_path, f"echo $$ >> {began}; sleep 1000 & wait")
    monkeypatch.setattr(provider, "_CHECK", 2.0)
    monkeypatch.setattr(login, "LOGIN", 12.0)
    pods = KubernetesProvider()
    try:
        first, second = await asyncio.gather(pods.check(target), pods.check(target))
        third = await pods.check(target)
        for usable in (first, second, third):
            assert usable.why == "its login command 'sh' has not ended"
        while not began.exists() or not began.read_text().endswith("\n"):
            await asyncio.sleep(0.05)
        (pid,) = map(int, began.read_text().split())
        shell = psutil.Process(pid)
        while not (children := shell.children()):
            await asyncio.sleep(0.05)
        processes = [shell, *children]
        monkeypatch.setattr(provider, "_CHECK", 60.0)
        usable = await pods.check(target)
        assert usable.why == "its login command 'sh' has not ended within 12 s"
        _, alive = await asyncio.to_thread(psutil.wait_procs, processes, 30)
        assert not alive
    finally:
        await pods.close()


async def test_a_login_that_is_renewed_goes_on_for_others_than_who_asked_first(
    tmp_path: Path,
) -> None:
    count, go = tmp_path / "count", tmp_path / "go"
    answer = (
        '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",'
        ' "status": {"token": "\'$n\'"}}'
    )
    script = (
        f"echo >> {count}; n=$(wc -l < {count}); "
        f"while [ $n != 1 ] && [ ! -e {go} ]; do sleep 0.1; done; echo '{answer}'"
    )

    async def pods(request: web.Request) -> web.Response:
        if request.headers["Authorization"].split()[1] == "1":
            return web.json_response({"message": "Unauthorized"}, status=401)
        return web.json_response({"metadata": {}, "items": []})

    application = web.Application()
    application.router.add_get("/api/v1/namespaces/default/pods", pods)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = f"http://127.0.0.1:{runner.addresses[0][1]}"
    reached = await cluster.connect(kubeconfig(tmp_path, script, server))
    try:
        asked = [asyncio.create_task(reached.core.list_namespaced_pod("default")) for _ in range(3)]
        while count.read_text() != "\n\n":
            await asyncio.sleep(0.05)
        asked[0].cancel()
        await asyncio.wait(asked[:1])
        go.touch()
        answers = await asyncio.wait_for(asyncio.gather(*asked[1:]), 30)
        assert [answer.items for answer in answers] == [[], []]
        assert count.read_text() == "\n\n"
    finally:
        await reached.close()
        await runner.cleanup()


async def test_a_kubeconfig_that_is_slow_to_read_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "_CHECK", 1.0)
    target = kubeconfig(tmp_path, "exit 3")
    path = tmp_path / "kubeconfig"
    text = path.read_text()
    path.unlink()
    os.mkfifo(path)  # who opens it waits until somebody writes
    pods = KubernetesProvider()
    try:
        usable = await pods.check(target)
        assert usable.why == "the cluster does not answer within 1 s"
        await asyncio.to_thread(path.write_text, text)
        monkeypatch.setattr(provider, "_CHECK", 60.0)
        usable = await pods.check(target)
        assert "exec: process returned 3" in str(usable.why)
    finally:
        await pods.close()


async def test_what_a_login_command_says_is_told(tmp_path: Path) -> None:
    for script, words in (
        ("echo no luck >&2; exit 3", "exec: process returned 3. no luck"),
        ("echo '{}'", "missing key 'apiVersion'"),
    ):
        usable = await KubernetesProvider().check(kubeconfig(tmp_path, script))
        assert words in str(usable.why)


def test_a_login_command_has_no_terminal() -> None:
    script = "cat; echo $KUBERNETES_EXEC_INFO"
    found = subprocess.run(
        [sys.executable, "-I", bounded.__file__, "30", "sh", "-c", script],
        input=b"typed", stdout=subprocess.PIPE, env=INFO | {"PATH": "/usr/bin:/bin"}, check=True,
    )  # fmt: skip
    assert found.stdout == b'{"spec": {"interactive": false}}\n'


def test_a_login_command_ends_with_who_asked() -> None:
    asks = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-I', *sys.argv[1:]])\ntime.sleep(1000)"
    )
    command = [bounded.__file__, "600", "sh", "-c", "echo $$; exec sleep 1000"]
    with subprocess.Popen(
        [sys.executable, "-c", asks, *command],
        stdout=subprocess.PIPE, env=INFO | {"PATH": "/usr/bin:/bin"},
    ) as asking:  # fmt: skip
        assert asking.stdout is not None
        process = psutil.Process(int(asking.stdout.readline()))
        asking.kill()
        _, alive = psutil.wait_procs([process], 30)
        assert not alive
