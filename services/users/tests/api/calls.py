"""Calls that many tests make, with the responses that they expect."""

from typing import Any
from uuid import uuid4

import aiohttp

PATH = "/api/v1/users"
NOBODY = "00000000-0000-7000-8000-000000000000"


def new_user(**changes: object) -> dict[str, object]:
    """Return a user to register, with a unique username."""
    return {
        "username": f"u{uuid4().hex[:12]}",
        "first_name": "Ada",
        "second_name": "Lovelace",
        "birthday": "1915-12-10",
        **changes,
    }


async def register(client: aiohttp.ClientSession, **changes: object) -> dict[str, Any]:
    """Register a user and return it; fail unless it is accepted."""
    async with client.post(PATH, json=new_user(**changes)) as response:
        assert response.status == 201, await response.text()
        user: dict[str, Any] = await response.json()
        return user


async def problem(response: aiohttp.ClientResponse, status: int, slug: str) -> dict[str, Any]:
    """Check that the response is this problem (RFC 9457), and return it."""
    document: dict[str, Any] = await response.json()
    assert (response.status, response.content_type) == (status, "application/problem+json"), document
    assert (document["status"], document["type"]) == (status, f"/problems/{slug}")
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == response.url.raw_path
    assert document["request_id"] == response.headers["X-Request-ID"]
    return document
