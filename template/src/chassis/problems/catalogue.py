"""The kinds of problems that every service has, and how a further one is described."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

RETRY_AFTER_SECONDS: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One kind of error, as clients know it."""

    slug: str
    status: int
    title: str
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What each such answer has, such as `{"WWW-Authenticate": "Bearer"}`."""

    @property
    def type(self) -> str:
        """The stable URI reference that identifies this kind of problem (RFC 9457 section 3.1.1)."""
        return f"/problems/{self.slug}"


BAD_REQUEST = Problem(slug="bad-request", status=400, title="Bad request")
NOT_FOUND = Problem(slug="not-found", status=404, title="Not found")
METHOD_NOT_ALLOWED = Problem(slug="method-not-allowed", status=405, title="Method not allowed")
REQUEST_TIMEOUT = Problem(slug="request-timeout", status=408, title="Request timed out")
PRECONDITION_FAILED = Problem(slug="precondition-failed", status=412, title="Precondition failed")
BODY_TOO_LARGE = Problem(slug="body-too-large", status=413, title="Request body too large")
URI_TOO_LONG = Problem(slug="uri-too-long", status=414, title="Request target too long")
UNSUPPORTED_MEDIA_TYPE = Problem(slug="unsupported-media-type", status=415, title="Unsupported media type")
INVALID_REQUEST = Problem(slug="invalid-request", status=422, title="Invalid request")
INVALID_HOST = Problem(slug="misdirected-request", status=421, title="Misdirected request")
TOO_MANY_REQUESTS = Problem(
    slug="too-many-requests", status=429, title="Too many requests", retry_after=RETRY_AFTER_SECONDS
)
HEAD_TOO_LARGE = Problem(slug="header-fields-too-large", status=431, title="Request header fields too large")
INTERNAL_ERROR = Problem(slug="internal-error", status=500, title="Internal server error")
NOT_IMPLEMENTED = Problem(slug="not-implemented", status=501, title="Not implemented")
NOT_READY = Problem(slug="not-ready", status=503, title="Not ready", retry_after=RETRY_AFTER_SECONDS)
DATABASE_UNAVAILABLE = Problem(
    slug="database-unavailable", status=503, title="Database unavailable", retry_after=RETRY_AFTER_SECONDS
)
DATABASE_NOT_MIGRATED = Problem(
    slug="database-not-migrated", status=503, title="Database not migrated", retry_after=RETRY_AFTER_SECONDS
)
SHUTTING_DOWN = Problem(slug="shutting-down", status=503, title="Service is stopping", retry_after=RETRY_AFTER_SECONDS)
TOO_BUSY = Problem(slug="too-busy", status=503, title="Too busy", retry_after=RETRY_AFTER_SECONDS)
TOO_MANY_CONNECTIONS = Problem(
    slug="too-many-connections", status=503, title="Too many connections", retry_after=RETRY_AFTER_SECONDS
)
UPSTREAM_UNAVAILABLE = Problem(
    slug="upstream-unavailable", status=503, title="Upstream service unavailable", retry_after=RETRY_AFTER_SECONDS
)
UPSTREAM_TIMEOUT = Problem(
    slug="upstream-timeout", status=504, title="Upstream service timed out", retry_after=RETRY_AFTER_SECONDS
)

COMMON_PROBLEMS: Final = (
    INVALID_HOST,
    INVALID_REQUEST,
    INTERNAL_ERROR,
    DATABASE_UNAVAILABLE,
    DATABASE_NOT_MIGRATED,
    SHUTTING_DOWN,
)
"""What any operation can answer."""

BODY_PROBLEMS: Final = (BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
"""What any operation with a request body can answer besides."""

UPSTREAM_PROBLEMS: Final = (UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT)
"""What any operation that asks an upstream service can answer besides."""
