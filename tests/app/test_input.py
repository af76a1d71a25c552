"""Bad input is told in words that name the field, and nothing is done."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from jupyterlab_dossier.app import spec

CONTENT = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}


def workflow(**changed: Any) -> dict[str, Any]:
    body = {"kind": "workflow", "path": "a.ipynb", "content": CONTENT, **changed}
    return {name: value for name, value in body.items() if value is not ...}


def cell(**changed: Any) -> dict[str, Any]:
    return workflow(**{"kind": "cell", "kernel": "k", "cell": "c", **changed})


def test_the_description_is_valid() -> None:
    validate(spec.document())


def test_every_route_is_described_and_every_description_has_a_route() -> None:
    from jupyterlab_dossier.app.handlers import API, routes

    mounted = {
        re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern.removeprefix(API))
        for pattern, _ in routes()
    }
    assert mounted == set(spec.document()["paths"])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("runs", "not json", None),
        ("runs", [], None),
        ("runs", {}, "kind"),
        ("runs", workflow(kind="other"), "kind"),
        ("runs", workflow(kind=1), "kind"),
        ("runs", workflow(path=...), "path"),
        ("runs", workflow(path=3), "path"),
        ("runs", workflow(path=""), "path"),
        ("runs", workflow(path="../../etc/passwd"), "path"),
        ("runs", workflow(path="a\0b"), "path"),
        ("runs", workflow(content=...), "content"),
        ("runs", workflow(content="x"), "content"),
        ("runs", workflow(content={"nbformat": 4}), "content.cells"),
        ("runs", workflow(content={**CONTENT, "cells": {}}), "content.cells"),
        ("runs", workflow(content={**CONTENT, "cells": [1]}), "content.cells.0"),
        ("runs", workflow(content={**CONTENT, "nbformat": "4"}), "content.nbformat"),
        ("runs", workflow(target=1), "target"),
        ("runs", workflow(target="nowhere", content=...), "content"),
        ("runs", workflow(fresh="yes"), "fresh"),
        ("runs", workflow(jobs=2), "jobs"),
        ("runs", workflow(only="c0"), "only"),
        ("runs", workflow(only=[]), "only"),
        ("runs", workflow(only=[3]), "only.0"),
        ("runs", workflow(only=["nowhere"]), "only"),
        ("preflight", workflow(only=["nowhere"]), "only"),
        ("runs", cell(kernel=...), "kernel"),
        ("runs", cell(kernel="none"), "kernel"),
        ("runs", cell(cell=5), "cell"),
        ("runs", cell(target=""), "target"),
        ("runs/none/interrupt", {}, "cell"),
        ("runs/none/interrupt", {"cell": ""}, "cell"),
        ("runs/none/interrupt", {"cell": "a", "more": 1}, "more"),
        ("runs/none/kill", {}, "cell"),
        ("runs/none/input", {"cell": "a"}, "value"),
        ("runs/none/input", {"cell": "a", "value": 1}, "value"),
        ("runs/none/cancel", {"now": True}, "now"),
        ("graph", {}, "content"),
        ("graph", {"content": []}, "content"),
        ("changes", {"path": "a.ipynb"}, "cells"),
        ("changes", {"path": "a.ipynb", "cells": [], "kernelspec": "none"}, "kernelspec"),
        ("changes", {"path": "a.ipynb", "cells": [], "ran": [{"id": "a"}]}, "ran.0.source"),
        ("changes", {"path": "a.ipynb", "cells": [], "stale": [{"id": "a"}]}, "stale.0.why"),
        ("kernel/prepare", {"path": "a.ipynb", "cell": "c", "content": CONTENT}, "kernel"),
        (
            "kernel/prepare",
            {"kernel": "none", "path": "a.ipynb", "cell": "c", "content": CONTENT},
            "kernel",
        ),
    ],
)
async def test_wrong_bodies(api: Any, path: str, body: Any, field: str | None) -> None:
    status, answer = await api("POST", path, body)
    assert status == 400
    assert answer.get("field") == field
    assert field is None or field in answer["message"] or "kernel" in answer["message"]
    assert (await api("GET", "runs"))[1] == {"runs": [], "more": False}


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"target": 1}, "metadata.dossier.target"),
        ({"options": []}, "metadata.dossier.options"),
        ({"target": "local", "options": {"cores": 4}}, "metadata.dossier.options.cores"),
        ({"version": "1"}, "metadata.dossier.version"),
        ({"version": 99}, "metadata.dossier.version"),
        ("text", "metadata.dossier"),
    ],
)
async def test_wrong_metadata(api: Any, notebook: Any, metadata: Any, field: str) -> None:
    content = notebook("1")
    content["cells"][0]["metadata"]["dossier"] = metadata
    status, answer = await api("POST", "runs", workflow(content=content))
    assert status == 400
    assert answer["field"] == field
    assert "cell 0" in answer["message"]


async def test_an_unknown_target(api: Any, notebook: Any) -> None:
    status, answer = await api("POST", "runs", workflow(content=notebook("1"), target="nowhere"))
    assert (status, answer["field"]) == (400, "target")
    assert "nowhere" in answer["message"]


async def test_an_unknown_kernelspec(api: Any, notebook: Any) -> None:
    content = notebook("1")
    content["metadata"]["kernelspec"]["name"] = "no-such-kernel"
    status, answer = await api("POST", "runs", workflow(content=content))
    assert (status, answer["field"]) == (400, "kernelspec")


@pytest.mark.parametrize("verb", ["cancel", "interrupt", "kill", "input"])
async def test_no_such_run(api: Any, verb: str) -> None:
    body = {"cancel": {}, "input": {"cell": "c", "value": "v"}}.get(verb, {"cell": "c"})
    status, answer = await api("POST", f"runs/20260101-000000-0000000000/{verb}", body)
    assert status == 404
    assert "20260101" in answer["message"]


async def test_no_such_run_shown(api: Any) -> None:
    assert (await api("GET", "runs/20260101-000000-0000000000"))[0] == 404


@pytest.mark.parametrize("after", ["-1", "x", "1.5"])
async def test_a_wrong_place_in_the_events(jp_ws_fetch: Any, after: str) -> None:
    from tornado.httpclient import HTTPClientError

    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch("dossier", "api", "runs", "none", "events", params={"after": after})
    assert refused.value.code == 400


class TestSize:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        return {
            "ServerApp": {"jpserver_extensions": {"jupyterlab_dossier": True}},
            "DossierApp": {"max_body_size": 1 << 20},
        }

    async def test_a_body_has_a_limit(self, api: Any) -> None:
        body = {"content": {**CONTENT, "metadata": {"x": "x" * (1 << 20)}}}
        status, answer = await api("POST", "graph", body)
        assert status == 413
        assert str(1 << 20) in answer["message"]
