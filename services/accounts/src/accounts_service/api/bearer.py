"""The access token of a request.

This service verifies tokens by the keys in its own database, whatever AUTH_ISSUER says: it is the issuer.
"""

from typing import Final
from uuid import UUID

from fastapi import Request

from chassis.authentication import AUTHENTICATION_REQUIRED, INVALID_TOKEN
from chassis.problems import ProblemFor

from ..core.services.tokens import AccessTokens


class NoToken(Exception):
    """A request has no access token."""

    def __str__(self) -> str:
        return "Send an access token: `Authorization: Bearer …`."


class InvalidToken(Exception):
    """A request has an access token that is not valid, or not that of an account."""

    def __str__(self) -> str:
        return "The access token is not one of an account, or not valid any more."


PROBLEMS: Final = (ProblemFor(NoToken, AUTHENTICATION_REQUIRED), ProblemFor(InvalidToken, INVALID_TOKEN))


async def account_of(request: Request, tokens: AccessTokens) -> UUID:
    """Whose token the request has, or NoToken or InvalidToken."""
    given = request.headers.getlist("authorization")
    if not given:
        raise NoToken
    scheme, _, token = given[0].partition(" ")
    is_bearer = len(given) == 1 and scheme.lower() == "bearer"
    account_id = await tokens.account_of(token.strip()) if is_bearer else None
    if account_id is None:
        raise InvalidToken
    return account_id
