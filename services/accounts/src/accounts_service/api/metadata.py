"""The issuer's metadata for clients and services (RFC 8414), also at the path of OpenID Connect."""

from typing import Final

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.authentication import public
from chassis.web import api_router

from .oauth import AUTHENTICATION, GRANT_TYPES, JWKS_MAX_AGE

ALGORITHMS: Final = ("ES256",)


class Metadata(BaseModel):
    """Metadata of an authorization server."""

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    scopes_supported: list[str]
    subject_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]


def metadata_router(issuer: str, scopes: frozenset[str]) -> APIRouter:
    """Return a router with both paths of the metadata."""
    router = api_router(prefix="/.well-known", tag="oauth")
    base = issuer.rstrip("/")
    document = Metadata(
        issuer=issuer,
        token_endpoint=f"{base}/oauth/token",
        revocation_endpoint=f"{base}/oauth/revoke",
        jwks_uri=f"{base}/oauth/jwks",
        grant_types_supported=list(GRANT_TYPES),
        response_types_supported=[],  # there is no login page
        token_endpoint_auth_methods_supported=list(AUTHENTICATION),
        revocation_endpoint_auth_methods_supported=list(AUTHENTICATION),
        scopes_supported=sorted(scopes),
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=list(ALGORITHMS),
    )

    def tell(response: Response) -> Metadata:
        response.headers["Cache-Control"] = f"public, max-age={JWKS_MAX_AGE}"
        return document

    @router.get("/oauth-authorization-server")
    @public
    async def get_metadata(response: Response) -> Metadata:
        """Get the URLs of tokens and keys."""
        return tell(response)

    @router.get("/openid-configuration")
    @public
    async def get_openid_configuration(response: Response) -> Metadata:
        """Get the same metadata, at the path of OpenID Connect."""
        return tell(response)

    return router
