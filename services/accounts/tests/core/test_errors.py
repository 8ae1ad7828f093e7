"""Errors explain the fault without repeating the values of the client."""

from accounts_service.core.errors import InvalidValue


def test_invalid_value_is_a_value_error_that_names_the_field() -> None:
    error = InvalidValue("first_name", "must not be blank")
    assert isinstance(error, ValueError)
    assert (error.field, str(error)) == ("first_name", "The first name must not be blank.")
