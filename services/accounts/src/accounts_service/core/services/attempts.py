"""Slow down brute-force attacks."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from ..cryptography.passwords import HashingBusy
from ..entities.attempts import AttemptLimits, Bucket, TooManyAttempts, hashed, network_of
from ..repositories.attempts import AttemptRepository


class Attempts:
    """Limits wrong passwords.

    They are counted per address, per account, and per both. An attack from many addresses fills the bucket of the
    account, which is not checked for addresses from which its owner has logged in before.
    """

    def __init__(self, *, repository: AttemptRepository, limits: AttemptLimits, now: Callable[[], datetime]) -> None:
        self._repository = repository
        self._limits = limits
        self._now = now

    @asynccontextmanager
    async def attempt(self, username: str, address: str) -> AsyncIterator[None]:
        """Check one password in the block, which counts only if it raises an error. Raises TooManyAttempts.

        It is counted before the block, so that concurrent attempts cannot bypass the limits.
        """
        name, network = username.casefold(), network_of(address)
        known = hashed("known", name, network)
        is_known = await self._repository.is_known(known, now=self._now())
        taken = await self._take(name, network, is_known=is_known)
        try:
            yield
        except HashingBusy:  # the password was not checked
            await self._repository.give_back(taken)
            raise
        await self._repository.give_back(taken)
        if not is_known:
            await self._repository.remember(known, now=self._now())

    async def count_registration(self, address: str) -> None:
        """Count a registration for the address. Raises TooManyAttempts, since hashing would block others."""
        bucket = Bucket.of("registrations", network_of(address), limit=self._limits.registrations_per_address)
        if seconds := await self._repository.take(bucket, now=self._now()):
            raise TooManyAttempts(seconds)

    async def _take(self, name: str, network: str, *, is_known: bool) -> list[Bucket]:
        buckets = [
            Bucket.of("account and address", name, network, limit=self._limits.per_account_and_address),
            Bucket.of("address", network, limit=self._limits.per_address),
        ]
        if not is_known:
            buckets.append(Bucket.of("account", name, limit=self._limits.per_account))
        taken: list[Bucket] = []
        for bucket in buckets:
            if seconds := await self._repository.take(bucket, now=self._now()):
                await self._repository.give_back(taken)  # a refused attempt does not count
                raise TooManyAttempts(seconds)
            taken.append(bucket)
        return taken
