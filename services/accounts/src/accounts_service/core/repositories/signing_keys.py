"""The repository of the keys that sign tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..entities.signing_keys import KeyRing, SigningKey


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyChange:
    """A change of the keys."""

    add: SigningKey | None = None
    remove: tuple[SigningKey, ...] = ()


class SigningKeyRepository(Protocol):
    """The keys of all replicas. Errors of the storage itself pass through."""

    async def ring(self) -> KeyRing:
        """Return all keys, which may be cached briefly."""

    async def change(self, decide: Callable[[KeyRing], KeyChange]) -> KeyRing:
        """Pass the current keys to `decide` and apply its change, under a lock. Return the keys afterwards."""
