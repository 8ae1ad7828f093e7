"""Refresh tokens and their sessions."""

from datetime import timedelta
from uuid import UUID

import pytest

from accounts_service.core.entities.sessions import GRACE, RefreshToken, Session

from ..repositories.accounts import NOW

SESSION = UUID(int=2**127 + 7)


def test_parses_a_token_that_it_wrote() -> None:
    for _ in range(100):
        token = RefreshToken.new(SESSION)
        assert len(token.secret) == 32
        assert RefreshToken.read(str(token)) == token


@pytest.mark.parametrize(
    "text", ["", "x", "A" * 63, "A" * 65, "ä" * 64, "=" * 64, "A" * 63 + "=", "A" * 60 + "!!!!", "A" * 63 + "!"]
)
def test_refuses_malformed_tokens(text: str) -> None:
    assert RefreshToken.read(text) is None


def test_only_the_previous_token_unseals_its_successor() -> None:
    token, successor = RefreshToken.new(SESSION), RefreshToken.new(SESSION)
    sealed = token.seal(successor)
    assert successor.secret not in sealed
    assert token.unseal(sealed) == successor
    assert RefreshToken.new(SESSION).unseal(sealed) != successor


def test_repeats_the_successor_only_within_the_grace_period() -> None:
    token, successor = RefreshToken.new(SESSION), RefreshToken.new(SESSION)
    session = Session.begin(token, account_id=UUID(int=1), now=NOW, life=timedelta(days=1))
    assert session.successor_again(token, now=NOW) is None
    rotated = Session(
        id=SESSION,
        account_id=UUID(int=1),
        token_hash=successor.hash,
        previous_hash=token.hash,
        sealed_successor=token.seal(successor),
        rotated_at=NOW,
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )
    moment = timedelta(microseconds=1)
    assert rotated.successor_again(token, now=NOW + GRACE - moment) == successor
    assert rotated.successor_again(token, now=NOW + GRACE) is None
    assert rotated.successor_again(successor, now=NOW) is None
    assert rotated.successor_again(RefreshToken.new(SESSION), now=NOW) is None
