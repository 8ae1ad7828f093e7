"""Errors of the chassis; `problems` says what each is answered with."""


class DatabaseUnavailable(Exception):
    """The database cannot be reached, is overloaded, or did not answer in time."""


class UpstreamError(Exception):
    """An upstream service could not be asked; says nothing about what was asked for."""


class UpstreamUnavailable(UpstreamError):
    """The upstream service is unreachable, answers errors or nonsense, or its circuit is open."""


class UpstreamRefused(UpstreamUnavailable):
    """The upstream service answered 4xx: it works, but not for this request, so its circuit stays closed."""


class UpstreamTimeout(UpstreamError):
    """The upstream service did not answer in time."""
