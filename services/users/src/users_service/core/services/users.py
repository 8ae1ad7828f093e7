"""The use cases of users."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from uuid import UUID

from ..entities.pages import Page
from ..entities.users import User, UserNotFound
from ..repositories.users import UserRepository


class Users:
    """The use cases of users. `now` returns the time in UTC."""

    def __init__(self, *, repository: UserRepository, new_id: Callable[[], UUID], now: Callable[[], datetime]) -> None:
        self._repository = repository
        self._new_id = new_id
        self._now = now

    async def register(
        self, *, user_id: UUID | None = None, username: str, first_name: str, second_name: str, birthday: date
    ) -> User:
        """Add a user, with a new ID unless `user_id` is given. Raises InvalidValue, UsernameTaken or ProfileExists."""
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
        """Return the user with this ID. Raises UserNotFound."""
        user = await self._repository.get(user_id)
        if user is None:
            raise UserNotFound(user_id)
        return user

    async def exists(self, user_id: UUID) -> bool:
        """Return whether a user has this ID."""
        return bool(await self._repository.existing((user_id,)))

    async def existing(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return which of these IDs belong to users."""
        return await self._repository.existing(user_ids)

    async def page(self, *, limit: int, after: UUID | None) -> Page[User]:
        """Return the newest users, or those after the last ID of the previous page."""
        return await self._repository.page(limit=limit, after=after)
