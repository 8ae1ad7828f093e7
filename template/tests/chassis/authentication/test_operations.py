"""Every operation needs a token unless it is marked public; an operation that needs scopes declares them."""

import aiohttp
import pytest
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from chassis.authentication.discovery import keys_of_issuer
from chassis.authentication.signing_keys import SigningKeys

from ...openapi_rules import answers_of
from ..conftest import Boot
from ..raw_http import answer_to
from ..sample_service.settings import Settings
from .guarded import guarded_app, knows_keys, settings_of, status_of
from .issuer import Issuer

CLOSED = [
    "/guarded/me",
    "/guarded/plain",
    "/guarded/never-reached",
    "/outer/later/closed",
    "/starlette",
    "/mounted",
    "/mounted/openapi.json",
    "/nowhere",
    "/health",
    "/health/live/",
    "//health/live",
    "/health/live/../../guarded/plain",
    "/guarded/open/",
    "/GUARDED/open",
]
OPEN = [
    "/guarded/open",
    "/outer/later/open",
    "/starlette-open",
    "/mounted-open/later/closed",
    "/health/live",
    "/api/openapi.json",
    "/api/docs",
    "/api/redoc",
    "/api/docs/assets/swagger-ui.css",
    "/api/docs/assets/redoc.standalone.js",
]


