"""The address that workers on other machines dial: what a target says, and what a hub tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from jupyterlab_dossier.link import Outside
from jupyterlab_dossier.targets import ProviderFault, Target

PUBLIC, PREFIX = "JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_SERVICE_PREFIX"
ADA = "https://hub.example.org/user/ada/"


async def address(bench: Any, folder: Path, served: bool = True, **settings: Any) -> Any:
    outside = Outside(bench.link, folder, served)
    return await outside(Target("pods", "kubernetes", settings), "127.0.0.1")


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
    outside = Outside(bench.link, folder, True)
    url, _ = await outside(Target("pods", "kubernetes"), "localhost")
    port = re.fullmatch(r"wss://localhost:(\d+)/dossier/link", url)
    assert port is not None and remembered.read_text() == port[1]
    assert sorted(f.name for f in remembered.parent.iterdir()) == [
        "certificate.pem", "key.pem", "port.json",
    ]  # fmt: skip
