"""The rules for usernames and passwords."""

# ruff: noqa: RUF001 - letters of other scripts look like ours

import pytest

from accounts_service.core.entities.accounts import check_password, clean_username, spelled_alike
from accounts_service.core.errors import InvalidValue


@pytest.mark.parametrize(("value", "username"), [("ada_l", "ada_l"), (" A.-9 ", "A.-9"), ("x" * 20, "x" * 20)])
def test_takes_usernames(value: str, username: str) -> None:
    assert clean_username(value) == username


@pytest.mark.parametrize("value", ["", "abc", "x" * 21, "ada l", "аdmin", "a\nbcd"])
def test_refuses_other_usernames(value: str) -> None:
    with pytest.raises(InvalidValue):
        clean_username(value)


@pytest.mark.parametrize("password", ["12345678", " " * 8, "x" * 128, "пароль12", "ü" * 128])
def test_takes_passwords_as_they_are(password: str) -> None:
    assert check_password(password, username="ada_l") == password


@pytest.mark.parametrize("password", ["", "1234567", "x" * 129, "x" * 10_000, "e\u0301" * 129, "u\u0308" * 7])
def test_refuses_what_is_too_short_or_too_long(password: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_password(password, username="ada_l", field="new_password")
    assert str(caught.value) == "The new password must have 8 to 128 characters."


def test_refuses_the_username() -> None:
    with pytest.raises(InvalidValue) as caught:
        check_password("Lovelace", username="loveLACE")
    assert str(caught.value) == "The password must not be the username."


def test_composes_letters() -> None:
    assert spelled_alike("Zoe\u0308") == "Zoë"
    assert spelled_alike("") is None
