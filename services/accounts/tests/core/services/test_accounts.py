"""The use cases of accounts, with in-memory repositories."""

from dataclasses import replace
from uuid import UUID

import pytest

from accounts_service.core.entities.accounts import Account, UsernameTaken, WrongPassword
from accounts_service.core.entities.attempts import TooManyAttempts
from accounts_service.core.errors import InvalidValue

from ..repositories.accounts import NOW
from .conftest import World

HOME = "192.0.2.1"


@pytest.fixture
async def ada(world: World) -> Account:
    return await world.accounts.register(username=" ada_l ", password="analytical engine", address=HOME)


async def change(world: World, account_id: UUID, *, current: str, new: str = "difference engine") -> None:
    await world.accounts.change_password(account_id, current_password=current, new_password=new, address=HOME)


async def test_registers_an_account(world: World, ada: Account) -> None:
    assert (ada.username, ada.created_at, ada.password_version) == ("ada_l", NOW, 1)
    assert world.repository.accounts == {ada.id: ada}


@pytest.mark.usefixtures("ada")
async def test_refuses_a_taken_username_ignoring_case(world: World) -> None:
    with pytest.raises(UsernameTaken) as caught:
        await world.accounts.register(username="ADA_L", password="analytical engine", address=HOME)
    assert "ignoring case" in str(caught.value)


async def test_limits_registrations_per_address(world: World) -> None:
    for number in range(5):
        await world.accounts.register(username=f"ada_{number}", password="analytical engine", address=HOME)
    with pytest.raises(TooManyAttempts):
        await world.accounts.register(username="ada_l", password="analytical engine", address=HOME)
    await world.accounts.register(username="ada_l", password="analytical engine", address="192.0.2.2")
    assert len(world.repository.accounts) == 6


@pytest.mark.parametrize(
    ("username", "password"), [("ada", "analytical engine"), ("ada_l", "short"), ("babbages", "Babbages")]
)
async def test_stores_nothing_invalid(world: World, username: str, password: str) -> None:
    with pytest.raises(InvalidValue):
        await world.accounts.register(username=username, password=password, address=HOME)
    assert not world.repository.accounts


async def test_changes_a_password_and_ends_the_sessions(world: World, ada: Account) -> None:
    await change(world, ada.id, current="analytical engine")
    assert world.repository.accounts[ada.id].password_hash == "plain:difference engine"
    assert world.repository.ended == [ada.id]


async def test_changes_nothing_without_the_current_password(world: World, ada: Account) -> None:
    for _ in range(3):
        with pytest.raises(WrongPassword, match="current password is wrong"):
            await change(world, ada.id, current="wrong")
    with pytest.raises(TooManyAttempts):
        await change(world, ada.id, current="analytical engine")
    assert world.repository.accounts == {ada.id: ada}


async def test_changes_nothing_for_an_unknown_account(world: World) -> None:
    with pytest.raises(WrongPassword):
        await change(world, UUID(int=999), current="analytical engine")


async def test_refuses_an_invalid_new_password(world: World, ada: Account) -> None:
    with pytest.raises(InvalidValue) as caught:
        await change(world, ada.id, current="analytical engine", new="short")
    assert caught.value.field == "new_password"


async def test_concurrent_changes_succeed_once(world: World, ada: Account) -> None:
    get = world.repository.get

    async def get_and_change(account_id: UUID) -> Account | None:
        found = await get(account_id)
        world.repository.accounts[ada.id] = replace(ada, password_version=2)
        return found

    world.repository.get = get_and_change  # type: ignore[method-assign]  # in between
    with pytest.raises(WrongPassword):
        await change(world, ada.id, current="analytical engine")
