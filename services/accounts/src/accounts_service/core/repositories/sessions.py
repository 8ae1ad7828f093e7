"""The repository of sessions."""

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from ..entities.sessions import RefreshToken, Session

MAX_SESSIONS: Final = 100
"""Sessions per account. Another one ends the oldest."""


class SessionRepository(Protocol):
    """The storage for the use cases. Errors of the storage itself pass through."""

    async def add(self, session: Session, *, password_version: int) -> bool:
        """Add a new session durably. Return False if the account is gone or its password version differs.

        So no session starts with a password that was changed during the login. Deletes expired sessions, and those
        above the limit of the account.
        """

    async def rotate(self, token: RefreshToken, successor: RefreshToken, *, now: datetime) -> UUID | None:
        """Replace the valid token of a session with its successor, and return the account's ID.

        Return None if the token is not the valid one, or the session has ended. Only one of concurrent calls succeeds.
        """

    async def get(self, session_id: UUID) -> Session | None:
        """Return the session with this ID, or None."""

    async def end(self, session_id: UUID) -> None:
        """End the session, if it exists."""
