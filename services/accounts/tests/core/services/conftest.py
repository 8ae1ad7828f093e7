"""The use cases with in-memory repositories."""

from datetime import timedelta
from itertools import count
from typing import NamedTuple
from uuid import UUID

import pytest

from accounts_service.core.entities.attempts import AttemptLimits
from accounts_service.core.services.accounts import Accounts
from accounts_service.core.services.attempts import Attempts
from accounts_service.core.services.sessions import Sessions
from accounts_service.core.services.signing_keys import SigningKeys
from accounts_service.core.services.tokens import AccessTokens

from ..repositories.accounts import InMemoryAccounts
from ..repositories.attempts import InMemoryAttempts
from ..repositories.sessions import InMemorySessions
from ..repositories.signing_keys import InMemoryKeys
from .fakes import Clock, PlainPasswords, PlainSigner


class World(NamedTuple):
    """Everything that a use case can change."""

    clock: Clock
    passwords: PlainPasswords
    signer: PlainSigner
    repository: InMemoryAccounts
    sessions_kept: InMemorySessions
    accounts: Accounts
    sessions: Sessions
    keys: SigningKeys
    tokens: AccessTokens


@pytest.fixture
def world() -> World:
    clock, passwords, signer, ids = Clock(), PlainPasswords(), PlainSigner(), count(1)

    def new_id() -> UUID:
        return UUID(int=next(ids))

    limits = AttemptLimits(per_address=5, per_account=4, per_account_and_address=3, registrations_per_address=5)
    attempts = Attempts(repository=InMemoryAttempts(), limits=limits, now=clock)
    keys = SigningKeys(
        repository=InMemoryKeys(),
        signer=signer,
        token_life=timedelta(minutes=10),
        publication=timedelta(minutes=5),
        now=clock,
    )
    tokens = AccessTokens(
        keys=keys,
        signer=signer,
        issuer="issuer",
        audience="audience",
        life=timedelta(minutes=10),
        new_id=new_id,
        now=clock,
    )
    repository = InMemoryAccounts()
    kept = InMemorySessions(repository)
    accounts = Accounts(repository=repository, passwords=passwords, attempts=attempts, new_id=new_id, now=clock)
    sessions = Sessions(
        repository=kept,
        accounts=repository,
        passwords=passwords,
        attempts=attempts,
        tokens=tokens,
        life=timedelta(days=30),
        new_id=new_id,
        now=clock,
    )
    return World(clock, passwords, signer, repository, kept, accounts, sessions, keys, tokens)
