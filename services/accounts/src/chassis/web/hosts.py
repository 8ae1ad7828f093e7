"""Serve only allowed values of `Host`. Pure ASGI."""

import re
from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.problems import INVALID_HOST, problem_response
from chassis.settings.hosts import HOST, LAST_PORT

HEALTH_CHECKS: Final = frozenset({"/health/live", "/health/ready"})
"""Health checks use an IP address, so they are served for any host."""

# The same spelling as in ALLOWED_HOSTS: no user, no `%41`, no final dot.
_HOST_AND_PORT: Final = re.compile(rf"{HOST}(?::(?P<port>[0-9]{{1,5}}))?")


class AllowedHostsMiddleware:
    """Responds 421 to a `Host` that is not allowed (RFC 9110 section 15.5.20), to protect caches and links."""

    def __init__(self, app: ASGIApp, *, allowed: Iterable[str]) -> None:
        self.app = app
        self.names = frozenset(host.lower() for host in allowed)
        self.suffixes = tuple(host[1:].lower() for host in allowed if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve allowed hosts and health checks, and respond 421 otherwise."""
        if scope["type"] == "http" and scope["path"] not in HEALTH_CHECKS and not self._is_allowed(scope):
            detail = "This service does not serve that host."
            await problem_response(INVALID_HOST, detail=detail, path=scope["path"])(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        name = _name(hosts[0]) if len(hosts) == 1 else None
        return name is not None and (name in self.names or name.endswith(self.suffixes))


def _name(host: bytes) -> str | None:
    """Return the host without its port, in lower case, or None if the value is not a host with an optional port."""
    parts = _HOST_AND_PORT.fullmatch(host.decode("latin-1").lower())
    if parts is None or int(parts["port"] or 0) > LAST_PORT:
        return None
    return parts["host"]
