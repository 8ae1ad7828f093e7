"""A smoke test: the service boots on its database and responds."""

import asyncio

import aiohttp

from chassis.settings import ChassisSettings

from .. import openapi_rules


async def test_is_live_and_becomes_ready(client: aiohttp.ClientSession) -> None:
    async with client.get("/health/live") as response:
        assert response.status == 200
    async with asyncio.timeout(60):  # startup does not wait for other services, such as a token issuer
        while (await client.get("/health/ready")).status != 200:  # noqa: ASYNC110 - the service is what changes
            await asyncio.sleep(0.05)


async def test_serves_its_documentation(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        document = await response.json()
    assert "/health/ready" in document["paths"]
    for path in ("/api/docs", "/api/redoc"):
        async with client.get(path) as response:
            assert response.status == 200


async def test_responds_404_with_a_problem_for_an_unknown_path(
    client: aiohttp.ClientSession, settings: ChassisSettings
) -> None:
    """Unless its document declares another format for all errors."""
    async with client.get("/api/openapi.json") as response:
        has_other_errors = openapi_rules.has_other_errors(await response.json())
    async with client.get("/nowhere", headers={"X-Request-ID": "my-id"}) as response:
        assert response.status == (401 if settings.authenticates else 404)
        assert response.headers["X-Request-ID"] == "my-id"
        if not has_other_errors:
            assert response.content_type == "application/problem+json"
            assert (await response.json())["request_id"] == "my-id"
