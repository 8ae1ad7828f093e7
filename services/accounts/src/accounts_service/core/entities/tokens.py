"""Access tokens (RFC 9068)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

LOGIN_CLIENT: Final = "accounts"
"""The `client_id` of tokens for people who log in with their password: this service itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """The contents of an access token."""

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
    """An access token for a client, its lifetime, and optionally a refresh token."""

    access_token: str
    expires_in: timedelta
    scopes: frozenset[str] = frozenset()
    refresh_token: str | None = None
