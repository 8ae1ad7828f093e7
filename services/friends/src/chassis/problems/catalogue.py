"""The kinds of problem that every service has, and the class that defines one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import Field

RETRY_AFTER_SECONDS: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One kind of error that clients can rely on."""

    slug: str
    status: int
    title: str
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Headers of each such response, such as `{"WWW-Authenticate": "Bearer"}`."""
    explanation: str = ""
    """What it means, in a sentence or two. Shown on the page at `type`, and as the example of `detail`."""
    members: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Types of its extension members, optionally with an example: `{"user_ids": list[UUID]}`."""

    @property
    def type(self) -> str:
        """Return the stable URI reference of this kind of problem (RFC 9457 section 3.1.1)."""
        return f"/problems/{self.slug}"


BAD_REQUEST = Problem(
    slug="bad-request",
    status=400,
    title="Bad request",
    explanation="The request is not valid HTTP.",
)
NOT_FOUND = Problem(
    slug="not-found",
    status=404,
    title="Not found",
    explanation="There is nothing at this path.",
)
METHOD_NOT_ALLOWED = Problem(
    slug="method-not-allowed",
    status=405,
    title="Method not allowed",
    explanation="The path does not support this method. The `Allow` header lists the methods that it supports.",
)
REQUEST_TIMEOUT = Problem(
    slug="request-timeout",
    status=408,
    title="Request timed out",
    explanation="The request took too long to arrive. Send it again without pauses.",
)
PRECONDITION_FAILED = Problem(
    slug="precondition-failed",
    status=412,
    title="Precondition failed",
    explanation="The resource has changed: its version is not in `If-Match`. Get it again and reapply your change.",
)
BODY_TOO_LARGE = Problem(
    slug="body-too-large",
    status=413,
    title="Request body too large",
    explanation="The request body is larger than this service accepts.",
)
URI_TOO_LONG = Problem(
    slug="uri-too-long",
    status=414,
    title="Request target too long",
    explanation="The path and query are longer than this service accepts.",
)
UNSUPPORTED_MEDIA_TYPE = Problem(
    slug="unsupported-media-type",
    status=415,
    title="Unsupported media type",
    explanation="The request body must have the media type that the operation declares, such as `application/json`.",
)
INVALID_REQUEST = Problem(
    slug="invalid-request",
    status=422,
    title="Invalid request",
    explanation="The request does not match what the operation declares. `errors` lists what is wrong and where.",
)
INVALID_HOST = Problem(
    slug="misdirected-request",
    status=421,
    title="Misdirected request",
    explanation="This service does not serve the host in the request.",
)
TOO_MANY_REQUESTS = Problem(
    slug="too-many-requests",
    status=429,
    title="Too many requests",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Too many requests were sent over one connection without waiting for responses.",
)
HEAD_TOO_LARGE = Problem(
    slug="header-fields-too-large",
    status=431,
    title="Request header fields too large",
    explanation="The request's header fields are larger or more numerous than this service accepts.",
)
INTERNAL_ERROR = Problem(
    slug="internal-error",
    status=500,
    title="Internal server error",
    explanation="The service failed. Look up the `request_id` in its log for the reason.",
)
NOT_IMPLEMENTED = Problem(
    slug="not-implemented",
    status=501,
    title="Not implemented",
    explanation="The request uses a feature of HTTP that this service does not support.",
)
NOT_READY = Problem(
    slug="not-ready",
    status=503,
    title="Not ready",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The service cannot handle requests at the moment. `reason` says why.",
    members={"reason": Annotated[str, Field(examples=["draining"])]},
)
DATABASE_UNAVAILABLE = Problem(
    slug="database-unavailable",
    status=503,
    title="Database unavailable",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The database is unreachable or too busy. Try again in a moment.",
)
DATABASE_NOT_MIGRATED = Problem(
    slug="database-not-migrated",
    status=503,
    title="Database not migrated",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The database has not been migrated to this version yet. Try again in a moment.",
)
SHUTTING_DOWN = Problem(
    slug="shutting-down",
    status=503,
    title="Service is shutting down",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="This instance is shutting down. Try again: another one will respond.",
)
TOO_BUSY = Problem(
    slug="too-busy",
    status=503,
    title="Too busy",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The service is overloaded. Try again in a moment.",
)
TOO_MANY_CONNECTIONS = Problem(
    slug="too-many-connections",
    status=503,
    title="Too many connections",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The service has reached its limit of connections. Try again in a moment.",
)
UPSTREAM_UNAVAILABLE = Problem(
    slug="upstream-unavailable",
    status=503,
    title="Upstream service unavailable",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Another service that this request needs is unavailable. Try again in a moment.",
)
UPSTREAM_TIMEOUT = Problem(
    slug="upstream-timeout",
    status=504,
    title="Upstream service timed out",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Another service that this request needs did not respond in time. Try again in a moment.",
)

COMMON_PROBLEMS: Final = (
    INVALID_HOST,
    INVALID_REQUEST,
    INTERNAL_ERROR,
    DATABASE_UNAVAILABLE,
    DATABASE_NOT_MIGRATED,
    SHUTTING_DOWN,
)
"""Problems that any operation can respond with."""

BODY_PROBLEMS: Final = (BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
"""Further problems of operations with a request body."""

UPSTREAM_PROBLEMS: Final = (UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT)
"""Further problems of operations that call an upstream service."""

ALL_PROBLEMS: Final = tuple(each for each in list(globals().values()) if isinstance(each, Problem))
"""All problems of the chassis."""
