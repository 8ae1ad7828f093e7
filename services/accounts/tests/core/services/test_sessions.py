"""The use cases of sessions, with in-memory repositories."""

from dataclasses import replace

import pytest

from accounts_service.core.cryptography.passwords import HashingBusy
from accounts_service.core.entities.accounts import Account, WrongCredentials
from accounts_service.core.entities.attempts import TooManyAttempts
from accounts_service.core.entities.sessions import SessionEnded
from accounts_service.core.entities.signing_keys import NoSigningKey
from accounts_service.core.entities.tokens import Grant

from .conftest import World

PASSWORD = "analytical engine"
HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
async def ada(world: World) -> Account:
    return await world.accounts.register(username="ada_l", password="analytical engine", address="192.0.2.1")


async def log_in(world: World, password: str = PASSWORD, address: str = HOME) -> Grant:
    return await world.sessions.log_in(username="Ada_L", password=password, address=address)


async def test_logs_in(world: World, ada: Account) -> None:
    grant = await log_in(world)
    assert grant.access_token == f"key 1|{ada.id}|accounts|"
    assert grant.refresh_token


@pytest.mark.parametrize("password", ["", "wrong", "x" * 10_000])
async def test_refuses_a_wrong_password(world: World, ada: Account, password: str) -> None:
    with pytest.raises(WrongCredentials):
        await log_in(world, password)
    assert world.passwords.asked == [ada.password_hash]


async def test_verifies_a_password_even_for_an_unknown_username(world: World) -> None:
    with pytest.raises(WrongCredentials) as caught:
        await log_in(world)
    assert world.passwords.asked == [None]
    assert str(caught.value) == "The username or the password is wrong."


async def test_rehashes_an_outdated_hash(world: World, ada: Account) -> None:
    world.passwords.prefix = "better:"
    await log_in(world)
    assert world.repository.accounts[ada.id].password_hash == "better:analytical engine"


async def test_starts_no_session_if_the_password_changes_during_login(world: World, ada: Account) -> None:
    named = world.repository.named

    async def named_and_changed(username: str) -> Account | None:
        found = await named(username)
        world.repository.accounts[ada.id] = replace(ada, password_version=2)
        return found

    world.repository.named = named_and_changed  # type: ignore[method-assign]  # in between
    with pytest.raises(WrongCredentials):
        await log_in(world)


@pytest.mark.usefixtures("ada")
async def test_does_not_count_attempts_that_were_not_verified(world: World) -> None:
    world.passwords.busy = True
    for _ in range(10):
        with pytest.raises(HashingBusy, match="try again"):
            await log_in(world)
    world.passwords.busy = False
    assert (await log_in(world)).refresh_token


@pytest.mark.usefixtures("ada")
async def test_limits_wrong_passwords(world: World) -> None:
    for _ in range(3):
        with pytest.raises(WrongCredentials):
            await log_in(world, "wrong")
    with pytest.raises(TooManyAttempts) as caught:
        await log_in(world)
    assert caught.value.seconds == 300
    assert "wait" in str(caught.value)
    assert (await log_in(world, address=ELSEWHERE)).refresh_token
    world.clock.passes(seconds=301)
    assert (await log_in(world)).refresh_token


@pytest.mark.usefixtures("ada")
async def test_guesses_from_other_addresses_do_not_lock_out_a_known_address(world: World) -> None:
    await log_in(world)
    for number in range(4):
        with pytest.raises(WrongCredentials):
            await log_in(world, "wrong", address=f"198.51.100.{number}")
    with pytest.raises(TooManyAttempts):
        await log_in(world, address=ELSEWHERE)
    assert (await log_in(world)).refresh_token


@pytest.mark.usefixtures("ada")
async def test_refreshes_a_session(world: World) -> None:
    token = (await log_in(world)).refresh_token
    for _ in range(5):
        world.clock.passes(days=5)
        grant = await world.sessions.refresh(token or "")
        assert grant.refresh_token != token
        token = grant.refresh_token
    world.clock.passes(days=5)
    with pytest.raises(SessionEnded):
        await world.sessions.refresh(token or "")


@pytest.mark.usefixtures("ada")
async def test_repeats_the_next_token_within_the_grace_period(world: World) -> None:
    token = (await log_in(world)).refresh_token or ""
    first = await world.sessions.refresh(token)
    world.clock.passes(seconds=9)
    assert (await world.sessions.refresh(token)).refresh_token == first.refresh_token


async def test_reuse_after_the_grace_period_ends_the_session(
    world: World, ada: Account, caplog: pytest.LogCaptureFixture
) -> None:
    token = (await log_in(world)).refresh_token or ""
    first = await world.sessions.refresh(token)
    world.clock.passes(seconds=10)
    for used in (token, first.refresh_token or ""):
        with pytest.raises(SessionEnded) as caught:
            await world.sessions.refresh(used)
        assert str(caught.value) == "The refresh token is not valid; log in again."
    assert f"account {ada.id}" in caplog.text
    assert not world.sessions_kept.sessions


@pytest.mark.usefixtures("ada")
async def test_an_invalid_token_ends_no_session(world: World) -> None:
    token = (await log_in(world)).refresh_token or ""
    with pytest.raises(SessionEnded):
        await world.sessions.refresh("x")
    await world.sessions.log_out("x")
    assert (await world.sessions.refresh(token)).refresh_token


@pytest.mark.usefixtures("ada")
async def test_logs_out(world: World) -> None:
    token = (await log_in(world)).refresh_token or ""
    await world.sessions.log_out(token)
    with pytest.raises(SessionEnded):
        await world.sessions.refresh(token)


@pytest.mark.usefixtures("ada")
async def test_keeps_the_refresh_token_if_no_token_can_be_signed(world: World) -> None:
    token = (await log_in(world)).refresh_token or ""
    world.signer.is_locked = True
    with pytest.raises(NoSigningKey):
        await world.sessions.refresh(token)
    world.signer.is_locked = False
    world.clock.passes(hours=1)
    assert (await world.sessions.refresh(token)).refresh_token
