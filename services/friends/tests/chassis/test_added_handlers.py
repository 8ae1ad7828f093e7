"""Exception handlers that are added later work as FastAPI documents them."""

from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import PlainTextResponse

from .conftest import Boot
from .log_reader import access_lines, empty, read_log
from .sample_service.main import create_app
from .sample_service.settings import Settings


async def own(_: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse(f"own: {type(error).__name__}", getattr(error, "status_code", 500))


@pytest.mark.parametrize(
    ("key", "path", "status", "answer"),
    [
        (Exception, "/sample/boom", 500, "own: RuntimeError"),
        (500, "/sample/boom", 500, "own: RuntimeError"),
        (RuntimeError, "/sample/boom", 500, "own: RuntimeError"),
        (404, "/nowhere", 404, "own: HTTPException"),
        (404, "/sample/status/404", 404, "own: HTTPException"),
        (HTTPException, "/sample/forbidden", 403, "own: HTTPException"),
        (StarletteHTTPException, "/nowhere", 404, "own: HTTPException"),
        (RequestValidationError, "/sample/items?limit=x", 500, "own: RequestValidationError"),
    ],
)
@pytest.mark.parametrize("how", ["added", "decorated"])
async def test_added_handler_overrides_the_chassis(
    sample_settings: Settings, boot: Boot, key: type[Exception] | int, path: str, status: int, answer: str, how: str
) -> None:
    app = create_app(sample_settings)
    _register(app, how)(key)
    async with boot(app) as url, aiohttp.ClientSession(url) as client, client.get(path) as response:
        assert (response.status, await response.text()) == (status, answer)
        assert response.headers["X-Frame-Options"] == "DENY"
        assert "X-Request-ID" in response.headers


def _register(app: FastAPI, how: str) -> Callable[[type[Exception] | int], object]:
    if how == "added":
        return lambda key: app.add_exception_handler(key, own)
    return lambda key: app.exception_handler(key)(own)


async def test_handler_for_fastapi_http_exception_does_not_handle_starlettes(
    sample_settings: Settings, boot: Boot
) -> None:
    app = create_app(sample_settings)
    app.exception_handler(HTTPException)(own)
    async with boot(app) as url, aiohttp.ClientSession(url) as client, client.get("/nowhere") as response:
        problem = await response.json(content_type="application/problem+json")
    assert problem["type"] == "/problems/not-found"


async def test_logs_an_unexpected_error_once_if_the_service_handles_it(
    sample_settings: Settings, sample_log: Path, boot: Boot
) -> None:
    app = create_app(sample_settings)
    app.exception_handler(Exception)(own)
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        empty(sample_log)
        async with client.get("/sample/boom") as response:
            assert response.status == 500
        await access_lines(sample_log)
    assert len([each for each in read_log(sample_log) if "exception.type" in each]) == 1


async def test_responds_500_if_a_handler_fails(sample_settings: Settings, boot: Boot) -> None:
    app = create_app(sample_settings)

    @app.exception_handler(Exception)
    async def fail(_: Request, __: Exception) -> PlainTextResponse:
        raise ValueError("planted")

    async with boot(app) as url, aiohttp.ClientSession(url) as client, client.get("/sample/boom") as response:
        problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["type"]) == (500, "/problems/internal-error")
