"""Errors explain themselves to a client, without repeating what the client sent."""

from uuid import UUID

from users_service.core.errors import InvalidValue, UsernameTaken, UserNotFound

USER_ID = UUID(int=7)


def test_an_invalid_value_is_a_value_error_with_a_pointer_and_a_sentence() -> None:
    error = InvalidValue("first_name", "must not be blank")
    assert isinstance(error, ValueError)
    assert str(error) == "The first name must not be blank."
    assert error.errors == [{"pointer": "#/first_name", "detail": "The first name must not be blank."}]


def test_a_taken_username_is_known_but_not_repeated() -> None:
    error = UsernameTaken("<script>")
    assert error.username == "<script>"
    assert str(error) == "Another user has this username; case makes no difference."


def test_a_missing_user_is_named_by_id() -> None:
    error = UserNotFound(USER_ID)
    assert error.user_id == USER_ID
    assert str(error) == f"No user has the id {USER_ID}."
