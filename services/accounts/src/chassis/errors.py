"""Errors of the chassis; `problems` says what each is answered with."""


class DatabaseUnavailable(Exception):
    """The database cannot be reached, is overloaded, or did not answer in time."""


class DatabaseNotMigrated(DatabaseUnavailable):
    """The schema of the database is older than this release needs."""


class UpstreamError(Exception):
    """An upstream service could not be asked; says nothing about what was asked for."""

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until asking again makes sense, where that is known; the answer to our client says so, too."""


class UpstreamUnavailable(UpstreamError):
    """The upstream service is unreachable, answers errors or nonsense, or its circuit is open."""


class UpstreamTimeout(UpstreamError):
    """The upstream service did not answer in time."""


class UpstreamRefused(Exception):
    """The upstream service works, but it answered 4xx, and the call did not declare that status to be an answer.

    Whoever made the call knows what it means and translates it; if nobody does, that is a bug, and answered as one.
    """

    def __init__(self, message: str, *, status: int, problem_type: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem_type = problem_type
        """The `type` of the answer if that was application/problem+json (RFC 9457), as it was sent."""
