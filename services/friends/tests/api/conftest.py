"""The service under test asks a stub of the users service."""

from collections.abc import AsyncIterator

import pytest

from friends_service.settings import Settings

from ..infrastructure.clients.users_stub import UsersStub, asking, running_stub


@pytest.fixture(scope="module")
async def running_users() -> AsyncIterator[UsersStub]:
    """The users service of a test module."""
    async with running_stub() as users:
        yield users


@pytest.fixture
def users(running_users: UsersStub) -> UsersStub:
    """The users service, which was not asked anything yet."""
    running_users.calls.clear()
    return running_users


@pytest.fixture(scope="module")
def settings(settings: Settings, running_users: UsersStub) -> Settings:
    """The settings under test, pointing to the stub."""
    return asking(running_users, settings)
