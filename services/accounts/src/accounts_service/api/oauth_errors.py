"""Errors of OAuth (RFC 6749 section 5.2). All other errors are problems, as everywhere."""

from typing import Any, Final, Literal

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from chassis.problems import Responses

ErrorCode = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_token_type",
]
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="accounts"'}


class OAuthErrorView(BaseModel):
    """An error of OAuth."""

    error: ErrorCode
    error_description: str


class OAuthError(Exception):
    """A request that OAuth refuses. The description repeats nothing that was sent."""

    def __init__(self, error: ErrorCode, description: str) -> None:
        super().__init__(description)
        self.error: ErrorCode = error
        self.description = description


async def answer_oauth_error(_: Request, error: OAuthError) -> JSONResponse:
    """Respond 400, or 401 with a challenge if client authentication failed."""
    body = OAuthErrorView(error=error.error, error_description=error.description)
    if error.error == "invalid_client":
        return JSONResponse(body.model_dump(), 401, headers=CHALLENGE)
    return JSONResponse(body.model_dump(), 400)


def oauth_error_responses() -> Responses:
    """Return the declaration of OAuth errors for the OpenAPI document."""
    refused: dict[str, Any] = {"model": OAuthErrorView, "description": "Refused (RFC 6749 section 5.2)"}
    challenge = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    unknown = {"model": OAuthErrorView, "description": "Unknown client, or wrong secret", "headers": challenge}
    return Responses({400: refused, 401: unknown})
