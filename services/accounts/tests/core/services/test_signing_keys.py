"""The use cases of keys and tokens, with in-memory repositories."""

import hashlib

import pytest

from accounts_service.core.entities.clients import Client, ScopeRefused, UnknownClient
from accounts_service.core.entities.signing_keys import NoSigningKey
from accounts_service.core.services.clients import Clients

from .conftest import World


async def test_creates_the_first_key_on_demand(world: World) -> None:
    assert (await world.keys.signing()).id == "key 1"
    assert [key.id for key in await world.keys.published()] == ["key 1"]


async def test_publishes_a_new_key_before_it_signs(world: World) -> None:
    await world.keys.signing()
    assert (await world.keys.rotate()).id == "key 2"
    assert (await world.keys.rotate()).id == "key 2"
    assert (await world.keys.signing()).id == "key 1"
    assert [key.id for key in await world.keys.published()] == ["key 1", "key 2"]
    world.clock.passes(minutes=5)
    assert (await world.keys.signing()).id == "key 2"
    world.clock.passes(minutes=12)
    assert [key.id for key in await world.keys.published()] == ["key 2"]
    assert (await world.keys.rotate()).id == "key 3"


async def test_rotation_creates_the_first_key(world: World) -> None:
    await world.keys.rotate()
    assert (await world.keys.signing()).id == "key 1"


async def test_replaces_a_stolen_key_at_once(world: World) -> None:
    await world.keys.signing()
    await world.keys.rotate()
    assert (await world.keys.replace()).id == "key 3"
    assert [key.id for key in await world.keys.published()] == ["key 3"]


async def test_does_not_sign_with_a_future_key(world: World) -> None:
    await world.keys.signing()
    world.clock.passes(days=-1)
    with pytest.raises(NoSigningKey):
        await world.keys.signing()


async def test_issues_a_client_token_with_allowed_scopes(world: World) -> None:
    secret = hashlib.sha256(b"secret").digest()
    clients = Clients([Client(id="friends", secret_sha256=secret, scopes=frozenset({"a", "b"}))], tokens=world.tokens)
    friends = clients.authenticated("friends", "secret")
    assert (await clients.grant(friends, None)).access_token == "key 1|friends|friends|a b"
    assert (await clients.grant(friends, frozenset({"b"}))).scopes == {"b"}
    with pytest.raises(ScopeRefused) as refused:
        await clients.grant(friends, frozenset({"b", "c"}))
    assert str(refused.value) == "The client does not have this scope."
    for client_id, guess in (("friends", "wrong"), ("nobody", "secret"), ("", "")):
        with pytest.raises(UnknownClient, match="unknown or its secret is wrong"):
            clients.authenticated(client_id, guess)
