"""What clients are told when a rule of the domain is broken."""

from typing import Final

from ..chassis.problems import INVALID_REQUEST, Problem
from ..core.errors import FriendshipExists, FriendshipNotFound, InvalidValue, SelfFriendship, UsersNotFound

FRIENDSHIP_EXISTS: Final = Problem(slug="friendship-exists", status=409, title="Friendship exists")
FRIENDSHIP_NOT_FOUND: Final = Problem(slug="friendship-not-found", status=404, title="Friendship not found")
SELF_FRIENDSHIP: Final = Problem(slug="self-friendship", status=422, title="Friendship with oneself")
USER_NOT_FOUND: Final = Problem(slug="user-not-found", status=404, title="User not found", members=("user_ids",))

PROBLEMS: Final[dict[type[Exception], Problem]] = {
    InvalidValue: INVALID_REQUEST,
    FriendshipExists: FRIENDSHIP_EXISTS,
    FriendshipNotFound: FRIENDSHIP_NOT_FOUND,
    SelfFriendship: SELF_FRIENDSHIP,
    UsersNotFound: USER_NOT_FOUND,
}
