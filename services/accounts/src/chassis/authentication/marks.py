"""Declare who may use an operation, and get its caller."""

from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import iter_route_contexts
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.routing import Match
from starlette.types import Scope

from .principal import CALLER, Principal
from .refusals import AuthenticationRequired, InsufficientScope

_PUBLIC: Final = "__is_public__"

INTERNAL: Final[dict[str, Any]] = {"x-internal": True}
"""For `openapi_extra=`: an operation only for other services, which the gateway does not publish."""

Marked = TypeVar("Marked")


def public(endpoint: Marked) -> Marked:
    """Mark an operation or a mounted application as usable without a token. Decorate above or below the router."""
    setattr(endpoint, _PUBLIC, True)
    return endpoint


def is_public(endpoint: object) -> bool:
    """Return whether it is marked as public."""
    return getattr(endpoint, _PUBLIC, False) is True


def leads_to_public(scope: Scope) -> bool:
    """Return whether the request matches a public route."""
    for route in iter_route_contexts(scope["app"].routes):
        match, found = route.matches(scope)
        if match is Match.FULL:
            return is_public(found.get("endpoint"))
    return False


class _Bearer(SecurityBase):
    """A dependency that returns the caller if it has the required scopes. FastAPI documents it."""

    model = HTTPBearer(bearerFormat="JWT", description="Access token from the issuer.")
    scheme_name = "bearer"

    async def __call__(self, request: Request, needed: SecurityScopes) -> Principal | None:
        """Return the caller: None if authentication is off, or without a valid token at a public operation.

        Raises `AuthenticationRequired` or `InsufficientScope`.
        """
        if CALLER not in request.scope:
            return None
        caller: Principal | None = request.scope[CALLER]
        if caller is None:
            # A middleware of the service may have moved the request from a public path to another one.
            if needed.scopes or not is_public(request.scope.get("endpoint")):
                raise AuthenticationRequired
        elif not caller.scopes.issuperset(needed.scopes):
            raise InsufficientScope(needed.scopes)
        return caller


BEARER: Final = _Bearer()

Caller = Annotated[Principal | None, Depends(BEARER)]
"""The caller, as a parameter of an operation. None if authentication is off or the operation is public."""


def scopes(*needed: str) -> Any:  # noqa: ANN401 - returns FastAPI's Security
    """Require these scopes of the caller, or respond 403: `dependencies=[scopes("orders:read")]`."""
    return Security(BEARER, scopes=list(needed))
