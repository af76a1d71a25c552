"""What the store takes, and cleaning it, over the API."""

from __future__ import annotations

from typing import Any

import pytest


async def test_storage(api: Any, notebook: Any, events: Any) -> None:
    runs = []
    for _ in range(2):
        body = {"kind": "workflow", "path": "a.ipynb", "content": notebook("a = 1"), "fresh": True}
        _, answer = await api("POST", "runs", body)
        runs.append(answer["run"])
        await events(answer["run"])
    status, found = await api("GET", "storage")
    assert status == 200
    assert found["limits"] == {"days": 30, "size": 50 << 30}
    assert found["store"] > 0 and found["ledger"] > 0 and found["runs"] == []
    status, done = await api("POST", "storage/clean", {"days": 0})
    assert (status, done["runs"]) == (200, [runs[0]])
    _, left = await api("GET", "runs")
    assert [run["run"] for run in left["runs"]] == [runs[1]]
    status, answer = await api("POST", "storage/clean", {"days": -1})
    assert (status, answer["field"]) == (400, "days")


class TestConfigured:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        return {
            "ServerApp": {"jpserver_extensions": {"jupyterlab_dossier": True}},
            "Storage": {"days": 0, "size": "1M"},
        }

    async def test_limits_are_the_users(self, api: Any, notebook: Any, events: Any) -> None:
        runs = []
        for _ in range(2):
            body = {"kind": "workflow", "path": "a.ipynb", "content": notebook("a = 1")}
            _, answer = await api("POST", "runs", {**body, "fresh": True})
            runs.append(answer["run"])
            await events(answer["run"])
        _, found = await api("GET", "storage")
        assert found["limits"] == {"days": 0, "size": 1 << 20}
        assert found["runs"] == [runs[0]]
        _, done = await api("POST", "storage/clean", {})
        assert done["runs"] == [runs[0]]
