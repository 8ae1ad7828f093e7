"""The contract of every repository of sessions, and an in-memory one that fulfils it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from accounts_service.core.entities.sessions import RefreshToken, Session
from accounts_service.core.repositories.accounts import AccountRepository
from accounts_service.core.repositories.sessions import MAX_SESSIONS, SessionRepository

from .accounts import NOW, an_account

LIFE = timedelta(days=30)


class InMemorySessions:
    """A SessionRepository without a database."""

    def __init__(self, accounts: AccountRepository) -> None:
        self.accounts = accounts
        self.sessions: dict[UUID, Session] = {}

    async def add(self, session: Session, *, password_version: int) -> bool:
        account = await self.accounts.get(session.account_id)
        if account is None or account.password_version != password_version:
            return False
        self.sessions[session.id] = session
        living = [each for each in self.sessions.values() if each.expires_at > session.created_at]
        mine = sorted((each.id for each in living if each.account_id == account.id), reverse=True)
        self.sessions = {each.id: each for each in living if each.id not in mine[MAX_SESSIONS:]}
        return True

    async def rotate(self, token: RefreshToken, successor: RefreshToken, *, now: datetime) -> UUID | None:
        session = self.sessions.get(token.session_id)
        if session is None or session.token_hash != token.hash or session.expires_at <= now:
            return None
        self.sessions[session.id] = replace(
            session,
            token_hash=successor.hash,
            previous_hash=token.hash,
            sealed_successor=token.seal(successor),
            rotated_at=now,
        )
        return session.account_id

    async def get(self, session_id: UUID) -> Session | None:
        return self.sessions.get(session_id)

    async def end(self, session_id: UUID) -> None:
        self.sessions.pop(session_id, None)


def a_session(number: int = 1, *, account: int = 1, now: datetime = NOW) -> tuple[RefreshToken, Session]:
    """Return one of many and its token; the higher the number, the newer."""
    token = RefreshToken.new(UUID(int=number))
    return token, Session.begin(token, account_id=UUID(int=account), now=now, life=LIFE)


class SessionRepositoryContract:
    """Tests of an empty `repository`, next to `accounts` with the accounts 1 and 2."""

    async def test_returns_exactly_the_session_that_was_added(self, repository: SessionRepository) -> None:
        _, session = a_session()
        assert await repository.add(session, password_version=1)
        assert await repository.get(session.id) == session

    @pytest.mark.parametrize(("account", "version"), [(1, 2), (1, 0), (999, 1)])
    async def test_adds_no_session_with_an_outdated_password(
        self, repository: SessionRepository, account: int, version: int
    ) -> None:
        _, session = a_session(account=account)
        assert not await repository.add(session, password_version=version)
        assert await repository.get(session.id) is None

    async def test_replaces_a_token_with_its_successor(self, repository: SessionRepository) -> None:
        token, session = a_session()
        await repository.add(session, password_version=1)
        successor, later = RefreshToken.new(session.id), NOW + timedelta(hours=1)
        assert await repository.rotate(token, successor, now=later) == session.account_id
        kept = await repository.get(session.id)
        assert kept is not None
        assert kept == replace(
            session,
            token_hash=successor.hash,
            previous_hash=token.hash,
            sealed_successor=token.seal(successor),
            rotated_at=later,
        )
        assert kept.successor_again(token, now=later) == successor

    async def test_concurrent_replacements_of_a_token_succeed_once(self, repository: SessionRepository) -> None:
        token, session = a_session()
        await repository.add(session, password_version=1)
        successors = [RefreshToken.new(session.id) for _ in range(8)]
        results = await asyncio.gather(*(repository.rotate(token, each, now=NOW) for each in successors))
        assert results.count(session.account_id) == 1
        kept = await repository.get(session.id)
        assert kept is not None
        assert kept.token_hash == successors[results.index(session.account_id)].hash

    async def test_does_not_replace_an_invalid_token(self, repository: SessionRepository) -> None:
        token, session = a_session()
        await repository.add(session, password_version=1)
        stranger, successor = RefreshToken.new(session.id), RefreshToken.new(session.id)
        assert await repository.rotate(stranger, successor, now=NOW) is None
        assert await repository.rotate(token, successor, now=session.expires_at) is None
        assert await repository.rotate(RefreshToken.new(UUID(int=9)), successor, now=NOW) is None
        assert await repository.get(session.id) == session

    async def test_returns_none_for_an_ended_session(self, repository: SessionRepository) -> None:
        token, session = a_session()
        await repository.add(session, password_version=1)
        await repository.end(session.id)
        await repository.end(session.id)
        assert await repository.get(session.id) is None
        assert await repository.rotate(token, RefreshToken.new(session.id), now=NOW) is None

    async def test_ends_the_oldest_session_above_the_limit(self, repository: SessionRepository) -> None:
        for number in range(1, MAX_SESSIONS + 2):
            await repository.add(a_session(number)[1], password_version=1)
        await repository.add(a_session(1000, account=2)[1], password_version=1)
        assert await repository.get(UUID(int=1)) is None
        assert await repository.get(UUID(int=2)) is not None

    async def test_deletes_expired_sessions(self, repository: SessionRepository) -> None:
        await repository.add(a_session(1)[1], password_version=1)
        await repository.add(a_session(2, account=2, now=NOW + LIFE)[1], password_version=1)
        assert await repository.get(UUID(int=1)) is None
        assert await repository.get(UUID(int=2)) is not None


async def two_accounts(accounts: AccountRepository) -> None:
    """Return the accounts that the contract needs."""
    for number in (1, 2):
        await accounts.add(an_account(number))
