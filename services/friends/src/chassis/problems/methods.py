"""Find the methods that the application itself serves at a path."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.routing import Match, Mount
from starlette.types import Scope


def answered_methods(app: Starlette, scope: Scope, methods: Iterable[str]) -> set[str]:
    """Return those of the methods that a route matches. Mounted applications match any, so they do not count."""
    routes = [route for route in app.router.routes if not isinstance(route, Mount)]
    return {
        method
        for method in methods
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    }
