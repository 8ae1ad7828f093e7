"""The use cases of friendships."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from ..clients.users import UserDirectory
from ..entities.friendships import Friendship, FriendshipNotFound, NotTheInitiator, UsersNotFound
from ..entities.pages import Page
from ..errors import InvalidValue
from ..repositories.friendships import FriendshipRepository


class Friendships:
    """The use cases of friendships. `now` returns the time in UTC."""

    def __init__(
        self,
        *,
        repository: FriendshipRepository,
        users: UserDirectory,
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._users = users
        self._new_id = new_id
        self._now = now

    async def befriend(
        self, *, caller_id: UUID | None = None, initiator_id: UUID | None, target_id: UUID, tag: str | None
    ) -> Friendship:
        """Add a friendship started by the caller or, if the caller is not known, by `initiator_id`.

        Raises NotTheInitiator, SelfFriendship, InvalidValue, UsersNotFound or FriendshipExists.
        """
        initiator_id = _initiator(initiator_id, caller_id)
        friendship = Friendship.begin(
            friendship_id=self._new_id(),
            initiator_id=initiator_id,
            target_id=target_id,
            tag=tag,
            created_at=self._now(),
        )
        # Before the repository is used, so that no database connection is held during the call.
        await self._require_users(initiator_id, target_id)
        await self._repository.add(friendship)
        return friendship

    async def get(self, friendship_id: UUID) -> Friendship:
        """Return the friendship with this ID. Raises FriendshipNotFound."""
        friendship = await self._repository.get(friendship_id)
        if friendship is None:
            raise FriendshipNotFound(friendship_id)
        return friendship

    async def of_user(self, user_id: UUID, *, limit: int, after: UUID | None) -> Page[Friendship]:
        """Return a user's newest friendships, or those after the last ID of the previous page. Raises UsersNotFound."""
        await self._require_users(user_id)
        return await self._repository.page_of_user(user_id, limit=limit, after=after)

    async def _require_users(self, *user_ids: UUID) -> None:
        unknown = await self._users.unknown(user_ids)
        if missing := tuple(user_id for user_id in user_ids if user_id in unknown):
            raise UsersNotFound(missing)


def _initiator(named: UUID | None, caller_id: UUID | None) -> UUID:
    if caller_id and named not in {None, caller_id}:
        raise NotTheInitiator
    if initiator_id := caller_id or named:
        return initiator_id
    raise InvalidValue("initiator_id", "is required if callers are not authenticated")
