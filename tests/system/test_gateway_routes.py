"""What the gateway publishes: each public operation, and nothing else in any spelling of its path."""

import json
from uuid import uuid4

import pytest
from callers import FRIENDSHIPS, USERS, Answer, Caller, eventually, logged_in, somebody
from raw_http import ask

from system.gateway_process import GatewayProcess
from system.running import System

INTERNAL = ("/api/v1/users/exists", "/api/v1/users/{user_id}/exists")
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
    ),
]


@pytest.fixture
async def allowed(gateway: GatewayProcess) -> str:
    """The header of a service that may use internal operations: nothing but the gateway keeps it from them."""
    secret = "only for development, as everybody knows this secret"
    form = {"grant_type": "client_credentials", "client_id": "friends", "client_secret": secret}
    async with Caller(gateway.url) as caller:
        answer = await caller.call("POST", "/oauth/token", data=form)
    return f"Authorization: Bearer {answer.body['access_token']}"


def internal_requests(system: System) -> int:
    """How many requests have reached an internal operation."""
    lines = system.services["users"].log.read_text().splitlines()
    return sum(json.loads(line).get("http.route") in INTERNAL for line in lines)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
async def test_internal_operations_are_unreachable_in_any_spelling(
    gateway: GatewayProcess, whole_system: System, person: Caller, allowed: str, method: str
) -> None:
    user = await person.new_user()
    before = internal_requests(whole_system)
    for prefix in (USERS, f"{USERS}/{user}"):
        for spelling in SPELLINGS:
            target = spelling.format(prefix=prefix)
            target += f"{'&' if '?' in target else '?'}id={user}"
            status, answer = ask(gateway.url, target, allowed, "Access-Control-Request-Method: GET", method=method)
            assert 400 <= status < 500, target
            assert b"existing" not in answer, target
            head, _, _ = answer.partition(b"\r\n\r\n")
            assert b"application/problem+json" in head or status == 400, target
    for headers in (["X-HTTP-Method-Override: GET"], ["X-Original-URL: /api/v1/users/exists"], ["X-Rewrite-URL: /x"]):
        status, _ = ask(gateway.url, f"{USERS}/exists?id={user}", allowed, *headers, method=method)
        assert status == 404
    assert internal_requests(whole_system) == before


def test_the_log_would_show_an_internal_request(whole_system: System, allowed: str) -> None:
    before = internal_requests(whole_system)
    status, _ = ask(whole_system.url("users"), f"{USERS}/exists?id={uuid4()}", allowed)
    assert status == 200
    assert internal_requests(whole_system) == before + 1


async def test_a_person_may_not_use_internal_operations_inside_of_the_network(
    whole_system: System, person: Caller
) -> None:
    status, answer = ask(
        whole_system.url("users"), f"{USERS}/exists?id={uuid4()}", f"Authorization: Bearer {person.token}"
    )
    assert status == 403
    assert b"/problems/insufficient-scope" in answer


async def test_both_services_are_reached_by_their_own_paths(gateway: GatewayProcess, person: Caller) -> None:
    async with logged_in(gateway.url) as other:
        ada, grace = await person.new_user(), await other.new_user()
    assert (await person.befriend(ada, grace)).status == 201
    assert (await person.get(f"{USERS}/{ada}")).body["id"] == ada
    assert len((await person.get(f"{USERS}/{ada}/friendships")).body["items"]) == 1
    assert (await person.call("HEAD", USERS)).status == 200
    assert (await person.get(f"{USERS}/nobody")).problem == "invalid-request", "of the service"


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
async def test_whatever_else_is_a_404_of_the_gateway(gateway: GatewayProcess, method: str, path: str) -> None:
    async with Caller(gateway.url) as caller:
        answer = await caller.call(method, path, headers={"X-Request-ID": "asked-by-us"})
    assert answer.problem == "not-found"
    assert answer.body == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "Nothing is published at this path for this method.",
        "instance": path,
        "request_id": "asked-by-us",
    }
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_browsers_question_about_another_origin_reaches_the_service(gateway: GatewayProcess) -> None:
    async with Caller(gateway.url) as caller:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        answer = await caller.call("OPTIONS", USERS, headers=asked)
        assert answer.problem == "authentication-required", "as the service says where CORS is off"
        assert (await caller.call("OPTIONS", f"{USERS}/exists", headers=asked)).problem == "not-found"


async def test_a_service_that_is_not_there_is_a_503_that_asks_to_come_again(
    whole_system: System, person: Caller
) -> None:
    async def befriend_a_stranger() -> Answer:
        return await person.post(FRIENDSHIPS, {"target_id": str(uuid4())})

    whole_system.services["friends"].stop()
    try:
        answer = await befriend_a_stranger()
        assert answer.problem == "upstream-unavailable"
        assert answer.is_refusal()
        assert (await person.get(USERS)).status == 200
    finally:
        whole_system.services["friends"].restart()

    async def is_back() -> bool:
        return (await befriend_a_stranger()).status == 404

    await eventually(is_back)


async def test_a_restarted_gateway_serves_on(gateway: GatewayProcess) -> None:
    gateway.kill()
    gateway.restart()
    async with logged_in(gateway.url) as caller:
        assert (await caller.post(USERS, somebody())).status == 201
