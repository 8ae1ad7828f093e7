"""Errors of the chassis; `problems` says what each is answered with."""

from starlette.exceptions import HTTPException


class BodyTooLarge(HTTPException):
    """The request body exceeds the limit. An HTTPException, since FastAPI turns any other into a 400 while it reads."""

    def __init__(self, limit: int) -> None:
        # The rest of the body is never read, so the connection cannot serve another request.
        super().__init__(413, f"The body may have at most {limit} bytes.", {"Connection": "close"})

    def __str__(self) -> str:
        return self.detail


class DatabaseUnavailable(Exception):
    """The database cannot be reached, is overloaded, or did not answer in time."""


class DatabaseNotMigrated(DatabaseUnavailable):
    """The schema of the database is older than this release needs."""


class UpstreamError(Exception):
    """An upstream service could not be asked; says nothing about what was asked for."""


class UpstreamUnavailable(UpstreamError):
    """The upstream service is unreachable, answers errors or nonsense, or its circuit is open."""


class UpstreamRefused(UpstreamUnavailable):
    """The upstream service answered 4xx: it works, but not for this request, so its circuit stays closed."""


class UpstreamTimeout(UpstreamError):
    """The upstream service did not answer in time."""
