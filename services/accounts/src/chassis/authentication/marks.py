"""How an operation says who may use it, and learns who does."""

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
"""For `openapi_extra=`: an operation that is for other services only, and that the gateway does not publish."""

Marked = TypeVar("Marked")


def public(endpoint: Marked) -> Marked:
    """Open an operation to everybody: a decorator, above or below the router's; also for an application to mount."""
    setattr(endpoint, _PUBLIC, True)
    return endpoint


def is_public(endpoint: object) -> bool:
    """Whether it is marked so."""
    return getattr(endpoint, _PUBLIC, False) is True


def leads_to_public(scope: Scope) -> bool:
    """Whether the request will be served by something public."""
    for route in iter_route_contexts(scope["app"].routes):
        match, found = route.matches(scope)
        if match is Match.FULL:
            return is_public(found.get("endpoint"))
    return False


class _Bearer(SecurityBase):
    """A dependency that gives the caller, if he may do what the operation needs; FastAPI documents it."""

    model = HTTPBearer(bearerFormat="JWT", description="An access token of the issuer.")
    scheme_name = "bearer"

    async def __call__(self, request: Request, needed: SecurityScopes) -> Principal | None:
        """None if authentication is off, and for a public operation that is used without a valid token."""
        if CALLER not in request.scope:
            return None
        caller: Principal | None = request.scope[CALLER]
        if caller is None:
            # A middleware of the service may have led the request from a public path to one that is not.
            if needed.scopes or not is_public(request.scope.get("endpoint")):
                raise AuthenticationRequired
        elif not caller.scopes.issuperset(needed.scopes):
            raise InsufficientScope(needed.scopes)
        return caller


BEARER: Final = _Bearer()

Caller = Annotated[Principal | None, Depends(BEARER)]
"""Who calls, as a parameter of an operation. None: authentication is off, or the operation is public."""


def scopes(*needed: str) -> Any:  # noqa: ANN401 - as FastAPI's Security, which is what comes back
    """Require these scopes of the caller: `dependencies=[scopes("orders:read")]`; without them 403."""
    return Security(BEARER, scopes=list(needed))
