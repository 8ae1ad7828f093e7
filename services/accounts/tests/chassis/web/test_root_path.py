"""A service below a prefix (ROOT_PATH): its links lead back to it, whether or not the proxy strips the prefix."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import aiohttp
import pytest
from fastapi import APIRouter, Request, Response, WebSocket
from pydantic import ValidationError

from chassis.application import build_application
from chassis.database import Database
from chassis.web import DEFAULT_LIMIT, Limit, api_router, link_next_page, public_path
from chassis.web.served_routes import UnservedRoute

from ..conftest import Boot
from ..sample_service.settings import Settings

PREFIX = "/shop/v2"


def pages() -> APIRouter:
    router = api_router(prefix="/api/v1/pages", tag="pages")

    @router.get("")
    async def list_pages(request: Request, response: Response, limit: Limit = DEFAULT_LIMIT) -> None:
        link_next_page(request, response, limit=limit, cursor="next")

    @router.post("", status_code=201)
    async def add_page(request: Request, response: Response) -> None:
        response.headers["Location"] = public_path(request, "/api/v1/pages/7")

    return router


@pytest.fixture(scope="module")
async def client(sample_settings: Settings, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    settings = sample_settings.model_copy(update={"root_path": PREFIX})
    app = build_application(settings, database=Database(settings), routers=[pages()], problems=[])
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        yield session


@pytest.mark.parametrize("as_sent", ["", PREFIX])
async def test_location_and_link_headers_include_the_prefix(client: aiohttp.ClientSession, as_sent: str) -> None:
    async with client.post(f"{as_sent}/api/v1/pages") as response:
        assert (response.status, response.headers["Location"]) == (201, f"{PREFIX}/api/v1/pages/7")
    async with client.get(f"{as_sent}/api/v1/pages") as response:
        assert response.headers["Link"] == f'<{PREFIX}/api/v1/pages?limit=20&cursor=next>; rel="next"'


@pytest.mark.parametrize("as_sent", ["", PREFIX])
async def test_document_includes_the_prefix(client: aiohttp.ClientSession, as_sent: str) -> None:
    async with client.get(f"{as_sent}/api/openapi.json") as response:
        document = await response.json()
    assert document["servers"] == [{"url": PREFIX}]
    assert "/api/v1/pages" in document["paths"]


@pytest.mark.parametrize("page", ["/api/docs", "/api/redoc"])
async def test_documentation_pages_load_files_below_the_prefix(client: aiohttp.ClientSession, page: str) -> None:
    async with client.get(page) as response:
        html = await response.text()
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", html)
    assert addresses
    for address in addresses:
        seen_by_a_browser = urljoin(f"{PREFIX}{page}", address)
        assert seen_by_a_browser.startswith(f"{PREFIX}/api/")
        async with client.get(seen_by_a_browser) as response:
            assert response.status == 200


async def test_serves_with_and_without_the_prefix(client: aiohttp.ClientSession) -> None:
    for as_sent in ("", PREFIX):
        async with client.get(f"{as_sent}/health/live") as response:
            assert response.status == 200
        async with client.delete(f"{as_sent}/api/v1/pages") as response:
            assert response.headers["Allow"] == "GET, HEAD, POST"
        async with client.head(f"{as_sent}/api/v1/pages") as response:
            assert response.status == 200


async def test_ignores_prefix_headers(sample: aiohttp.ClientSession) -> None:
    headers = {"X-Forwarded-Prefix": "/evil", "X-Script-Name": "/evil"}
    for path in ("/sample/items", "/api/openapi.json", "/api/docs"):
        async with sample.get(path, headers=headers) as response:
            assert "evil" not in await response.text()
            assert "evil" not in response.headers.get("Link", "")


@pytest.mark.parametrize("prefix", ["shop", "/shop/", "/", "//", "/a//b", "/a?b", "/a b", "/ä", "http://a/b", "/a#b"])
def test_refuses_an_invalid_prefix(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setenv("ROOT_PATH", prefix)
    with pytest.raises(ValidationError, match="must begin with a slash and not end with one"):
        Settings()


async def test_startup_fails_if_the_prefix_hides_a_route(sample_settings: Settings) -> None:
    settings = sample_settings.model_copy(update={"root_path": "/api"})
    app = build_application(settings, database=Database(settings), routers=[pages()], problems=[])
    with pytest.raises(UnservedRoute, match="ROOT_PATH=/api is the beginning of the route /api/"):
        async with app.router.lifespan_context(app):
            pass


@pytest.mark.parametrize("nested", [True, False])
async def test_startup_fails_with_a_websocket_route(
    sample_settings: Settings,
    nested: bool,  # noqa: FBT001
) -> None:
    router = APIRouter(prefix="/live")

    @router.websocket("/events")
    async def events(socket: WebSocket) -> None:
        await socket.accept()

    outer = APIRouter(prefix="/outer")
    outer.include_router(router)
    routers = [outer] if nested else []
    app = build_application(sample_settings, database=Database(sample_settings), routers=routers, problems=[])
    if not nested:
        app.add_api_websocket_route("/outer/live/events", events)
    with pytest.raises(UnservedRoute, match="WebSocket routes are not supported: /outer/live/events"):
        async with app.router.lifespan_context(app):
            pass
