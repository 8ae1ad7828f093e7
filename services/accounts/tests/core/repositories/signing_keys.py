"""The contract of every repository of signing keys, and an in-memory one that fulfils it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts_service.core.entities.signing_keys import KeyRing, SigningKey
from accounts_service.core.repositories.signing_keys import KeyChange, SigningKeyRepository

from .accounts import NOW


class InMemoryKeys:
    """A SigningKeyRepository without a database."""

    def __init__(self) -> None:
        self.kept = KeyRing.of([])

    async def ring(self) -> KeyRing:
        return self.kept

    async def change(self, decide: Callable[[KeyRing], KeyChange]) -> KeyRing:
        change = decide(self.kept)
        added = [change.add] if change.add else []
        self.kept = KeyRing.of([*(key for key in self.kept.keys if key not in change.remove), *added])
        return self.kept


def a_key(number: int = 1, *, signs_from: datetime | None = None) -> SigningKey:
    """Return one of many; the higher the number, the later."""
    return SigningKey(
        id=f"key {number}",
        public_jwk='{"kty":"EC"}',
        sealed_private_key=b"sealed",
        signs_from=signs_from or NOW + timedelta(days=number),
    )


class SigningKeyRepositoryContract:
    """Tests of an empty repository, which a subclass or its module provides as the fixture `repository`."""

    async def test_is_empty_at_first(self, repository: SigningKeyRepository) -> None:
        assert await repository.ring() == KeyRing.of([])

    async def test_returns_keys_in_signing_order(self, repository: SigningKeyRepository) -> None:
        for number in (2, 1, 3):
            added = a_key(number)
            await repository.change(lambda _, added=added: KeyChange(add=added))  # type: ignore[misc]  # bound early
        assert (await repository.ring()).keys == (a_key(1), a_key(2), a_key(3))

    async def test_passes_the_current_keys_to_the_decision(self, repository: SigningKeyRepository) -> None:
        await repository.change(lambda _: KeyChange(add=a_key(1)))
        seen: list[KeyRing] = []

        def decide(ring: KeyRing) -> KeyChange:
            seen.append(ring)
            return KeyChange(add=a_key(2), remove=ring.keys)

        assert (await repository.change(decide)).keys == (a_key(2),)
        assert (await repository.ring()).keys == (a_key(2),)
        assert seen == [KeyRing.of([a_key(1)])]

    async def test_accepts_a_decision_to_change_nothing(self, repository: SigningKeyRepository) -> None:
        await repository.change(lambda _: KeyChange(add=a_key(1)))
        assert (await repository.change(lambda _: KeyChange())).keys == (a_key(1),)
