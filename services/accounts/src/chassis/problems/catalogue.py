"""The kinds of problems that every service has, and how a further one is described."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import Field

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
    explanation: str = ""
    """What it means, in a sentence or two: the page at `type` says it, and it is the example of a `detail`."""
    members: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The types of what it tells besides, perhaps with an example: `{"user_ids": list[UUID]}`."""

    @property
    def type(self) -> str:
        """The stable URI reference that identifies this kind of problem (RFC 9457 section 3.1.1)."""
        return f"/problems/{self.slug}"


BAD_REQUEST = Problem(
    slug="bad-request",
    status=400,
    title="Bad request",
    explanation="The request cannot be read as HTTP.",
)
NOT_FOUND = Problem(
    slug="not-found",
    status=404,
    title="Not found",
    explanation="Nothing is served at this path.",
)
METHOD_NOT_ALLOWED = Problem(
    slug="method-not-allowed",
    status=405,
    title="Method not allowed",
    explanation="The path exists, but not with this method. The header `Allow` names those that it has.",
)
REQUEST_TIMEOUT = Problem(
    slug="request-timeout",
    status=408,
    title="Request timed out",
    explanation="The request did not arrive in time. Send it again, without pauses.",
)
PRECONDITION_FAILED = Problem(
    slug="precondition-failed",
    status=412,
    title="Precondition failed",
    explanation="What is to be changed is not of a version that `If-Match` names. Get it again, and decide anew.",
)
BODY_TOO_LARGE = Problem(
    slug="body-too-large",
    status=413,
    title="Request body too large",
    explanation="The body of the request is larger than this service accepts.",
)
URI_TOO_LONG = Problem(
    slug="uri-too-long",
    status=414,
    title="Request target too long",
    explanation="Path and query are longer than this service accepts.",
)
UNSUPPORTED_MEDIA_TYPE = Problem(
    slug="unsupported-media-type",
    status=415,
    title="Unsupported media type",
    explanation="The body of the request must have the media type that the operation declares: `application/json`.",
)
INVALID_REQUEST = Problem(
    slug="invalid-request",
    status=422,
    title="Invalid request",
    explanation="The request does not keep to what the operation declares. `errors` says what is wrong, and where.",
)
INVALID_HOST = Problem(
    slug="misdirected-request",
    status=421,
    title="Misdirected request",
    explanation="This service does not answer for the host that the request names.",
)
TOO_MANY_REQUESTS = Problem(
    slug="too-many-requests",
    status=429,
    title="Too many requests",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Too many requests were sent at once over one connection. Wait for answers.",
)
HEAD_TOO_LARGE = Problem(
    slug="header-fields-too-large",
    status=431,
    title="Request header fields too large",
    explanation="The header fields of the request are larger, or more, than this service accepts.",
)
INTERNAL_ERROR = Problem(
    slug="internal-error",
    status=500,
    title="Internal server error",
    explanation="The service failed. The log has the reason, under the `request_id`.",
)
NOT_IMPLEMENTED = Problem(
    slug="not-implemented",
    status=501,
    title="Not implemented",
    explanation="The request asks for something of HTTP that this service does not offer.",
)
NOT_READY = Problem(
    slug="not-ready",
    status=503,
    title="Not ready",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The service cannot do its work at the moment; `reason` says why.",
    members={"reason": Annotated[str, Field(examples=["draining"])]},
)
DATABASE_UNAVAILABLE = Problem(
    slug="database-unavailable",
    status=503,
    title="Database unavailable",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The database does not answer, or is too busy. Try again in a moment.",
)
DATABASE_NOT_MIGRATED = Problem(
    slug="database-not-migrated",
    status=503,
    title="Database not migrated",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The database does not have the tables of this version yet. Try again in a moment.",
)
SHUTTING_DOWN = Problem(
    slug="shutting-down",
    status=503,
    title="Service is stopping",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="This instance stops. Try again: another one will answer.",
)
TOO_BUSY = Problem(
    slug="too-busy",
    status=503,
    title="Too busy",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The service has more to do than it can. Try again in a moment.",
)
TOO_MANY_CONNECTIONS = Problem(
    slug="too-many-connections",
    status=503,
    title="Too many connections",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="The service has as many connections as it can serve. Try again in a moment.",
)
UPSTREAM_UNAVAILABLE = Problem(
    slug="upstream-unavailable",
    status=503,
    title="Upstream service unavailable",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Another service, which is needed for the answer, is unavailable. Try again in a moment.",
)
UPSTREAM_TIMEOUT = Problem(
    slug="upstream-timeout",
    status=504,
    title="Upstream service timed out",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Another service, which is needed for the answer, did not answer in time. Try again in a moment.",
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

ALL_PROBLEMS: Final = tuple(each for each in list(globals().values()) if isinstance(each, Problem))
"""All of the chassis."""
