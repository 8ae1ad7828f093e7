"""The keys that sign: the first is made when it is needed, and each further one by the command `rotate-keys`."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ..cryptography.signing import Signer
from ..entities.signing_keys import KeyRing, NoSigningKey, SigningKey
from ..repositories.signing_keys import KeyChange, SigningKeyRepository


class SigningKeys:
    """The use cases of keys; `publication` is how long it takes until all services know a new one."""

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
        """The key that signs now, or NoSigningKey."""
        ring = await self._ring()
        key = ring.signing(self._now())
        if key is None:  # all clocks say that it is too early, as after a restored backup
            raise NoSigningKey
        self._signer.check(key)
        return key

    async def published(self) -> tuple[SigningKey, ...]:
        """The keys that services need to know."""
        ring = await self._ring()
        return ring.published(self._now(), token_life=self._token_life)

    async def rotate(self) -> SigningKey:
        """Publish a further key, which signs when all services know it, and delete those that nobody needs any more.

        If one waits already, nothing is added: running this twice, or in several replicas, does no harm.
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
        """Sign with a new key at once and delete all others: their access tokens are void. For a stolen key."""
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
