"""A session of a logged-in account, and its refresh tokens."""

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
"""Time in which a replaced token returns the same successor again: a response may be lost, and several tabs of a
browser may refresh at once."""
SECRET_BYTES: Final = 32
_ID_BYTES: Final = 16
_TOKEN_LENGTH: Final = (_ID_BYTES + SECRET_BYTES) * 4 // 3


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The ID of its session and 32 random bytes, of which only the hash is stored."""

    session_id: UUID
    secret: bytes

    @classmethod
    def new(cls, session_id: UUID) -> Self:
        """Return a new token."""
        return cls(session_id, secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the token in a text from a client, or None if it is malformed."""
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
        """Return the text for the client."""
        return urlsafe_b64encode(self.session_id.bytes + self.secret).decode()

    @property
    def hash(self) -> bytes:
        """Return the SHA-256. A slow hash would not protect a random secret any better."""
        return hashlib.sha256(self.secret).digest()

    def seal(self, successor: "RefreshToken") -> bytes:
        """Return the successor's secret, encrypted for the database. Only this token can decrypt it."""
        return self._hidden(successor.secret)

    def unseal(self, sealed: bytes) -> "RefreshToken":
        """Return the sealed successor."""
        return RefreshToken(self.session_id, self._hidden(sealed))

    def _hidden(self, data: bytes) -> bytes:
        """Encrypt or decrypt with a one-time pad, as random as the secret. A token has only one successor."""
        pad = hmac.digest(self.secret, b"successor", "sha256")
        return bytes(one ^ other for one, other in zip(data, pad, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A login and its refresh tokens. It is deleted when it ends."""

    id: UUID
    account_id: UUID
    token_hash: bytes
    """Hash of the valid token."""
    previous_hash: bytes | None = None
    """Hash of the previous token."""
    sealed_successor: bytes | None = None
    """The valid token, encrypted for the owner of the previous one."""
    rotated_at: datetime | None = None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def begin(cls, token: RefreshToken, *, account_id: UUID, now: datetime, life: timedelta) -> Self:
        """Return a new session, which ends after `life` however often it is refreshed."""
        return cls(
            id=token.session_id,
            account_id=account_id,
            token_hash=token.hash,
            created_at=now,
            expires_at=now + life,
        )

    def successor_again(self, token: RefreshToken, *, now: datetime) -> RefreshToken | None:
        """Return the token that has replaced this one within `GRACE`, or None if it is older."""
        if self.previous_hash != token.hash or self.sealed_successor is None or self.rotated_at is None:
            return None
        return token.unseal(self.sealed_successor) if now < self.rotated_at + GRACE else None


class SessionEnded(Exception):
    """The refresh token is unknown, too old or used, or its session has ended. Clients are not told which."""

    def __str__(self) -> str:
        return "The refresh token is not valid; log in again."
