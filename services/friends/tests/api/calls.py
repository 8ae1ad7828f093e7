"""Calls that many tests make, with the responses that they expect."""

from typing import Any
from uuid import UUID

import aiohttp

PATH = "/api/v1/friendships"
NOBODY = UUID("00000000-0000-7000-8000-000000000000")


def between(initiator_id: object, target_id: object, **more: object) -> dict[str, object]:
    """Return a friendship to create."""
    return {"initiator_id": str(initiator_id), "target_id": str(target_id), **more}


async def befriend(
    client: aiohttp.ClientSession, initiator_id: UUID, target_id: UUID, **more: object
) -> dict[str, Any]:
    """Create a friendship and return it; fail unless it is accepted."""
    async with client.post(PATH, json=between(initiator_id, target_id, **more)) as response:
        assert response.status == 201, await response.text()
        friendship: dict[str, Any] = await response.json()
        return friendship


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
