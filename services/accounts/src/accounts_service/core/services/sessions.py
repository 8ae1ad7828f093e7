"""The use cases of sessions: log in, refresh, log out."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from ..cryptography.passwords import Passwords
from ..entities.accounts import Account, WrongCredentials, spelled_alike
from ..entities.sessions import RefreshToken, Session, SessionEnded
from ..entities.tokens import LOGIN_CLIENT, Grant
from ..repositories.accounts import AccountRepository
from ..repositories.sessions import SessionRepository
from .attempts import Attempts
from .tokens import AccessTokens

logger = logging.getLogger(__name__)


class Sessions:
    """The use cases of sessions, which end after `life` in any case. `now` returns the time in UTC."""

    def __init__(
        self,
        *,
        repository: SessionRepository,
        accounts: AccountRepository,
        passwords: Passwords,
        attempts: Attempts,
        tokens: AccessTokens,
        life: timedelta,
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._accounts = accounts
        self._passwords = passwords
        self._attempts = attempts
        self._tokens = tokens
        self._life = life
        self._new_id = new_id
        self._now = now

    async def log_in(self, *, username: str, password: str, address: str) -> Grant:
        """Start a session and return its tokens. Raises WrongCredentials, TooManyAttempts or HashingBusy."""
        username = username.strip()  # as registration does
        key = await self._tokens.signing_key()
        async with self._attempts.attempt(username, address):
            account = await self._account(username, spelled_alike(password))
        token = RefreshToken.new(self._new_id())
        session = Session.begin(token, account_id=account.id, now=self._now(), life=self._life)
        if not await self._repository.add(session, password_version=account.password_version):
            raise WrongCredentials
        return self._tokens.grant(key, subject=str(account.id), client_id=LOGIN_CLIENT, refresh_token=str(token))

    async def _account(self, username: str, password: str | None) -> Account:
        account = await self._accounts.named(username)
        is_right = await self._passwords.verify(account.password_hash if account else None, password)
        if account is None or password is None or not is_right:
            raise WrongCredentials
        if self._passwords.is_outdated(account.password_hash):
            await self._accounts.rehash(account, await self._passwords.hash(password))
        return account

    async def refresh(self, refresh_token: str) -> Grant:
        """Replace the refresh token, and return it with an access token. Raises SessionEnded.

        Within the grace time, the previous token returns the same successor. With an older one, either it or its
        successor was stolen, so the session ends (RFC 9700 section 4.14.2).
        """
        token = RefreshToken.read(refresh_token)
        if token is None:
            raise SessionEnded
        key = await self._tokens.signing_key()
        successor = RefreshToken.new(token.session_id)
        account_id = await self._repository.rotate(token, successor, now=self._now())
        if account_id is None:
            account_id, successor = await self._successor_again(token)
        return self._tokens.grant(key, subject=str(account_id), client_id=LOGIN_CLIENT, refresh_token=str(successor))

    async def _successor_again(self, token: RefreshToken) -> tuple[UUID, RefreshToken]:
        now = self._now()
        session = await self._repository.get(token.session_id)
        if session is None or session.expires_at <= now:
            raise SessionEnded
        successor = session.successor_again(token, now=now)
        if successor is None:
            await self._repository.end(session.id)
            logger.warning(
                "an old refresh token of account %s was used again; its session has been ended", session.account_id
            )
            raise SessionEnded
        return session.account_id, successor

    async def log_out(self, refresh_token: str) -> None:
        """End the session of a token, even of an old one. Other tokens are ignored."""
        token = RefreshToken.read(refresh_token)
        if token is not None:
            await self._repository.end(token.session_id)
