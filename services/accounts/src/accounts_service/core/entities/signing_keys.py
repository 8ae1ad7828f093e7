"""Keys that sign tokens, and the time table by which they follow each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

LEEWAY: Final = timedelta(seconds=60)
"""Clocks of services differ, and what is in flight takes a moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A key pair; the private half is encrypted."""

    id: str
    """`kid` of the tokens: the thumbprint of the key (RFC 7638)."""
    public_jwk: str
    """JSON (RFC 7517)."""
    sealed_private_key: bytes
    signs_from: datetime
    """Until then it is only published, so that every service knows it before the first token comes."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys that there are. Each step follows from the clock alone, so that replicas need not agree on anything."""

    keys: tuple[SigningKey, ...]
    """In the order in which they sign."""

    @classmethod
    def of(cls, keys: Sequence[SigningKey]) -> Self:
        """The keys in order."""
        return cls(tuple(sorted(keys, key=lambda key: (key.signs_from, key.id))))

    def signing(self, now: datetime) -> SigningKey | None:
        """The key that signs: the newest whose time has come. None if there is no key."""
        begun = [key for key in self.keys if key.signs_from <= now]
        return begun[-1] if begun else None

    def upcoming(self, now: datetime) -> tuple[SigningKey, ...]:
        """Keys that are published, but do not sign yet."""
        return tuple(key for key in self.keys if key.signs_from > now)

    def published(self, now: datetime, *, token_life: timedelta) -> tuple[SigningKey, ...]:
        """The keys that services need: the upcoming, the signing one, and those that valid tokens were signed with."""
        successors = self.keys[1:]
        needed_until = [each.signs_from + token_life + LEEWAY for each in successors]
        old = [key for key, until in zip(self.keys, needed_until, strict=False) if until > now]
        return (*old, *self.keys[-1:])

    def withdrawn(self, now: datetime, *, token_life: timedelta) -> tuple[SigningKey, ...]:
        """The keys that nobody needs any more."""
        needed = self.published(now, token_life=token_life)
        return tuple(key for key in self.keys if key not in needed)


class NoSigningKey(Exception):
    """No key can be used to sign; the log says why."""

    def __str__(self) -> str:
        return "No token can be signed now."
