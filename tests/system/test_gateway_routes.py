"""The routes of the gateway: each public operation, and nothing else in any spelling of its path."""

import json
from uuid import uuid4

import pytest
from callers import USERS, Caller, eventually, somebody
from people import Person, new_person, refresh, service_token
from raw_http import ask, exchange

from system.gateway_process import GatewayProcess
from system.running import System

INTERNAL = {"/api/v1/users/exists", "/api/v1/users/{user_id}/exists"}
SPELLINGS = [
    *("{prefix}/exists", "{prefix}/exists/", "{prefix}//exists", "{prefix}/./exists", "{prefix}/x/../exists"),
    *("{prefix}/%65xists", "{prefix}/%65%78%69%73%74%73", "{prefix}/%2565xists", "{prefix}/x/%2e%2e/exists"),
    *("{prefix}/x/..%2fexists", "{prefix}%2fexists", "{prefix}%2Fexists", "{prefix}/%2fexists", "{prefix}\\exists"),
    *("{prefix}%5cexists", "{prefix}/exists;x=1", "{prefix};x=1/exists", "{prefix}/exists%3bx", "{prefix}/exists%00"),
    *(
        "{prefix}/exists%20",
        "{prefix}/exists.",
        "{prefix}/Exists",
        "{prefix}/exists%23",
        "{prefix}/exists%3F",
        "{prefix}/.;/exists",
    ),
    *("/{prefix}/exists", "/x/..{prefix}/exists", "{prefix}/exists?x", "{prefix}/exists#x", "{prefix}/%E2%80%8Bexists"),
    *(
        "http://gateway.example{prefix}/exists",
        "http://users{prefix}/exists",
        "{prefix}/exists%0a",
        "{prefix}/e%cc%80xists",
        "{prefix}%252fexists",
        "{prefix}/x/%252e%252e/exists",
        "{prefix}/EXISTS",
        "{prefix}/exists;x",
        "{prefix}/exists%09",
        "{prefix}/exists/.",
        "{prefix}/exists/%2e",
    ),
]


async def routes_reached(system: System, request_id: str) -> set[str]:
    """Return the operations of users that requests with this id reached, once a later request is in the log."""

    def logged(request_id: str) -> list[dict[str, str]]:
        lines = map(json.loads, system.services["users"].log.read_text().splitlines())
        return [line for line in lines if line.get("request_id") == request_id]

    async def is_logged() -> bool:
        return bool(logged(f"{request_id}-later"))

    ask(system.url("users"), USERS, f"X-Request-ID: {request_id}-later")
    await eventually(is_logged)
    return {line["http.route"] for line in logged(request_id) if "http.route" in line}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
async def test_internal_operations_are_unreachable_in_any_spelling(
    gateway: GatewayProcess, whole_system: System, method: str
) -> None:
    """Not even with the token of a service, which users itself would accept."""
    user, request_id = uuid4(), uuid4().hex
    with_token = (f"Authorization: Bearer {await service_token(gateway.url)}", f"X-Request-ID: {request_id}")
    for prefix in (USERS, f"{USERS}/{user}"):
        for spelling in SPELLINGS:
            target = spelling.format(prefix=prefix)
            target += f"{'&' if '?' in target else '?'}id={user}"
            status, answer = ask(gateway.url, target, *with_token, "Access-Control-Request-Method: GET", method=method)
            assert 400 <= status < 500, target
            assert b"existing" not in answer, target
            head, _, _ = answer.partition(b"\r\n\r\n")
            assert b"application/problem+json" in head or status == 400, target
    old = f"{method} {USERS}/exists?id={user} HTTP/1.0\r\n" + "\r\n".join(with_token) + "\r\n\r\n"
    assert exchange(gateway.url, old.encode()).split(b" ")[1] == b"404"
    for header in ("X-HTTP-Method-Override: GET", "X-Original-URL: /api/v1/users/exists", "X-Rewrite-URL: /x"):
        status, _ = ask(gateway.url, f"{USERS}/exists?id={user}", *with_token, header, method=method)
        assert status == 404
    assert not await routes_reached(whole_system, request_id) & INTERNAL


