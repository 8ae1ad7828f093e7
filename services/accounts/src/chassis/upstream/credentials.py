"""By what an upstream service knows us."""

from typing import Protocol


class Credentials(Protocol):
    """Gives the bearer token of each call."""

    async def token(self) -> str | None:
        """Return a valid token; None sends none. Raises `UpstreamError` if there is none to be had."""

    def refused(self, token: str) -> None:
        """Take note that the upstream service answered 401 to it; the call is repeated once if there is another."""
