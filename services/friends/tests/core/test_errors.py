"""Errors explain themselves to a client, without repeating what the client sent."""

from uuid import UUID

from friends_service.core.errors import (
    FriendshipExists,
    FriendshipNotFound,
    InvalidValue,
    SelfFriendship,
    UsersNotFound,
)

ONE, TWO = UUID(int=1), UUID(int=2)


def test_an_invalid_value_is_a_value_error_with_a_pointer_and_a_sentence() -> None:
    error = InvalidValue("first_tag", "must not be blank")
    assert isinstance(error, ValueError)
    assert str(error) == "The first tag must not be blank."
    assert error.errors == [{"pointer": "#/first_tag", "detail": "The first tag must not be blank."}]


def test_a_friendship_with_oneself_is_explained() -> None:
    assert str(SelfFriendship()) == "Nobody can be their own friend."


def test_a_second_friendship_is_explained() -> None:
    assert str(FriendshipExists()) == "These two users are friends already; it makes no difference who began it."


def test_a_missing_friendship_is_named_by_id() -> None:
    error = FriendshipNotFound(ONE)
    assert error.friendship_id == ONE
    assert str(error) == f"No friendship has the id {ONE}."


def test_missing_users_are_named_by_id() -> None:
    assert str(UsersNotFound((ONE,))) == f"No user has the id {ONE}."
    assert str(UsersNotFound((TWO, ONE))) == f"No user has the id {TWO} or {ONE}."
    assert UsersNotFound((TWO, ONE)).user_ids == (TWO, ONE)
