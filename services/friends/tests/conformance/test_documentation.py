"""The OpenAPI document of this service is complete and declares all problems."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from .. import openapi_rules

Check = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    "check",
    [
        openapi_rules.check_references,
        openapi_rules.check_problems,
        openapi_rules.check_examples,
        openapi_rules.check_patterns,
    ],
)
async def test_document_follows_the_openapi_rules(client: aiohttp.ClientSession, check: Check) -> None:
    async with client.get("/api/openapi.json") as response:
        check(await response.json())
