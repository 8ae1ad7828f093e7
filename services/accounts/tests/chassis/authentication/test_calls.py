"""Calls to other services carry a shared access token, renewed before it expires and replaced once if refused."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from chassis.authentication import client_credentials
from chassis.authentication.client_credentials import ClientCredentials
from chassis.errors import UpstreamError, UpstreamRefused, UpstreamUnavailable
from chassis.upstream import UpstreamClient

from ..sample_service.settings import Settings
from ..upstream.stub import Upstream
from .guarded import settings_of
from .issuer import CLIENT, Issuer


@asynccontextmanager
async def calling(
    upstream: Upstream, issuer: Issuer, **changes: Any
) -> AsyncIterator[tuple[UpstreamClient, ClientCredentials]]:
    name, secret = CLIENT
    known_as = {"auth_client_id": name, "auth_client_secret": SecretStr(secret)}
    settings = settings_of(Settings(), issuer, **(known_as | changes))
    credentials = ClientCredentials(settings)
    async with UpstreamClient("users", upstream.url, settings, credentials=credentials) as client:
        yield client, credentials


def sent(upstream: Upstream) -> list[str | None]:
    return [request.headers.get("Authorization") for request in upstream.requests]


async def test_uses_one_token_for_all_calls(upstream: Upstream, issuer: Issuer) -> None:
    async with calling(upstream, issuer, auth_client_scope="users:exists other") as (client, _):
        await asyncio.gather(*(client.get("/thing") for _ in range(30)))
        await client.post("/thing", json={"a": 1})
    (token,) = set(sent(upstream))
    assert token is not None
    assert token.startswith("Bearer ey")
    assert issuer.forms == [{"grant_type": "client_credentials", "audience": "allium", "scope": "users:exists other"}]


async def test_sends_no_token_without_a_client_id(upstream: Upstream, issuer: Issuer) -> None:
    async with calling(upstream, issuer, auth_client_id="") as (client, _):
        await client.get("/thing")
    assert sent(upstream) == [None]
    assert not issuer.paths


async def test_uses_the_configured_token_url_and_keeps_the_authorization_header_of_a_call(
    upstream: Upstream, issuer: Issuer
) -> None:
    async with calling(upstream, issuer, auth_token_url=f"{issuer.url}/token") as (client, _):
        await client.get("/thing", headers={"authorization": "Other"})
    assert issuer.paths == ["/token"]
    assert sent(upstream) == ["Other"]


async def test_renews_a_token_in_the_background_before_it_expires(upstream: Upstream, issuer: Issuer) -> None:
    async with calling(upstream, issuer) as (client, credentials):
        await client.get("/thing")
        credentials._renew_at = 0  # as if most of its lifetime had passed
        issuer.mood = issuer.freeze
        async with asyncio.timeout(10):  # the call does not wait for the new token
            await client.get("/thing")
        issuer.mood = None
        assert len(set(sent(upstream))) == 1
        credentials._asking = None
        await client.get("/thing")
        async with asyncio.timeout(60):
            while issuer.tokens < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await client.get("/thing")
    assert len(set(sent(upstream))) == 2


async def test_does_not_send_an_expired_token(upstream: Upstream, issuer: Issuer) -> None:
    issuer.life = 1
    async with calling(upstream, issuer) as (client, _):
        await client.get("/thing")
        await asyncio.sleep(1.1)
        await client.get("/thing")
    assert len(set(sent(upstream))) == 2


@pytest.mark.parametrize("mood", ["freeze", "fail"])
async def test_fails_without_calling_the_upstream_if_no_token_can_be_obtained(
    upstream: Upstream, issuer: Issuer, mood: str, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.mood = getattr(issuer, mood)
    patience = {"http_client_total_timeout": 0.5, "circuit_breaker_reset": 60.0}
    async with calling(upstream, issuer, **patience) as (client, _), asyncio.timeout(30):
        for _ in range(20):
            with pytest.raises(UpstreamError):
                await client.get("/thing")
        assert not client.circuit.is_open, "the circuit of the other service must stay closed"
    assert not upstream.requests
    assert len(issuer.paths) == len(set(issuer.paths)), "the issuer must not be called again at once"
    assert "no token for calls to other services" in caplog.text


async def test_reports_refused_client_credentials_as_upstream_unavailable(
    upstream: Upstream, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with calling(upstream, issuer, auth_client_secret=SecretStr("planted-wrong-secret")) as (client, _):
        with pytest.raises(UpstreamUnavailable):
            await client.get("/thing")
    assert "401" in caplog.text
    assert "planted-wrong-secret" not in caplog.text


@pytest.mark.parametrize(
    "granted",
    [
        {"access_token": "a\r\nX-Other: b", "token_type": "bearer"},
        {"access_token": "abc", "token_type": "mac"},
        {"access_token": "abc", "token_type": "bearer", "expires_in": -1},
        {"access_token": "planted" * 9_000, "token_type": "bearer"},
        {"token_type": "bearer"},
    ],
)
async def test_rejects_a_malformed_token_response(
    upstream: Upstream, issuer: Issuer, granted: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.json_response(granted)

    issuer.mood = answer
    async with calling(upstream, issuer, auth_token_url=f"{issuer.url}/token") as (client, _):
        with pytest.raises(UpstreamUnavailable):
            await client.get("/thing")
    assert "planted" not in caplog.text


async def test_replaces_a_refused_token_once_unless_it_is_new(upstream: Upstream, issuer: Issuer) -> None:
    """As after the issuer has lost its keys. A new token is not replaced, because another would be refused as well."""

    async def refuse_first(request: web.BaseRequest) -> web.StreamResponse:
        is_first = request.headers["Authorization"] == sent(upstream)[0]
        return web.json_response({}, status=401 if is_first and len(upstream.requests) > 1 else 200)

    upstream.handler = refuse_first
    async with calling(upstream, issuer) as (client, credentials):
        await client.post("/thing", json=1)
        with pytest.raises(UpstreamRefused):
            await client.post("/thing", json=1)
        credentials._got_at -= client_credentials.REFUSED_SECONDS + 1
        await client.post("/thing", json=1)
    assert len(upstream.requests) == 4
    assert issuer.tokens == 2
