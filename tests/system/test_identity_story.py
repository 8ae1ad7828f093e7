"""What people do through the gateway: register, log in, create a profile, befriend, get refused, refresh, log out."""

from typing import Any

import aiohttp
import jwt
from callers import FRIENDSHIPS, USERS, Answer, Caller, somebody
from people import ACCOUNTS, REVOKE, SESSIONS, TOKEN, Person, log_out, new_person, refresh

from system.gateway_process import GatewayProcess
from system.running import System


def asks_for_a_token(answer: Answer) -> bool:
    """Return whether it is the response to a request without a token."""
    return (answer.status, answer.headers.get("WWW-Authenticate")) == (401, "Bearer")


async def test_person_creates_a_profile_and_befriends_another(gateway: GatewayProcess) -> None:
    ada, grace = await new_person(gateway.url), await new_person(gateway.url)
    async with Caller(gateway.url, token=grace.access_token) as caller:
        assert await caller.new_user() == grace.id
    async with Caller(gateway.url, token=ada.access_token) as caller:
        profile = await caller.post(USERS, somebody())
        assert (profile.status, profile.body["id"]) == (201, ada.id)
        assert profile.headers["Location"] == f"{USERS}/{ada.id}"
        friendship = await caller.post(FRIENDSHIPS, {"target_id": grace.id})
        assert friendship.status == 201
        assert friendship.body["initiator_id"] == ada.id
        assert (await caller.get(f"{FRIENDSHIPS}/{friendship.body['id']}")).body == friendship.body
        assert (await caller.get(f"{USERS}/{grace.id}/friendships")).body["items"] == [friendship.body]
        newest = (await caller.get(USERS, params={"limit": 2})).body["items"]
        assert [user["id"] for user in newest] == [grace.id, ada.id], "sorted by account, newest first"


async def test_refuses_requests_without_a_token(gateway: GatewayProcess, person: Person) -> None:
    async with Caller(gateway.url) as caller:
        for path in (USERS, f"{USERS}/{person.id}", f"{USERS}/{person.id}/friendships", f"{FRIENDSHIPS}/{person.id}"):
            assert asks_for_a_token(await caller.get(path)), path
        assert asks_for_a_token(await caller.post(USERS, somebody()))
        assert asks_for_a_token(await caller.befriend(person.id, person.id))
        change = {"current_password": person.password, "new_password": "of somebody else"}
        assert asks_for_a_token(await caller.call("PUT", f"{ACCOUNTS}/me/password", json=change))
    async with Caller(gateway.url, token=person.access_token) as caller:
        assert (await caller.get(f"{USERS}/{person.id}")).problem == "user-not-found", "nothing may be created"


async def test_refuses_to_act_for_another_person(gateway: GatewayProcess, person: Person) -> None:
    other = await new_person(gateway.url)
    async with Caller(gateway.url, token=other.access_token) as caller:
        await caller.new_user()
    async with Caller(gateway.url, token=person.access_token) as caller:
        await caller.new_user()
        second = await caller.post(USERS, somebody())
        assert (second.status, second.problem) == (409, "profile-exists")
        foreign = await caller.befriend(other.id, person.id)
        assert (foreign.status, foreign.problem) == (403, "not-the-initiator")
        assert (await caller.get(f"{USERS}/{person.id}/friendships")).body["items"] == []
        named = await caller.post(USERS, somebody(id=other.id))
        assert named.problem == "invalid-request", "only the token determines the owner of a profile"


async def test_refuses_a_refresh_after_logout(gateway: GatewayProcess, person: Person) -> None:
    async with Caller(gateway.url) as caller:
        next_tokens = (await refresh(caller, person.refresh_token)).body
        await log_out(caller, next_tokens["refresh_token"])
        for token in (next_tokens["refresh_token"], person.refresh_token):
            answer = await refresh(caller, token)
            assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
        unknown = {"username": person.username, "password": "of somebody else"}
        assert (await caller.post(SESSIONS, unknown)).problem == "wrong-credentials"


async def test_client_discovers_endpoints_from_the_issuer_url(gateway: GatewayProcess, person: Person) -> None:
    """RFC 8414, as an OAuth library does it: the issuer is in the tokens, the rest in its metadata."""
    claims = jwt.decode(person.access_token, options={"verify_signature": False})
    assert claims["iss"] == gateway.url
    async with aiohttp.ClientSession() as client:

        async def read(url: str) -> dict[str, Any]:
            async with client.get(url) as response:
                document: dict[str, Any] = await response.json()
                return document

        metadata = await read(f"{claims['iss']}/.well-known/oauth-authorization-server")
        assert await read(f"{claims['iss']}/.well-known/openid-configuration") == metadata
        keys = jwt.PyJWKSet.from_dict(await read(metadata["jwks_uri"]))
    assert metadata["issuer"] == gateway.url
    assert metadata["token_endpoint"] == gateway.url + TOKEN
    assert metadata["revocation_endpoint"] == gateway.url + REVOKE
    key = keys[jwt.get_unverified_header(person.access_token)["kid"]]
    verified = jwt.decode(person.access_token, key, ["ES256"], audience="allium", issuer=gateway.url)
    assert verified["sub"] == person.id


async def test_refuses_internal_operations_to_people_even_without_the_gateway(
    whole_system: System, person: Person
) -> None:
    async with Caller(whole_system.url("users"), token=person.access_token) as caller:
        for path in (f"{USERS}/exists?id={person.id}", f"{USERS}/{person.id}/exists"):
            answer = await caller.get(path)
            assert (answer.status, answer.problem) == (403, "insufficient-scope")
            assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="users:exists"'
