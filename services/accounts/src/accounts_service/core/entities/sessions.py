"""A session: somebody who has logged in, and the refresh token by which the session goes on."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

GRACE: Final = timedelta(seconds=10)
"""For so long a token that was just replaced gets the same successor again: an answer may be lost on its way, and
several tabs of one browser may refresh at once."""
SECRET_BYTES: Final = 32
_ID_BYTES: Final = 16
_TOKEN_LENGTH: Final = (_ID_BYTES + SECRET_BYTES) * 4 // 3


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The id of its session and 32 random bytes, of which only the hash is kept."""

    session_id: UUID
    secret: bytes

    @classmethod
    def new(cls, session_id: UUID) -> Self:
        """A fresh token."""
        return cls(session_id, secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The token that a client sent; None if it cannot be one."""
        if len(text) != _TOKEN_LENGTH or not text.isascii():
            return None
        try:
            data = urlsafe_b64decode(text)
        except Base64Error:
            return None
        if len(data) != _ID_BYTES + SECRET_BYTES:
            return None
        return cls(UUID(bytes=data[:_ID_BYTES]), data[_ID_BYTES:])

    def __str__(self) -> str:
        """As the client gets it."""
        return urlsafe_b64encode(self.session_id.bytes + self.secret).decode()

    @property
    def hash(self) -> bytes:
        """SHA-256: the secret is random, so a slow hash would protect nothing more."""
        return hashlib.sha256(self.secret).digest()

    def seal(self, successor: "RefreshToken") -> bytes:
        """The successor's secret for the database; only who has this token can read it there."""
        return self._hidden(successor.secret)

    def unseal(self, sealed: bytes) -> "RefreshToken":
        """The successor that was sealed."""
        return RefreshToken(self.session_id, self._hidden(sealed))

    def _hidden(self, data: bytes) -> bytes:
        """A one-time pad: this token has one successor, and its pad is as random as its secret."""
        pad = hmac.digest(self.secret, b"successor", "sha256")
        return bytes(one ^ other for one, other in zip(data, pad, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One login, the family of all refresh tokens that come of it. What ends is deleted."""

    id: UUID
    account_id: UUID
    token_hash: bytes
    """Of the token that is valid now."""
    previous_hash: bytes | None = None
    """Of the one before it."""
    sealed_successor: bytes | None = None
    """The valid token, for who has the one before."""
    rotated_at: datetime | None = None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def begin(cls, token: RefreshToken, *, account_id: UUID, now: datetime, life: timedelta) -> Self:
        """A new session, which ends after `life` however often it is refreshed."""
        return cls(
            id=token.session_id,
            account_id=account_id,
            token_hash=token.hash,
            created_at=now,
            expires_at=now + life,
        )

    def successor_again(self, token: RefreshToken, *, now: datetime) -> RefreshToken | None:
        """The token that has replaced this one, within the grace; None if this one is older."""
        if self.previous_hash != token.hash or self.sealed_successor is None or self.rotated_at is None:
            return None
        return token.unseal(self.sealed_successor) if now < self.rotated_at + GRACE else None


class SessionEnded(Exception):
    """The refresh token is unknown, too old, used before, or its session is over; the client is not told which."""

    def __str__(self) -> str:
        return "The refresh token is not valid; log in again."