async def test_internal_operations_work_without_the_gateway_and_are_logged(whole_system: System) -> None:
    request_id = uuid4().hex
    token = f"Authorization: Bearer {await service_token(whole_system.url('accounts'))}"
    for path in (f"{USERS}/exists?id={uuid4()}", f"{USERS}/{uuid4()}/exists"):
        status, _ = ask(whole_system.url("users"), path, token, f"X-Request-ID: {request_id}")
        assert status in {200, 404}
    assert await routes_reached(whole_system, request_id) >= INTERNAL


async def test_routes_each_path_to_its_service(gateway: GatewayProcess) -> None:
    ada, grace = [await new_person(gateway.url) for _ in range(2)]
    for person in (ada, grace):
        async with Caller(gateway.url, token=person.access_token) as caller:
            assert await caller.new_user() == person.id
    async with Caller(gateway.url, token=ada.access_token) as caller:
        assert (await caller.befriend(ada.id, grace.id)).status == 201
        assert (await caller.get(f"{USERS}/{ada.id}")).body["id"] == ada.id
        assert len((await caller.get(f"{USERS}/{ada.id}/friendships")).body["items"]) == 1
        assert (await caller.call("HEAD", USERS)).status == 200
        assert (await caller.get(f"{USERS}/nobody")).problem == "invalid-request", "the service must respond"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/", "/api/docs", "/api/openapi.json", "/health/live", "/health/ready", "/ping")),
        *((method, USERS) for method in ("DELETE", "PUT", "PATCH", "TRACE", "PROPFIND", "OPTIONS")),
        *(
            ("GET", path)
            for path in (f"{USERS}/", "/API/v1/users", "/api/v1/friendships", "/dashboard/", "/api/rawdata")
        ),
    ],
)
async def test_responds_404_to_everything_else(gateway: GatewayProcess, method: str, path: str) -> None:
    async with Caller(gateway.url) as caller:
        answer = await caller.call(method, path, headers={"X-Request-ID": "asked-by-us"})
    assert answer.problem == "not-found"
    assert answer.body == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing at this path for this method.",
        "instance": path,
        "request_id": "asked-by-us",
    }
    assert answer.headers["Cache-Control"] == "no-store"


async def test_passes_cors_preflights_to_the_service(gateway: GatewayProcess) -> None:
    async with Caller(gateway.url) as caller:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        answer = await caller.call("OPTIONS", USERS, headers=asked)
        assert answer.problem == "authentication-required", "the service must respond; CORS is off there"
        assert (await caller.call("OPTIONS", f"{USERS}/exists", headers=asked)).problem == "not-found"


async def test_responds_503_with_retry_after_if_a_service_is_down(
    gateway: GatewayProcess, whole_system: System, person: Person
) -> None:
    friends = whole_system.services["friends"]
    async with Caller(gateway.url, token=person.access_token) as caller:
        friends.stop()
        try:
            answer = await caller.befriend(person.id, str(uuid4()))
            assert answer.problem == "upstream-unavailable"
            assert answer.is_refusal()
            assert (await caller.get(USERS)).status == 200
        finally:
            friends.restart()

        async def is_back() -> bool:
            return (await caller.befriend(person.id, str(uuid4()))).status == 404

        await eventually(is_back)


async def test_serves_after_a_restart(gateway: GatewayProcess, person: Person) -> None:
    gateway.kill()
    gateway.restart()
    async with Caller(gateway.url, token=person.access_token) as caller:
        assert (await caller.post(USERS, somebody())).status == 201
    async with Caller(gateway.url) as caller:
        assert (await refresh(caller, person.refresh_token)).status == 200
