"""Restart services behind the gateway, which must notice that they are back."""

import asyncio
from uuid import uuid4

from callers import FRIENDSHIPS, USERS, Caller, eventually

from system.gateway_process import GatewayProcess
from system.service_process import ServiceProcess

JWKS = "/oauth/jwks"


async def restart(gateway: GatewayProcess, *services: ServiceProcess) -> None:
    """Start them again, and return once the gateway has noticed."""
    await asyncio.gather(*(asyncio.to_thread(service.restart) for service in services))
    paths = {"accounts": JWKS, "users": USERS, "friends": f"{FRIENDSHIPS}/{uuid4()}"}
    async with Caller(gateway.url) as caller:

        async def are_reached() -> bool:
            answers = [await caller.get(paths[service.service.name]) for service in services]
            return not any(answer.status == 503 for answer in answers)

        await eventually(are_reached)
