"""The rules for usernames and passwords."""

# ruff: noqa: RUF001 - similar letters of several scripts

import pytest

from accounts_service.core.entities.accounts import check_password, clean_username, spelled_alike
from accounts_service.core.errors import InvalidValue


@pytest.mark.parametrize(("value", "username"), [("ada_l", "ada_l"), (" A.-9 ", "A.-9"), ("x" * 20, "x" * 20)])
def test_accepts_valid_usernames(value: str, username: str) -> None:
    assert clean_username(value) == username


@pytest.mark.parametrize("value", ["", "abc", "x" * 21, "ada l", "аdmin", "a\nbcd"])
def test_refuses_invalid_usernames(value: str) -> None:
    with pytest.raises(InvalidValue):
        clean_username(value)


@pytest.mark.parametrize("password", ["12345678", " " * 8, "x" * 128, "пароль12", "ü" * 128])
def test_accepts_passwords_unchanged(password: str) -> None:
    assert check_password(password, username="ada_l") == password


@pytest.mark.parametrize("password", ["", "1234567", "x" * 129, "x" * 10_000, "e\u0301" * 129, "u\u0308" * 7])
def test_refuses_passwords_that_are_too_short_or_too_long(password: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_password(password, username="ada_l", field="new_password")
    assert str(caught.value) == "The new password must have 8 to 128 characters."


def test_refuses_the_username_as_password() -> None:
    with pytest.raises(InvalidValue) as caught:
        check_password("Lovelace", username="loveLACE")
    assert str(caught.value) == "The password must not be the username."


def test_composes_unicode_letters() -> None:
    assert spelled_alike("Zoe\u0308") == "Zoë"
    assert spelled_alike("") is None
