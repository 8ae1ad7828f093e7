"""Hash passwords with argon2id, outside of the event loop."""

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
    """`Passwords` with argon2id. Enter it at startup, and leave it at shutdown.

    At most `concurrency` passwords are hashed at a time, since each takes 19 MiB and a CPU. Others wait in order, at
    most `wait` seconds.
    """

    def __init__(self, *, concurrency: int, wait: float, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="passwords")
        self._queue = FairQueue(concurrency, wait=wait, refusal=HashingBusy, name="passwords")
        # For accounts that do not exist, so that checking takes the same time.
        self._nobodys_hash = hasher.hash(os.urandom(32))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def measurements(self) -> list[Measurement]:
        """Return the measurements of the queue."""
        return self._queue.measurements()

    async def hash(self, password: str) -> str:
        """Return a hash, computed in a thread."""
        async with self._queue:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str | None) -> bool:
        """Return whether the password matches, computed in a thread."""
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
        """Return whether the parameters in the hash differ from the current ones."""
        return self._hasher.check_needs_rehash(password_hash)
