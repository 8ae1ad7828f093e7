"""Access tokens, as RFC 9068 has them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

LOGIN_CLIENT: Final = "accounts"
"""The client of tokens that people get by their password: the login of this service itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What an access token says."""

    issuer: str
    audience: str
    subject: str
    client_id: str
    scopes: frozenset[str]
    token_id: UUID
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a client gets: an access token, for how long it is good, and perhaps a refresh token."""

    access_token: str
    expires_in: timedelta
    scopes: frozenset[str] = frozenset()
    refresh_token: str | None = None
