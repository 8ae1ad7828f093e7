"""Credentials for an upstream service."""

from typing import Protocol


class Credentials(Protocol):
    """Provides the bearer token for each call."""

    async def token(self) -> str | None:
        """Return a valid token, or None to send none. Raises `UpstreamError` if no token is available."""

    def refused(self, token: str) -> None:
        """Note that the upstream service refused a token with 401. The call is retried once if there is another."""
