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


class UsernameTaken(Exception):
    """Another user has this username, or one that differs only in case."""

    def __init__(self, username: str) -> None:
        self.username = username

    def __str__(self) -> str:
        return "Another user has this username; case makes no difference."


class UserNotFound(Exception):
    """No user has this id."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id

    def __str__(self) -> str:
        return f"No user has the id {self.user_id}."
