"""What every directory of users promises, and one in memory that keeps it."""

import asyncio
from collections.abc import Collection
from uuid import UUID

import pytest

from friends_service.core.clients.users import UserDirectory

ADA, BOB, EVE = KNOWN = [UUID(int=number) for number in (101, 102, 103)]
NOBODY, NO_ONE = (UUID(int=number) for number in (998, 999))


class RecordingDirectory:
    """A UserDirectory that knows some users, records what it is asked, and can fail."""

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
        ids=["all known", "one unknown", "the first unknown", "all unknown", "asked for twice", "nobody"],
    )
    async def test_tells_who_is_unknown_each_time(
        self, directory: UserDirectory, asked: list[UUID], unknown: set[UUID]
    ) -> None:
        for _ in range(2):
            assert await directory.unknown(asked) == unknown

    async def test_answers_each_of_many_who_ask_at_once(self, directory: UserDirectory) -> None:
        answers = await asyncio.gather(*map(directory.unknown, ([ADA, NOBODY], [NO_ONE], [BOB], [NOBODY])))
        assert answers == [{NOBODY}, {NO_ONE}, set(), {NOBODY}]

    @pytest.mark.parametrize("user_id", [ADA, NOBODY])
    async def test_says_nothing_of_anybody_when_it_cannot_ask(self, out_of_reach: UserDirectory, user_id: UUID) -> None:
        with pytest.raises(self.failure):
            await out_of_reach.unknown([user_id])
