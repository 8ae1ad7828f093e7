"""Routes that could never be reached end the start, instead of being 404 for ever."""

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute


class UnservedRoute(Exception):
    """A route that no request can reach."""


def refuse_unserved_routes(app: FastAPI, *, root_path: str) -> None:
    """Raise `UnservedRoute` for a WebSocket route, and for a path that begins as ROOT_PATH does."""
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if isinstance(route.original_route, WebSocketRoute):
            raise UnservedRoute(f"WebSocket routes are not served: {path}")
        if root_path and f"{path}/".startswith(f"{root_path}/"):
            # It is taken off a path where a path begins with it, since not every proxy does so itself.
            raise UnservedRoute(f"ROOT_PATH is {root_path}, and so begins the route {path}: it cannot be reached")
