"""The metadata of an issuer (RFC 8414, or OpenID Connect Discovery), and its keys."""

from typing import Any, Final, Unpack
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict

from chassis.errors import UpstreamRefused, UpstreamUnavailable
from chassis.settings import ChassisSettings
from chassis.upstream import UpstreamClient
from chassis.upstream.options import Other, Read, Sending

from .key_source import KeySource

OAUTH: Final = "/.well-known/oauth-authorization-server"
OPENID: Final = "/.well-known/openid-configuration"


class Metadata(BaseModel):
    """The part of the metadata that is used here."""

    model_config = ConfigDict(extra="ignore")

    issuer: str
    jwks_uri: str | None = None
    token_endpoint: str | None = None


class _KeySet(BaseModel):
    """A JWK Set (RFC 7517 section 5)."""

    keys: list[dict[str, Any]]


class Discovery:
    """Gets the metadata of the issuer each time, since URLs may change."""

    def __init__(self, settings: ChassisSettings) -> None:
        self._settings = settings

    async def value(self, name: str) -> str:
        """Return a URL from the issuer's metadata.

        Raises `UpstreamError` or `UpstreamRefused` if the metadata is unavailable, lacks the URL, or names another
        issuer (RFC 8414 section 3.3).
        """
        issuer = self._settings.auth_issuer
        metadata = await self._metadata(issuer)
        value: str | None = getattr(metadata, name)
        if metadata.issuer != issuer:
            raise UpstreamUnavailable("The issuer in the metadata differs from AUTH_ISSUER.")
        if not value or (issuer.startswith("https:") and not value.startswith("https:")):
            raise UpstreamUnavailable(f"The issuer's metadata has no usable {name}.")
        return value

    async def _metadata(self, issuer: str) -> Metadata:
        """Return the metadata. RFC 8414 puts its own path before that of the issuer, OpenID after it."""
        parts = urlsplit(issuer)
        origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
        try:
            return await ask(f"{origin}{OAUTH}{path}", self._settings, read=Metadata)
        except (UpstreamRefused, UpstreamUnavailable):  # it supports only OpenID; some serve a page at any path
            return await ask(f"{origin}{path}{OPENID}", self._settings, read=Metadata)


def keys_of_issuer(settings: ChassisSettings) -> KeySource:
    """Return a source of the keys that AUTH_ISSUER, or AUTH_JWKS_URL, publishes."""
    discovery = Discovery(settings)

    async def published() -> list[dict[str, Any]]:
        url = settings.auth_jwks_url or await discovery.value("jwks_uri")
        return (await ask(url, settings, read=_KeySet)).keys

    return published


async def ask(
    url: str, settings: ChassisSettings, *, method: str = "GET", **options: Unpack[Sending[Read, Other]]
) -> Read | Other:
    """Return the issuer's response, with the options and errors of `UpstreamClient`. Keeps no connection open."""
    parts = urlsplit(url)
    if query := parse_qsl(parts.query, keep_blank_values=True):
        options["query"] = query
    async with UpstreamClient("issuer", f"{parts.scheme}://{parts.netloc}", settings) as issuer:
        answer = await issuer.request(method, parts.path or "/", **options)
    return answer.value
