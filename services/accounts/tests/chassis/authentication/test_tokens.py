"""Which tokens are accepted: RFC 9068 access tokens of one issuer, for one audience, in one header."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..conftest import Boot
from ..log_reader import access_lines, log_text
from ..raw_http import answer_to
from ..sample_service.settings import Settings
from .guarded import guarded, settings_of, status_of
from .issuer import Issuer, SigningKey

INVALID = 'Bearer error="invalid_token"'
SUBJECT = "0197a5ff-0000-7000-8000-000000000001"
NOW = int(time.time())
KEYS = {algorithm: SigningKey(algorithm, algorithm) for algorithm in ("EdDSA", "RS256")}


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(issuer: Issuer, header: dict[str, Any]) -> str:
    """Return a token with this header and the payload of a valid token."""
    return f"{encoded({'typ': 'at+jwt', 'kid': 'first'} | header)}.{issuer.token().split('.')[1]}"


def with_public_key_as_secret(issuer: Issuer) -> str:
    """Return an HS256 token that is signed with the public key as the secret."""
    public = issuer.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = unsigned(issuer, {"alg": "HS256"})
    digest = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


async def refusal(client: aiohttp.ClientSession, token: str) -> tuple[int, str | None, str]:
    async with client.get("/guarded/me", headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.content_type == "application/problem+json"
        problem = await response.json()
        assert problem["request_id"] == response.headers["X-Request-ID"]
        assert not token or token not in json.dumps(problem)
        return response.status, response.headers.get("WWW-Authenticate"), problem["detail"]


async def test_reads_the_caller_from_a_token(service: aiohttp.ClientSession, trusted: Issuer, sample_log: Path) -> None:
    async with service.get("/guarded/me", headers=trusted.bearer(scope="read  write")) as response:
        assert response.status == 200
        assert await response.json() == {"subject": SUBJECT, "client": "shop", "scopes": ["read", "write"]}
    (line,) = await access_lines(sample_log)
    assert line["enduser.id"] == SUBJECT


@pytest.mark.parametrize(
    ("claims", "headers"),
    [
        ({"aud": ["other", "allium"]}, {}),
        ({"scope": None}, {}),
        ({"exp": NOW - 5, "iat": NOW - 600}, {}),  # within the allowed clock skew
        ({"nbf": NOW + 5, "iat": NOW + 5}, {}),
        ({"exp": 10**400}, {}),  # exceeds the range of a float
        ({}, {"typ": "application/at+jwt"}),
        ({}, {"typ": "AT+JWT"}),
    ],
)
async def test_accepts_valid_tokens(
    service: aiohttp.ClientSession, trusted: Issuer, claims: dict[str, Any], headers: dict[str, Any]
) -> None:
    if "iat" in claims:
        claims = {name: value - NOW + int(time.time()) for name, value in claims.items()}
    assert await status_of(service, "/guarded/me", trusted.bearer(headers=headers, **claims)) == 200


@pytest.mark.parametrize("spelling", ["bearer", "BEARER", "Bearer  "])
async def test_accepts_other_spellings_of_the_bearer_scheme(
    service: aiohttp.ClientSession, trusted: Issuer, spelling: str
) -> None:
    assert await status_of(service, "/guarded/me", {"Authorization": f"{spelling} {trusted.token()}"}) == 200


@pytest.mark.parametrize(
    ("claims", "headers", "detail"),
    [
        ({"exp": NOW - 100}, {}, "has expired"),
        ({"exp": "soon"}, {}, "is not valid"),
        ({"exp": float("inf")}, {}, "is not valid"),
        ({"exp": [1]}, {}, "is not valid"),
        ({"nbf": NOW + 10_000}, {}, "is not valid yet"),
        ({"iat": NOW + 10_000}, {}, "is not valid yet"),
        ({"iss": "https://other.example"}, {}, "is from another issuer"),
        ({"aud": "other"}, {}, "is for another audience"),
        ({"aud": []}, {}, "lacks a required claim"),
        *(({name: None}, {}, "lacks a required claim") for name in ("iss", "aud", "exp", "iat", "sub", "client_id")),
        ({"sub": ""}, {}, "is not valid"),
        ({"sub": "x" * 256}, {}, "is not valid"),
        ({"sub": "a\nb"}, {}, "is not valid"),
        ({"sub": "\ud800"}, {}, "is not valid"),
        ({"client_id": 7}, {}, "is not valid"),
        ({"scope": 7}, {}, "is not valid"),
        ({"scope": ["read", 7]}, {}, "is not valid"),
        ({}, {"typ": "JWT"}, "does not have the type of an access token"),
        ({}, {"typ": "id+jwt"}, "does not have the type of an access token"),
        ({}, {"typ": None}, "does not have the type of an access token"),
        ({}, {"crit": ["exp"], "exp": 1}, "is not valid"),
        ({}, {"crit": ["b64"], "b64": True}, "is not valid"),
        ({}, {"kid": "never-published"}, "is not signed with a key of the issuer"),
        ({}, {"kid": None}, "is not signed with a key of the issuer"),
        ({"padding": "x" * 9_000}, {}, "is too long"),
    ],
)
async def test_refuses_tokens_with_wrong_claims_or_headers(
    service: aiohttp.ClientSession, trusted: Issuer, claims: dict[str, Any], headers: dict[str, Any], detail: str
) -> None:
    status, challenge, told = await refusal(service, trusted.token(headers=headers, **claims))
    assert (status, challenge) == (401, INVALID)
    assert told.startswith(f"The access token {detail}")


async def test_refuses_forged_tokens(service: aiohttp.ClientSession, trusted: Issuer, sample_log: Path) -> None:
    good = trusted.token()
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = [
        trusted.token(key=SigningKey("first")),  # another key with the same key id
        trusted.token(key=KEYS["RS256"], headers={"kid": "first"}),
        f"{head}.{encoded(claims | {'scope': 'admin'})}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{unsigned(trusted, {'alg': 'none'})}.",
        f"{unsigned(trusted, {'alg': 'None'})}.{signature}",
        f"{unsigned(trusted, {'alg': 'ES384'})}.{signature}",
        f"{unsigned(trusted, {'jwk': SigningKey('x').published})}.{signature}",
        f"{unsigned(trusted, {'kid': ['first']})}.{signature}",
        with_public_key_as_secret(trusted),
        f"{body}.{body}.{signature}",
        f"{encoded([1])}.{body}.{signature}",
        f"{'W1tb' * 1_500}.{body}.{signature}",  # [[[[…
        f"{'W1tb' * 200}.{body}.{signature}",
        "x",
        "..",
        "",
        good + "=",
        good + " " + good,
        good + "," + good,
        "\u00e9" + good,
    ]
    for token in forged:
        status, challenge, _ = await refusal(service, token)
        assert (status, challenge) == (401, INVALID), token
    lines = await access_lines(sample_log, len(forged))
    assert all("enduser.id" not in line for line in lines)
    text = log_text(sample_log)
    assert all(part not in text for token in [good, *forged] for part in token.split(".") if len(part) > 20)


async def test_challenges_a_request_without_a_token_without_an_error_code(service: aiohttp.ClientSession) -> None:
    for headers in ({}, {"Authorization": "Basic bWU6cGFzc3dvcmQ="}, {"Authorization": "Bearerx"}):
        async with service.get("/guarded/me", headers=headers) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert (await response.json())["type"] == "/problems/authentication-required"


async def test_refuses_a_token_outside_of_a_single_authorization_header(
    service: aiohttp.ClientSession, trusted: Issuer, sample_log: Path
) -> None:
    good = trusted.token()
    header = ("Authorization", f"Bearer {good}")
    requests: list[tuple[str, list[tuple[str, str]]]] = [
        ("/guarded/me", [header, header]),
        (f"/guarded/me?access_token={good}", []),
        (f"/guarded/me?a=b&access_token={good}", [header]),
    ]
    for path, headers in requests:
        async with service.get(path, headers=headers) as response:
            assert response.status == 400, (path, await response.text())
            assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_request"'
    head = f"GET /guarded/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {good}\r\n"
    both = await answer_to(str(service._base_url), f"{head}authorization: Bearer x\r\n\r\n".encode())
    assert both.startswith(b"HTTP/1.1 400 ")
    assert await status_of(service, "/guarded/me?no_access_token=1", [header]) == 200
    assert await status_of(service, f"/guarded/{good}", [header]) == 200, "a token in the path is just an unknown path"
    await access_lines(sample_log, len(requests) + 3)
    assert good not in log_text(sample_log)
    assert good.split(".")[1] not in log_text(sample_log)


async def test_server_refuses_a_token_of_100_kb(trusting: aiohttp.ClientSession, trusted: Issuer) -> None:
    token = trusted.token(padding="x" * 100_000)
    request = f"GET /guarded/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
    answer = await answer_to(str(trusting._base_url), request.encode())
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
async def test_accepts_other_signature_algorithms(
    issuer: Issuer, sample_settings: Settings, boot: Boot, algorithm: str
) -> None:
    issuer.jwks.append(KEYS[algorithm].published)
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer(key=KEYS[algorithm])) == 200
        swapped = issuer.bearer(key=KEYS[algorithm], headers={"kid": "first"})
        assert await status_of(client, "/guarded/me", swapped) == 401
        assert await status_of(client, "/guarded/me", issuer.bearer(headers={"kid": algorithm})) == 401


async def test_refuses_a_cached_token_after_it_expires(issuer: Issuer, sample_settings: Settings, boot: Boot) -> None:
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        brief = issuer.bearer(exp=int(time.time()) - 28)  # of the 30 seconds of allowed clock skew
        assert await status_of(client, "/guarded/me", brief) == 200
        for _ in range(200):
            if await status_of(client, "/guarded/me", brief) == 401:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("the token never expired")


async def test_reads_the_subject_from_a_configured_claim_without_logging_it(
    issuer: Issuer, sample_settings: Settings, boot: Boot, sample_log: Path
) -> None:
    settings = settings_of(sample_settings, issuer, auth_subject_claim="email", auth_audience="shop")
    async with guarded(boot, settings) as client:
        async with client.get("/guarded/me", headers=issuer.bearer(aud="shop", email="me@a.example")) as response:
            assert (await response.json())["subject"] == "me@a.example"
        assert await status_of(client, "/guarded/me", issuer.bearer(aud="shop")) == 401
    assert "me@a.example" not in log_text(sample_log)


# From the documentation of the providers: Keycloak, Auth0's own profile, Auth0 with RBAC, Zitadel.
PROVIDERS: list[tuple[dict[str, str], dict[str, Any]]] = [
    (
        {"auth_client_claim": "azp", "auth_token_type": "JWT"},
        {"azp": "shop", "typ": "Bearer", "scope": "profile read", "realm_access": {"roles": ["user"]}},
    ),
    (
        {"auth_client_claim": "azp", "auth_token_type": "JWT"},
        {"azp": "shop", "aud": ["allium", "https://shop.eu.auth0.com/userinfo"], "scope": "openid read"},
    ),
    ({"auth_scope_claim": "permissions"}, {"client_id": "shop", "scope": "openid", "permissions": ["read"]}),
    (
        {"auth_scope_claim": "urn:zitadel:iam:org:project:69234237810729019:roles", "auth_token_type": "JWT"},
        {
            "client_id": "shop",
            "scope": None,
            "aud": ["69234237810729234", "allium"],
            "urn:zitadel:iam:org:project:69234237810729019:roles": {"read": {"69234237810729000": "shop.example"}},
        },
    ),
]


@pytest.mark.parametrize(("changes", "claims"), PROVIDERS, ids=["keycloak", "auth0", "auth0-rbac", "zitadel"])
async def test_accepts_tokens_of_other_providers_with_matching_settings(
    issuer: Issuer, sample_settings: Settings, boot: Boot, changes: dict[str, str], claims: dict[str, Any]
) -> None:
    headers = issuer.bearer(**{"client_id": None} | claims, headers={"typ": changes.get("auth_token_type", "at+jwt")})
    async with (
        guarded(boot, settings_of(sample_settings, issuer, **changes)) as client,
        client.get("/guarded/me", headers=headers) as response,
    ):
        assert response.status == 200, await response.text()
        caller = await response.json()
    assert (caller["subject"], caller["client"]) == (SUBJECT, "shop")
    assert "read" in caller["scopes"]
    async with guarded(boot, settings_of(sample_settings, issuer)) as client:
        assert (await status_of(client, "/guarded/me", headers)) == (401 if len(changes) > 1 else 200)


async def test_requires_the_configured_token_type(issuer: Issuer, sample_settings: Settings, boot: Boot) -> None:
    async with guarded(boot, settings_of(sample_settings, issuer, auth_token_type="JWT")) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer(headers={"typ": "jwt"})) == 200
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 401
