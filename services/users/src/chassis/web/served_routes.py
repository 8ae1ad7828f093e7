"""Fail at startup if a route could never be reached."""

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute


class UnservedRoute(Exception):
    """A route that no request can reach."""


def refuse_unserved_routes(app: FastAPI, *, root_path: str) -> None:
    """Raise `UnservedRoute` for a WebSocket route, and for a path that begins with ROOT_PATH."""
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if isinstance(route.original_route, WebSocketRoute):
            raise UnservedRoute(f"WebSocket routes are not supported: {path}")
        if root_path and f"{path}/".startswith(f"{root_path}/"):
            # ROOT_PATH is removed from the start of paths, since not every proxy does so.
            raise UnservedRoute(f"ROOT_PATH={root_path} is the beginning of the route {path}, so it cannot be reached")
