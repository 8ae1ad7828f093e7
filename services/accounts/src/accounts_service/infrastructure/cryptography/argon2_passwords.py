"""Passwords hashed with argon2id, off the event loop."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.fair_queue import FairQueue
from chassis.measurements import Measurement

from ...core.cryptography.passwords import HashingBusy

# OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. 16 ms of CPU time.
HASHER: Final = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)


class Argon2Passwords:
    """`Passwords` with argon2id; entered at start-up, left at the end.

    At most `concurrency` passwords at a time are looked at, since each takes 19 MiB and a processor; the others wait
    in the order in which they came, for at most `wait` seconds.
    """

    def __init__(self, *, concurrency: int, wait: float, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="passwords")
        self._queue = FairQueue(concurrency, wait=wait, refusal=HashingBusy, name="passwords")
        # For accounts that do not exist: looking at it takes as long as at a real one.
        self._nobodys_hash = hasher.hash(os.urandom(32))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def measurements(self) -> list[Measurement]:
        """How many wait."""
        return self._queue.measurements()

    async def hash(self, password: str) -> str:
        """Hash in a thread."""
        async with self._queue:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str | None) -> bool:
        """Verify in a thread."""
        known = password_hash or self._nobodys_hash
        async with self._queue:
            is_right = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._matches, known, password or ""
            )
        return is_right and password_hash is not None and password is not None

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, password_hash: str) -> bool:
        """Compare the parameters in the hash with those of today."""
        return self._hasher.check_needs_rehash(password_hash)
