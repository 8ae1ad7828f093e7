"""Which `Host` the service answers for. Pure ASGI."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.problems import INVALID_HOST, problem_response


class AllowedHostsMiddleware:
    """Answers 421 to a `Host` that is not ours (RFC 9110 section 15.5.20), so that no cache or link can be poisoned."""

    def __init__(self, app: ASGIApp, *, allowed: Iterable[str]) -> None:
        self.app = app
        self.names = frozenset(host.lower() for host in allowed)
        self.suffixes = tuple(host[1:].lower() for host in allowed if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let known hosts pass; health checks come by address and are always answered."""
        if scope["type"] == "http" and not scope["path"].startswith("/health/") and not self._is_allowed(scope):
            detail = "This service does not answer for that host."
            await problem_response(INVALID_HOST, detail=detail, path=scope["path"])(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        return name in self.names or name.endswith(self.suffixes)
