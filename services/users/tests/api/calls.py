"""Calls that many tests make, and what they expect of each answer."""

from typing import Any
from uuid import uuid4

import aiohttp

PATH = "/api/v1/users"
NOBODY = "00000000-0000-7000-8000-000000000000"


def new_user(**changes: object) -> dict[str, object]:
    """A user to register; each has another username."""
    return {
        "username": f"u{uuid4().hex[:12]}",
        "first_name": "Ada",
        "second_name": "Lovelace",
        "birthday": "1915-12-10",
        **changes,
    }


async def register(client: aiohttp.ClientSession, **changes: object) -> dict[str, Any]:
    """Register a user, who must be accepted."""
    async with client.post(PATH, json=new_user(**changes)) as response:
        assert response.status == 201, await response.text()
        user: dict[str, Any] = await response.json()
        return user


async def problem(response: aiohttp.ClientResponse, status: int, slug: str) -> dict[str, Any]:
    """The problem (RFC 9457) that the answer must be."""
    document: dict[str, Any] = await response.json()
    assert (response.status, response.content_type) == (status, "application/problem+json"), document
    assert (document["status"], document["type"]) == (status, f"/problems/{slug}")
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == response.url.raw_path
    assert document["request_id"] == response.headers["X-Request-ID"]
    return document
