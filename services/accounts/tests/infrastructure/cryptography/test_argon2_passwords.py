"""Passwords are hashed with argon2id, a limited number at a time."""

import asyncio
import time

import pytest
from argon2 import PasswordHasher

from accounts_service.core.cryptography.passwords import HashingBusy
from accounts_service.infrastructure.cryptography.argon2_passwords import Argon2Passwords

CHEAP = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1)


async def test_verifies_the_right_password() -> None:
    async with Argon2Passwords(concurrency=1, wait=10) as passwords:
        kept = await passwords.hash("analytical engine")
        assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await passwords.verify(kept, "analytical engine")
        assert not await passwords.verify(kept, "Analytical engine")
        assert not passwords.is_outdated(kept)
        assert passwords.is_outdated(CHEAP.hash("x"))


async def test_verifies_nothing_without_an_account_or_a_password() -> None:
    async with Argon2Passwords(concurrency=1, wait=10, hasher=CHEAP) as passwords:
        assert not await passwords.verify(None, "x")
        assert not await passwords.verify(await passwords.hash("x"), None)
        assert not await passwords.verify("no hash", "x")


async def test_refuses_after_the_maximum_wait_without_blocking_the_event_loop() -> None:
    slow = PasswordHasher(memory_cost=64 * 1024, time_cost=3, parallelism=1)
    async with Argon2Passwords(concurrency=1, wait=0.01, hasher=slow) as passwords:
        hashing = asyncio.gather(*(passwords.hash("x") for _ in range(5)), return_exceptions=True)
        turns, begun = 0, time.monotonic()
        while not hashing.done() and time.monotonic() < begun + 30:
            await asyncio.sleep(0.001)
            turns += 1
        results = await hashing
    assert [type(result) for result in results].count(HashingBusy) == 4
    assert turns > 5


@pytest.mark.parametrize("at_once", [2])
async def test_cancelled_hashing_frees_its_slot(at_once: int) -> None:
    async with Argon2Passwords(concurrency=at_once, wait=10, hasher=CHEAP) as passwords:
        tasks = [asyncio.create_task(passwords.hash("x")) for _ in range(20)]
        await asyncio.sleep(0)
        for task in tasks[:10]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await passwords.hash("x")
