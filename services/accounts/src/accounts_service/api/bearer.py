"""The access token of a request."""

from typing import Final
from uuid import UUID

from fastapi import Request

from chassis.problems import Problem, ProblemFor

from ..core.services.tokens import AccessTokens

INVALID_TOKEN: Final = Problem(
    slug="invalid-token", status=401, title="No valid access token", headers={"WWW-Authenticate": "Bearer"}
)


class InvalidToken(Exception):
    """A request has no access token of an account, or none that is valid."""

    def __str__(self) -> str:
        return "Send a valid access token of an account, as `Authorization: Bearer …`."


PROBLEMS: Final = (ProblemFor(InvalidToken, INVALID_TOKEN),)


async def account_of(request: Request, tokens: AccessTokens) -> UUID:
    """Whose token the request has, or InvalidToken."""
    given = request.headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    account_id = await tokens.account_of(token.strip()) if scheme.lower() == "bearer" else None
    if account_id is None:
        raise InvalidToken
    return account_id
