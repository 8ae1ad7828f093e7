"""An account: the entity, the rules for its username and password, and its errors."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from ..errors import InvalidValue
from .text import clean

USERNAME_MIN: Final = 4
USERNAME_MAX: Final = 20
PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 128

_USERNAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_MAX_COMPOSED: Final = 4  # as in `text`: composing leaves at least a quarter


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account to log in with. Use `register` for a new one: the constructor checks nothing."""

    id: UUID
    """Also the subject of its tokens, and the ID of the profile in the users service."""
    username: str
    password_hash: str
    password_version: int
    """Rises with each change of the password, to detect decisions made with an older one."""
    created_at: datetime
    """In UTC."""

    @classmethod
    def register(cls, *, account_id: UUID, username: str, password_hash: str, created_at: datetime) -> Self:
        """Return a new account. Raises InvalidValue for its username. Check the password before hashing it."""
        return cls(
            id=account_id,
            username=clean_username(username),
            password_hash=password_hash,
            password_version=1,
            created_at=created_at,
        )


class UsernameTaken(Exception):
    """Another account has this username, or one that differs only in case."""

    def __str__(self) -> str:
        return "Another account has this username, ignoring case."


class WrongCredentials(Exception):
    """The username is unknown or the password is wrong. Clients are not told which."""

    def __str__(self) -> str:
        return "The username or the password is wrong."


class WrongPassword(Exception):
    """The caller is logged in, but the current password is wrong."""

    def __str__(self) -> str:
        return "The current password is wrong."


def clean_username(value: str) -> str:
    """Return the trimmed username, in its case. Raises InvalidValue unless it is 4 to 20 of `A-Za-z0-9_.-`."""
    username = clean(value, field="username", minimum=USERNAME_MIN, maximum=USERNAME_MAX)
    if not _USERNAME.fullmatch(username):
        raise InvalidValue("username", "may contain only the letters a to z, digits, '_', '.' and '-'")
    return username


def check_password(value: str, *, username: str, field: str = "password") -> str:
    """Return the normalised password. Raises InvalidValue unless it has 8 to 128 characters and is not the username."""
    password = spelled_alike(value)
    if password is None or len(password) < PASSWORD_MIN:
        raise InvalidValue(field, f"must have {PASSWORD_MIN} to {PASSWORD_MAX} characters")
    if password.casefold() == username.casefold():
        raise InvalidValue(field, "must not be the username")
    return password


def spelled_alike(value: str) -> str | None:
    """Return the password in Unicode normalisation form C, since keyboards differ, or None if it cannot be valid.

    It is not trimmed (RFC 8265 section 4.2).
    """
    # Normalising a run of combining marks takes quadratic time, so refuse texts that are too long first.
    if len(value) > PASSWORD_MAX * _MAX_COMPOSED:
        return None
    password = unicodedata.normalize("NFC", value)
    return password if 1 <= len(password) <= PASSWORD_MAX else None
