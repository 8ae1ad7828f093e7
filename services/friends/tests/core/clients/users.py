"""The contract of every directory of users, and an in-memory one that fulfils it."""

import asyncio
from collections.abc import Collection
from uuid import UUID

import pytest

from friends_service.core.clients.users import UserDirectory

ADA, BOB, EVE = KNOWN = [UUID(int=number) for number in (101, 102, 103)]
NOBODY, NO_ONE = (UUID(int=number) for number in (998, 999))


class RecordingDirectory:
    """A UserDirectory that knows some users, records its calls, and can fail."""

    def __init__(self, *known: UUID, failure: type[Exception] | None = None) -> None:
        self.known = set(known)
        self.calls: list[tuple[UUID, ...]] = []
        self.failure = failure

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        self.calls.append(tuple(user_ids))
        if self.failure is not None:
            raise self.failure
        return frozenset(user_ids) - self.known


class UserDirectoryContract:
    """Tests of a `directory` of the users in KNOWN, and of one that is `out_of_reach`: fixtures of a subclass."""

    failure: type[Exception] = ConnectionError
    """What comes of asking one that is out of reach."""

    @pytest.mark.parametrize(
        ("asked", "unknown"),
        [
            ([ADA, BOB, EVE], set()),
            ([ADA, NOBODY], {NOBODY}),
            ([NOBODY, BOB], {NOBODY}),
            ([NO_ONE, NOBODY], {NO_ONE, NOBODY}),
            ([NOBODY, ADA, NOBODY, ADA], {NOBODY}),
            ([], set()),
        ],
        ids=["all known", "one unknown", "the first unknown", "all unknown", "duplicate", "no users"],
    )
    async def test_returns_unknown_users_on_every_call(
        self, directory: UserDirectory, asked: list[UUID], unknown: set[UUID]
    ) -> None:
        for _ in range(2):
            assert await directory.unknown(asked) == unknown

    async def test_answers_concurrent_calls(self, directory: UserDirectory) -> None:
        answers = await asyncio.gather(*map(directory.unknown, ([ADA, NOBODY], [NO_ONE], [BOB], [NOBODY])))
        assert answers == [{NOBODY}, {NO_ONE}, set(), {NOBODY}]

    @pytest.mark.parametrize("user_id", [ADA, NOBODY])
    async def test_raises_if_the_directory_is_unreachable(self, out_of_reach: UserDirectory, user_id: UUID) -> None:
        with pytest.raises(self.failure):
            await out_of_reach.unknown([user_id])
