"""The address that workers on other machines dial: what a target says, and what a hub tells."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyterlab_dossier.link import Outside, outside, server
from jupyterlab_dossier.targets import NoAnswer, ProviderFault, Target

PUBLIC, PREFIX = "JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_SERVICE_PREFIX"
ADA = "https://hub.example.org/user/ada/"


async def address(bench: Any, folder: Path, served: bool = True, **settings: Any) -> Any:
    door = Outside(bench.link, folder, served)
    return await door(Target("pods", "kubernetes", settings), "127.0.0.1")


@pytest.mark.parametrize("link", [ADA, ADA.rstrip("/"), "hub"])
async def test_a_named_address_and_that_of_a_hub(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    monkeypatch.setenv(PUBLIC, ADA)
    assert await address(bench, tmp_path, link=link) == (f"{ADA}dossier/link", None)


async def test_without_a_setting_a_server_of_a_hub_opens_a_door_as_others_do(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PUBLIC, ADA)
    for settings in ({}, {"served": False, "link": "hub"}):
        url, ca = await address(bench, tmp_path / "link", **settings)
        assert re.fullmatch(r"wss://127\.0\.0\.1:\d+/dossier/link", url)
        assert "BEGIN CERTIFICATE" in Path(ca).read_text()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "no JupyterHub started this server"),
        ({PUBLIC: "", PREFIX: "/user/ada/"}, "does not tell its public address"),
    ],
)
async def test_a_hub_that_tells_nothing(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str], words: str,
) -> None:  # fmt: skip
    for name in (PUBLIC, PREFIX):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ProviderFault, match=words):
        await address(bench, tmp_path, link="hub")


async def test_a_file_of_authorities_that_is_not_there(bench: Any, tmp_path: Path) -> None:
    with pytest.raises(ProviderFault, match=r"its setting ca: .*none\.pem cannot be read"):
        await address(bench, tmp_path, link=ADA, ca=str(tmp_path / "none.pem"))


@pytest.mark.parametrize("left", ["", "[1]", "4294967296", "-5", "\udcff", "null"])
async def test_a_remembered_port_that_was_half_written_counts_as_none(
    bench: Any, tmp_path: Path, left: str
) -> None:
    folder = tmp_path / "link"
    await Outside(bench.link, folder, True)(Target("pods", "kubernetes"), "localhost")
    remembered = folder / "localhost" / "port.json"
    remembered.write_bytes(left.encode(errors="surrogateescape"))
    door = Outside(bench.link, folder, True)
    url, _ = await door(Target("pods", "kubernetes"), "localhost")
    port = re.fullmatch(r"wss://localhost:(\d+)/dossier/link", url)
    assert port is not None and remembered.read_text() == port[1]
    assert sorted(f.name for f in remembered.parent.iterdir()) == [
        "certificate.pem", "key.pem", "port.json",
    ]  # fmt: skip


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Names are resolved once this is set."""
    real, now = socket.getaddrinfo, threading.Event()

    def resolve(host: Any, *more: Any, **named: Any) -> Any:
        if host == "localhost":
            # Who waits on the loop's own thread waits for ever, as nobody sets it then.
            assert threading.current_thread() is not threading.main_thread()
            now.wait()
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield now
    now.set()


async def test_a_name_that_is_slow_to_resolve_keeps_nobody_waiting(
    bench: Any, tmp_path: Path, answers: threading.Event
) -> None:
    door = Outside(bench.link, tmp_path, True)
    named = Target("named", "kubernetes", {"listen": "localhost"})
    both = asyncio.gather(door(named, ""), door(named, ""))
    other, _ = await door(Target("pods", "kubernetes"), "127.0.0.1")
    assert other.startswith("wss://127.0.0.1:") and not both.done()
    answers.set()
    (first, _), (second, _) = await both
    assert first == second and first.startswith("wss://localhost:")


async def test_a_name_that_is_not_resolved_in_time_is_asked_for_again(
    bench: Any, tmp_path: Path, answers: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "RESOLVE", 0.1)
    with pytest.raises(NoAnswer, match="'localhost' was not resolved within"):
        await address(bench, tmp_path, listen="localhost")
    monkeypatch.undo()
    answers.set()
    url, _ = await address(bench, tmp_path, listen="localhost")
    assert url.startswith("wss://localhost:")


async def test_a_name_that_there_is_not(bench: Any, tmp_path: Path) -> None:
    with pytest.raises(ProviderFault, match=r"'none\.invalid' cannot be resolved"):
        await address(bench, tmp_path / "link", listen="none.invalid:8443")
    assert not (tmp_path / "link").exists()


def test_of_the_addresses_of_a_name_those_are_listened_on_that_are_here() -> None:
    absent = "192.0.2.1"  # of documentation alone (RFC 5737)
    for addresses in ([absent, "127.0.0.1"], ["127.0.0.1", absent]):
        (only,) = server._bound(addresses, 0)
        assert only.getsockname()[0] == "127.0.0.1"
        only.close()
    with pytest.raises(OSError, match="assign"):
        server._bound([absent], 0)
