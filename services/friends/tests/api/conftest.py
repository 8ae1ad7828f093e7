"""The service under test asks a stub of the users service."""

from collections.abc import AsyncIterator

import pytest
from pydantic import HttpUrl

from friends_service.settings import Settings

from .users_stub import UsersStub


@pytest.fixture(scope="module")
async def running_users() -> AsyncIterator[UsersStub]:
    """The users service of a test module."""
    users = UsersStub()
    await users.start()
    yield users
    await users.stop()


@pytest.fixture
def users(running_users: UsersStub) -> UsersStub:
    """The users service, which was not asked anything yet."""
    running_users.calls.clear()
    return running_users


@pytest.fixture(scope="module")
def settings(settings: Settings, running_users: UsersStub) -> Settings:
    """The settings under test, pointing to the stub, of which a busy machine may need more patience than usual."""
    patience = {"http_client_connect_timeout": 20.0, "http_client_total_timeout": 20.0, "http_client_wait": 20.0}
    return settings.model_copy(update={"users_service_url": HttpUrl(running_users.url), **patience})
