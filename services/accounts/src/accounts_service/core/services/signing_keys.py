"""The use cases of signing keys. The first key is created when needed, each further one by `rotate-keys`."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ..cryptography.signing import Signer
from ..entities.signing_keys import KeyRing, NoSigningKey, SigningKey
from ..repositories.signing_keys import KeyChange, SigningKeyRepository


class SigningKeys:
    """The use cases of keys. `publication` is the time until all services know a new key."""

    def __init__(
        self,
        *,
        repository: SigningKeyRepository,
        signer: Signer,
        token_life: timedelta,
        publication: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._signer = signer
        self._token_life = token_life
        self._publication = publication
        self._now = now

    async def signing(self) -> SigningKey:
        """Return the key that signs now. Raises NoSigningKey."""
        ring = await self._ring()
        key = ring.signing(self._now())
        if key is None:  # the time of all keys is in the future, as after a restored backup
            raise NoSigningKey
        self._signer.check(key)
        return key

    async def published(self) -> tuple[SigningKey, ...]:
        """Return the keys that services need."""
        ring = await self._ring()
        return ring.published(self._now(), token_life=self._token_life)

    async def rotate(self) -> SigningKey:
        """Publish a new key, which signs once all services know it, delete unneeded ones, and return the newest.

        If a key is already waiting, none is added, so it is safe to run this twice or in several replicas.
        """

        def decide(ring: KeyRing) -> KeyChange:
            now = self._now()
            key = None
            if not ring.upcoming(now):
                key = self._signer.new_key(signs_from=now + self._publication if ring.keys else now)
            return KeyChange(add=key, remove=ring.withdrawn(now, token_life=self._token_life))

        ring = await self._repository.change(decide)
        return ring.keys[-1]

    async def replace(self) -> SigningKey:
        """Sign with a new key now and delete all others, which voids their access tokens. Return the new key."""
        ring = await self._repository.change(
            lambda ring: KeyChange(add=self._signer.new_key(signs_from=self._now()), remove=ring.keys)
        )
        return ring.keys[-1]

    async def _ring(self) -> KeyRing:
        ring = await self._repository.ring()
        if ring.keys:
            return ring
        return await self._repository.change(
            lambda ring: KeyChange(add=None if ring.keys else self._signer.new_key(signs_from=self._now()))
        )
