"""What can be done with users."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from uuid import UUID

from ..entities.pages import Page
from ..entities.users import User, UserNotFound
from ..repositories.users import UserRepository


class Users:
    """The use cases of users; `now` tells the time in UTC."""

    def __init__(self, *, repository: UserRepository, new_id: Callable[[], UUID], now: Callable[[], datetime]) -> None:
        self._repository = repository
        self._new_id = new_id
        self._now = now

    async def register(
        self, *, user_id: UUID | None = None, username: str, first_name: str, second_name: str, birthday: date
    ) -> User:
        """Add a user; raises InvalidValue, UsernameTaken or ProfileExists. `user_id`: the caller's; None makes one."""
        user = User.register(
            user_id=user_id or self._new_id(),
            username=username,
            first_name=first_name,
            second_name=second_name,
            birthday=birthday,
            created_at=self._now(),
        )
        await self._repository.add(user)
        return user

    async def get(self, user_id: UUID) -> User:
        """The user with this id, or UserNotFound."""
        user = await self._repository.get(user_id)
        if user is None:
            raise UserNotFound(user_id)
        return user

    async def exists(self, user_id: UUID) -> bool:
        """Whether a user has this id."""
        return bool(await self._repository.existing((user_id,)))

    async def existing(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Which of these ids belong to users."""
        return await self._repository.existing(user_ids)

    async def page(self, *, limit: int, after: UUID | None) -> Page[User]:
        """The newest users, or those next after the last id of the page before."""
        return await self._repository.page(limit=limit, after=after)
