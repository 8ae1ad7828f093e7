"""The client of the users service, against a stub with configurable responses."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from chassis.errors import UpstreamUnavailable
from chassis.upstream import UpstreamClient

from friends_service.infrastructure.clients.users import HttpUsers
from friends_service.settings import Settings

from ...core.clients.users import ADA, BOB, EVE, KNOWN, UserDirectoryContract
from .users_stub import UsersStub, running_stub


@asynccontextmanager
async def users_at(url: str) -> AsyncIterator[HttpUsers]:
    async with UpstreamClient("users", url, Settings()) as upstream:
        yield HttpUsers(upstream)


class TestHttpUsers(UserDirectoryContract):
    failure = UpstreamUnavailable

    @pytest.fixture
    async def directory(self) -> AsyncIterator[HttpUsers]:
        async with running_stub(*KNOWN) as stub, users_at(stub.url) as users:
            yield users

    @pytest.fixture
    async def out_of_reach(self) -> AsyncIterator[HttpUsers]:
        async with users_at(UsersStub().url) as users:
            yield users


@dataclass
class Stub:
    """What the users service responds, and the calls that it got."""

    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    requests: list[web.BaseRequest] = field(default_factory=list)

    def answer(self, document: object) -> None:
        self.body = json.dumps(document, default=str).encode()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        return web.Response(status=self.status, body=self.body, content_type=self.content_type)


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
async def users(stub: Stub) -> AsyncIterator[HttpUsers]:
    runner = web.ServerRunner(web.Server(stub.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with users_at(f"http://127.0.0.1:{runner.addresses[0][1]}/") as users:
        yield users
    await runner.cleanup()


async def test_sends_each_id_once_in_one_call(users: HttpUsers, stub: Stub) -> None:
    stub.answer({"existing": [ADA], "missing": [BOB]})
    assert await users.unknown([ADA, BOB, ADA]) == {BOB}
    [request] = stub.requests
    assert (request.method, request.path_qs) == ("GET", f"/api/v1/users/exists?id={ADA}&id={BOB}")


async def test_makes_no_call_for_an_empty_lookup(users: HttpUsers, stub: Stub) -> None:
    assert await users.unknown([]) == frozenset()
    assert stub.requests == []


async def test_ignores_unknown_members(users: HttpUsers, stub: Stub) -> None:
    """A later release of users may add members."""
    stub.answer({"existing": [ADA], "missing": [], "deleted": []})
    assert await users.unknown([ADA]) == frozenset()


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"existing": [ADA], "missing": []}, id="omits an id"),
        pytest.param({"existing": [], "missing": []}, id="omits all ids"),
        pytest.param({"existing": [ADA, BOB], "missing": [BOB]}, id="id both existing and missing"),
        pytest.param({"existing": [ADA, EVE], "missing": []}, id="contains an unrequested id as existing"),
        pytest.param({"existing": [ADA, BOB], "missing": [EVE]}, id="contains an unrequested id as missing"),
        pytest.param({"existing": [ADA, "nobody"], "missing": [BOB]}, id="not an id"),
        pytest.param({"existing": [ADA, None], "missing": [BOB]}, id="null as id"),
        pytest.param({"existing": str(ADA), "missing": [BOB]}, id="text instead of list"),
        pytest.param({"existing": {str(ADA): True}, "missing": [BOB]}, id="object instead of list"),
        pytest.param({"existing": [ADA, BOB]}, id="no member missing"),
        pytest.param({"missing": [ADA, BOB]}, id="no member existing"),
        pytest.param([{"existing": [ADA, BOB], "missing": []}], id="list instead of object"),
        pytest.param("yes", id="text"),
        pytest.param(None, id="null"),
    ],
)
async def test_raises_upstream_unavailable_for_an_invalid_document(
    users: HttpUsers, stub: Stub, document: object
) -> None:
    stub.answer(document)
    with pytest.raises(UpstreamUnavailable):
        await users.unknown([ADA, BOB])


@pytest.mark.parametrize("status", [204, 302, 400, 401, 404, 409, 422, 429, 500, 502, 503])
async def test_does_not_take_a_failure_for_an_unknown_user(users: HttpUsers, stub: Stub, status: int) -> None:
    stub.answer({"existing": [], "missing": [ADA]})
    stub.status = status
    with pytest.raises(UpstreamUnavailable):
        await users.unknown([ADA])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("text/html", b"<h1>Welcome to nginx!</h1>", id="HTML"),
        pytest.param("application/json", b"<h1>Welcome to nginx!</h1>", id="HTML labelled as JSON"),
        pytest.param("application/json", b"", id="empty body"),
        pytest.param("application/json", b'{"existing": [], "missing": ["' + b"x" * 10_000_000, id="10 MB"),
    ],
)
async def test_raises_upstream_unavailable_for_a_response_that_is_not_json(
    users: HttpUsers, stub: Stub, content_type: str, body: bytes
) -> None:
    stub.content_type, stub.body = content_type, body
    with pytest.raises(UpstreamUnavailable):
        await users.unknown([ADA])
