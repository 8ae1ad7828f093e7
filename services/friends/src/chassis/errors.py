"""Errors of the chassis. `problems` maps them to responses."""


class DatabaseUnavailable(Exception):
    """The database is unreachable or overloaded, or did not respond in time."""


class DatabaseNotMigrated(DatabaseUnavailable):
    """The database schema is older than this release needs."""


class UpstreamError(Exception):
    """A call to an upstream service got no usable response, so the outcome is unknown."""

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until a retry makes sense, if known. Passed on to our client as `Retry-After`."""


class UpstreamUnavailable(UpstreamError):
    """The upstream service is unreachable, returns errors or invalid data, or its circuit is open."""


class UpstreamTimeout(UpstreamError):
    """The upstream service did not respond in time."""


class UpstreamRefused(Exception):
    """The upstream service returned a 4xx status that the call did not declare in `answers`.

    Translate it where the call is made. An untranslated one is a bug: it becomes a 500.
    """

    def __init__(self, message: str, *, status: int, problem_type: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem_type = problem_type
        """The `type` of the response if it was application/problem+json (RFC 9457), unchanged."""
