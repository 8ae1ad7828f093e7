"""What clients are told when a rule of the domain is broken."""

from typing import Final

from ..chassis.problems import INVALID_REQUEST, Problem
from ..core.errors import InvalidValue, UsernameTaken, UserNotFound

USERNAME_TAKEN: Final = Problem(slug="username-taken", status=409, title="Username is taken")
USER_NOT_FOUND: Final = Problem(slug="user-not-found", status=404, title="User not found")

PROBLEMS: Final[dict[type[Exception], Problem]] = {
    InvalidValue: INVALID_REQUEST,
    UsernameTaken: USERNAME_TAKEN,
    UserNotFound: USER_NOT_FOUND,
}
