"""A service with public, authenticated and scoped operations, some of them from included or mounted applications."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import aiohttp
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import PlainTextResponse

from chassis.application import build_application
from chassis.authentication import INTERNAL, Caller, Principal, public, scopes
from chassis.database import Database
from chassis.web import api_router

from ..conftest import Boot
from ..sample_service.settings import Settings
from .issuer import Issuer

Headers = Mapping[str, str] | Sequence[tuple[str, str]] | None


def guarded_router() -> APIRouter:
    router = api_router(prefix="/guarded", tag="guarded")

    @router.get("/me")
    async def me(caller: Caller) -> dict[str, Any] | None:
        if caller is None:
            return None
        return {"subject": caller.subject, "client": caller.client_id, "scopes": sorted(caller.scopes)}

    @router.get("/plain")
    async def plain() -> str:
        return "plain"

    @router.post("/things")
    async def add_thing(thing: dict[str, int]) -> int:
        return len(thing)

    @router.get("/exists", dependencies=[scopes("users:exists")], openapi_extra=INTERNAL)
    async def exists() -> str:
        return "exists"

    @router.get("/both")
    async def both(caller: Annotated[Principal | None, scopes("read", "write")]) -> str | None:
        return caller.subject if caller else None

    _add_public(router)
    return router


def _add_public(router: APIRouter) -> None:
    @router.get("/open")
    @public
    async def open_to_all(caller: Caller) -> str:
        return caller.subject if caller else "stranger"

    @public
    @router.post("/sessions")
    async def log_in(form: dict[str, str]) -> list[str]:
        return list(form)

    @router.get("/{name}")
    async def anything(name: str) -> str:
        return name

    @router.get("/never-reached", include_in_schema=False)
    @public
    async def hidden_by_the_one_before() -> str:
        return "open"


def guarded_app(settings: Settings, *further: APIRouter) -> FastAPI:
    """Return the application, with routers and mounts that were added after it was built."""
    app = build_application(settings, database=Database(settings), routers=[guarded_router(), *further], problems=[])
    later = APIRouter(prefix="/later")

    @later.get("/closed")
    async def closed() -> str:
        return "closed"

    @later.get("/open")
    @public
    async def opened() -> str:
        return "open"

    async def plain(_: Request) -> PlainTextResponse:
        return PlainTextResponse("plain")

    async def open_plain(_: Request) -> PlainTextResponse:
        return PlainTextResponse("open")

    outer = APIRouter(prefix="/outer")
    outer.include_router(later)
    app.include_router(outer)
    app.add_route("/starlette", plain)
    app.add_route("/starlette-open", public(open_plain))
    app.mount("/mounted", FastAPI())
    mounted = FastAPI()
    mounted.include_router(later)
    app.mount("/mounted-open", public(mounted))
    return app


def settings_of(settings: Settings, issuer: Issuer, **changes: Any) -> Settings:
    """Return settings that trust the issuer, with timeouts for a busy machine."""
    patience = {"http_client_total_timeout": 10.0, "http_client_connect_timeout": 10.0, "http_client_retries": 0}
    return settings.model_copy(update=patience | {"auth_issuer": issuer.name} | changes)


@asynccontextmanager
async def guarded(boot: Boot, settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of the service once it has the keys of its issuer."""
    async with boot(guarded_app(settings)) as url, aiohttp.ClientSession(url) as client:
        await knows_keys(client)
        yield client


async def knows_keys(client: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(60):
        while await status_of(client, "/guarded/plain", {"Authorization": "Bearer x"}) == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def status_of(client: aiohttp.ClientSession, path: str, headers: Headers = None, method: str = "GET") -> int:
    async with client.request(method, path, headers=headers) as response:
        await response.read()
        return response.status
