"""Fail at startup if a route could never be reached."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute


class UnservedRoute(Exception):
    """A route that no request can reach."""


def refuse_unserved_routes(app: FastAPI, routers: Iterable[APIRouter], *, root_path: str) -> None:
    """Raise `UnservedRoute` for a WebSocket route, a path that begins with ROOT_PATH, and a route added too late."""
    served = set()
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if isinstance(route.original_route, WebSocketRoute):
            raise UnservedRoute(f"WebSocket routes are not supported: {path}")
        if root_path and f"{path}/".startswith(f"{root_path}/"):
            # ROOT_PATH is removed from the start of paths, since not every proxy does so.
            raise UnservedRoute(f"ROOT_PATH={root_path} is the beginning of the route {path}, so it cannot be reached")
        served.add((path, frozenset(route.methods or ())))
    for router in routers:
        for route in iter_route_contexts(router.routes):
            if (route.path or "", frozenset(route.methods or ())) not in served:
                raise UnservedRoute(f"Add the route {route.path} to its router before `build_application`, not after")
