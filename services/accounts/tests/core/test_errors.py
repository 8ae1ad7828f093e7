"""Errors explain themselves to a client, without repeating what the client sent."""

from accounts_service.core.errors import InvalidValue


def test_an_invalid_value_is_a_value_error_with_a_sentence() -> None:
    error = InvalidValue("first_name", "must not be blank")
    assert isinstance(error, ValueError)
    assert (error.field, str(error)) == ("first_name", "The first name must not be blank.")
