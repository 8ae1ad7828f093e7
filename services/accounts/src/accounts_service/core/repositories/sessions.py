"""Where sessions are kept."""

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from ..entities.sessions import RefreshToken, Session

MAX_SESSIONS: Final = 100
"""Of one account; the oldest ends when there is one more."""


class SessionRepository(Protocol):
    """The sessions, as the use cases need them; what goes wrong with the storage itself passes through."""

    async def add(self, session: Session, *, password_version: int) -> bool:
        """Keep a new session durably; False if the account is gone or has another version of its password.

        So no session begins with a password that was changed while it was looked at. Sessions of the account that are
        over or too many are deleted.
        """

    async def rotate(self, token: RefreshToken, successor: RefreshToken, *, now: datetime) -> UUID | None:
        """Replace the valid token of a session by its successor, and return the account's id.

        None if the token is not the valid one, or the session is over. Of many at once exactly one succeeds.
        """

    async def get(self, session_id: UUID) -> Session | None:
        """The session with this id, if there is one."""

    async def end(self, session_id: UUID) -> None:
        """End a session, if there is one."""
