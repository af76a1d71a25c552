"""Nobody gets in: every route that is mounted is asked, so a new one is covered as well."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Nobody(Authorizer):
    """Knows everyone and lets no one do anything."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return False


def mounted(web_app: Any, base_url: str) -> list[tuple[str, type[RequestHandler]]]:
    """(path, handler) of every route of the API, found in the application itself."""
    found = []
    for router in web_app.default_router.rules:
        for rule in getattr(router.target, "rules", []):
            pattern = getattr(getattr(rule.matcher, "regex", None), "pattern", "")
            if pattern.startswith(base_url + "dossier/api"):
                path = re.sub(r"\(\?P<\w+>[^)]*\)", "20260101-000000-0000000000", pattern)
                found.append((path.rstrip("$"), rule.target))
    return found


def implemented(handler: type[RequestHandler]) -> list[str]:
    return [
        verb
        for verb in VERBS
        if getattr(handler, verb.lower()) is not getattr(RequestHandler, verb.lower())
    ]


async def ask(client: Any, path: str, verb: str, **headers: str) -> int:
    # No route knows such a field: who is let in is refused for it.
    body = None if verb in ("GET", "HEAD", "DELETE") else '{"not a field": null}'
    try:
        response = await client.fetch(
            path, method=verb, body=body, headers=headers, follow_redirects=False
        )
    except HTTPClientError as error:
        return error.code
    return int(response.code)


async def test_every_route_needs_a_user(
    jp_web_app: Any, http_server_client: Any, jp_base_url: str
) -> None:
    routes = mounted(jp_web_app, jp_base_url)
    assert len(routes) >= 9
    for path, handler in routes:
        for verb in implemented(handler):
            status = await ask(http_server_client, path, verb)
            assert status in (401, 403), f"{verb} {path} answered {status}"


async def test_every_websocket_needs_a_user(
    jp_web_app: Any, http_server_client: Any, jp_base_url: str, jp_http_port: int
) -> None:
    routes = [r for r in mounted(jp_web_app, jp_base_url) if issubclass(r[1], WebSocketHandler)]
    assert routes
    for path, _ in routes:
        with pytest.raises(HTTPClientError) as refused:
            await websocket_connect(f"ws://127.0.0.1:{jp_http_port}{path}")
        assert refused.value.code in (401, 403)


class TestAuthorization:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        return {
            "ServerApp": {
                "jpserver_extensions": {"jupyterlab_dossier": True},
                "authorizer_class": Nobody,
            }
        }

    async def test_every_verb_asks_the_authorizer(
        self,
        jp_web_app: Any,
        http_server_client: Any,
        jp_base_url: str,
        jp_auth_header: dict[str, str],
        jp_http_port: int,
    ) -> None:
        for path, handler in mounted(jp_web_app, jp_base_url):
            if issubclass(handler, WebSocketHandler):
                request = HTTPRequest(
                    f"ws://127.0.0.1:{jp_http_port}{path}", headers=jp_auth_header
                )
                with pytest.raises(HTTPClientError) as refused:
                    await websocket_connect(request)
                assert refused.value.code == 403
                continue
            for verb in implemented(handler):
                status = await ask(http_server_client, path, verb, **jp_auth_header)
                assert status == 403, f"{verb} {path} answered {status}"


async def login(client: Any, base_url: str, token: str) -> tuple[str, str]:
    """Cookies of a browser that has logged in, and its XSRF token."""
    page = await client.fetch(base_url + "login")
    cookie = SimpleCookie(page.headers["Set-Cookie"])
    xsrf = cookie["_xsrf"].value
    try:
        answer = await client.fetch(
            base_url + "login",
            method="POST",
            headers={"Cookie": f"_xsrf={xsrf}"},
            body=f"password={token}&_xsrf={xsrf}",
            follow_redirects=False,
        )
    except HTTPClientError as error:
        assert error.code == 302
        answer = error.response
    cookies = [f"_xsrf={xsrf}"]
    for header in answer.headers.get_list("Set-Cookie"):
        for name, value in SimpleCookie(header).items():
            if name != "_xsrf" and value.value:
                cookies.append(f'{name}="{value.coded_value.strip(chr(34))}"')
    return "; ".join(cookies), xsrf


async def test_a_cookie_alone_changes_nothing(
    jp_web_app: Any, http_server_client: Any, jp_serverapp: Any, jp_base_url: str
) -> None:
    cookies, xsrf = await login(
        http_server_client, jp_base_url, jp_serverapp.identity_provider.token
    )
    for path, handler in mounted(jp_web_app, jp_base_url):
        for verb in implemented(handler):
            if verb in ("GET", "HEAD"):
                continue
            without = await ask(http_server_client, path, verb, Cookie=cookies)
            assert without == 403, f"{verb} {path} answered {without}"
            # With the token it is let in, and then refused for what it says.
            allowed = await ask(
                http_server_client, path, verb, Cookie=cookies, **{"X-XSRFToken": xsrf}
            )
            assert allowed in (400, 404), f"{verb} {path} answered {allowed}"


async def test_a_websocket_checks_the_origin(
    http_server_client: Any, jp_serverapp: Any, jp_base_url: str, jp_http_port: int
) -> None:
    cookies, _ = await login(http_server_client, jp_base_url, jp_serverapp.identity_provider.token)
    api = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}dossier/api"
    foreign = {"Cookie": cookies, "Origin": "https://elsewhere.example"}
    for path in ("kernels/none/channels", "runs/none/events"):
        url = f"{api}/{path}"
        with pytest.raises(HTTPClientError) as refused:
            await websocket_connect(
                HTTPRequest(url, headers=foreign), subprotocols=["v1.kernel.websocket.jupyter.org"]
            )
        assert refused.value.code == 403
    own = {"Cookie": cookies, "Origin": f"http://127.0.0.1:{jp_http_port}"}
    socket = await websocket_connect(HTTPRequest(url, headers=own))
    assert await socket.read_message() is None
    assert socket.close_code == 4404


async def test_the_link_is_mounted_and_answers_no_browser(jp_fetch: Any, jp_serverapp: Any) -> None:
    """Workers prove themselves in their first message; a plain request gets nothing."""
    await jp_fetch("dossier", "api", "targets")
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("dossier", "link")
    assert refused.value.code == 400
    assert refused.value.response is not None
    assert b"WebSocket" in refused.value.response.body


async def test_a_server_that_uses_nothing_starts_nothing(
    jp_serverapp: Any, jp_data_dir: Any
) -> None:
    service = jp_serverapp.web_app.settings["jupyterlab_dossier_service"]
    assert service._engine is None
    assert not (jp_data_dir / "dossier").exists()
    assert not service.busy
