"""Account: each new one keeps the rules."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from accounts_service.core.entities import accounts as entities
from accounts_service.core.errors import InvalidValue

SOME_ID = UUID(int=1)
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def create(name: str) -> entities.Account:
    return entities.Account.create(new_id=SOME_ID, name=name, created_at=NOW)


def test_is_created_with_a_cleaned_name() -> None:
    created = create(" Cafe\u0301\n")
    assert (created.id, created.name, created.created_at) == (SOME_ID, "Café", NOW)


def test_a_name_has_up_to_100_characters() -> None:
    assert create("x" * 100).name == "x" * 100
    with pytest.raises(InvalidValue, match="The name must have 1 to 100 characters"):
        create("x" * 101)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "a\x00b", "a\ud800b"])
def test_refuses_a_bad_name(name: str) -> None:
    with pytest.raises(InvalidValue, match="The name must "):
        create(name)


def test_what_is_missing_is_named_by_id() -> None:
    error = entities.AccountNotFound(SOME_ID)
    assert error.wanted_id == SOME_ID
    assert str(error) == f"No account has the id {SOME_ID}."
