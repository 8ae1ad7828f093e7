"""A user: the entity, its rules and its errors."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Self
from uuid import UUID

from ..errors import InvalidValue
from .text import clean, is_visible

USERNAME_MIN: Final = 4
USERNAME_MAX: Final = 20
NAME_MAX: Final = 100
BIRTHDAY_MIN: Final = date(1900, 1, 1)

_USERNAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
# Space, hyphen and U+2010, typewriter and typographic apostrophe, period, middle dots (Catalan, Chinese; Japanese).
_NAME_SIGNS: Final = frozenset(" -\u2010'\u2019.\u00b7\u30fb")
_JOINERS: Final = frozenset("\u200c\u200d")


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person. Use `register` for a new one: the constructor checks nothing, for values from the database."""

    id: UUID
    username: str
    first_name: str
    second_name: str
    birthday: date
    created_at: datetime
    """In UTC."""

    @classmethod
    def register(
        cls,
        *,
        user_id: UUID,
        username: str,
        first_name: str,
        second_name: str,
        birthday: date,
        created_at: datetime,
    ) -> Self:
        """Return a new user. Raises InvalidValue for the first broken rule."""
        return cls(
            id=user_id,
            username=clean_username(username),
            first_name=clean_first_name(first_name),
            second_name=clean_second_name(second_name),
            birthday=check_birthday(birthday, today=created_at.date()),
            created_at=created_at,
        )


class ProfileExists(Exception):
    """The caller already has a profile."""

    def __str__(self) -> str:
        return "You already have a user profile; an account has only one."


class UsernameTaken(Exception):
    """Another user has this username, or one that differs only in case."""

    def __init__(self, username: str) -> None:
        self.username = username

    def __str__(self) -> str:
        return "Another user has this username, ignoring case."


class UserNotFound(Exception):
    """No user has this ID."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id

    def __str__(self) -> str:
        return f"No user has the ID {self.user_id}."


def clean_username(value: str) -> str:
    """Return the trimmed username, in its case. Raises InvalidValue unless it is 4 to 20 of `A-Za-z0-9_.-`."""
    username = clean(value, field="username", minimum=USERNAME_MIN, maximum=USERNAME_MAX)
    if not _USERNAME.fullmatch(username):
        raise InvalidValue("username", "may contain only the letters a to z, digits, '_', '.' and '-'")
    return username


def clean_first_name(value: str) -> str:
    """Return the cleaned name: 1 to 100 letters of any script and signs, at least one letter. Raises InvalidValue."""
    return _clean_name(value, field="first_name")


def clean_second_name(value: str) -> str:
    """Return the cleaned name: 1 to 100 letters of any script and signs, at least one letter. Raises InvalidValue."""
    return _clean_name(value, field="second_name")


def check_birthday(value: date, *, today: date) -> date:
    """Return the day. Raises InvalidValue unless it is from 1900-01-01 to today (in UTC)."""
    if not BIRTHDAY_MIN <= value <= today:
        raise InvalidValue("birthday", f"must be a day from {BIRTHDAY_MIN} to today")
    return value


def _clean_name(value: str, *, field: str) -> str:
    name = clean(value, field=field, maximum=NAME_MAX)
    if not (name.isalpha() or all(_belongs_to_a_name(character) for character in name)):
        raise InvalidValue(field, "may contain only letters, spaces, hyphens, apostrophes, periods and middle dots")
    if not any(character.isalpha() and is_visible(character) for character in name):
        raise InvalidValue(field, "must contain at least one letter")
    return name


def _belongs_to_a_name(character: str) -> bool:
    is_letter_or_mark = unicodedata.category(character)[0] in "LM"
    return is_letter_or_mark or character in _NAME_SIGNS or character in _JOINERS