@pytest.mark.parametrize("path", CLOSED)
async def test_requires_a_token_by_default(service: aiohttp.ClientSession, path: str) -> None:
    """Also for unknown paths: an anonymous caller must not learn which paths exist."""
    answer = await answer_to(
        str(service._base_url), f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nwww-authenticate: Bearer\r\n" in answer


@pytest.mark.parametrize("path", OPEN)
async def test_public_operations_need_no_token(service: aiohttp.ClientSession, path: str) -> None:
    """An invalid token does not matter: a client with an expired token must be able to log in."""
    assert await status_of(service, path) == 200
    assert await status_of(service, path, {"Authorization": "Bearer x"}) == 200
    assert await status_of(service, path, [("Authorization", "a"), ("Authorization", "b")]) == 200
    assert await status_of(service, path, method="HEAD") in {200, 405}  # mounted applications decide for themselves


@pytest.mark.parametrize(("path", "method"), [("/guarded/open", "DELETE"), ("/guarded/plain", "OPTIONS")])
async def test_requires_a_token_for_other_methods_of_a_public_path(
    service: aiohttp.ClientSession, path: str, method: str
) -> None:
    assert await status_of(service, path, method=method) == 401


async def test_responds_as_usual_with_a_valid_token(service: aiohttp.ClientSession, trusted: Issuer) -> None:
    known = trusted.bearer()
    for path in ("/guarded/plain", "/outer/later/closed", "/starlette", "/mounted/openapi.json", *OPEN):
        assert await status_of(service, path, known) == 200
        assert await status_of(service, path, known, method="HEAD") in {
            200,
            405,
        }  # mounted applications decide for themselves
    assert await status_of(service, "/nowhere", known) == 404
    assert await status_of(service, "/guarded/plain", known, method="DELETE") == 405
    async with service.get("/guarded/open", headers=known) as response:
        assert await response.json() == "0197a5ff-0000-7000-8000-000000000001"
    async with service.get("/guarded/open") as response:
        assert await response.json() == "stranger"


async def test_checks_the_token_before_reading_the_body(service: aiohttp.ClientSession, trusted: Issuer) -> None:
    async with service.post("/guarded/things", data=b"{nonsense") as response:
        assert response.status == 401
    async with service.post("/guarded/things", data=b"{nonsense", headers=trusted.bearer()) as response:
        assert response.status in {415, 422}
    async with service.post("/guarded/things", json={"a": 1}, headers=trusted.bearer()) as response:
        assert await response.json() == 1
    async with service.post("/guarded/sessions", json={"a": "b"}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("path", "scope", "status", "needed"),
    [
        ("/guarded/exists", "users:exists", 200, ""),
        ("/guarded/exists", "read users:exists", 200, ""),
        ("/guarded/exists", "read", 403, "users:exists"),
        ("/guarded/exists", "users:exists2", 403, "users:exists"),
        ("/guarded/exists", None, 403, "users:exists"),
        ("/guarded/both", "write read", 200, ""),
        ("/guarded/both", "read", 403, "read write"),
    ],
)
async def test_requires_the_scopes_of_an_operation(
    service: aiohttp.ClientSession, trusted: Issuer, path: str, scope: str | None, status: int, needed: str
) -> None:
    async with service.get(path, headers=trusted.bearer(scope=scope)) as response:
        assert response.status == status
        if needed:
            challenge = response.headers["WWW-Authenticate"]
            assert challenge == f'Bearer error="insufficient_scope", scope="{needed}"'
            assert (await response.json())["type"] == "/problems/insufficient-scope"


async def test_sends_cors_headers_with_a_401(service: aiohttp.ClientSession) -> None:
    origin = {"Origin": "https://a.example"}
    async with service.get("/guarded/me", headers=origin) as response:
        assert response.status == 401
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert "WWW-Authenticate" in response.headers["Access-Control-Expose-Headers"]
        assert response.headers["Cache-Control"] == "no-store"
    asking = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    async with service.options("/guarded/me", headers=origin | asking) as response:
        assert response.status == 200


@pytest.mark.parametrize("changes", [{"authentication": "off"}, {"auth_issuer": ""}])
async def test_requires_no_token_if_authentication_is_off(
    sample_settings: Settings, boot: Boot, issuer: Issuer, changes: dict[str, str]
) -> None:
    settings = settings_of(sample_settings, issuer, **changes)
    async with boot(guarded_app(settings)) as url, aiohttp.ClientSession(url) as client:
        for path in ("/guarded/me", "/guarded/exists", "/guarded/both", "/guarded/open", "/starlette"):
            assert await status_of(client, path) == 200
            assert await status_of(client, path, {"Authorization": "Bearer x"}) == 200
        assert await status_of(client, "/nowhere") == 404
    assert not issuer.paths


async def test_path_rewriting_middleware_cannot_bypass_authentication(
    sample_settings: Settings, boot: Boot, issuer: Issuer
) -> None:
    class Rewriting(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            request.scope["path"] = request.query_params.get("to", request.scope["path"])
            return await call_next(request)

    app = guarded_app(settings_of(sample_settings, issuer))
    app.add_middleware(Rewriting)
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        await knows_keys(client)
        assert await status_of(client, "/guarded/open?to=/guarded/me") == 401
        assert await status_of(client, "/guarded/open?to=/guarded/exists") == 401


@pytest.mark.parametrize("is_on", [True, False])
def test_documents_security_whether_authentication_is_on_or_off(
    sample_settings: Settings,
    is_on: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    settings = sample_settings.model_copy(update={"auth_issuer": "https://a.example" if is_on else ""})
    app = guarded_app(settings)
    document = app.openapi()
    assert app.openapi() is document, "the document must be cached"
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert {**scheme, "description": ""} == {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": ""
    }  # fmt: skip
    expected: dict[str, list[dict[str, list[str]]]] = {
        "/guarded/me": [{"bearer": []}],
        "/guarded/plain": [{"bearer": []}],
        "/outer/later/closed": [{"bearer": []}],
        "/guarded/exists": [{"bearer": ["users:exists"]}],
        "/guarded/both": [{"bearer": ["read", "write"]}],
        "/guarded/open": [{"bearer": []}, {}],
        "/outer/later/open": [],
        "/health/live": [],
        "/health/ready": [],
    }
    for path, security in expected.items():
        operation = document["paths"][path]["get"]
        assert operation["security"] == security, path
        is_closed = security != [] and {} not in security
        assert ("401" in operation["responses"]) is is_closed
        assert ("403" in operation["responses"]) is (path in {"/guarded/exists", "/guarded/both"})
    answer = answers_of(document, document["paths"]["/guarded/me"]["get"])["503"]
    examples = answer["content"]["application/problem+json"]
    assert {"issuer-unavailable", "database-unavailable"} <= examples["examples"].keys()
    assert document["paths"]["/guarded/exists"]["get"]["x-internal"] is True


async def test_marked_routers_work_in_a_plain_fastapi_application(sample_settings: Settings, issuer: Issuer) -> None:
    """Only `build_application` creates SigningKeys."""
    assert isinstance(SigningKeys(keys_of_issuer(settings_of(sample_settings, issuer)), wait=1).known, dict)
    app = FastAPI()
    app.include_router(guarded_app(sample_settings).router)
