"""Only the worker that was started gets in, and its secret only once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import started, workflow
from tornado.websocket import websocket_connect

from dossier_worker import wire
from jupyterlab_dossier.runs.workers import lives


async def refused(url: str, hello: dict[str, Any]) -> int | None:
    """The close code that a hello is answered with."""
    connection = await websocket_connect(url)
    greeting = {"type": "hello", "epoch": "e", "seen": {"epoch": "", "seq": 0}, **hello}
    await connection.write_message(wire.pack(0, greeting), binary=True)
    assert await connection.read_message() is None
    return connection.close_code


async def test_wrong_and_used_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[dict[str, Any]] = []
    write = lives.write_config

    def seen(folder: Path, config: dict[str, Any]) -> None:
        written.append(config)
        write(folder, config)

    monkeypatch.setattr(lives, "write_config", seen)
    async with started(tmp_path / "dossier") as engine:
        record = await engine.wait(await engine.submit(workflow(tmp_path, ["1"])))
        assert record.state == "done"
        (config,) = written
        worker, url = config["worker"], config["url"]
        for hello in (
            {"worker": worker, "secret": config["secret"]},
            {"worker": worker, "secret": "guessed"},
            {"worker": worker, "credential": "guessed"},
            {"worker": "nobody", "secret": config["secret"]},
        ):
            assert await refused(url, {**hello, "kernels": [], "attempts": {}}) == 4401
        stored = (Path(config["folder"]) / "config.json").read_text()
        assert config["secret"] not in stored
        assert (Path(config["folder"]) / "config.json").stat().st_mode & 0o077 == 0
        again = await engine.wait(await engine.submit(workflow(tmp_path, ["2"])))
        assert again.state == "done"
