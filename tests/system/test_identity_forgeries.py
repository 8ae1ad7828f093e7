"""Forged tokens are refused by all services through the gateway.

The private keys of accounts stay where they are. Wrong claims are signed with an additional key in its database:
accounts publishes it and all services trust it, so that only the claims can be refused.
"""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from callers import FRIENDSHIPS, USERS, Caller, eventually
from databases import database_of
from forgeries import FORGED, WRONGLY_CLAIMED, Forge
from issuer import Issuer
from people import ACCOUNTS, Person
from raw_http import ask

from system.gateway_process import GatewayProcess
from system.running import System

INVALID = 'Bearer error="invalid_token"'
FLOOD = 60


class Operations:
    """One protected operation of each service."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def problems(self, token: str) -> list[tuple[str, str]]:
        """Return how each service responds to a token: problem type and challenge."""
        change = {"current_password": "of somebody else", "new_password": "of somebody else as well"}
        async with Caller(self._url, token=token) as caller:
            answers = [
                await caller.get(USERS),
                await caller.get(f"{FRIENDSHIPS}/{uuid4()}"),
                await caller.call("PUT", f"{ACCOUNTS}/me/password", json=change),
            ]
        assert not any(token and token in json.dumps(answer.body) for answer in answers)
        return [(answer.problem, answer.headers.get("WWW-Authenticate", "")) for answer in answers]


@pytest.fixture
def operations(gateway: GatewayProcess) -> Operations:
    """Yield the operations to which tokens are sent."""
    return Operations(gateway.url)


@pytest.fixture(scope="module")
def trusted(whole_system: System) -> Iterator[Issuer]:
    """Yield the owner of a key that accounts publishes as its next one and never signs with."""
    assert whole_system.gateway
    issuer = Issuer(whole_system.gateway.url)
    asyncio.run(_publish(whole_system, issuer))
    yield issuer
    asyncio.run(_withdraw(whole_system, issuer))


async def _publish(system: System, issuer: Issuer) -> None:
    accounts = system.services["accounts"]
    async with database_of(accounts) as connection:
        await connection.execute(
            "INSERT INTO signing_keys VALUES ($1, $2, '', now() + interval '1 year')",
            issuer.key_id,
            json.dumps(issuer.keys["keys"][0]),
        )
    accounts.restart()  # restarted to read its keys

    async def is_trusted() -> bool:
        problems = [problem for problem, _ in await Operations(issuer.url).problems(issuer.token())]
        return not {"invalid-token", "upstream-unavailable", "issuer-unavailable"} & set(problems)

    await eventually(is_trusted)


async def _withdraw(system: System, issuer: Issuer) -> None:
    async with database_of(system.services["accounts"]) as connection:
        await connection.execute("DELETE FROM signing_keys WHERE id = $1", issuer.key_id)


async def test_accepts_a_valid_token_of_the_additional_key(operations: Operations, trusted: Issuer) -> None:
    for changes in ({}, {"aud": ["shop", "allium"]}, {"header": {"typ": "application/at+jwt"}}):
        answers = await operations.problems(trusted.token(**changes))
        assert [problem for problem, _ in answers][:2] == ["", "friendship-not-found"], changes


@pytest.mark.parametrize("forge", [pytest.param(forge, id=name) for name, forge in WRONGLY_CLAIMED.items()])
async def test_refuses_wrong_claims(operations: Operations, trusted: Issuer, forge: Forge) -> None:
    assert await operations.problems(forge(trusted)) == [("invalid-token", INVALID)] * 3


@pytest.mark.parametrize("forge", [pytest.param(forge, id=name) for name, forge in FORGED.items()])
async def test_refuses_forged_tokens(operations: Operations, trusted: Issuer, forge: Forge) -> None:
    assert await operations.problems(forge(trusted)) == [("invalid-token", INVALID)] * 3


async def test_does_not_fetch_keys_from_a_url_in_the_token(operations: Operations, trusted: Issuer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/keys"
        for header in ({"jku": url}, {"jku": url, "kid": "elsewhere"}, {"x5u": url}, {"kid": url}):
            await operations.problems(trusted.token(header=header))
        elsewhere.setblocking(False)  # noqa: FBT003 - a method of sockets
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def jwks_requests(system: System) -> int:
    """Return how often the services have fetched keys."""
    lines = map(json.loads, system.services["accounts"].log.read_text(encoding="utf-8").splitlines())
    return sum(line.get("http.route") == "/oauth/jwks" for line in lines)


async def test_fetches_keys_once_for_many_unknown_key_ids(
    gateway: GatewayProcess, whole_system: System, person: Person
) -> None:
    issuer = Issuer(gateway.url)
    whole_system.services["users"].restart()  # which has fetched keys, but has not looked for new ones

    async with Caller(gateway.url) as caller:

        async def is_served() -> bool:
            return (await caller.get(USERS, headers=person.bearer)).status == 200

        await eventually(is_served)
        before = jwks_requests(whole_system)

        async def forged(number: int) -> str:
            token = issuer.token(header={"kid": f"unknown-{number}"})
            return (await caller.get(USERS, headers={"Authorization": f"Bearer {token}"})).problem

        assert set(await asyncio.gather(*map(forged, range(FLOOD)))) == {"invalid-token"}
        assert {await forged(FLOOD + number) for number in range(5)} == {"invalid-token"}
        assert await is_served()
        await asyncio.sleep(0.5)  # until the log has all lines
        assert jwks_requests(whole_system) == before + 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", USERS), ("GET", f"{FRIENDSHIPS}/{uuid4()}"), ("PUT", f"{ACCOUNTS}/me/password")],
    ids=["users", "friends", "accounts"],
)
async def test_accepts_a_token_only_in_one_authorization_header(
    gateway: GatewayProcess, trusted: Issuer, method: str, path: str
) -> None:
    token, other = trusted.token(), trusted.token()
    good, forged = f"Authorization: Bearer {token}", "Authorization: Bearer forged"
    cases = {
        400: [
            (path, good, good),
            (path, good, forged),
            (path, forged, good),
            (path, good, "Authorization: Basic YTpi"),
            (path, good, "authorization:"),
            (f"{path}?access_token={token}",),
            (f"{path}?limit=1&access_token={other}", good),
            (f"{path}?access_token=", good),
        ],
        401: [
            (path, "Authorization: Bearer"),
            (path, f"Authorization: {token}"),
            (path, f"Authorization: Basic {token}"),
            (path, f"Authorization: DPoP {token}"),
            (path, f"X-Authorization: Bearer {token}"),
            (path, f"Proxy-Authorization: Bearer {token}"),
            (path, f"X-Forwarded-Access-Token: {token}"),
            (path, f"Authorization_: Bearer {token}"),
            (path, f"Cookie: access_token={token}; Authorization=Bearer {token}"),
            (f"{path}?token={token}",),
            (f"{path}?%61ccess_token={token}",),
        ],
    }
    for expected, requests in cases.items():
        for target, *headers in requests:
            status, answer = ask(gateway.url, target, *headers, method=method)
            assert status == expected, (target, headers)
            assert b"\r\nwww-authenticate: bearer" in answer.lower()
            assert token.encode() not in answer
            assert other.encode() not in answer


async def test_allows_a_small_clock_skew(operations: Operations, trusted: Issuer) -> None:
    now = int(time.time())
    answers = await operations.problems(trusted.token(exp=now - 5, iat=now - 600))
    assert [problem for problem, _ in answers][:2] == ["", "friendship-not-found"]
