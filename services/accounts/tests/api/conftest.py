"""Timeouts of the service under test for a busy machine."""

import pytest

from accounts_service.settings import Settings


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"password_hashing_wait": 60.0, "registrations_per_address": 100_000})
