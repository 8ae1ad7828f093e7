"""A service that clients reach below a prefix, through a proxy (`ROOT_PATH`)."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPathMiddleware:
    """Pure ASGI: tells all inside of the prefix. It may be part of a request's path or not; not every proxy strips it.

    It is a setting and no header, since who chooses it chooses where clients are led.
    """

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self.app = app
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve below the prefix."""
        scope["root_path"] = self.root_path
        await self.app(scope, receive, send)


def public_path(request: Request, path: str) -> str:
    """The path of this application (`/api/v1/users/7`) as clients reach it, below the prefix: for `Location`."""
    prefix = str(request.scope.get("root_path", "")).rstrip("/")
    return path if f"{path}/".startswith(f"{prefix}/") else prefix + path
