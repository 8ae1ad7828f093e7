"""POST /oauth/token with client credentials, its errors, and the metadata."""

import base64

import aiohttp
import pytest

from accounts_service.main import create_app
from accounts_service.settings import Settings

from ..booting import booted
from .calls import CLIENT_SECRET, FORM, REVOKE, TOKEN, basic, bearer, parts, problem, refusal, session

GRANT = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        (GRANT, basic("friends", CLIENT_SECRET)),
        (GRANT, basic("friends", CLIENT_SECRET.replace(" ", "+").replace(",", "%2C"))),
        (GRANT | {"client_id": "friends", "client_secret": CLIENT_SECRET}, {}),
        (GRANT | {"client_id": "friends", "scope": "users:exists", "unknown": "x"}, basic("friends", CLIENT_SECRET)),
    ],
    ids=["Basic", "Basic, encoded", "form", "with a scope"],
)
async def test_issues_a_token_to_a_client(
    client: aiohttp.ClientSession, form: dict[str, str], headers: dict[str, str]
) -> None:
    async with client.post(TOKEN, data=form, headers=headers) as response:
        assert response.status == 200, await response.text()
        tokens = await response.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert tokens["scope"] == "users:exists"
    claims = parts(tokens["access_token"])[1]
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("friends", "friends", "users:exists")


@pytest.mark.parametrize(
    "headers",
    [
        basic("friends", "wrong"),
        basic("friends", ""),
        basic("nobody", CLIENT_SECRET),
        basic("", ""),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"friends").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        {"Authorization": "Bearer x"},
    ],
    ids=range(9),
)
async def test_refuses_unknown_clients_and_wrong_secrets(
    client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    for path, form in ((TOKEN, GRANT), (REVOKE, {"token": "x"})):
        async with client.post(path, data=form, headers=headers) as response:
            assert response.headers["WWW-Authenticate"] == 'Basic realm="accounts"'
            await refusal(response, 401, "invalid_client")


async def test_refuses_a_request_without_client_credentials(client: aiohttp.ClientSession) -> None:
    async with client.post(TOKEN, data=GRANT) as response:
        await refusal(response, 401, "invalid_client")
    async with client.post(TOKEN, data=GRANT | {"client_id": "friends"}) as response:
        await refusal(response, 401, "invalid_client")


@pytest.mark.parametrize("scope", ["admin", "users:exists admin"])
async def test_refuses_scopes_that_the_client_does_not_have(client: aiohttp.ClientSession, scope: str) -> None:
    async with client.post(TOKEN, data=GRANT | {"scope": scope}, headers=basic("friends", CLIENT_SECRET)) as response:
        await refusal(response, 400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=a&refresh_token=a", "invalid_request"),
        ("grant_type=client_credentials&client_secret=x", "invalid_request"),
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ("grant_type=%FF", "invalid_request"),
        ("&".join(f"f{number}=x" for number in range(200)), "invalid_request"),
    ],
    ids=range(10),
)
async def test_refuses_a_missing_or_unsupported_grant(client: aiohttp.ClientSession, form: str, error: str) -> None:
    async with client.post(TOKEN, data=form, headers={"Content-Type": FORM}) as response:
        await refusal(response, 400, error)


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "multipart/form-data", "", "nonsense"])
async def test_refuses_other_media_types(client: aiohttp.ClientSession, media_type: str) -> None:
    async with client.post(TOKEN, data=b"grant_type=refresh_token", headers={"Content-Type": media_type}) as response:
        await refusal(response, 400, "invalid_request")


async def test_refuses_a_compressed_or_non_ascii_form(client: aiohttp.ClientSession) -> None:
    headers = {"Content-Type": FORM, "Content-Encoding": "gzip"}
    async with client.post(TOKEN, data=b"grant_type=refresh_token", headers=headers) as response:
        await refusal(response, 400, "invalid_request")
    async with client.post(TOKEN, data=b"grant_type=\xff", headers={"Content-Type": FORM}) as response:
        await refusal(response, 400, "invalid_request")


async def test_refuses_two_kinds_of_client_authentication(client: aiohttp.ClientSession) -> None:
    headers = basic("friends", CLIENT_SECRET)
    form = GRANT | {"client_id": "friends", "client_secret": CLIENT_SECRET}
    async with client.post(TOKEN, data=form, headers=headers) as response:
        await refusal(response, 400, "invalid_request")
    async with client.post(TOKEN, data=GRANT | {"client_id": "other"}, headers=headers) as response:
        await refusal(response, 400, "invalid_request")


async def test_refuses_other_methods_with_a_problem(client: aiohttp.ClientSession) -> None:
    async with client.get(TOKEN, headers=bearer(await session(client))) as response:
        await problem(response, 405, "method-not-allowed")


async def test_accepts_an_issuer_with_a_trailing_slash(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"auth_issuer": "https://shop.example/"}))
    async with (
        booted(app) as url,
        aiohttp.ClientSession(url) as client,
        client.get("/.well-known/oauth-authorization-server") as response,
    ):
        document = await response.json()
    assert (document["issuer"], document["jwks_uri"]) == ("https://shop.example/", "https://shop.example/oauth/jwks")


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"])
async def test_publishes_its_metadata(client: aiohttp.ClientSession, settings: Settings, path: str) -> None:
    async with client.get(path) as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "public, max-age=300")
        document = await response.json()
    assert document["issuer"] == settings.auth_issuer
    assert document["token_endpoint"] == f"{settings.auth_issuer}/oauth/token"
    assert document["jwks_uri"] == f"{settings.auth_issuer}/oauth/jwks"
    assert document["scopes_supported"] == ["users:exists"]
