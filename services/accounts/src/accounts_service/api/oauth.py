"""OAuth 2.0 over HTTP: tokens (RFC 6749), their revocation (RFC 7009), keys (RFC 7517) and metadata (RFC 8414)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from chassis.authentication import public
from chassis.problems import BODY_TOO_LARGE, problem_responses
from chassis.web import api_router

from ..core.entities.clients import Client, ScopeRefused, UnknownClient
from ..core.entities.sessions import SessionEnded
from ..core.entities.tokens import LOGIN_CLIENT, Grant
from ..core.services.clients import Clients
from ..core.services.sessions import Sessions
from ..core.services.signing_keys import SigningKeys
from .oauth_errors import OAuthError, oauth_error_responses
from .oauth_forms import client_secret, form_of, read_form
from .problems import NO_SIGNING_KEY

JWKS_MAX_AGE: Final = 300  # seconds; a new key is published longer than this before it signs
GRANT_TYPES: Final = ("refresh_token", "client_credentials")
AUTHENTICATION: Final = ("client_secret_basic", "client_secret_post", "none")

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_CLIENT: Final = {"client_id": _TEXT, "client_secret": {"type": "string", "format": "password"}}
_TOKEN_FORM: Final = form_of(
    {
        "grant_type": {"type": "string", "enum": list(GRANT_TYPES)},
        "refresh_token": _TEXT,
        "scope": _TEXT,
        **_CLIENT,
    },
    required=["grant_type"],
)
_REVOCATION_FORM: Final = form_of({"token": _TEXT, "token_type_hint": _TEXT, **_CLIENT}, required=["token"])
_EXTRA: Final = {"x-errors": "RFC 6749"}


class TokenView(BaseModel):
    """Tokens (RFC 6749 section 5.1)."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str | None = Field(None, description="The next refresh token; it replaces the one that was sent.")
    scope: str | None = None


class KeySet(BaseModel):
    """Keys (RFC 7517)."""

    keys: list[dict[str, Any]]


def oauth_router(sessions: Sessions, clients: Clients, keys: SigningKeys) -> APIRouter:
    """Return a router for clients, and for services that verify tokens."""
    router = api_router(
        prefix="/oauth",
        tag="oauth",
        description="Tokens, and the keys that sign them (RFC 6749, 7009, 7517, 8414).",
        log_bodies=False,
    )

    def client_of(request: Request, form: Mapping[str, str]) -> Client | None:
        secret = client_secret(request, form)
        try:
            return clients.authenticated(*secret) if secret else None
        except UnknownClient as error:
            raise OAuthError("invalid_client", str(error)) from None

    @router.post(
        "/token",
        responses=oauth_error_responses() | problem_responses(BODY_TOO_LARGE, NO_SIGNING_KEY),
        response_model_exclude_none=True,
        openapi_extra=_TOKEN_FORM | _EXTRA,
    )
    @public
    async def issue_token(request: Request, response: Response) -> TokenView:
        """Refresh a session, or get a token for a service itself.

        A refresh token can be used once. For ten seconds after that, it returns the same successor again. Later use
        ends the session, since the token may have been stolen.
        """
        form = await read_form(request)
        client = client_of(request, form)
        response.headers["Pragma"] = "no-cache"  # RFC 6749 section 5.1
        return _view(await _granted(form, client, sessions=sessions, clients=clients))

    @router.post(
        "/revoke",
        status_code=200,
        response_class=Response,
        responses=oauth_error_responses()
        | problem_responses(BODY_TOO_LARGE)
        | {200: {"description": "The session of the token has ended, if there was one."}},
        openapi_extra=_REVOCATION_FORM | _EXTRA,
    )
    @public
    async def revoke_token(request: Request) -> Response:
        """Log out: end the session of a refresh token. Access tokens cannot be revoked; they expire."""
        form = await read_form(request)
        client_of(request, form)
        token = form.get("token")
        if token is None:
            raise OAuthError("invalid_request", "The token is missing.")
        if "." in token:
            raise OAuthError("unsupported_token_type", "Access tokens cannot be revoked; they expire.")
        await sessions.log_out(token)
        return Response()

    @router.get("/jwks", response_model=KeySet, responses=problem_responses(NO_SIGNING_KEY))
    @public
    async def list_keys(response: Response) -> KeySet:
        """List the keys to verify tokens with."""
        published = await published_keys(keys)
        response.headers["Cache-Control"] = f"public, max-age={JWKS_MAX_AGE}"
        return KeySet(keys=published)

    return router


async def published_keys(keys: SigningKeys) -> list[dict[str, Any]]:
    """Return the keys to verify tokens with, as JWKs. This service uses them, too."""
    return [json.loads(key.public_jwk) for key in await keys.published()]


async def _granted(form: Mapping[str, str], client: Client | None, *, sessions: Sessions, clients: Clients) -> Grant:
    match form.get("grant_type"):
        case "refresh_token":
            return await _refreshed(sessions, form, client)
        case "client_credentials":
            return await _granted_to_client(clients, form, client)
        case None:
            raise OAuthError("invalid_request", "The grant_type is missing.")
        case _:
            raise OAuthError("unsupported_grant_type", f"Supported grant types: {' and '.join(GRANT_TYPES)}.")


async def _refreshed(sessions: Sessions, form: Mapping[str, str], client: Client | None) -> Grant:
    token = form.get("refresh_token")
    if token is None:
        raise OAuthError("invalid_request", "The refresh_token is missing.")
    if client is not None or form.get("client_id", LOGIN_CLIENT) != LOGIN_CLIENT:
        raise OAuthError("invalid_grant", "The refresh token belongs to another client.")
    if "scope" in form:
        raise OAuthError("invalid_scope", "Sessions have no scopes.")
    try:
        return await sessions.refresh(token)
    except SessionEnded as error:
        raise OAuthError("invalid_grant", str(error)) from None


async def _granted_to_client(clients: Clients, form: Mapping[str, str], client: Client | None) -> Grant:
    if client is None:
        raise OAuthError("invalid_client", "This grant type requires client authentication.")
    try:
        return await clients.grant(client, frozenset(form["scope"].split()) if "scope" in form else None)
    except ScopeRefused as error:
        raise OAuthError("invalid_scope", str(error)) from None


def _view(grant: Grant) -> TokenView:
    return TokenView(
        access_token=grant.access_token,
        expires_in=int(grant.expires_in.total_seconds()),
        refresh_token=grant.refresh_token,
        scope=" ".join(sorted(grant.scopes)) or None,
    )
