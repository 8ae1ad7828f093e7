"""The `type` of a problem links to a page that explains it; `/` redirects to the documentation."""

import re

import aiohttp
import pytest
from fastapi import FastAPI

from chassis.application import build_application
from chassis.database import Database

from ..conftest import Boot
from ..sample_service.settings import Settings


async def test_problem_type_links_to_its_page(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/locked?seconds=17") as response:
        problem = await response.json(content_type="application/problem+json")
    async with sample.get(problem["type"]) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert f"<h1>{problem['title']}</h1>" in await response.text()


async def test_index_page_links_to_every_problem_type(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/problems") as response:
        links = re.findall('href="([^"]+)"', await response.text())
    assert {"problems/database-unavailable", "problems/locked", "problems/invalid-token"} <= set(links)
    for link in links:
        async with sample.get(f"/{link}") as response:
            assert response.status == 200, link


@pytest.mark.parametrize("path", ["/problems/unheard-of", "/problems/%3Cscript%3E", "/problems/"])
async def test_responds_404_for_an_unknown_problem_type(sample: aiohttp.ClientSession, path: str) -> None:
    async with sample.get(path) as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(("environment", "status"), [("development", 307), ("production", 404)])
async def test_root_redirects_to_the_documentation_in_development(
    sample_settings: Settings, boot: Boot, environment: str, status: int
) -> None:
    settings = sample_settings.model_copy(update={"environment": environment})
    async with (
        boot(empty_application(settings)) as url,
        aiohttp.ClientSession(url) as client,
        client.get("/", allow_redirects=False) as response,
    ):
        assert response.status == status
        if status == 307:
            assert response.headers["Location"] == "api/docs"


def empty_application(settings: Settings) -> FastAPI:
    return build_application(settings, database=Database(settings), routers=[], problems=[])
