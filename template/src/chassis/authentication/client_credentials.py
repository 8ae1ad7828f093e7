"""The token with which this service calls others: client credentials (RFC 6749 section 4.4)."""

import asyncio
import logging
import time
from base64 import b64encode
from typing import Annotated, Final
from urllib.parse import quote_plus

from pydantic import BaseModel, Field, PositiveInt

from chassis.errors import UpstreamError, UpstreamRefused, UpstreamUnavailable
from chassis.settings import ChassisSettings

from .discovery import Discovery, ask

RENEWED_AT: Final = 0.8
"""Share of its lifetime after which a token is renewed, while it is still used."""

LIFE_IF_NOT_TOLD: Final = 60
REFUSED_SECONDS: Final = 30.0

logger = logging.getLogger(__name__)


class _Granted(BaseModel):
    """RFC 6749 section 5.1."""

    access_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9._~+/-]+=*$", max_length=16_384, repr=False)]
    token_type: Annotated[str, Field(pattern="^[Bb][Ee][Aa][Rr][Ee][Rr]$")]
    expires_in: PositiveInt = LIFE_IF_NOT_TOLD


class ClientCredentials:
    """The token of this service. Without AUTH_CLIENT_ID or an issuer there is none, and calls are made without it.

    All callers share one token, which is renewed in the background before it expires.
    """

    def __init__(self, settings: ChassisSettings) -> None:
        self._settings = settings
        self._discovery = Discovery(settings)
        self._token: str | None = None
        self._got_at = self._renew_at = self._ends_at = self._ask_again_at = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def token(self) -> str | None:
        """Return a valid token, or None if none is configured. Raises `UpstreamUnavailable` if there is none to get."""
        if not self._settings.has_client_credentials:
            return None
        now = time.monotonic()
        if now >= self._renew_at and now >= self._ask_again_at:
            self._begin_to_ask()
        if self._valid(now):
            return self._token
        if self._asking:
            await asyncio.wait([self._asking])
        if not self._valid(time.monotonic()):
            raise UpstreamUnavailable("The issuer does not issue a token for calls to other services.")
        return self._token

    def refused(self, token: str) -> None:
        """Discard a token that another service refused, unless it is so new that a new one would not help."""
        now = time.monotonic()
        if token == self._token and now - self._got_at > REFUSED_SECONDS:
            self._token, self._renew_at = None, now

    def _valid(self, now: float) -> bool:
        return self._token is not None and now < self._ends_at

    def _begin_to_ask(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        settings = self._settings
        form = {"grant_type": "client_credentials", "audience": settings.auth_audience}
        if settings.auth_client_scope:
            form["scope"] = settings.auth_client_scope
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(settings.http_client_total_timeout):
                url = settings.auth_token_url or await self._discovery.value("token_endpoint")
                headers = {"Authorization": self._basic()}
                granted = await ask(url, settings, method="POST", form=form, headers=headers, read=_Granted)
        except (UpstreamError, UpstreamRefused, TimeoutError, ValueError) as error:
            logger.warning("no token for calls to other services: %s", str(error) or "the issuer did not respond")
            self._ask_again_at = time.monotonic() + settings.circuit_breaker_reset
            return
        self._token = granted.access_token
        self._got_at = asked_at
        self._renew_at = asked_at + granted.expires_in * RENEWED_AT
        self._ends_at = asked_at + granted.expires_in

    def _basic(self) -> str:
        """Return the Authorization header, with both parts form-encoded (RFC 6749 section 2.3.1)."""
        secret = self._settings.auth_client_secret.get_secret_value()
        pair = f"{quote_plus(self._settings.auth_client_id)}:{quote_plus(secret)}"
        return f"Basic {b64encode(pair.encode()).decode()}"
