"""A user, the rules for what is known of them, and what can be wrong with one."""

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
    """A person known to the system; `register` makes a new one, the constructor trusts what the database holds."""

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
        """A new user who keeps every rule, or InvalidValue for the first one broken."""
        return cls(
            id=user_id,
            username=clean_username(username),
            first_name=clean_first_name(first_name),
            second_name=clean_second_name(second_name),
            birthday=check_birthday(birthday, today=created_at.date()),
            created_at=created_at,
        )


class ProfileExists(Exception):
    """The caller has registered before."""

    def __str__(self) -> str:
        return "You are registered already; an account has one user."


class UsernameTaken(Exception):
    """Another user has this username, or one that differs only in case."""

    def __init__(self, username: str) -> None:
        self.username = username

    def __str__(self) -> str:
        return "Another user has this username; case makes no difference."


class UserNotFound(Exception):
    """No user has this id."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id

    def __str__(self) -> str:
        return f"No user has the id {self.user_id}."


def clean_username(value: str) -> str:
    """4 to 20 ASCII letters, digits, `_`, `.` and `-`; case is kept."""
    username = clean(value, field="username", minimum=USERNAME_MIN, maximum=USERNAME_MAX)
    if not _USERNAME.fullmatch(username):
        raise InvalidValue("username", "may hold only the letters a to z, digits, '_', '.' and '-'")
    return username


def clean_first_name(value: str) -> str:
    """1 to 100 letters of any script and the signs that names are written with; at least one letter."""
    return _clean_name(value, field="first_name")


def clean_second_name(value: str) -> str:
    """1 to 100 letters of any script and the signs that names are written with; at least one letter."""
    return _clean_name(value, field="second_name")


def check_birthday(value: date, *, today: date) -> date:
    """A day from 1900-01-01 to today (in UTC)."""
    if not BIRTHDAY_MIN <= value <= today:
        raise InvalidValue("birthday", f"must be a day from {BIRTHDAY_MIN} to today")
    return value


def _clean_name(value: str, *, field: str) -> str:
    name = clean(value, field=field, maximum=NAME_MAX)
    if not all(_belongs_to_a_name(character) for character in name):
        raise InvalidValue(field, "may hold only letters, spaces, hyphens, apostrophes, periods and middle dots")
    if not any(character.isalpha() and is_visible(character) for character in name):
        raise InvalidValue(field, "must hold at least one letter")
    return name


def _belongs_to_a_name(character: str) -> bool:
    is_letter_or_mark = unicodedata.category(character)[0] in "LM"
    return is_letter_or_mark or character in _NAME_SIGNS or character in _JOINERS
