"""A compressed body is refused with the encodings that are accepted (RFC 9110 section 15.5.16)."""

import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..conftest import Boot
from ..sample_service.main import create_app
from ..sample_service.settings import Settings

BODY = b'{"name": "lamp", "day": "2026-01-01"}'
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate", "zstd", "identity, gzip", "gzip, identity", "x"])
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_refuses_a_compressed_body(sample: aiohttp.ClientSession, coding: str, media_type: str) -> None:
    headers = {"Content-Type": media_type, "Content-Encoding": coding}
    async with sample.post("/sample/items", data=aiohttp.payload.BytesPayload(BODY), headers=headers) as response:
        assert response.status == 415
        assert response.headers["Accept-Encoding"] == "identity"
        problem = await response.json(content_type="application/problem+json")
    assert problem["type"] == "/problems/unsupported-media-type"
    assert problem["detail"] == "Send the body without Content-Encoding."


@pytest.mark.parametrize("coding", ["identity", "Identity", "identity, identity", ""])
async def test_accepts_identity_encoding(sample: aiohttp.ClientSession, coding: str) -> None:
    headers = JSON | {"Content-Encoding": coding}
    async with sample.post("/sample/items", data=aiohttp.payload.BytesPayload(BODY), headers=headers) as response:
        assert response.status == 201, await response.text()


async def test_refuses_a_compressed_body_declared_in_a_second_header(sample: aiohttp.ClientSession) -> None:
    headers = [*JSON.items(), ("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    async with sample.post("/sample/items", data=aiohttp.payload.BytesPayload(BODY), headers=headers) as response:
        assert response.status == 415


class Unpacking:
    """Middleware of a service that decompresses gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def unpacked() -> Message:
            message = await receive()
            return {**message, "body": gzip.decompress(message["body"])}

        if scope["type"] == "http":
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"content-encoding"]
        await self.app(scope, unpacked, send)


@pytest.fixture
async def unpacking(sample_settings: Settings, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    app = create_app(sample_settings, middleware=[Middleware(Unpacking)])
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        yield session


async def test_middleware_of_a_service_may_decompress_bodies(unpacking: aiohttp.ClientSession) -> None:
    headers = JSON | {"Content-Encoding": "gzip"}
    body = aiohttp.payload.BytesPayload(gzip.compress(BODY))
    async with unpacking.post("/sample/items", data=body, headers=headers) as response:
        assert response.status == 201, await response.text()
