"""With authentication a profile belongs to the account whose token was sent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import asyncpg
import pytest

from chassis.ids import new_id

from ..chassis.authentication.issuer import Issuer, running_issuer
from .calls import NOBODY, PATH, new_user, problem


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as issuer:
        yield issuer


async def test_profile_has_the_id_of_the_account(client: aiohttp.ClientSession, issuer: Issuer) -> None:
    account = str(new_id())
    async with client.post(PATH, json=new_user(), headers=issuer.bearer(sub=account)) as response:
        assert (response.status, (await response.json())["id"]) == (201, account)
        assert response.headers["Location"] == f"{PATH}/{account}"


async def test_refuses_a_second_profile_of_an_account(
    client: aiohttp.ClientSession, issuer: Issuer, connection: asyncpg.Connection
) -> None:
    account = str(new_id())
    bearer = issuer.bearer(sub=account)
    first = new_user()
    async with client.post(PATH, json=first, headers=bearer):
        pass
    for second in (new_user(), first):
        async with client.post(PATH, json=second, headers=bearer) as response:
            await problem(response, 409, "profile-exists")
    kept = await connection.fetch("SELECT username FROM users WHERE id = $1", account)
    assert [row["username"] for row in kept] == [first["username"]]


async def test_concurrent_registrations_of_an_account_succeed_once(
    client: aiohttp.ClientSession, issuer: Issuer
) -> None:
    bearer = issuer.bearer(sub=str(new_id()))

    async def register() -> int:
        async with client.post(PATH, json=new_user(), headers=bearer) as response:
            return response.status

    assert Counter(await asyncio.gather(*(register() for _ in range(10)))) == {201: 1, 409: 9}


async def test_keeps_usernames_unique_across_accounts(client: aiohttp.ClientSession) -> None:
    user = new_user()
    async with client.post(PATH, json=user):
        pass
    async with client.post(PATH, json=user) as response:
        await problem(response, 409, "username-taken")


async def test_refuses_a_profile_of_a_client(client: aiohttp.ClientSession, issuer: Issuer) -> None:
    async with client.post(PATH, json=new_user(), headers=issuer.bearer(sub="friends")) as response:
        await problem(response, 403, "not-an-account")


ACCOUNT = "019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d"


@pytest.mark.parametrize(
    "subject",
    [
        ACCOUNT.upper(),
        f"{{{ACCOUNT}}}",
        f"urn:uuid:{ACCOUNT}",
        ACCOUNT.replace("-", ""),
        f"0_1{ACCOUNT[3:]}",
        f"+{ACCOUNT[1:]}",
        ACCOUNT.replace("1", "\u0661"),  # ARABIC-INDIC DIGIT ONE
    ],
)
async def test_refuses_account_ids_in_other_spellings(
    client: aiohttp.ClientSession, issuer: Issuer, subject: str
) -> None:
    async with client.post(PATH, json=new_user(), headers=issuer.bearer(sub=subject)) as response:
        await problem(response, 403, "not-an-account")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/{NOBODY}", f"{PATH}/exists"])
async def test_requires_a_token(base_url: str, method: str, path: str) -> None:
    async with aiohttp.ClientSession(base_url) as stranger, stranger.request(method, path) as response:
        await problem(response, 401, "authentication-required")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", [f"{PATH}/exists?id={NOBODY}", f"{PATH}/{NOBODY}/exists"])
async def test_lets_only_services_check_existence(client: aiohttp.ClientSession, issuer: Issuer, path: str) -> None:
    for scope in ("", "users:exist", "openid users"):
        async with client.get(path, headers=issuer.bearer(scope=scope)) as response:
            refusal = await problem(response, 403, "insufficient-scope")
            assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="users:exists"'
            assert NOBODY not in refusal["detail"]
    async with client.get(path, headers=issuer.bearer(sub="friends", scope="read users:exists")) as response:
        assert response.status in {200, 404}


async def test_documents_required_scopes(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        paths = (await response.json())["paths"]
    needed = {
        (path, method): operation.get("security", [])
        for path, operations in paths.items()
        for method, operation in operations.items()
        if path.startswith(PATH)
    }
    for_services = {path for (path, _), security in needed.items() if security == [{"bearer": ["users:exists"]}]}
    assert for_services == {f"{PATH}/exists", PATH + "/{user_id}/exists"}
    assert all(security for security in needed.values())
