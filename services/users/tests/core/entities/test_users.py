"""The rules for usernames, names and birthdays."""

# ruff: noqa: RUF001 - similar letters of several scripts

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users_service.core.entities.users import (
    User,
    UsernameTaken,
    UserNotFound,
    check_birthday,
    clean_first_name,
    clean_second_name,
    clean_username,
)
from users_service.core.errors import InvalidValue

USER_ID = UUID(int=1)
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
TODAY = NOW.date()

usernames = st.from_regex(r"[A-Za-z0-9_.-]{4,20}", fullmatch=True)


def register(
    *, username: str = "ada_l", first_name: str = "Ada", second_name: str = "Lovelace", birthday: date = TODAY
) -> User:
    return User.register(
        user_id=USER_ID,
        username=username,
        first_name=first_name,
        second_name=second_name,
        birthday=birthday,
        created_at=NOW,
    )


def test_cleans_values() -> None:
    user = register(username=" Ada_L ", first_name=" Zoe\u0308", second_name="d’Arc\n")
    assert user == User(
        id=USER_ID,
        username="Ada_L",
        first_name="Zoë",
        second_name="d’Arc",
        birthday=TODAY,
        created_at=NOW,
    )


def test_refuses_an_invalid_username() -> None:
    with pytest.raises(InvalidValue, match="The username "):
        register(username="ada!")


def test_refuses_an_invalid_first_name() -> None:
    with pytest.raises(InvalidValue, match="The first name "):
        register(first_name="4da")


def test_refuses_an_invalid_second_name() -> None:
    with pytest.raises(InvalidValue, match="The second name "):
        register(second_name="")


def test_refuses_a_birthday_after_the_day_of_registration() -> None:
    with pytest.raises(InvalidValue, match="The birthday "):
        register(birthday=TODAY + timedelta(days=1))


@given(usernames)
def test_keeps_a_valid_username(username: str) -> None:
    assert clean_username(username) == username


@given(usernames)
def test_lower_case_of_a_username_is_unambiguous(username: str) -> None:
    assert username.upper().lower() == username.lower() == username.casefold()
    assert clean_username(username.lower()) == username.lower()


@pytest.mark.parametrize("username", ["", "abc", "  abc  ", "a" * 21])
def test_requires_4_to_20_characters_in_a_username(username: str) -> None:
    with pytest.raises(InvalidValue, match=r"^The username must have 4 to 20 characters\.$"):
        clean_username(username)


@pytest.mark.parametrize(
    "username",
    ["ada lovelace", "ädda", "аdmin", "ａｄｍｉｎ", "ada\u200dl", "ada@home", "ada/l", "٤٤٤٤"],
    ids=["space", "umlaut", "Cyrillic a", "full width", "joiner", "at sign", "slash", "Arabic digits"],
)
def test_refuses_other_characters_in_a_username(username: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        clean_username(username)
    assert str(caught.value) == "The username may contain only the letters a to z, digits, '_', '.' and '-'."


def test_checks_a_username_after_normalisation() -> None:
    """The Kelvin sign is canonically equivalent to the letter K."""
    assert clean_username("\u212aelvin") == "Kelvin"


@pytest.mark.parametrize(
    "name",
    [
        *("Ada", "O'Brien", "O’Brien", "Jean-Luc", "Smith‐Jones", "J. R. R.", "Gal·la", "ジャン・リュック"),
        *("Nguyễn", "Ḥusayn", "Łukasz", "İpek", "ʻIolani", "Ὀδυσσεύς", "Զարուհի", "Шевченко", "ქეთევან"),
        *("李", "山田", "김", "𠮷田", "ณัฐพงษ์", "कृष्ण", "ශ්\u200dරී", "علی\u200cرضا", "יִצְחָק", "X"),
    ],
)
def test_accepts_names_in_many_scripts(name: str) -> None:
    assert clean_first_name(name) == name
    assert clean_second_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["R2D2", "Ada!", "ada@home", "<b>Ada</b>", "Ada😀", "Ada_L", "Ada\u00a0L", "Ada\u00adL", "Ada\u200bL", "₳da"],
    ids=["digit", "mark", "at", "tags", "emoji", "underscore", "NBSP", "soft hyphen", "zero width space", "currency"],
)
def test_refuses_other_characters_in_a_name(name: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        clean_first_name(name)
    allowed = "letters, spaces, hyphens, apostrophes, periods and middle dots"
    assert str(caught.value) == f"The first name may contain only {allowed}."


@pytest.mark.parametrize("name", ["-", "...", "' '", "\u3164."], ids=["hyphen", "periods", "quotes", "filler"])
def test_requires_a_letter_in_a_name(name: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        clean_first_name(name)
    assert str(caught.value) == "The first name must contain at least one letter."


def test_limits_a_name_to_100_characters() -> None:
    assert clean_first_name("ü" * 100) == clean_first_name("u\u0308" * 100)
    with pytest.raises(InvalidValue, match="must have 1 to 100 characters"):
        clean_first_name("ü" * 101)


@given(st.text(max_size=110))
def test_cleaning_a_name_twice_equals_cleaning_it_once(value: str) -> None:
    try:
        name = clean_first_name(value)
    except InvalidValue:
        return
    assert clean_first_name(name) == name


@pytest.mark.parametrize("birthday", [date(1900, 1, 1), date(2000, 2, 29), TODAY])
def test_accepts_birthdays_from_1900_to_today(birthday: date) -> None:
    assert check_birthday(birthday, today=TODAY) == birthday


@pytest.mark.parametrize("birthday", [date(1899, 12, 31), TODAY + timedelta(days=1), date.min, date.max])
def test_refuses_birthdays_out_of_range(birthday: date) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_birthday(birthday, today=TODAY)
    assert str(caught.value) == "The birthday must be a day from 1900-01-01 to today."


def test_username_taken_error_does_not_repeat_the_username() -> None:
    error = UsernameTaken("<script>")
    assert error.username == "<script>"
    assert str(error) == "Another user has this username, ignoring case."


def test_names_a_missing_user_by_id() -> None:
    error = UserNotFound(USER_ID)
    assert error.user_id == USER_ID
    assert str(error) == f"No user has the ID {USER_ID}."
