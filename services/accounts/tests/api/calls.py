"""Calls that many tests make, with the responses that they expect."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import aiohttp

ACCOUNTS = "/api/v1/accounts"
SESSIONS = "/api/v1/sessions"
ME = "/api/v1/accounts/me/password"
TOKEN = "/oauth/token"
REVOKE = "/oauth/revoke"
JWKS = "/oauth/jwks"
PASSWORD = "down the rabbit hole"
CLIENT_SECRET = "only for development, as everybody knows this secret"
FORM = "application/x-www-form-urlencoded"


def new_account(**changes: object) -> dict[str, object]:
    """Return an account to register, with a unique username."""
    return {"username": f"u{uuid4().hex[:12]}", "password": PASSWORD, **changes}


async def register(client: aiohttp.ClientSession, **changes: object) -> dict[str, Any]:
    """Register an account and return it; fail unless it is accepted."""
    async with client.post(ACCOUNTS, json=new_account(**changes)) as response:
        assert response.status == 201, await response.text()
        account: dict[str, Any] = await response.json()
        return account


async def log_in(client: aiohttp.ClientSession, username: str, password: str = PASSWORD) -> dict[str, Any]:
    """Log in and return the tokens; fail unless it succeeds."""
    async with client.post(SESSIONS, json={"username": username, "password": password}) as response:
        assert response.status == 201, await response.text()
        tokens: dict[str, Any] = await response.json()
        return tokens


async def session(client: aiohttp.ClientSession) -> dict[str, Any]:
    """Return the tokens of a new account."""
    return await log_in(client, (await register(client))["username"])


async def refreshed(client: aiohttp.ClientSession, refresh_token: str) -> tuple[int, dict[str, Any]]:
    """Return the status and body of a refresh."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    async with client.post(TOKEN, data=form) as response:
        return response.status, await response.json()


def basic(client_id: str, secret: str) -> dict[str, str]:
    """Return the header of a client that authenticates."""
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def bearer(tokens: Mapping[str, Any]) -> dict[str, str]:
    """Return the header of a person who has logged in."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and claims of a token without verifying it."""
    header, claims, _ = token.split(".")
    read = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, claims)]
    return read[0], read[1]


async def problem(response: aiohttp.ClientResponse, status: int, slug: str) -> dict[str, Any]:
    """Check that the response is this problem (RFC 9457), and return it."""
    document: dict[str, Any] = await response.json()
    assert (response.status, response.content_type) == (status, "application/problem+json"), document
    assert (document["status"], document["type"]) == (status, f"/problems/{slug}")
    return document


async def refusal(response: aiohttp.ClientResponse, status: int, error: str) -> None:
    """Check that the response is this OAuth error (RFC 6749 section 5.2)."""
    document: dict[str, Any] = await response.json()
    assert (response.status, response.content_type) == (status, "application/json"), document
    assert document["error"] == error
    assert document["error_description"]
    assert response.headers["Cache-Control"] == "no-store"
