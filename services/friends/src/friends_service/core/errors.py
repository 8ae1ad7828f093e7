"""What can be wrong with a request to this service; `str(error)` is the sentence shown to the client."""

from uuid import UUID


class InvalidValue(ValueError):
    """A value breaks a rule; `reason` completes the sentence "The <field> …" and never repeats the value."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"The {self.field.replace('_', ' ')} {self.reason}."

    @property
    def errors(self) -> list[dict[str, str]]:
        """What a problem lists: where (JSON pointer in a URI fragment, RFC 6901 section 6), and what is wrong."""
        return [{"pointer": f"#/{self.field}", "detail": str(self)}]


class SelfFriendship(Exception):
    """Both sides of a friendship are the same user."""

    def __str__(self) -> str:
        return "Nobody can be their own friend."


class FriendshipExists(Exception):
    """The two users are friends already, whoever of them began it."""

    def __str__(self) -> str:
        return "These two users are friends already; it makes no difference who began it."


class FriendshipNotFound(Exception):
    """No friendship has this id."""

    def __init__(self, friendship_id: UUID) -> None:
        self.friendship_id = friendship_id

    def __str__(self) -> str:
        return f"No friendship has the id {self.friendship_id}."


class UsersNotFound(Exception):
    """The users service knows no users with these ids."""

    def __init__(self, user_ids: tuple[UUID, ...]) -> None:
        self.user_ids = user_ids

    def __str__(self) -> str:
        return f"No user has the id {' or '.join(map(str, self.user_ids))}."
