"""A friendship is between two different users, and the same in both directions."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friends_service.core.entities.friendships import (
    Friendship,
    FriendshipExists,
    FriendshipNotFound,
    SelfFriendship,
    UsersNotFound,
)
from friends_service.core.errors import InvalidValue

ID, ADA, BOB = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)

two_users = st.lists(st.uuids(), min_size=2, max_size=2, unique=True)


def begin(initiator_id: UUID = ADA, target_id: UUID = BOB, *, tag: str | None = None) -> Friendship:
    return Friendship.begin(friendship_id=ID, initiator_id=initiator_id, target_id=target_id, tag=tag, created_at=NOW)


def test_cleans_the_tag() -> None:
    assert begin(tag=" cafe\u0301 ") == Friendship(id=ID, initiator_id=ADA, target_id=BOB, tag="café", created_at=NOW)


def test_accepts_a_tag_of_50_characters() -> None:
    assert begin(tag="x" * 50).tag == "x" * 50


def test_accepts_no_tag() -> None:
    assert begin(tag=None).tag is None


@pytest.mark.parametrize("tag", ["", "   ", "\u200b", "a\x00b", "a\ud800b", "x" * 51])
def test_refuses_an_invalid_tag(tag: str) -> None:
    with pytest.raises(InvalidValue, match="The tag "):
        begin(tag=tag)


@given(st.uuids())
def test_refuses_a_friendship_with_oneself(user_id: UUID) -> None:
    with pytest.raises(SelfFriendship):
        begin(user_id, user_id)


def test_constructor_refuses_a_friendship_with_oneself() -> None:
    with pytest.raises(SelfFriendship):
        Friendship(id=ID, initiator_id=ADA, target_id=ADA, tag=None, created_at=NOW)
    with pytest.raises(SelfFriendship):
        replace(begin(), target_id=ADA)


@given(two_users)
def test_pair_is_equal_in_both_directions(users: list[UUID]) -> None:
    one, other = users
    assert begin(one, other).pair == begin(other, one).pair


@given(two_users)
def test_pair_contains_both_users_in_order(users: list[UUID]) -> None:
    low, high = begin(*users).pair
    assert {low, high} == set(users)
    assert low < high


@given(two_users)
def test_pair_is_sorted_like_postgresql_uuids(users: list[UUID]) -> None:
    """PostgreSQL compares their 16 bytes."""
    low, high = begin(*users).pair
    assert low.bytes < high.bytes


def test_explains_a_friendship_with_oneself() -> None:
    assert str(SelfFriendship()) == "A user cannot be their own friend."


def test_explains_a_second_friendship() -> None:
    assert str(FriendshipExists()) == "These two users are already friends, regardless of who started it."


def test_names_a_missing_friendship_by_id() -> None:
    error = FriendshipNotFound(ADA)
    assert error.friendship_id == ADA
    assert str(error) == f"No friendship has the ID {ADA}."


def test_names_missing_users_by_id() -> None:
    assert str(UsersNotFound((ADA,))) == f"No user has the ID {ADA}."
    assert str(UsersNotFound((BOB, ADA))) == f"No user has the ID {BOB} or {ADA}."
    assert UsersNotFound((BOB, ADA)).user_ids == (BOB, ADA)
