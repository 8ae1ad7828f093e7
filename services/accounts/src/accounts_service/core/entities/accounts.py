"""An account, the rules for its username and password, and what can be wrong with them."""

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
    """Who may log in; `register` makes a new one, the constructor trusts what the database holds."""

    id: UUID
    """Also the subject of the tokens, and the id of the profile in the users service."""
    username: str
    password_hash: str
    password_version: int
    """How often the password was changed: what was decided with an older one does not hold any more."""
    created_at: datetime
    """In UTC."""

    @classmethod
    def register(cls, *, account_id: UUID, username: str, password_hash: str, created_at: datetime) -> Self:
        """A new account whose username keeps the rules, or InvalidValue; the password was checked to be hashed."""
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
        return "Another account has this username; case makes no difference."


class WrongCredentials(Exception):
    """The username is unknown or the password is not its; nobody is told which."""

    def __str__(self) -> str:
        return "The username or the password is wrong."


class WrongPassword(Exception):
    """Somebody who is logged in does not know the password."""

    def __str__(self) -> str:
        return "The current password is wrong."


def clean_username(value: str) -> str:
    """4 to 20 ASCII letters, digits, `_`, `.` and `-`; case is kept."""
    username = clean(value, field="username", minimum=USERNAME_MIN, maximum=USERNAME_MAX)
    if not _USERNAME.fullmatch(username):
        raise InvalidValue("username", "may hold only the letters a to z, digits, '_', '.' and '-'")
    return username


def check_password(value: str, *, username: str, field: str = "password") -> str:
    """A password that one may choose, as it is hashed, or InvalidValue: 8 to 128 characters, not the username."""
    password = spelled_alike(value)
    if password is None or len(password) < PASSWORD_MIN:
        raise InvalidValue(field, f"must have {PASSWORD_MIN} to {PASSWORD_MAX} characters")
    if password.casefold() == username.casefold():
        raise InvalidValue(field, "must not be the username")
    return password


def spelled_alike(value: str) -> str | None:
    """The password in Unicode normalisation form C, since keyboards differ; None if it can be nobody's.

    Nothing is trimmed (RFC 8265 section 4.2).
    """
    # Normalising takes time quadratic in a run of combining marks: never do it to a text that is too long anyway.
    if len(value) > PASSWORD_MAX * _MAX_COMPOSED:
        return None
    password = unicodedata.normalize("NFC", value)
    return password if 1 <= len(password) <= PASSWORD_MAX else None
