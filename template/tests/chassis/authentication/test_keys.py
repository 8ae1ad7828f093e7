"""The issuer's keys are discovered, kept while it is down, and fetched again, at a limited rate, for an unknown key."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chassis.authentication import signing_keys

from ..conftest import Boot
from ..log_reader import empty, log_text
from ..process.serving import served
from ..sample_service.settings import Settings
from .guarded import guarded, guarded_app, knows_keys, settings_of, status_of
from .issuer import METADATA, Issuer, SigningKey


async def ready(client: aiohttp.ClientSession) -> tuple[int, str | None]:
    async with client.get("/health/ready") as response:
        return response.status, (await response.json()).get("reason")


async def eventually(client: aiohttp.ClientSession, path: str, headers: dict[str, str], status: int) -> None:
    async with asyncio.timeout(60):
        while await status_of(client, path, headers) != status:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", ["", "/realms/one", "/realms/one/"])
@pytest.mark.parametrize("known", METADATA)
async def test_finds_the_keys_through_the_metadata(
    issuer: Issuer, sample_settings: Settings, boot: Boot, path: str, known: str
) -> None:
    issuer.path = path
    bare = path.rstrip("/")
    issuer.known_metadata = (f"{known}{bare}" if known == METADATA[0] else f"{bare}{known}",)
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 200


@pytest.mark.parametrize(
    "unknown",
    [
        lambda: web.Response(text="<html>a page for every path</html>", content_type="text/html"),
        lambda: web.Response(status=302, headers={"Location": "/login"}),
        lambda: web.Response(status=500),
    ],
    ids=["page", "redirect", "failure"],
)
async def test_falls_back_to_the_openid_metadata_if_the_oauth_metadata_is_unusable(
    issuer: Issuer, sample_settings: Settings, boot: Boot, unknown: Callable[[], web.Response]
) -> None:
    issuer.known_metadata, issuer.unknown = METADATA[1:], unknown
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 200


async def test_uses_the_configured_jwks_url_without_metadata(
    issuer: Issuer, sample_settings: Settings, boot: Boot
) -> None:
    issuer.known_metadata = ()
    settings = settings_of(sample_settings, issuer, auth_jwks_url=f"{issuer.url}/keys?of=us")
    async with guarded(boot, settings) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 200
    assert set(issuer.paths) == {"/keys"}


@pytest.mark.parametrize(
    "metadata", [{"issuer": "https://other.example"}, {"jwks_uri": None}, {"jwks_uri": "ftp://x"}, {"jwks_uri": 7}]
)
async def test_ignores_metadata_of_another_issuer(
    issuer: Issuer, settings: Settings, boot: Boot, metadata: dict[str, Any]
) -> None:
    issuer.metadata = metadata
    async with boot(guarded_app(settings_of(settings, issuer))) as url, aiohttp.ClientSession(url) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 503
        assert await ready(client) == (503, "issuer-unavailable")
    assert not issuer.count()


@pytest.mark.parametrize("mood", ["freeze", "fail"])
async def test_responds_503_without_keys_and_recovers(
    issuer: Issuer, settings: Settings, boot: Boot, mood: str
) -> None:
    issuer.mood = getattr(issuer, mood)
    patience = {"http_client_total_timeout": 0.5}
    async with (
        boot(guarded_app(settings_of(settings, issuer, **patience))) as url,
        aiohttp.ClientSession(url) as client,
    ):
        async with asyncio.timeout(20), client.get("/guarded/me", headers=issuer.bearer()) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
            assert (await response.json())["type"] == "/problems/issuer-unavailable"
        assert await ready(client) == (503, "issuer-unavailable")
        assert await status_of(client, "/health/live") == 200
        assert await status_of(client, "/guarded/open", issuer.bearer()) == 200, "a public operation needs no token"
        assert await status_of(client, "/guarded/me") == 401
        issuer.mood = None
        await eventually(client, "/guarded/me", issuer.bearer(), 200)
        assert await ready(client) == (200, None)


@pytest.mark.parametrize("mood", ["freeze", "fail"])
async def test_keeps_using_known_keys_while_the_issuer_is_down(
    issuer: Issuer, settings: Settings, boot: Boot, mood: str, monkeypatch: pytest.MonkeyPatch, sample_log: Path
) -> None:
    monkeypatch.setattr(signing_keys, "REFRESH_SECONDS", 0.05)
    settings = settings_of(settings, issuer, http_client_total_timeout=0.5, log_file=sample_log)
    empty(sample_log)
    async with guarded(boot, settings) as client:
        issuer.mood = getattr(issuer, mood)
        asked = len(issuer.paths)
        async with asyncio.timeout(60):
            while "cannot get the signing keys" not in log_text(sample_log):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert len(issuer.paths) > asked
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 200
        assert await ready(client) == (200, None)
        async with asyncio.timeout(20):
            unknown = issuer.bearer(key=SigningKey("new"))
            assert await status_of(client, "/guarded/me", unknown) == 503, (
                "the key cannot be known while the issuer is down"
            )


async def test_accepts_a_token_of_an_unknown_key_after_503_once_the_issuer_recovers(
    issuer: Issuer, settings: Settings, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "LOOK_SECONDS", 10_000.0)
    async with guarded(boot, settings_of(settings, issuer)) as client:
        issuer.key = SigningKey("second")
        issuer.jwks.append(issuer.key.published)
        issuer.mood = issuer.fail
        async with client.get("/guarded/me", headers=issuer.bearer()) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "2")
        issuer.mood = None
        await eventually(client, "/guarded/me", issuer.bearer(), 200)


async def test_fetches_keys_once_for_many_unknown_key_ids(
    issuer: Issuer, sample_settings: Settings, boot: Boot
) -> None:
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        assert issuer.count() == 1
        tokens = [issuer.bearer(headers={"kid": f"unknown-{number}"}) for number in range(300)]
        statuses = await asyncio.gather(*(status_of(client, "/guarded/me", token) for token in tokens))
        assert set(statuses) == {401}
        assert issuer.count() == 2
        assert await status_of(client, "/guarded/open", tokens[0]) == 200
        assert issuer.count() == 2


async def test_finds_new_keys_and_drops_old_ones_under_load(
    issuer: Issuer, sample_settings: Settings, boot: Boot
) -> None:
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        old = issuer.bearer()
        assert await status_of(client, "/guarded/me", old) == 200
        issuer.key = SigningKey("second")
        issuer.jwks.append(issuer.key.published)
        tokens = [old] * 50 + [issuer.bearer() for _ in range(50)]
        statuses = await asyncio.gather(*(status_of(client, "/guarded/me", token) for token in tokens))
        assert set(statuses) == {200}
        assert issuer.count() == 2


async def test_refuses_a_cached_token_after_its_key_is_withdrawn(
    issuer: Issuer, sample_settings: Settings, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "REFRESH_SECONDS", 0.05)
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        token = issuer.bearer()
        assert await status_of(client, "/guarded/me", token) == 200
        issuer.jwks = [SigningKey("second").published]
        await eventually(client, "/guarded/me", token, 401)


@pytest.mark.parametrize(
    "published",
    [
        [],
        [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}],
        [SigningKey("first").published | {"use": "enc"}],
        [SigningKey("first").published | {"key_ops": ["sign"]}],
        [SigningKey("first").published | {"alg": "ES384"}],
        [SigningKey("first").published | {"x": "AAAA"}],
        [SigningKey("first").published | {"kty": ["EC"]}],
        [SigningKey("first").published | {"kid": ["first"]}],
        [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "first"}],
    ],
)
async def test_ignores_unusable_keys(
    issuer: Issuer, settings: Settings, boot: Boot, published: list[dict[str, Any]]
) -> None:
    issuer.jwks = published
    async with boot(guarded_app(settings_of(settings, issuer))) as url, aiohttp.ClientSession(url) as client:
        async with asyncio.timeout(60):
            while not issuer.count():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 503
        good = SigningKey("second")
        issuer.jwks = [*published, good.published]
        await eventually(client, "/guarded/me", issuer.bearer(key=good), 200)


async def test_refuses_an_oversized_jwks_response(issuer: Issuer, settings: Settings, boot: Boot) -> None:
    async def huge(_: web.BaseRequest) -> web.Response:
        return web.json_response({"keys": [], "padding": "x" * 2**21})

    issuer.mood = huge
    async with boot(guarded_app(settings_of(settings, issuer))) as url, aiohttp.ClientSession(url) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 503
        issuer.mood = None
        await knows_keys(client)


async def test_each_worker_fetches_the_keys(issuer: Issuer, tmp_path: Path) -> None:
    environment = {"AUTH_ISSUER": issuer.url, "WEB_CONCURRENCY": "2", "DRAIN_DELAY": "0"}
    async with served(tmp_path / "log", **environment) as (_, url), aiohttp.ClientSession(url) as client:
        path = "/sample/items/0197a5ff-0000-7000-8000-000000000001"
        async with asyncio.timeout(60):
            while issuer.count() < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        connectionless = issuer.bearer() | {"Connection": "close"}
        await eventually(client, path, connectionless, 200)
        statuses = [await status_of(client, path, connectionless) for _ in range(30)]
        assert set(statuses) == {200}
        assert await status_of(client, path) == 401
