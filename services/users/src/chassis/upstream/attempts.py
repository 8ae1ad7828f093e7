"""Failed attempts, and whether and when to retry."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from .requests import Request

BACKOFF_SECONDS: Final = 0.05
MOST_PATIENCE_SECONDS: Final = 86_400


class AttemptFailed(Exception):
    """An attempt without a usable response. The message is for the log."""

    def __init__(
        self, reason: str, *, may_pass: bool = False, was_sent: bool = True, retry_after: int | None = None
    ) -> None:
        super().__init__(reason)
        self.may_pass = may_pass
        """The next attempt may succeed."""
        self.was_sent = was_sent
        """The upstream service may have handled the request."""
        self.retry_after = retry_after
        """Seconds to wait, from the `Retry-After` header."""

    def is_worth_repeating(self, request: Request) -> bool:
        """Return whether a retry is safe and may succeed."""
        return self.may_pass and (request.may_be_repeated or not self.was_sent)

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before the next attempt. Full jitter spreads the retries of many callers."""
        return (self.retry_after or 0) + random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311 - not a secret


def failure_of(error: aiohttp.ClientError | OSError) -> AttemptFailed:
    """Return the failure of a connection. Most messages of aiohttp quote data, so only harmless ones are logged."""
    quotes_nothing = isinstance(error, aiohttp.ClientConnectorError)
    name = str(error) if type(error) is aiohttp.ClientConnectionError else type(error).__name__
    was_sent = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return AttemptFailed(
        f"failed: {name}: {error}" if quotes_nothing else f"failed: {name}", may_pass=True, was_sent=was_sent
    )


def seconds_of(retry_after: str | None) -> int | None:
    """Return the seconds in a Retry-After header, a number or a date (RFC 9110 section 10.2.3), or None."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), MOST_PATIENCE_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(0, round(seconds.total_seconds())), MOST_PATIENCE_SECONDS)
