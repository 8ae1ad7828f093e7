"""Keys that sign tokens, and the schedule of their rotation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

LEEWAY: Final = timedelta(seconds=60)
"""Allowance for different clocks and for requests in flight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A key pair with an encrypted private key."""

    id: str
    """`kid` of its tokens: the thumbprint of the key (RFC 7638)."""
    public_jwk: str
    """JSON (RFC 7517)."""
    sealed_private_key: bytes
    signs_from: datetime
    """Until then it is only published, so that every service knows it before its first token."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys. Each step depends only on the clock, so that replicas need no coordination."""

    keys: tuple[SigningKey, ...]
    """In the order of signing."""

    @classmethod
    def of(cls, keys: Sequence[SigningKey]) -> Self:
        """Return the ring of these keys."""
        return cls(tuple(sorted(keys, key=lambda key: (key.signs_from, key.id))))

    def signing(self, now: datetime) -> SigningKey | None:
        """Return the newest key whose time has come, which signs, or None."""
        begun = [key for key in self.keys if key.signs_from <= now]
        return begun[-1] if begun else None

    def upcoming(self, now: datetime) -> tuple[SigningKey, ...]:
        """Return the keys that are published but do not sign yet."""
        return tuple(key for key in self.keys if key.signs_from > now)

    def published(self, now: datetime, *, token_life: timedelta) -> tuple[SigningKey, ...]:
        """Return the keys that services need: the upcoming, the signing one, and those of tokens still valid."""
        successors = self.keys[1:]
        needed_until = [each.signs_from + token_life + LEEWAY for each in successors]
        old = [key for key, until in zip(self.keys, needed_until, strict=False) if until > now]
        return (*old, *self.keys[-1:])

    def withdrawn(self, now: datetime, *, token_life: timedelta) -> tuple[SigningKey, ...]:
        """Return the keys that are no longer needed."""
        needed = self.published(now, token_life=token_life)
        return tuple(key for key in self.keys if key not in needed)


class NoSigningKey(Exception):
    """No key can sign. The log says why."""

    def __str__(self) -> str:
        return "No token can be signed right now."
