"""The documentation pages work offline under their content security policy, and the document declares everything."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest

from ... import openapi_rules
from ..sample_service import IDENTITY
from ..sample_service.main import create_app
from ..sample_service.settings import Settings

PAGES = ["/api/docs", "/api/redoc"]


@pytest.fixture(scope="module")
def document(settings: Settings) -> dict[str, Any]:
    """Return the OpenAPI document of the sample."""
    return create_app(settings).openapi()


@pytest.mark.parametrize("page", PAGES)
async def test_pages_load_nothing_from_other_hosts(sample: aiohttp.ClientSession, page: str) -> None:
    async with sample.get(page) as response:
        html = await response.text()
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", html)
    assert addresses
    for address in addresses:
        assert not urlsplit(address).netloc, address
        async with sample.get(urljoin(page, address)) as response:
            assert response.status == 200


async def test_does_not_serve_fastapis_default_pages(sample: aiohttp.ClientSession) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        async with sample.get(path) as response:
            assert response.status == 404


async def test_redoc_loads_its_logo_locally(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/docs/assets/redoc.standalone.js") as response:
        assert response.content_type == "text/javascript"
        script = await response.text()
    assert "cdn.redoc.ly" not in script
    assert '"docs/assets/favicon.png"' in script, "the local logo must exist, relative to the page"


@pytest.mark.parametrize("page", PAGES)
async def test_content_security_policy_allows_only_the_scripts_of_the_page(
    sample: aiohttp.ClientSession, page: str
) -> None:
    async with sample.get(page) as response:
        html = await response.text()
        [policy] = response.headers.getall("Content-Security-Policy")
    directives = dict(directive.strip().partition(" ")[::2] for directive in policy.split(";"))
    inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in inline]
    assert directives["script-src"].split() == ["'self'", *hashes]
    assert {directives[name] for name in ("default-src", "frame-ancestors", "base-uri")} == {"'none'"}
    assert not re.search(r"<[^>]+\son\w+=", html)


def test_pages_name_the_service(document: dict[str, Any]) -> None:
    assert document["info"]["title"] == IDENTITY.title
    assert document["info"]["description"].startswith(IDENTITY.description)


@pytest.mark.parametrize(
    "check",
    [
        openapi_rules.check_references,
        openapi_rules.check_problems,
        openapi_rules.check_examples,
        openapi_rules.check_patterns,
        openapi_rules.check_operations,
    ],
)
def test_document_follows_the_openapi_rules(document: dict[str, Any], check: Callable[[dict[str, Any]], None]) -> None:
    check(document)


def test_documents_the_members_of_a_problem(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    described = {
        name: schemas[model]["properties"][name]["description"]
        for model, names in {"ProblemDetails": ("type", "instance", "request_id"), "InvalidField": ("pointer",)}.items()
        for name in names
    }
    assert described == {
        "type": "URI reference that identifies the kind of problem.",
        "instance": "Path of the request.",
        "request_id": "ID of the request in the service's log. Quote it when you ask for help.",
        "pointer": "Where: `#/username` in the body, `#/query/limit` elsewhere (RFC 6901 section 6).",
    }
    assert schemas["ValidationProblemDetails"]["properties"]["errors"]["default"] == []


async def test_documents_response_headers(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/openapi.json") as response:
        operations = (await response.json())["paths"]["/sample/items"]
    made, page = operations["post"]["responses"]["201"], operations["get"]["responses"]["200"]
    schema = {"type": "string"}
    assert made["headers"] == {"Location": {"description": "Path of the created resource.", "schema": schema}}
    meaning = 'Path of the next page, if there is one: `<…>; rel="next"` (RFC 8288).'
    assert page["headers"] == {"Link": {"description": meaning, "schema": schema}}


async def test_serves_the_document(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/openapi.json") as response:
        document = await response.json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == IDENTITY.version
