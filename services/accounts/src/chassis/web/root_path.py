"""Serve below a path prefix, behind a proxy (`ROOT_PATH`)."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPathMiddleware:
    """Sets the prefix as `root_path`. Paths may have it or not, since not every proxy strips it. Pure ASGI.

    The prefix is a setting and not a header, since it decides where redirects and links lead.
    """

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self.app = app
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve below the prefix."""
        scope["root_path"] = self.root_path
        await self.app(scope, receive, send)


def public_path(request: Request, path: str) -> str:
    """Return a path of this application (`/api/v1/users/7`) with the prefix, as clients see it: for `Location`."""
    prefix = str(request.scope.get("root_path", "")).rstrip("/")
    return path if f"{path}/".startswith(f"{prefix}/") else prefix + path
