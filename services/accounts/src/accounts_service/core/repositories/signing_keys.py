"""Where the keys are kept that sign tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..entities.signing_keys import KeyRing, SigningKey


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyChange:
    """What is to become of the keys."""

    add: SigningKey | None = None
    remove: tuple[SigningKey, ...] = ()


class SigningKeyRepository(Protocol):
    """The keys of all replicas; what goes wrong with the storage itself passes through."""

    async def ring(self) -> KeyRing:
        """All keys, as they are or were a moment ago."""

    async def change(self, decide: Callable[[KeyRing], KeyChange]) -> KeyRing:
        """Let `decide` see all keys as they are, and do what it says while nobody else does; the keys afterwards."""
