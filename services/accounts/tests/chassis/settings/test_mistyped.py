"""Warnings about variables that are probably mistyped."""

import pytest

from chassis.settings.mistyped import mistyped

from ..sample_service.settings import Settings

MEANT = "DATABASE_POOL_SIZE"


@pytest.mark.parametrize(
    "name",
    ["DATABSE_POOL_SIZE", "DATABASE_POOL_SIZES", "DATABASE_POOL_SIYE", "DATABASE_POLO_SIZE", "ATABASE_POOL_SIZE"],
)
def test_finds_names_with_one_typing_error(name: str) -> None:
    assert list(mistyped(Settings, ["PATH", name])) == [(name, MEANT)]


@pytest.mark.parametrize(
    "given",
    [
        [MEANT],
        ["database_pool_size"],
        ["DATABSE_POOL_SIZE", MEANT],
        ["DATABASE_SIZE"],
        ["PORTS", "HOSTS"],
        ["USERS_PORT", "POSTGRES_PORT_5432_TCP", "POSTGRES_SERVICE_PORT"],
        ["MY_POSTGRES_HOST"],
    ],
    ids=str,
)
def test_ignores_known_and_unrelated_names(given: list[str]) -> None:
    assert list(mistyped(Settings, given)) == []
